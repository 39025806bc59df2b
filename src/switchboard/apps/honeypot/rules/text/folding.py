"""One plain spelling of hostile text that still knows where each character stood in the original.

Width, digit script, dash shape, look-alike letters and invisible characters are folded; case is kept, because
a link's path needs it. What words such as "dot" or "nine" stand for is read in `refanging` and `spoken`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data

_PLAIN_PUNCTUATION = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | {
    "\u2018": "'",
    "\u2019": "'",
    "\u3002": ".",
}
_INVISIBLE = re.compile("[\u0300-\u036f\u115f\u1160\u20e3\u3164\ufe00-\ufe0f\uffa0]")
_KEYCAP_MARKS = "\ufe0f\u20e3"
_LEET = re.compile(r"(?<=[a-z])[01](?=[a-z])")
_SPACES = re.compile(r"\s+")
_PAUSES = re.compile(r"[,;\"()]+(?= |$)|(?<= )[\"(]+")


class Replacement(NamedTuple):
    """`text` stands for what was written between `start` and `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FoldedText:
    """Folded text; the original characters from `starts[i]` to `ends[i]` became `text[i]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of `text[start:end]`, which must not be empty."""
        return self.starts[start], self.ends[end - 1]

    def replace(self, replacements: Iterable[Replacement]) -> FoldedText:
        """The text with every replacement made; they are in order and do not overlap.

        Each new character stands for the whole of what was replaced.
        """
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for new in replacements:
            pieces += [self.text[position : new.start], new.text]
            starts += self.starts[position : new.start]
            ends += self.ends[position : new.start]
            starts += [self.starts[new.start]] * len(new.text)
            ends += [self.ends[new.end - 1]] * len(new.text)
            position = new.end
        if not position:
            return self
        pieces.append(self.text[position:])
        starts += self.starts[position:]
        ends += self.ends[position:]
        return FoldedText("".join(pieces), starts, ends)


def fold(text: str) -> FoldedText:
    """Fold character by character, so that every folded character has its place in the original."""
    if text.isascii():
        return FoldedText(text, range(len(text)), range(1, len(text) + 1))
    characters = list(map(_fold_character, text))
    if all(map(_is_one_character, characters)):
        return FoldedText("".join(characters), range(len(text)), range(1, len(text) + 1))
    starts: list[int] = []
    ends: list[int] = []
    for index, (character, folded) in enumerate(zip(text, characters, strict=True)):
        if not folded and character in _KEYCAP_MARKS and ends:
            ends[-1] = index + 1
        starts += [index] * len(folded)
        ends += [index + 1] * len(folded)
    return FoldedText("".join(characters), starts, ends)


def skeleton(text: str) -> str:
    """The text with each Cyrillic or Greek letter as the Latin one it is mistaken for; its length stays.

    Source: the single-letter cases of the confusables of Unicode's Technical Standard 39.
    """
    return text if text.isascii() else text.translate(_confusables())


@lru_cache(maxsize=32)
def fold_for_reading(text: str) -> str:
    """The text as vocabulary is matched: folded, lower case, single spaces, no pauses, `w0n` for `won`.

    A message is read for many things in turn, so the last ones are kept.
    """
    lowered = _SPACES.sub(" ", fold(text).text.lower()).strip()
    return _LEET.sub(lambda match: "o" if match[0] == "0" else "i", _PAUSES.sub("", lowered))


def _is_one_character(folded: str) -> bool:
    return len(folded) == 1


@cache
def _confusables() -> dict[int, str]:
    return str.maketrans(load_data("confusables"))


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character.isascii():
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character in _PLAIN_PUNCTUATION:
        return _PLAIN_PUNCTUATION[character]
    # Format characters, combining accents and strokes, variation selectors, the keycap mark and fillers are only
    # ever used here to break words up.
    if unicodedata.category(character) == "Cf" or _INVISIBLE.match(character):
        return ""
    if character.isspace() and character not in "\x85\u2028\u2029":
        return " "
    return unicodedata.normalize("NFKC", character)
