"""How a detector fares on whole sources it was not trained on, and what its scores are worth as probabilities.

One writer's messages resemble each other, so no part of a source is ever judged by a detector that saw the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from switchboard.apps.honeypot.rules.detection.detector import Detector
from switchboard.apps.honeypot.training.examples import HAM, LABELS, PROMOTION, SCAM
from switchboard.apps.honeypot.training.fitting import Document, fit_detector
from switchboard.kernel.language.regression import fit_line

PARTS: Mapping[str, tuple[str, ...]] = {
    "our texts, scams against everyday": ("texts", "everyday"),
    "our calls": ("calls",),
    "our e-mails and Indian languages": ("mail", "indian"),
    "published: Mishra and Soni's own": ("mishra_soni_5971",),
    "published: UCI": ("mishra_soni_5971(uci)", "uci_sms_spam"),
}
"""What is held out together: scam texts of ours go with the honest ones, for a part needs both."""

_MIX: Mapping[str, float] = {SCAM: 0.43, HAM: 0.44, PROMOTION: 0.13}
"""How much each label counts in the calibration, as it might arrive at a honeypot."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A document with the score of a detector that has not seen its source."""

    document: Document
    score: float

    @property
    def label(self) -> str:
        return self.document.example.label


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1: scams found, and each other label called a scam; F1 with and without promotions."""

    found: float
    ham_called: float
    promotions_called: float
    f1: float
    f1_with_promotions: float


def hold_out(documents: Sequence[Document]) -> Iterator[tuple[str, list[Judged]]]:
    """Each part that the documents have, judged by a detector fitted on all others."""
    for name, sources in PARTS.items():
        part = [document for document in documents if document.example.source in sources]
        rest = [document for document in documents if document.example.source not in sources]
        if part:
            yield name, judge(fit_detector(rest), part)


def judge(detector: Detector, documents: Sequence[Document]) -> list[Judged]:
    return [Judged(document, detector.score(document.features, document.signals)) for document in documents]


def calibrate(judged: Sequence[Judged]) -> tuple[float, float]:
    """Slope and intercept that turn scores into log-odds, on documents the detectors had not seen."""
    counts = {label: sum(each.label == label for each in judged) for label in LABELS}
    return fit_line(
        [each.score for each in judged],
        [each.label == SCAM for each in judged],
        [_MIX[each.label] * len(judged) / counts[each.label] for each in judged],
    )


def quality(labels: Sequence[str], called: Sequence[bool]) -> Quality:
    """What calling these messages scams, or not, is worth. A share of nothing is 0."""
    of = {
        label: [is_called for each, is_called in zip(labels, called, strict=True) if each == label]
        for label in LABELS
    }
    found, alarms, promotions = (sum(of[label]) for label in (SCAM, HAM, PROMOTION))
    return Quality(
        found=_share(found, len(of[SCAM])),
        ham_called=_share(alarms, len(of[HAM])),
        promotions_called=_share(promotions, len(of[PROMOTION])),
        f1=_share(2 * found, found + alarms + len(of[SCAM])),
        f1_with_promotions=_share(2 * found, found + alarms + promotions + len(of[SCAM])),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
