"""The decision: phrases first, the trained model where no phrase is found.

A missed cry for help costs more than a question too many, so either suffices. How sure it is serves to choose between
categories; no level of risk is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from switchboard.apps.guide.rules.risk.features import bears_risk, read_features
from switchboard.apps.guide.rules.risk.finding import Found, find_phrases
from switchboard.apps.guide.rules.risk.lexicon import ENGLISH, load_lexicon
from switchboard.apps.guide.rules.risk.model import (
    Model,
    load_english_words,
    load_foreign_vocabulary,
    load_model,
    load_vocabulary,
    probability,
)
from switchboard.apps.guide.rules.text.language import guess_languages
from switchboard.apps.guide.rules.text.reading import STOP, Reading, read, split_words

BY_PHRASE, BY_MODEL = "phrase", "model"

_PHRASE_ALONE = 0.85
_LEAST_SCORE = 0.8
_LEAST_SCORE_WITHOUT_SIGN = 1.9
"""What the model asks for where no word of the message names a person, a deed or a thing that danger is told with."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Danger told of in a message.

    `phrase` is what was written, as it was written. `confidence` is from 0 to 1. `is_about_other` says that somebody
    else is in danger, or is the danger. `phrase_id` names the entry of the lexicon, None where the model decided.
    """

    category: str
    phrase: str
    confidence: float
    is_about_other: bool
    method: str
    phrase_id: str | None


def detect(text: str, step: str | None = None) -> Risk | None:
    """The danger that a message tells of, if any; `step` is the question that it answers, where that is known."""
    return detect_in(read_message(text), step)


def read_message(text: str, likely: str = ENGLISH) -> Reading:
    """A message as plain words, spelled as the phrases and the model of its language know them.

    `likely` is the language that the session is held in.
    """
    lexicon, vocabulary = load_lexicon(), load_vocabulary()
    languages = guess_languages(split_words(text), load_english_words(), lexicon.words, likely)
    if ENGLISH in languages:
        return read(text, vocabulary)
    return replace(read(text, load_foreign_vocabulary(languages)), languages=languages)


def detect_in(reading: Reading, step: str | None = None) -> Risk | None:
    """As `detect`, of a message that was read already."""
    if not reading.words:
        return None
    lexicon, model = load_lexicon(), load_model()
    findings = find_phrases(reading, step, lexicon)
    score, by_category = model.scores(read_features(reading, step, findings.harmless))
    if findings.found:
        return _by_phrase(reading, findings.found, by_category)
    if ENGLISH not in reading.languages:
        return None
    least = _LEAST_SCORE if bears_risk(reading, findings.harmless) else _LEAST_SCORE_WITHOUT_SIGN
    return _by_model(reading, step, model, score, by_category) if score >= least else None


def _by_phrase(reading: Reading, found: Sequence[Found], by_category: dict[str, float]) -> Risk:
    """The category that phrases and model together make the likeliest, by its longest phrase."""
    weights: dict[str, float] = {}
    for each in found:
        weights[each.phrase.category] = weights.get(each.phrase.category, 0.0) + each.phrase.weight
    category = max(weights, key=lambda name: (weights[name] + 2 * probability(by_category[name]), name))
    chosen = max(
        (each for each in found if each.phrase.category == category),
        key=lambda each: (each.phrase.weight, each.last - each.first),
    )
    confidence = 1 - (1 - _PHRASE_ALONE) / weights[category] * (1 - probability(by_category[category]) / 2)
    return Risk(
        category,
        reading.quote(chosen.first, chosen.last),
        round(min(0.99, confidence), 2),
        chosen.phrase.is_about_other,
        BY_PHRASE,
        chosen.phrase.id,
    )


def _by_model(
    reading: Reading, step: str | None, model: Model, score: float, by_category: dict[str, float]
) -> Risk:
    """The category that the model holds for the likeliest, by the sentence that speaks most for it."""
    category = max(by_category, key=lambda name: (by_category[name], name))
    sentences = list(_sentences(reading))
    first, last = max(
        sentences,
        key=lambda bounds: model.scores(read_features(_part(reading, *bounds), step))[1][category],
    )
    return Risk(
        category, reading.quote(first, last), round(min(0.99, probability(score)), 2), False, BY_MODEL, None
    )


def _sentences(reading: Reading) -> Iterator[tuple[int, int]]:
    """The first and the last word of each sentence."""
    first: int | None = None
    for place, word in enumerate(reading.words):
        if word.form != STOP:
            first = place if first is None else first
        elif first is not None:
            yield first, place - 1
            first = None
    if first is not None:
        yield first, len(reading.words) - 1


def _part(reading: Reading, first: int, last: int) -> Reading:
    return Reading(reading.original, reading.words[first : last + 1], "", reading.starts[first : last + 1])
