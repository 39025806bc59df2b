"""Single signs: case, width, accents, invisible characters and look-alike letters do not count."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from switchboard.apps.guide.rules.data import load_data

APOSTROPHES = "'\u2018\u2019\u201b\u0060\u00b4\u02bc\u2032\uff07"
# Marks that are vowels or part of a letter, from Devanagari to Sinhala; elsewhere they are accents.
_FIRST_INDIC, _LAST_INDIC = 0x0900, 0x0DFF


class Sign(NamedTuple):
    """A folded character, and the place in the original that it stands for."""

    character: str
    place: int


def fold(text: str) -> list[Sign]:
    """The text's characters in one plain form; one may become none or several."""
    if text.isascii():
        return [Sign(character, place) for place, character in enumerate(text.lower())]
    signs = [
        Sign(character, place) for place, original in enumerate(text) for character in _fold_one(original)
    ]
    return list(_without_look_alikes(signs))


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    spelling = load_data("spelling.json")
    return spelling["plain_letters"], spelling["look_alikes"]


@cache
def _fold_one(original: str) -> str:
    """At most a few thousand characters are ever asked for, so each is folded once."""
    plain, _ = _tables()
    if original in APOSTROPHES:
        return "'"
    folded = []
    for character in unicodedata.normalize("NFKD", original.casefold()):
        category = unicodedata.category(character)
        if category == "Cf" or (category == "Mn" and not _FIRST_INDIC <= ord(character) <= _LAST_INDIC):
            continue
        folded.append(plain.get(character, character))
    return "".join(folded).casefold()


def _without_look_alikes(signs: list[Sign]) -> Iterator[Sign]:
    """Letters of other scripts that look Latin, in a text that is otherwise Latin, are Latin."""
    _, alike = _tables()
    latin = sum("a" <= sign.character <= "z" for sign in signs)
    foreign = sum(sign.character in alike for sign in signs)
    other = sum(sign.character.isalpha() and sign.character > "\u024f" for sign in signs) - foreign
    # Whole texts in another script hold letters that look like nothing Latin.
    is_disguise = foreign and (latin or not other) and other * 4 <= latin + foreign
    for sign in signs:
        yield Sign(alike[sign.character], sign.place) if is_disguise and sign.character in alike else sign
