"""Eight ways in which the same words are written otherwise, for tests and measurements: none may hide a cry for help."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_TYPOGRAPHIC = "’"
_ZERO_WIDTH = "\u200b"
_ALIKE = str.maketrans({"a": "а", "e": "е", "o": "о", "i": "і", "c": "с", "p": "р", "x": "х", "y": "у"})
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})


def _repeated(text: str) -> str:
    """Every word of four letters or more with its last vowel drawn out."""
    return " ".join(_drawn_out(word) for word in text.split(" "))


def _drawn_out(word: str) -> str:
    if len(word) < 4:
        return word
    at = max((place for place, letter in enumerate(word) if letter.lower() in "aeiou"), default=-1)
    return word if at < 0 else word[: at + 1] + word[at] * 2 + word[at + 1 :]


def _spaced(text: str) -> str:
    return "  ".join(" ".join(word) for word in text.split(" "))


DISGUISES: Mapping[str, Callable[[str], str]] = {
    "typographic apostrophe": lambda text: text.replace("'", _TYPOGRAPHIC),
    "no apostrophe": lambda text: text.replace("'", "").replace(_TYPOGRAPHIC, ""),
    "zero-width signs": _ZERO_WIDTH.join,
    "look-alike letters": lambda text: text.translate(_ALIKE),
    "repeated letters": _repeated,
    "double spaces": lambda text: text.replace(" ", "  "),
    "spaced letters": _spaced,
    "leet": lambda text: text.translate(_LEET),
}
