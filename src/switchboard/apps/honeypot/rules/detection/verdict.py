"""Is this a scam, and of which kind: the trained model's judgement, and reasons in words from the rules.

The rules name what a text shows and take part in the score; the model weighs all of it. How confident a session is
after several turns is decided here too; what becomes of the session is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from switchboard.apps.honeypot.rules.detection.detector import Detector, load_detector, score_by_rules
from switchboard.apps.honeypot.rules.detection.features import READ_CHARACTERS, Features, read_features
from switchboard.apps.honeypot.rules.detection.vocabulary import Signal, signals_in
from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.extraction.links import domain_of, is_official, suspicion

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

_THRESHOLD = 0.5
_MOST_CONFIDENT = 0.99
# What the rules alone call a scam is one, unless the model is this sure that it is not; what asks for a code is one
# in any case, for the words of such a message are those of the honest notice that brings the code.
_SURE_OF_NONE = -1.0
_DECISIVE = 2.5
_JUST_A_SCAM = 0.1
# What identifiers add to the log-odds. A link's looks and a number's presence are features of the model already.
_PLACE_TO_PAY_ADDS = 0.6
_PLACES_TO_PAY = {"upi": "Names a UPI id to pay to", "crypto_wallet": "Names a wallet to pay to"}
# Alerts name accounts, too; beside a demand for money it is where the money shall go.
_DEMANDS_MONEY = "pay_now"
_PLACES_WHEN_DEMANDED = {**_PLACES_TO_PAY, "bank_account": "Names a bank account to pay to"}
_SUSPICIOUS_LINK_ADDS = 0.4
# How strongly the rules speak for a type beside the type model.
_RULES_SHARE_OF_TYPE = 0.8
# A type that fits worse than this is a guess; the scam is then of no known type.
_FITS_A_TYPE = -0.5
# Above this, a turn that is no scam by itself adds to the suspicion of the turns before it.
_SUSPECT = 0.25
_WEIGHT_OF_SUSPICION = 0.75
_CLEARLY_STRONGER = 0.3
_TELLING = 1.0
_WORDING: Mapping[str, str] = {
    "KYC_PHISHING": "Wording typical of messages that pretend to come from a bank or service",
    "OTP_THEFT": "Wording typical of people who are after a one-time code",
    "LOTTERY_PRIZE": "Wording typical of prizes that nobody won",
    "INVESTMENT_FRAUD": "Wording typical of investment fraud",
    "IMPERSONATION": "Wording typical of people who pose as an official, a boss or a relative",
    "LOAN_SCAM": "Wording typical of loans that cost a fee first",
    "JOB_SCAM": "Wording typical of jobs that pay too well",
    "TECH_SUPPORT": "Wording typical of fake technical support",
    "DELIVERY": "Wording typical of parcel scams",
    "REFUND_UPI": "Wording typical of refunds that take money",
    "ROMANCE": "Wording typical of strangers who seek a friendship for money",
    "UTILITY_BILL": "Wording typical of threats to cut off power or a line",
    UNKNOWN: "Wording typical of scams",
}


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


NOTHING_SAID = Verdict(False, None, 0.0, ())


@dataclass(frozen=True, slots=True)
class _Evidence:
    reason: str
    weight: float


def detect(text: str, findings: Sequence[Finding] = (), detector: Detector | None = None) -> Verdict:
    """Judge one message with the identifiers found in it. Accepts any text; one without a word is no scam.

    `detector` is the packaged one unless another is to be tried.
    """
    features = read_features(text)
    if not features.words:
        return NOTHING_SAID
    detector, shown = detector or load_detector(), signals_in(text[:READ_CHARACTERS])
    demands_money = any(signal.id == _DEMANDS_MONEY for signal in shown)
    found = list(_evidence_in_findings(findings, demands_money=demands_money))
    log_odds = detector.log_odds(detector.score(features, shown)) + sum(item.weight for item in found)
    is_decisive = any(signal.weight >= _DECISIVE for signal in shown)
    if score_by_rules(shown) > 0 and (is_decisive or log_odds > _SURE_OF_NONE):
        log_odds = max(log_odds, _JUST_A_SCAM)
    confidence = min(_probability(log_odds), _MOST_CONFIDENT)
    is_scam = confidence >= _THRESHOLD
    scam_type = _scam_type(detector, features, shown) if is_scam else None
    evidence = [*(_Evidence(signal.reason, signal.weight) for signal in shown), *found]
    return Verdict(is_scam, scam_type, confidence, _reasons(evidence, scam_type))


def combine(earlier: Verdict | None, latest: Verdict) -> Verdict:
    """A session's verdict after another turn.

    A scam once seen stays one: a harmless line takes nothing back. Turns that are suspicious without being a scam
    add up to one. The type changes only for clearly stronger evidence, because the first pretext names the scam
    and later turns show its means; UNKNOWN gives way to any type.
    """
    if earlier is None:
        return latest
    confidence = _joint_confidence(earlier.confidence, latest.confidence)
    if confidence < _THRESHOLD:
        return replace(latest if latest.confidence >= earlier.confidence else earlier, confidence=confidence)
    return Verdict(
        is_scam=True,
        scam_type=_sharper_type(earlier, latest),
        confidence=confidence,
        reasons=_joint_reasons(earlier, latest),
    )


def _joint_confidence(earlier: float, latest: float) -> float:
    """The more suspicious turn's, raised by the other as far as that is suspicious in itself."""
    lower, higher = sorted((earlier, latest))
    if lower <= _SUSPECT:
        return higher
    raised = _log_odds(higher) + _WEIGHT_OF_SUSPICION * (_log_odds(lower) - _log_odds(_SUSPECT))
    return max(higher, min(_probability(raised), _MOST_CONFIDENT))


