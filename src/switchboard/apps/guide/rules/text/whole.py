"""Messages that are, as a whole, one thing said: with a few words of politeness around it at most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from switchboard.apps.guide.rules.data import list_data, load_data
from switchboard.apps.guide.rules.text.patterns import compile_pattern

_MOST_POLITE = 5
_MARKS = '(?:[.,"] )*'


class Sayings:
    """Names of things that are said, each with what a whole message has to be for it."""

    def __init__(self, patterns: Mapping[str, str], before: str = "", after: str = "") -> None:
        """`before` and `after` are patterns of what may stand around, several times."""
        start, end = _around(before), _around(after)
        self._found = {
            name: re.compile(f" {_MARKS}{start}(?:{compile_pattern(pattern).regex}){_MARKS}{end}")
            for name, pattern in patterns.items()
        }

    def find(self, plain: str, names: tuple[str, ...] | None = None) -> str | None:
        """The first of the names, or of all, that the message says; None when it says something else."""
        for name in self._found if names is None else names:
            if name in self._found and self._found[name].fullmatch(plain):
                return name
        return None


def _around(pattern: str) -> str:
    if not pattern:
        return ""
    return f"(?:(?:{compile_pattern(pattern).regex}){_MARKS}){{0,{_MOST_POLITE}}}?"


@cache
def session_words(language: str) -> Sayings:
    """What people write to steer a session. English where a language has none of its own."""
    document = _document(language)
    return Sayings(document["words"], document["politeness_before"], document["politeness_after"])


@cache
def short_answers(language: str) -> Sayings:
    """Yes, no, not sure, nothing, and answers that answer nothing."""
    document = _document(language)
    return Sayings(document["answers"], document["politeness_before"], document["politeness_after"])


@cache
def _document(language: str) -> Mapping[str, Any]:
    names = list_data("session_words")
    name = f"session_words/{language}.toml"
    document: Mapping[str, Any] = load_data(name if name in names else "session_words/en.toml")
    return document
