"""Words of any script, for indexes that compare whole words."""

from __future__ import annotations

import unicodedata

from switchboard.kernel.language.normalise import fold

_LONGEST = 100
# Scripts written without spaces: there every character stands as a word of its own.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF))


def tokens(text: str) -> list[str]:
    """The words of a text, folded, in order; marks stay with their letters, punctuation parts words."""
    words: list[str] = []
    word: list[str] = []
    for character in fold(text):
        if _is_unspaced(character):
            _finish(word, words)
            words.append(character)
        elif character.isalnum() or unicodedata.category(character)[0] == "M":
            word.append(character)
        else:
            _finish(word, words)
    _finish(word, words)
    return words


def _finish(word: list[str], words: list[str]) -> None:
    if word:
        words.append("".join(word)[:_LONGEST])
        word.clear()


def _is_unspaced(character: str) -> bool:
    code = ord(character)
    return code >= 0x0E00 and any(first <= code <= last for first, last in _UNSPACED)
