"""What must not be kept in clear: a person's PAN and Aadhaar show their last four characters only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

SECRET_KINDS = frozenset({"pan", "aadhaar"})
_PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_AADHAAR = re.compile(r"[0-9]{12}")
_SHOWN = 4
_MASK = "X"


class Span(Protocol):
    """A value's kind and its place in a text."""

    @property
    def kind(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def mask(value: str) -> str:
    """The value with every letter and digit but the last four replaced; its length stays."""
    hidden = sum(character.isalnum() for character in value) - _SHOWN
    masked = []
    for character in value:
        if character.isalnum() and hidden > 0:
            hidden -= 1
            masked.append(_MASK)
        else:
            masked.append(character)
    return "".join(masked)


def mask_spans(text: str, spans: Iterable[Span]) -> str:
    """The text with its secrets masked in place, so that every other span still fits.

    A secret spelled in words is hidden whole: the last four letters of "one two three" are no last four digits.
    """
    for span in spans:
        if span.kind in SECRET_KINDS:
            written = text[span.start : span.end]
            spelled = sum(character.isalpha() for character in written) > 6
            hidden = "".join(_MASK if character.isalnum() else character for character in written)
            text = text[: span.start] + (hidden if spelled else mask(written)) + text[span.end :]
    return text


def secret_kind(value: str) -> str | None:
    """The kind of secret that a normalised value has the shape of, if any."""
    if _PAN.fullmatch(value):
        return "pan"
    return "aadhaar" if _AADHAAR.fullmatch(value) else None
