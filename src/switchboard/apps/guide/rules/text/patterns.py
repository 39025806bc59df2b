"""The small language in which phrases are written, made into regular expressions over a read message.

Words part at spaces. `(one|two words)` is a choice, `word?` and `(…)?` may be absent, `{name}` stands for the words
of that name, `..` for up to three words of the same part of a sentence, `...` for up to six, `.2` for up to two,
`$` is the end of the message and `.` the end of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from switchboard.apps.guide.rules.text.reading import PAUSE, STOP, read_words

_GAPS = {"..": 3, "...": 6, ".2": 2}
_ANY = frozenset[str]()
_PIECE = re.compile(r"\(|\)\??|\||\{\w+\}\??|[^\s()|{}]+")


class WrongPattern(ValueError):
    """A pattern that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. A message that holds none of `anchors` cannot match; none given means that any may."""

    source: str
    regex: str
    anchors: frozenset[str]

    @property
    def compiled(self) -> re.Pattern[str]:
        return _compiled(self.regex)

    def compile(self) -> None:
        """Do now what the first search would do."""
        _compiled(self.regex)

    def is_in(self, plain: str) -> bool:
        """Whether it matches anywhere in read words, each with a space before and behind it."""
        return self.compiled.search(plain) is not None


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    """Compiled when first needed: most phrases are never looked for in most messages."""
    return re.compile(regex)


class NamedWords:
    """Choices of words by name, each read once however many patterns name it."""

    def __init__(self, choices: Mapping[str, str]) -> None:
        self._choices = choices
        self._read: dict[str, tuple[str, frozenset[str]]] = {}

    def read(self, name: str, source: str) -> tuple[str, frozenset[str]]:
        """The regular expression of a choice and its anchors. Raises WrongPattern, quoting `source`."""
        if name not in self._choices:
            raise WrongPattern(f"{source!r}: there are no words called {name!r}")
        if name not in self._read:
            self._read[name] = _Parser(self._choices[name], self).choice()
        return self._read[name]


_NO_NAMES = NamedWords({})


def compile_pattern(source: str, words: NamedWords = _NO_NAMES) -> Pattern:
    """Read a pattern; `words` are the choices that it may name. Raises WrongPattern."""
    parser = _Parser(source, words)
    regex, anchors = parser.choice()
    if parser.rest:
        raise WrongPattern(f"{source!r}: one bracket too many before {' '.join(parser.rest)!r}")
    return Pattern(source, rf"(?<= )(?:{regex})", anchors or _ANY)


class _Parser:
    """Reads a pattern from left to right; every part is a regular expression and the words it cannot do without."""

    def __init__(self, source: str, words: NamedWords) -> None:
        self._source = source
        self._words = words
        self.rest = _PIECE.findall(source)

    def choice(self) -> tuple[str, frozenset[str]]:
        """Alternatives up to a closing bracket or the end; anchored if each of them is."""
        branches = [self._sequence()]
        while self.rest and self.rest[0] == "|":
            self.rest.pop(0)
            branches.append(self._sequence())
        anchors = frozenset[str]().union(*(branch[1] for branch in branches))
        is_anchored = all(branch[1] for branch in branches)
        return "|".join(branch[0] for branch in branches), anchors if is_anchored else _ANY

    def _sequence(self) -> tuple[str, frozenset[str]]:
        parts: list[str] = []
        best: frozenset[str] = _ANY
        while self.rest and self.rest[0] not in ("|", ")", ")?"):
            regex, anchors = self._part(self.rest.pop(0))
            parts.append(regex)
            if anchors and (not best or len(anchors) < len(best)):
                best = anchors
        return "".join(parts), best

    def _part(self, piece: str) -> tuple[str, frozenset[str]]:
        if piece == "(":
            regex, anchors = self.choice()
            if not self.rest or self.rest[0] not in (")", ")?"):
                raise WrongPattern(f"{self._source!r}: a bracket is not closed")
            return _maybe(f"(?:{regex})", anchors, self.rest.pop(0) == ")?")
        if piece.startswith("{"):
            name = piece.rstrip("?")
            regex, anchors = self._words.read(name[1:-1], self._source)
            return _maybe(f"(?:{regex})", anchors, piece.endswith("?"))
        if (known := _word(piece)) is None:
            raise WrongPattern(f"{self._source!r}: {piece!r} is no word")
        return known


@cache
def _word(piece: str) -> tuple[str, frozenset[str]] | None:
    """A gap, an end, a mark or a word with its anchors; None for what is no word. The same few thousand come often."""
    if piece in _GAPS:
        return rf'(?:[^ ."]+ ){{0,{_GAPS[piece]}}}?', _ANY
    if piece == "$":
        return "$", _ANY
    name = piece.rstrip("?")
    forms = [name] if name in (STOP, PAUSE) else read_words(name)
    if not forms:
        return None
    regex = "".join(re.escape(form) + " " for form in forms)
    return _maybe(regex, frozenset(forms[-1:]), piece.endswith("?"))


def _maybe(regex: str, anchors: frozenset[str], is_optional: bool) -> tuple[str, frozenset[str]]:
    return (f"(?:{regex})?", _ANY) if is_optional else (regex, anchors)
