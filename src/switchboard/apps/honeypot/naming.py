"""What the honeypot's names are called by people, alike at the terminal and in the console."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "phone": "phone",
    "upi": "UPI id",
    "bank_account": "bank account",
    "ifsc": "IFSC",
    "url": "link",
    "email": "email",
    "crypto_wallet": "crypto wallet",
    "telegram": "Telegram",
    "pan": "PAN",
    "aadhaar": "Aadhaar",
}
STATUSES: Mapping[str, str] = {
    "INITIAL": "Begun",
    "ONGOING": "Ongoing",
    "COMPLETED": "Completed",
    "TERMINATED": "Ended",
    "MAX_TURNS_REACHED": "Turns used up",
    "SAFETY_EXIT": "Left for safety",
}


def kind(name: str) -> str:
    """What people call a kind of value."""
    return KINDS.get(name, name)


def status(name: str) -> str:
    return STATUSES.get(name, name)


def scam_type(name: str | None) -> str:
    """A type of scam as words: `KYC_PHISHING` as 'KYC phishing'."""
    if not name:
        return "Of no known type"
    first, *others = name.split("_")
    kept = {"KYC", "UPI", "OTP", "SIM", "APK"}
    said = [first if first in kept else first.capitalize()]
    said += [word if word in kept else word.lower() for word in others]
    return " ".join(said)
