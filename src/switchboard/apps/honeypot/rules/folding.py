"""One plain spelling of hostile text that still knows where each character stood in the original.

Width, digit script, dash shape and invisible characters are folded; case is kept, because a link's path
needs it. Words and meaning are not touched here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_PLAIN_PUNCTUATION = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | {
    "\u2018": "'",
    "\u2019": "'",
    "\u3002": ".",
}
_LEET = re.compile(r"(?<=[a-z])[01](?=[a-z])")
_SPACES = re.compile(r"\s+")
_PAUSES = re.compile(r"[,;\"()]+(?= |$)|(?<= )[\"(]+")

_REFANGED = re.compile(
    r"(?P<scheme>(?<![a-z])h(?:tt|xx|\*\*)ps?(?:\[:\]//|://|//:|:/(?!/)))"
    r"|(?P<dot>(?<=[^\W_]) ?[\[({] ?(?:\.|dot) ?[\])}] ?(?=[^\W_]))"
    r"|(?P<spoken>(?<=[a-z0-9])(?<!\bor)(?<!\band)(?<!\bya)(?: dot | \. )"
    r"(?=(?:com|net|org|info|xyz|top|online|site|shop|club|live|app|co|ly|example|test)(?![^\W_])))"
    r"|(?P<at>(?<=[^\W_]) ?[\[(] ?at ?[\])] ?(?=[^\W_]))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoldedText:
    """Folded text; `offsets[i]` is the index in the original of the character that became `text[i]`."""

    text: str
    offsets: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the original of `text[start:end]`, which must not be empty."""
        return self.offsets[start], self.offsets[end - 1] + 1


def fold(text: str) -> FoldedText:
    """Fold character by character, so that every folded character has one original place."""
    if text.isascii():
        return FoldedText(text, range(len(text)))
    characters: list[str] = []
    offsets: list[int] = []
    for index, character in enumerate(text):
        for folded in _fold_character(character):
            characters.append(folded)
            offsets.append(index)
    return FoldedText("".join(characters), offsets)


def fold_for_reading(text: str) -> str:
    """The text as vocabulary is matched: folded, lower case, single spaces, no pauses, `w0n` for `won`."""
    lowered = _SPACES.sub(" ", fold(text).text.lower()).strip()
    return _LEET.sub(lambda match: "o" if match[0] == "0" else "i", _PAUSES.sub("", lowered))


def refang(view: FoldedText) -> FoldedText:
    """The text with `[.]`, ` dot `, `[at]` and `hxxp` read as they are meant."""
    if _REFANGED.search(view.text) is None:
        return view
    pieces: list[str] = []
    offsets: list[int] = []
    position = 0
    for match in _REFANGED.finditer(view.text):
        meant = _meant_by(match)
        pieces += [view.text[position : match.start()], meant]
        offsets += view.offsets[position : match.start()]
        offsets += [view.offsets[match.start()]] * len(meant)
        position = match.end()
    pieces.append(view.text[position:])
    offsets += view.offsets[position:]
    return FoldedText("".join(pieces), offsets)


def _meant_by(match: re.Match[str]) -> str:
    if match["scheme"]:
        return "https://" if "ps" in match["scheme"].lower() else "http://"
    return "@" if match["at"] else "."


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character.isascii():
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character in _PLAIN_PUNCTUATION:
        return _PLAIN_PUNCTUATION[character]
    # Format characters, variation selectors and the keycap mark are only ever used here to break words up.
    if unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f" or character == "\u20e3":
        return ""
    if character.isspace() and character not in "\x85\u2028\u2029":
        return " "
    return unicodedata.normalize("NFKC", character)
