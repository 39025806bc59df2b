"""From examples to a detector: which features are kept, how much each example counts, and the fit itself.

How a fitted detector fares on messages it has not seen is measured in `evaluation`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from switchboard.apps.honeypot.rules.detection.detector import PIECES_SHARE, SIGNAL_SHARE, Detector
from switchboard.apps.honeypot.rules.detection.features import Features, read_features
from switchboard.apps.honeypot.rules.detection.vocabulary import Signal, signals_in
from switchboard.apps.honeypot.training.examples import PROMOTION, SCAM, Example
from switchboard.kernel.language.regression import Block, Weights, fit

_STRENGTH = 4.0
_TYPE_STRENGTH = 10.0
_LEAST_MESSAGES = 3
"""A feature seen in fewer messages says more about them than about scams."""
_LEAST_TYPE_WEIGHT = 0.4
# Advertising is told from a scam by what it asks for, and in words often not at all: at full weight it hides prize
# scams, at none every shop is a scammer.
_PROMOTION_COUNTS = 0.4


@dataclass(frozen=True, slots=True)
class Document:
    """An example as detectors see it."""

    example: Example
    features: Features
    signals: tuple[Signal, ...]

    @property
    def signal_ids(self) -> list[str]:
        return [signal.id for signal in self.signals]

    @property
    def terms(self) -> list[str]:
        return [*self.features.words, *self.features.pairs]


def read_document(example: Example) -> Document:
    """Read an example once, for all fits."""
    return Document(example, read_features(example.text), signals_in(example.text))


def fit_detector(documents: Sequence[Document]) -> Detector:
    """The detector these documents make; its scores are not calibrated yet."""
    terms = _numbered((document.terms for document in documents), first=0)
    pieces = _numbered((document.features.pieces for document in documents), first=len(terms))
    signals = _numbered((document.signal_ids for document in documents), first=len(terms) + len(pieces))
    weights = fit(
        [
            [
                _scaled_block(terms, document.terms),
                _scaled_block(pieces, document.features.pieces, PIECES_SHARE),
                _block(signals, document.signal_ids, SIGNAL_SHARE),
            ]
            for document in documents
        ],
        [document.example.label == SCAM for document in documents],
        _importances([document.example for document in documents]),
        features=len(terms) + len(pieces) + len(signals),
        strength=_STRENGTH,
    )
    return replace(
        _fit_types([document for document in documents if document.example.scam_type]),
        bias=weights.bias,
        terms=_weights_of(terms, weights),
        pieces=_weights_of(pieces, weights),
        signals=_weights_of(signals, weights),
    )


def _fit_types(documents: Sequence[Document]) -> Detector:
    """A detector that knows types only: each type against all others, on scams whose type is known."""
    terms = _numbered((document.terms for document in documents), first=0)
    signals = _numbered((document.signal_ids for document in documents), first=len(terms))
    rows = [
        [_scaled_block(terms, document.terms), _block(signals, document.signal_ids, SIGNAL_SHARE)]
        for document in documents
    ]
    biases: dict[str, float] = {}
    type_terms: dict[str, dict[str, float]] = {term: {} for term in terms}
    type_signals: dict[str, dict[str, float]] = {signal_id: {} for signal_id in signals}
    for scam_type in sorted({document.example.scam_type or "" for document in documents}):
        targets = [document.example.scam_type == scam_type for document in documents]
        share = sum(targets) / len(targets)
        weights = fit(
            rows,
            targets,
            [0.5 / share if target else 0.5 / (1 - share) for target in targets],
            features=len(terms) + len(signals),
            strength=_TYPE_STRENGTH,
        )
        biases[scam_type] = weights.bias
        for numbered, by_type in ((terms, type_terms), (signals, type_signals)):
            for feature, weight in _weights_of(numbered, weights).items():
                if abs(weight) >= _LEAST_TYPE_WEIGHT:
                    by_type[feature][scam_type] = weight
    return Detector(0.0, {}, {}, {}, biases, type_terms, type_signals, 1.0, 0.0)


def _importances(examples: Sequence[Example]) -> list[float]:
    """How much each example counts: scams as much as everything else together."""
    counts = [_PROMOTION_COUNTS if example.label == PROMOTION else 1.0 for example in examples]
    scams = sum(count for count, example in zip(counts, examples, strict=True) if example.label == SCAM)
    balance = (sum(counts) - scams) / scams
    return [
        count * balance if example.label == SCAM else count
        for count, example in zip(counts, examples, strict=True)
    ]


def _numbered(documents: Iterable[Iterable[str]], *, first: int) -> dict[str, int]:
    """A number for each feature that enough documents have; the same for the same documents."""
    counts = Counter(feature for features in documents for feature in features)
    known = sorted(feature for feature, count in counts.items() if count >= _LEAST_MESSAGES)
    return {feature: number for number, feature in enumerate(known, start=first)}


def _scaled_block(numbered: Mapping[str, int], features: Iterable[str], share: float = 1.0) -> Block:
    """As `scaled_sum` reads it when the detector serves."""
    known = sorted(numbered[feature] for feature in features if feature in numbered)
    return Block(known, share / math.sqrt(len(known) or 1))


def _block(numbered: Mapping[str, int], features: Iterable[str], value: float) -> Block:
    return Block(sorted(numbered[feature] for feature in features if feature in numbered), value)


def _weights_of(numbered: Mapping[str, int], weights: Weights) -> dict[str, float]:
    return {feature: weights.by_feature[number] for feature, number in numbered.items()}
