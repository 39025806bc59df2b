"""The trained linear model: what each feature of a text is worth as evidence for a scam, and for each type of scam.

The weights are data, made by `switchboard honeypot train-detector`; nothing here learns. What the worth of a text
means for people is decided in `detection`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.detection.features import Features
from switchboard.apps.honeypot.rules.detection.vocabulary import Signal

PIECES_SHARE = 0.8
"""How much pieces of words count beside whole words; they bridge spellings and mislead across topics."""
SIGNAL_SHARE = 0.2
_RULES_SHARE = 0.6
_RULES_PRIOR = -2.0
_LEAST_BY_RULES, _MOST_BY_RULES = -4.0, 6.0
# A signal this strong is a scam's own; what also looks harmless beside it may be there to disarm.
_STRONG = 2.0


@dataclass(frozen=True, slots=True)
class Detector:
    """Weights by feature. `terms` are words and pairs of words; a feature the model does not know counts nothing.

    `type_terms` and `type_signals` map a feature to its weight for each type of scam. `slope` and `intercept`
    turn a score into calibrated log-odds.
    """

    bias: float
    terms: Mapping[str, float]
    pieces: Mapping[str, float]
    signals: Mapping[str, float]
    type_biases: Mapping[str, float]
    type_terms: Mapping[str, Mapping[str, float]]
    type_signals: Mapping[str, Mapping[str, float]]
    slope: float
    intercept: float

    def score(self, features: Features, signals: Collection[Signal]) -> float:
        """The worth of a text, uncalibrated: each kind of feature is scaled so that length does not decide.

        The signals' own weights join in, within bounds: they hold where a text is like no example.
        """
        return (
            self.bias
            + scaled_sum(self.terms, (*features.words, *features.pairs))
            + PIECES_SHARE * scaled_sum(self.pieces, features.pieces)
            + SIGNAL_SHARE * sum(self.signals.get(signal.id, 0.0) for signal in signals)
            + _RULES_SHARE * score_by_rules(signals)
        )

    def log_odds(self, score: float) -> float:
        """What a score means: the log-odds that such a text is a scam."""
        return self.slope * score + self.intercept

    def type_scores(self, features: Features, signals: Collection[Signal]) -> dict[str, float]:
        """How well each type of scam fits, comparable within one text only."""
        known = [worth for term in (*features.words, *features.pairs) if (worth := self.type_terms.get(term))]
        scores = dict(self.type_biases)
        scale = 1 / math.sqrt(len(known) or 1)
        for worth in known:
            _add(scores, worth, scale)
        for signal in signals:
            _add(scores, self.type_signals.get(signal.id, {}), SIGNAL_SHARE)
        return scores


def scaled_sum(weights: Mapping[str, float], features: Iterable[str]) -> float:
    """The sum of the known features' weights, divided by the root of their number."""
    known = [weight for weight in map(weights.get, features) if weight is not None]
    return sum(known) / math.sqrt(len(known) or 1)


def score_by_rules(signals: Collection[Signal]) -> float:
    """What the signals say without the model, as log-odds within bounds."""
    weights = [signal.weight for signal in signals]
    is_strong = max(weights, default=0.0) >= _STRONG
    said = sum(weight / 2 if weight < 0 and is_strong else weight for weight in weights)
    return min(max(_RULES_PRIOR + said, _LEAST_BY_RULES), _MOST_BY_RULES)


@cache
def load_detector() -> Detector:
    """The packaged model, read once."""
    return parse_detector(load_data("detector"))


def parse_detector(entry: Mapping[str, Any]) -> Detector:
    """The model from its data file, where weights are hundredths and types are numbered."""
    types: list[str] = entry["types"]

    def by_type(weights: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
        return {
            feature: {types[int(number)]: weight / 100 for number, weight in worth.items()}
            for feature, worth in weights.items()
        }

    def plain(weights: Mapping[str, int]) -> dict[str, float]:
        return {feature: weight / 100 for feature, weight in weights.items()}

    return Detector(
        bias=entry["bias"],
        terms=plain(entry["terms"]),
        pieces=plain(entry["pieces"]),
        signals=plain(entry["signals"]),
        type_biases=dict(zip(types, entry["type_biases"], strict=True)),
        type_terms=by_type(entry["type_terms"]),
        type_signals=by_type(entry["type_signals"]),
        slope=entry["slope"],
        intercept=entry["intercept"],
    )


def _add(scores: dict[str, float], worth: Mapping[str, float], scale: float) -> None:
    for scam_type, weight in worth.items():
        scores[scam_type] += scale * weight
