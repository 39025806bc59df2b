"""What every reader is given and what it yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PHONE = "phone"
UPI = "upi"
BANK_ACCOUNT = "bank_account"
IFSC = "ifsc"
URL = "url"
EMAIL = "email"
CRYPTO_WALLET = "crypto_wallet"
TELEGRAM = "telegram"
PAN = "pan"
AADHAAR = "aadhaar"


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as readers see it: folded, refanged, digits as digits.

    In `text` every look-alike letter is the Latin one; `written` has the same length and keeps them.
    """

    text: str
    written: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An identifier found in a reading: normalised value, place in its text, confidence 0 to 1.

    `details` say more about the value than the value itself: see `extraction.Finding`. `parts` are identifiers
    inside this one that are worth a finding of their own, such as the phone in a `wa.me` link.
    """

    kind: str
    value: str
    start: int
    end: int
    confidence: float
    details: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Candidate, ...] = ()
