"""How the texts that a pattern matches can begin, so that most patterns need not be tried at most words.

Only a bound: what is said here to be impossible is, what is said to be possible need not match.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

LENGTH = 5
"""Characters of a beginning at most: longer ones tell few more words apart."""
_WIDEST_RANGE = 64


class _Beginning(NamedTuple):
    """`goes_on` as long as what follows is known, too."""

    text: str
    goes_on: bool


_NOTHING_YET = _Beginning("", True)
_ANYTHING = frozenset({_Beginning("", False)})


def beginnings_of(pattern: str) -> frozenset[str]:
    """Whatever the pattern matches begins with one of these; `""` stands for anything."""
    return frozenset(beginning.text for beginning in _of_sequence(_parser.parse(pattern)))


def _of_sequence(parts: Iterable[tuple[Any, Any]]) -> Set[_Beginning]:
    found: Set[_Beginning] = {_NOTHING_YET}
    for operation, argument in parts:
        if not any(beginning.goes_on for beginning in found):
            break
        following = _of_part(str(operation), argument)
        found = {joined for beginning in found for joined in _continue(beginning, following)}
    return found


def _continue(beginning: _Beginning, following: Set[_Beginning]) -> Iterable[_Beginning]:
    if not beginning.goes_on:
        return [beginning]
    texts = ((f"{beginning.text}{each.text}", each.goes_on) for each in following)
    return [_Beginning(text[:LENGTH], goes_on and len(text) < LENGTH) for text, goes_on in texts]


def _of_part(operation: str, argument: Any) -> Set[_Beginning]:
    """How one part of a parsed pattern can begin, by the name of its operation."""
    if operation == "LITERAL":
        return {_Beginning(chr(argument), True)}
    if operation == "IN":
        return _of_set(argument)
    if operation == "BRANCH":
        return {beginning for branch in argument[1] for beginning in _of_sequence(branch)}
    if operation == "SUBPATTERN":
        return _of_sequence(argument[3])
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, repeated = argument
        once = {_Beginning(each.text, each.goes_on and most == 1) for each in _of_sequence(repeated)}
        return once if least else {*once, _NOTHING_YET}
    if operation in ("ASSERT", "ASSERT_NOT", "AT"):
        return {_NOTHING_YET}
    return _ANYTHING


def _of_set(members: Iterable[tuple[Any, Any]]) -> Set[_Beginning]:
    characters: set[str] = set()
    for operation, argument in members:
        name = str(operation)
        if name == "LITERAL":
            characters.add(chr(argument))
        elif name == "RANGE" and argument[1] - argument[0] <= _WIDEST_RANGE:
            characters.update(map(chr, range(argument[0], argument[1] + 1)))
        elif name == "CATEGORY" and str(argument) == "CATEGORY_DIGIT":
            characters.update("0123456789")
        else:
            return _ANYTHING
    return {_Beginning(character, True) for character in characters}
