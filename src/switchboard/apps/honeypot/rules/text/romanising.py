"""Indian scripts in Latin letters, so that a word is one word however it is written.

The blocks of these scripts are laid out alike in Unicode, so one table serves them all. The spelling is that of
chats ("khata", "otipi"), not a scholarly one that could be turned back. Urdu's script is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_INDIC_WORD = re.compile("[\u0900-\u0963\u0970-\u0d65\u0d70-\u0d7f]+")
_BLOCK = 0x80
_CONSONANTS: Mapping[int, str] = dict(
    enumerate(
        [
            "k",
            "kh",
            "g",
            "gh",
            "n",
            "ch",
            "chh",
            "j",
            "jh",
            "n",
            "t",
            "th",
            "d",
            "dh",
            "n",
            "t",
            "th",
            "d",
            "dh",
            "n",
            "n",
            "p",
            "ph",
            "b",
            "bh",
            "m",
            "y",
            "r",
            "r",
            "l",
            "l",
            "l",
            "v",
            "sh",
            "sh",
            "s",
            "h",
        ],
        start=0x15,
    )
) | dict(enumerate(["k", "kh", "g", "z", "d", "dh", "f", "y"], start=0x58))
_VOWELS: Mapping[int, str] = dict(
    enumerate(["a", "a", "i", "i", "u", "u", "ri", "l", "e", "e", "e", "ai", "o", "o", "o", "au"], start=0x05)
)
_VOWEL_SIGNS: Mapping[int, str] = dict(
    enumerate(["a", "i", "i", "u", "u", "ri", "ri", "e", "e", "e", "ai", "o", "o", "o", "au"], start=0x3E)
)
_NASALS = (0x01, 0x02, 0x70)
_VIRAMA = 0x4D


def romanise(text: str) -> str:
    """The text with every word of an Indian script in Latin letters; everything else is left alone."""
    return text if text.isascii() else _INDIC_WORD.sub(_romanise_word, text)


def _romanise_word(word: re.Match[str]) -> str:
    """A consonant carries an "a" unless a vowel sign, a virama or the end of the word takes it away."""
    letters: list[str] = []
    carries_vowel = False
    for character in word[0]:
        place = ord(character) % _BLOCK
        if place in _VOWEL_SIGNS:
            letters.append(_VOWEL_SIGNS[place])
            carries_vowel = False
            continue
        if carries_vowel and place != _VIRAMA:
            letters.append("a")
        carries_vowel = place in _CONSONANTS
        if carries_vowel:
            letters.append(_CONSONANTS[place])
        elif place in _VOWELS:
            letters.append(_VOWELS[place])
        elif place in _NASALS:
            letters.append("n")
    return "".join(letters)
