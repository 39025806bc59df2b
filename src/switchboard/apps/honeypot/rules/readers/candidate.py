"""What every reader yields."""

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
class Candidate:
    """An identifier found in folded text: normalised value, place in folded characters, confidence 0 to 1.

    `details` say more about the value than the value itself: see `extraction.Finding`.
    """

    kind: str
    value: str
    start: int
    end: int
    confidence: float
    details: Mapping[str, str] = field(default_factory=dict)