def _joint_reasons(earlier: Verdict, latest: Verdict) -> tuple[str, ...]:
    """Reasons of turns that speak for a scam; where none did alone, what they add up to."""
    reasons = [reason for each in (earlier, latest) if each.is_scam for reason in each.reasons]
    return tuple(dict.fromkeys(reasons)) or ("Several suspicious messages that add up",)


def _evidence_in_findings(findings: Sequence[Finding], *, demands_money: bool) -> Iterator[_Evidence]:
    domains = [domain_of(finding.value) for finding in findings if finding.kind == "url"]
    suspicions = [reason for domain in domains if (reason := suspicion(domain))]
    if suspicions:
        yield _Evidence(suspicions[0], _SUSPICIOUS_LINK_ADDS)
    elif any(not is_official(domain) for domain in domains):
        yield _Evidence("Carries a link", 0.0)
    kinds = {finding.kind for finding in findings}
    places = _PLACES_WHEN_DEMANDED if demands_money else _PLACES_TO_PAY
    place = next((reason for kind, reason in places.items() if kind in kinds), None)
    if place:
        yield _Evidence(place, _PLACE_TO_PAY_ADDS)


def _reasons(evidence: Sequence[_Evidence], scam_type: str | None) -> tuple[str, ...]:
    """What speaks for the verdict, the strongest first; where no rule says enough, that the wording does."""
    is_scam = scam_type is not None
    speaking = sorted(
        (item for item in evidence if (item.weight > 0) == is_scam), key=lambda item: -abs(item.weight)
    )
    reasons = [item.reason for item in speaking]
    if scam_type is not None and (not speaking or speaking[0].weight < _TELLING):
        reasons.insert(0, _WORDING[scam_type])
    return tuple(dict.fromkeys(reasons))


def _scam_type(detector: Detector, features: Features, shown: Sequence[Signal]) -> str:
    scores = detector.type_scores(features, shown)
    for signal in shown:
        for scam_type, score in signal.types.items():
            scores[scam_type] += _RULES_SHARE_OF_TYPE * score
    best = max(scores, key=lambda scam_type: scores[scam_type])
    return best if scores[best] > _FITS_A_TYPE else UNKNOWN


def _probability(log_odds: float) -> float:
    return round(1 / (1 + math.exp(-log_odds)), 2)


def _log_odds(confidence: float) -> float:
    bounded = min(max(confidence, 1 - _MOST_CONFIDENT), _MOST_CONFIDENT)
    return math.log(bounded / (1 - bounded))


def _sharper_type(earlier: Verdict, latest: Verdict) -> str:
    """The type of whichever turn is a scam; of two, the earlier unless the later is clearly surer."""
    if earlier.scam_type is None or latest.scam_type is None:
        return earlier.scam_type or latest.scam_type or UNKNOWN
    if latest.scam_type == UNKNOWN:
        return earlier.scam_type
    is_stronger = latest.confidence - earlier.confidence >= _CLEARLY_STRONGER
    return latest.scam_type if earlier.scam_type == UNKNOWN or is_stronger else earlier.scam_type
