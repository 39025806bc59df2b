"""Which language a message is written in, as far as a reply depends on it.

English and Hindi are told apart by words, other languages of India by their script: personas do not speak them,
but say so by name. Marathi and Nepali, in the script of Hindi, are answered as Hindi.
"""

from __future__ import annotations

import re
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data

ENGLISH = "en"
HINDI = "hi"
HINGLISH = "hi-Latn"
UNDETERMINED = "und"
"""Written in a script that none of these languages uses (the code of ISO 639-2)."""

_LATIN_LETTER = re.compile(r"[a-z]", re.IGNORECASE)
_NO_LATIN_LETTER = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f]")
_WORD = re.compile(r"[a-z]+")
# Vowel signs are no letters to `re`, so the scripts are counted by their blocks.
_SCRIPTS = {
    HINDI: re.compile("[\u0900-\u097f]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "pa": re.compile("[\u0a00-\u0a7f]"),
    "gu": re.compile("[\u0a80-\u0aff]"),
    "or": re.compile("[\u0b00-\u0b7f]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"),
    "kn": re.compile("[\u0c80-\u0cff]"),
    "ml": re.compile("[\u0d00-\u0d7f]"),
    "ur": re.compile("[\u0600-\u06ff]"),
}
# Letters that Urdu has and Arabic has not.
_URDU_LETTER = re.compile("[\u0679\u067e\u0686\u0688\u0691\u06a9\u06af\u06ba\u06be\u06c1\u06cc\u06d2]")


def detect_language(text: str) -> str:
    """The code of the language: `"hi-Latn"` is Hindi in Latin letters, `"en"` also what shows no language.

    A Hindi sentence full of English terms (OTP, KYC, a link) is still Hindi, and so with every script.
    """
    if not text.isascii():
        latin = len(_LATIN_LETTER.findall(text))
        counts = {code: len(script.findall(text)) for code, script in _SCRIPTS.items()}
        code = max(counts, key=lambda each: counts[each])
        if counts[code] * 4 > latin:
            return UNDETERMINED if code == "ur" and not _URDU_LETTER.search(text) else code
        if len(_NO_LATIN_LETTER.findall(text)) * 4 > latin:
            return UNDETERMINED
    words = _WORD.findall(text.lower())
    hindi_words = sum(word in _hinglish_words() for word in words)
    return HINGLISH if hindi_words >= 2 or (hindi_words == 1 and len(words) <= 4) else ENGLISH


@cache
def _hinglish_words() -> frozenset[str]:
    return frozenset(load_data("hinglish_words"))
