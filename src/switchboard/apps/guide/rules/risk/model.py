"""The trained linear model: what a message's features are worth as signs of danger, and of each category.

The weights and the vocabulary are data, made by `switchboard guide train-risk` from the examples that ship with it;
nothing here learns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.risk.lexicon import CATEGORIES, ENGLISH, load_lexicon
from switchboard.apps.guide.rules.text.reading import Vocabulary, short_forms, squeeze

_COMMON = 4
"""How often a word of the examples must come to be held for English: they hold names and foreign words."""
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by feature: the first for any danger, the others for CATEGORIES in their order."""

    biases: Sequence[float]
    weights: Mapping[str, Sequence[float]]

    def scores(self, features: Iterable[str]) -> tuple[float, dict[str, float]]:
        """Log-odds that a message with these features tells of any danger, and of each category."""
        known = [worth for feature in features if (worth := self.weights.get(feature)) is not None]
        scale = 1 / math.sqrt(len(known) or 1)
        totals = [
            bias + scale * sum(worth[place] for worth in known) for place, bias in enumerate(self.biases)
        ]
        return totals[0], dict(zip(CATEGORIES, totals[1:], strict=True))


@cache
def load_model() -> Model:
    """The packaged model, read once."""
    return parse_model(load_data("risk/model.json"))


def parse_model(entry: Mapping[str, Any]) -> Model:
    """The model from its data file, where weights are hundredths."""
    return Model(
        [bias / 100 for bias in entry["biases"]],
        {feature: [weight / 100 for weight in worth] for feature, worth in entry["weights"].items()},
    )


@cache
def load_vocabulary() -> Vocabulary:
    """The words that undoing a disguise may lead to: those of the examples, of the phrases and of steering."""
    counts: dict[str, int] = dict(load_data("risk/model.json")["vocabulary"])
    for word in (*load_lexicon().words[ENGLISH], *_words_of("session_words"), *_words_of("intents")):
        counts[word] = max(counts.get(word, 0), _COMMON)
    return Vocabulary(counts)


@cache
def load_english_words() -> frozenset[str]:
    """The words by which a message is seen to be English, short forms among them."""
    return short_forms() | {word for word, count in load_vocabulary().counts.items() if count >= _COMMON}


@cache
def load_foreign_vocabulary(languages: frozenset[str]) -> Vocabulary:
    """The words that undoing a disguise may lead to in other languages. No slip is corrected towards so few."""
    known = (word for language in sorted(languages) for word in load_lexicon().words.get(language, ()))
    return Vocabulary(dict.fromkeys(known, 1), corrects=False)


def _words_of(folder: str) -> Iterator[str]:
    """The words of a folder's English patterns, as messages are spelled when they are read."""
    yield from map(squeeze, _LETTERS.findall(str(load_data(f"{folder}/{ENGLISH}.toml")).casefold()))


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
