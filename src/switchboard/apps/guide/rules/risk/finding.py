"""Phrases found in a read message, after harmless expressions are taken out and denials are weighed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from switchboard.apps.guide.rules.risk.lexicon import SELF_HARM, Harmless, Lexicon, Phrase
from switchboard.apps.guide.rules.risk.scope import is_denied, is_over
from switchboard.apps.guide.rules.text.patterns import Pattern
from switchboard.apps.guide.rules.text.reading import STOP, Reading

_END = f" {STOP} "


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase and where it stands: the first and the last of its words."""

    phrase: Phrase
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a message says of danger, and the places of the words that say nothing of it."""

    found: tuple[Found, ...]
    harmless: frozenset[int]
    """Words of harmless expressions, and of phrases that are denied."""


_COVER = "_"


def find_phrases(reading: Reading, step: str | None, lexicon: Lexicon) -> Findings:
    """Look for every phrase in a message, an answer to the question `step` where that is known."""
    forms = {word.form for word in reading.words}
    plain = _without_harmless(reading.plain, lexicon.harmless_for(forms))
    harmless = {place for place, start in enumerate(reading.starts) if plain[start] == _COVER}
    found = []
    for phrase in lexicon.phrases_for(forms, reading.languages):
        if phrase.steps and step not in phrase.steps:
            continue
        for each, is_denied_here in _matches(phrase, plain, reading):
            if not is_denied_here:
                found.append(each)
                break
            harmless.update(range(each.first, each.last + 1))
    return Findings(tuple(found), frozenset(harmless))


def _without_harmless(plain: str, expressions: list[Harmless]) -> str:
    """The same text with what only sounds like danger covered; every other word keeps its place."""
    covered = plain
    for expression in expressions:
        for match in expression.pattern.compiled.finditer(plain):
            if not _is_meant(expression, plain, match.start(), match.end()):
                covered = covered[: match.start()] + _covered(match.group()) + covered[match.end() :]
    return covered


def _covered(text: str) -> str:
    return re.sub(r"[^ ]", _COVER, text)


def _is_meant(expression: Harmless, plain: str, start: int, end: int) -> bool:
    """Whether what sounds harmless is meant after all."""
    return (
        _is_in(expression.unless_in, _sentence(plain, start, end))
        or _follows(expression.unless_before, plain, end)
        or _precedes(expression.unless_after, plain, start)
    )


def _matches(phrase: Phrase, plain: str, reading: Reading) -> Iterator[tuple[Found, bool]]:
    """Each place where the phrase stands under its conditions, and whether it is denied there."""
    if phrase.whole is not None and _is_whole(phrase.whole, plain):
        yield Found(phrase, 0, len(reading.words) - 1), False
        return
    for match in phrase.pattern.compiled.finditer(plain):
        start, end = match.span()
        if start == end or not _holds(phrase, plain, start, end):
            continue
        first = bisect_right(reading.starts, start) - 1
        last = bisect_right(reading.starts, end - 1) - 1
        yield Found(phrase, first, last), _is_not_so(phrase, plain, reading, first, last)


def _is_not_so(phrase: Phrase, plain: str, reading: Reading, first: int, last: int) -> bool:
    counts_inside = not phrase.holds_negation
    if not phrase.is_kept and is_denied(reading.words, first, last, counts_inside=counts_inside):
        return True
    return phrase.category == SELF_HARM and not phrase.is_about_other and is_over(plain)


def _holds(phrase: Phrase, plain: str, start: int, end: int) -> bool:
    sentence = _sentence(plain, start, end)
    return (
        not _follows(phrase.not_after, plain, end)
        and not _precedes(phrase.not_before, plain, start)
        and not _is_in(phrase.not_with, sentence)
        and (phrase.requires is None or _is_in(phrase.requires, plain))
        and (phrase.requires_end is None or _is_in(phrase.requires_end, _rest(plain, start)))
    )


def _sentence(plain: str, start: int, end: int) -> str:
    before = plain.rfind(_END, 0, start)
    after = plain.find(_END, end - 1)
    return plain[max(before, 0) : len(plain) if after < 0 else after + 1]


def _rest(plain: str, start: int) -> str:
    after = plain.find(_END, start)
    return plain[start - 1 : len(plain) if after < 0 else after + 1]


def _is_whole(pattern: Pattern, plain: str) -> bool:
    return pattern.compiled.fullmatch(plain.rstrip(" .,") + " ", 1) is not None


def _is_in(pattern: Pattern | None, plain: str) -> bool:
    return pattern is not None and pattern.compiled.search(plain) is not None


def _follows(pattern: Pattern | None, plain: str, end: int) -> bool:
    return pattern is not None and pattern.compiled.match(plain, end) is not None


def _precedes(pattern: Pattern | None, plain: str, start: int) -> bool:
    if pattern is None:
        return False
    return any(match.end() == start for match in pattern.compiled.finditer(plain[:start]))
