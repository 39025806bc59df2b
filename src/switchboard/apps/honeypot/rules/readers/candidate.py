"""What every reader yields."""

from __future__ import annotations

from dataclasses import dataclass

PHONE = "phone"
UPI = "upi"
LINK = "link"
EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An identifier found in folded text: normalised value, place in folded characters, confidence 0 to 1."""

    kind: str
    value: str
    start: int
    end: int
    confidence: float
