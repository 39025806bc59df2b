"""Which of the languages the personas speak a message is written in."""

from __future__ import annotations

import re
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data

ENGLISH = "en"
HINDI = "hi"
HINGLISH = "hi-Latn"

_DEVANAGARI = re.compile(r"[\u0900-\u097f]")
_LATIN_LETTER = re.compile(r"[a-z]", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")


def detect_language(text: str) -> str:
    """`"hi"` for Hindi in Devanagari, `"hi-Latn"` for Hindi in Latin letters, otherwise `"en"`.

    A Hindi sentence full of English terms (OTP, KYC, a link) is still Hindi.
    """
    devanagari = len(_DEVANAGARI.findall(text))
    if devanagari * 4 > len(_LATIN_LETTER.findall(text)):
        return HINDI
    words = _WORD.findall(text.lower())
    hindi_words = sum(word in _hinglish_words() for word in words)
    return HINGLISH if hindi_words >= 2 or (hindi_words == 1 and len(words) <= 4) else ENGLISH


@cache
def _hinglish_words() -> frozenset[str]:
    return frozenset(load_data("hinglish_words"))
