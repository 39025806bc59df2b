"""What a message is for: the port of an intent model, and a linear one in plain Python.

A model ranks names; what a name means is the app's. Learning is in `intents_training`, which serving never loads.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from switchboard.kernel.language.normalise import fold

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LONGEST_PIECE = 5
_MOST_WORDS = 400


class Ranked(NamedTuple):
    """One name with how sure it is, from 0 to 1."""

    name: str
    confidence: float


class Ranking(NamedTuple):
    """Every name, the likeliest first, with confidences that add up to 1.

    `familiarity` says how much a message is like those that were learnt from; below the model's threshold it is for
    nothing that the model knows, however sure it is of one name above the others.
    """

    names: Sequence[Ranked]
    familiarity: float
    is_known: bool

    @property
    def best(self) -> Ranked:
        return self.names[0]


class IntentModel(Protocol):
    """Ranks what a message could be for. A real one and a twin pass the same tests."""

    @property
    def method(self) -> str:
        """What is recorded as the method: 'rule_based' or 'distilbert'."""

    @property
    def engine(self) -> str:
        """What really runs, more closely."""

    def rank(self, text: str) -> Ranking:
        """What the message could be for."""


@dataclass(frozen=True, slots=True)
class LinearIntents:
    """One hyperplane a name over weighted pieces of words; distances become confidences by a softmax."""

    names: Sequence[str]
    biases: Sequence[float]
    pieces: Mapping[str, tuple[float, Sequence[float]]]
    """By piece: its weight by rarity, and its worth for each name."""
    sharpness: float
    threshold: float
    """The least distance to the nearest hyperplane's far side at which a message is for something known."""
    method: str = "rule_based"
    engine: str = "linear"

    def distances(self, text: str) -> list[float]:
        """The signed distance to each name's hyperplane, in the order of `names`."""
        totals = list(self.biases)
        for block in pieces_of(text):
            known = [(self.pieces[piece], count) for piece, count in block.items() if piece in self.pieces]
            values = [(1 + math.log(count)) * rarity for (rarity, _), count in known]
            norm = math.sqrt(sum(value * value for value in values)) or 1.0
            for ((_, worth), _count), value in zip(known, values, strict=True):
                share = value / norm
                for place, weight in enumerate(worth):
                    totals[place] += share * weight
        return totals

    def rank(self, text: str) -> Ranking:
        distances = self.distances(text)
        familiarity = max(distances)
        shares = softmax([self.sharpness * distance for distance in distances])
        ranked = sorted(map(Ranked, self.names, shares), key=lambda each: (-each.confidence, each.name))
        return Ranking(ranked, familiarity, familiarity >= self.threshold)


def parse_linear(document: Mapping[str, Any]) -> LinearIntents:
    """A model from its data file, where worths are thousandths."""
    return LinearIntents(
        names=tuple(document["names"]),
        biases=[bias / 1000 for bias in document["biases"]],
        pieces={
            piece: (rarity / 1000, array("f", (each / 1000 for each in worth)))
            for piece, (rarity, worth) in document["pieces"].items()
        },
        sharpness=document["sharpness"],
        threshold=document["threshold"],
    )


def pieces_of(text: str) -> tuple[Counter[str], Counter[str]]:
    """A message as counted words and pairs of words, and as counted pieces of two to five letters."""
    words = _WORD.findall(fold(text).replace("’", "'"))[:_MOST_WORDS]
    spoken = Counter(f"w:{word}" for word in words)
    spoken.update(f"b:{one} {other}" for one, other in zip(["^", *words], [*words, "$"], strict=True))
    return spoken, Counter(_letters(words))


def _letters(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        framed = f" {word[:60]} "
        for length in range(2, _LONGEST_PIECE + 1):
            for start in range(len(framed) - length + 1):
                yield framed[start : start + length]


def softmax(values: Sequence[float]) -> list[float]:
    """Shares that add up to 1."""
    most = max(values)
    raised = [math.exp(value - most) for value in values]
    total = sum(raised)
    return [each / total for each in raised]
