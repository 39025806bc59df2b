"""Is this a scam, and of which kind: evidence from the vocabulary and from the identifiers, added up.

Each signal counts once, however often it is said. The sum of the weights is read as log-odds, so a trained
model can later stand in for the weights without changing what a verdict means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.folding import fold_for_reading
from switchboard.apps.honeypot.rules.links import domain_of, is_official, suspicion
from switchboard.apps.honeypot.rules.vocabulary import negations, signals

UNKNOWN = "UNKNOWN"
SCAM_TYPES = (
    "KYC_PHISHING",
    "OTP_THEFT",
    "LOTTERY_PRIZE",
    "INVESTMENT_FRAUD",
    "IMPERSONATION",
    "LOAN_SCAM",
    "JOB_SCAM",
    "TECH_SUPPORT",
    "DELIVERY",
    "REFUND_UPI",
    "ROMANCE",
    "UTILITY_BILL",
    UNKNOWN,
)

_BIAS = -2.0
_THRESHOLD = 0.5
_TYPE_NEEDS = 0.9
_CLEARLY_STRONGER = 0.1
_NO_TYPES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a text, or a session so far, looks like.

    `confidence` is how likely a scam it is, 0 to 1 in two decimals. `scam_type` is one of SCAM_TYPES, and None
    when it is no scam. `reasons` are sentences for people, the strongest first.
    """

    is_scam: bool
    scam_type: str | None
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Evidence:
    reason: str
    weight: float
    types: Mapping[str, float]


def detect(text: str, findings: Sequence[Finding] = ()) -> Verdict:
    """Judge one message with the identifiers found in it. Accepts any text; empty is no scam."""
    evidence = [*_evidence_in_words(text), *_evidence_in_findings(findings)]
    confidence = _probability(_BIAS + sum(_weights(evidence)))
    is_scam = confidence >= _THRESHOLD
    speaks_for_verdict = [item for item in evidence if (item.weight > 0) == is_scam]
    speaks_for_verdict.sort(key=lambda item: -abs(item.weight))
    return Verdict(
        is_scam=is_scam,
        scam_type=_scam_type(evidence) if is_scam else None,
        confidence=confidence,
        reasons=tuple(dict.fromkeys(item.reason for item in speaks_for_verdict)),
    )


def combine(earlier: Verdict | None, latest: Verdict) -> Verdict:
    """A session's verdict after another turn.

    A scam once seen stays one, at the highest confidence any turn gave. Its type changes only for clearly
    stronger evidence, because the first pretext names the scam and later turns show its means; UNKNOWN gives
    way to any type.
    """
    if earlier is None or (latest.is_scam and not earlier.is_scam):
        return latest
    confidence = max(earlier.confidence, latest.confidence)
    if not latest.is_scam:
        return replace(earlier, confidence=confidence) if not earlier.is_scam else earlier
    return Verdict(
        is_scam=True,
        scam_type=_sharper_type(earlier, latest),
        confidence=confidence,
        reasons=tuple(dict.fromkeys(earlier.reasons + latest.reasons)),
    )


def _evidence_in_words(text: str) -> Iterator[_Evidence]:
    everything = fold_for_reading(text)
    said = negations().sub(" . ", everything)
    for signal in signals():
        if signal.pattern.search(everything if signal.sees_negations else said):
            yield _Evidence(signal.reason, signal.weight, signal.types)


def _evidence_in_findings(findings: Sequence[Finding]) -> Iterator[_Evidence]:
    domains = [domain_of(finding.value) for finding in findings if finding.kind == "url"]
    suspicions = [reason for domain in domains if (reason := suspicion(domain))]
    if suspicions:
        yield _Evidence(suspicions[0], 1.4, _NO_TYPES)
    elif any(not is_official(domain) for domain in domains):
        yield _Evidence("Carries a link", 0.3, _NO_TYPES)
    if any(finding.kind == "upi" for finding in findings):
        yield _Evidence("Names a UPI id to pay to", 0.8, _NO_TYPES)
    if any(finding.kind == "phone" for finding in findings):
        yield _Evidence("Names a private phone number", 0.3, _NO_TYPES)


def _weights(evidence: Sequence[_Evidence]) -> Iterator[float]:
    """The weights, where a show of harmlessness counts only half beside strong evidence of a scam."""
    strongest = max((item.weight for item in evidence), default=0.0)
    for item in evidence:
        yield item.weight / 2 if item.weight < 0 and strongest >= 2.0 else item.weight


def _probability(log_odds: float) -> float:
    return round(1 / (1 + math.exp(-log_odds)), 2)


def _scam_type(evidence: Sequence[_Evidence]) -> str:
    scores = dict.fromkeys(SCAM_TYPES, 0.0)
    for item in evidence:
        for scam_type, score in item.types.items():
            scores[scam_type] += score
    best = max(scores, key=lambda scam_type: scores[scam_type])
    return best if scores[best] >= _TYPE_NEEDS else UNKNOWN


def _sharper_type(earlier: Verdict, latest: Verdict) -> str | None:
    if latest.scam_type == UNKNOWN:
        return earlier.scam_type
    if earlier.scam_type == UNKNOWN or latest.confidence - earlier.confidence >= _CLEARLY_STRONGER:
        return latest.scam_type
    return earlier.scam_type
