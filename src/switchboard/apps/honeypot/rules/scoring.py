"""How much a session's intelligence is worth, from 0 (nothing) to 1. Weights come from the product's facts but for two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WEIGHTS: Mapping[str, float] = {
    "phone": 0.20,
    "upi": 0.25,
    "bank_account": 0.25,
    "ifsc": 0.10,
    "url": 0.15,
    "email": 0.05,
    # Ours: a wallet is where the money goes, like a UPI id; a Telegram name is an address, but one that answers.
    "crypto_wallet": 0.25,
    "telegram": 0.10,
}
# Two identifiers that confirm each other are worth more than both alone.
PAIR_BONUSES: Mapping[tuple[str, str], float] = {
    ("bank_account", "ifsc"): 0.10,
    ("upi", "phone"): 0.05,
}
_MOST_COUNTED = 3
_GAIN_PER_FURTHER = 0.2


def intelligence_score(counts_and_confidence: Mapping[str, Sequence[float]]) -> float:
    """The score of a session, 0 to 1 in two decimals.

    The argument holds, per kind, the confidence (0 to 1) of each distinct identifier. A second and a third of
    one kind add a fifth each, more add nothing; doubtful ones count down to half. Unknown kinds are ignored.
    """
    found = {kind: confidences for kind, confidences in counts_and_confidence.items() if confidences}
    score = sum(weight * _multiplier(found[kind]) for kind, weight in WEIGHTS.items() if kind in found)
    score += sum(bonus for pair, bonus in PAIR_BONUSES.items() if found.keys() >= set(pair))
    return round(min(score, 1.0), 2)


def _multiplier(confidences: Sequence[float]) -> float:
    count = min(len(confidences), _MOST_COUNTED)
    mean_confidence = sum(confidences) / len(confidences)
    return (1 + _GAIN_PER_FURTHER * (count - 1)) * (0.5 + 0.5 * mean_confidence)
