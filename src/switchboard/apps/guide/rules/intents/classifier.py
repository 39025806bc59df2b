"""The intent of a message by plain words.

The names are those of the steps, of answers that say there is nothing, of questions about the session, and of the
small words between people.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol

from switchboard.apps.guide.rules.data import list_data, load_data
from switchboard.apps.guide.rules.text.patterns import Pattern, compile_pattern
from switchboard.apps.guide.rules.text.reading import Reading

UNCLEAR = "unclear"
OUT_OF_SCOPE = "out_of_scope"
"""What a model may call messages that are for nothing a session knows."""
QUESTION_OTHER = "question_other"
RULE_BASED, DISTILBERT, HYBRID = "rule_based", "distilbert", "hybrid"
METHODS = (RULE_BASED, DISTILBERT, HYBRID)
WORDS = "words"

_WHOLE, _PART, _IN_STEP, _QUESTION, _NOTHING = 0.95, 0.6, 0.8, 0.5, 0.0
_LEAST = 0.4
"""Below this confidence a model is not believed."""
_SURE = 0.8
"""From here on plain words decide by themselves."""
_MOST_WORDS_FOR_NOTHING = 8
"""A long message is never taken for the answer that there is nothing, whatever a model holds of it."""


class Intent(NamedTuple):
    """What a message is for, how sure that is from 0 to 1, and by which method it was found.

    `engine` names more closely what ran: 'words', 'linear' or a model's name.
    """

    name: str
    confidence: float
    method: str
    engine: str

    @property
    def is_question(self) -> bool:
        return self.name.startswith("question_")


class Model(Protocol):
    """A trained model, as the classifier asks it."""

    @property
    def method(self) -> str: ...

    @property
    def engine(self) -> str: ...

    def rank(self, text: str) -> Any:
        """A ranking: `best` with `name` and `confidence`, and `is_known`."""


class Methods(NamedTuple):
    """How intents are found here. Where no model is, plain words decide alone, and that is what is recorded."""

    wished: str = RULE_BASED
    linear: Model | None = None
    encoder: Model | None = None

    @property
    def real(self) -> str:
        """The method that can really run."""
        return self.wished if self.encoder is not None else RULE_BASED


WORDS_ALONE = Methods()


class _Entry(NamedTuple):
    name: str
    whole: Pattern | None
    part: Pattern | None
    steps: tuple[str, ...]


def classify(reading: Reading, step: str | None, language: str, methods: Methods = WORDS_ALONE) -> Intent:
    """The intent of a read message that answers the question `step`.

    rule_based: plain words, and where they are not sure the linear model. hybrid: plain words, and where they are not
    sure the encoder. distilbert: the encoder alone.
    """
    method = methods.real
    if method == DISTILBERT and methods.encoder is not None:
        return _by_model(methods.encoder, reading, step, method)
    spoken = _by_words(reading, step, language)._replace(method=method)
    if spoken.confidence >= _SURE or spoken.is_question:
        return spoken
    model = methods.encoder if method == HYBRID else methods.linear
    if model is None:
        return spoken
    ranked = _by_model(model, reading, step, method)
    return spoken if ranked.name == UNCLEAR else ranked


def _by_model(model: Model, reading: Reading, step: str | None, method: str) -> Intent:
    """What a model holds a message for. It turns no answer into a question, and no long one into nothing."""
    ranking = model.rank(reading.original)
    best = ranking.best
    unclear = Intent(UNCLEAR, round(float(best.confidence), 4), method, model.engine)
    if not ranking.is_known or best.name == OUT_OF_SCOPE or best.confidence < _LEAST:
        return unclear
    is_question = best.name.startswith("question_")
    if is_question and not _asks(reading):
        return unclear
    if best.name.startswith("no_") and (
        step not in _steps_of(best.name) or len(reading.words) > _MOST_WORDS_FOR_NOTHING
    ):
        return unclear
    return unclear._replace(name=best.name)


def _steps_of(name: str) -> tuple[str, ...]:
    return next((entry.steps for entry in _entries("en") if entry.name == name), ())


def _asks(reading: Reading) -> bool:
    return reading.original.rstrip().endswith(("?", "؟")) and any(map(str.isalpha, reading.original))


def _by_words(reading: Reading, step: str | None, language: str) -> Intent:
    best = Intent(UNCLEAR, _NOTHING, RULE_BASED, WORDS)
    for entry in _entries(language):
        if entry.name.startswith("no_") and step not in entry.steps:
            continue
        confidence = _confidence(entry, reading.plain, step)
        if confidence > best.confidence:
            best = best._replace(name=entry.name, confidence=confidence)
    if _asks(reading) and not best.is_question and best.confidence < _WHOLE:
        return best._replace(name=QUESTION_OTHER, confidence=_QUESTION)
    return best


def _confidence(entry: _Entry, plain: str, step: str | None) -> float:
    if entry.whole and entry.whole.compiled.fullmatch(plain.rstrip(' .,"') + " ", 1):
        return _WHOLE
    if entry.part and entry.part.is_in(plain):
        return _IN_STEP if step in entry.steps or not entry.steps else _PART
    return _NOTHING


@cache
def _entries(language: str) -> tuple[_Entry, ...]:
    name = f"intents/{language}.toml"
    document: Mapping[str, Any] = load_data(name if name in list_data("intents") else "intents/en.toml")
    return tuple(
        _Entry(
            entry["name"],
            compile_pattern(entry["whole"]) if "whole" in entry else None,
            compile_pattern(entry["pattern"]) if "pattern" in entry else None,
            tuple(entry.get("steps", ())),
        )
        for entry in document["intent"]
    )
