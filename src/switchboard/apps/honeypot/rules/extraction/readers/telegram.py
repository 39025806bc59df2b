"""Telegram names: `@name` where Telegram is spoken of, or a name introduced as one. Links are read with links."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from switchboard.apps.honeypot.rules.extraction.readers.candidate import TELEGRAM, Candidate, Reading

_PLATFORM = re.compile(
    r"(?P<telegram>\btele ?gram(?:'s)?\b|\btg\b|\btele\b|टेलीग्राम|टेलिग्राम)"
    r"|\b(?:insta(?:gram)?|twitter|tweet|facebook|fb|you ?tube|snap(?:chat)?|linkedin|tiktok|threads)\b",
    re.IGNORECASE,
)
_MENTION = re.compile(
    r"(?<![\w.@\-+])@ ?(?P<name>[a-z][a-z0-9_]{4,31})(?![\w@]|\.[a-z])", re.IGNORECASE | re.ASCII
)
_INTRODUCED = re.compile(
    r"(?:\btele ?gram|\btg|टेलीग्राम|टेलिग्राम)"
    r"(?:(?: (?:user ?name|user ?id|user|id|handle|channel|group|contact|account|name|is|hai|par|pe|on|at|pr|with))*"
    r"(?: ?[:\-=]{1,2}>? ?)|(?: (?:user ?name|user ?id|id|handle))+(?: (?:is|hai))? )"
    r"(?P<name>[a-z][a-z0-9_]{4,31})(?![\w@.])",
    re.IGNORECASE,
)
_DEEP_LINK = re.compile(
    r"tg://resolve/?\?domain=(?P<name>[a-z][a-z0-9_]{4,31})(?!\w)", re.IGNORECASE | re.ASCII
)
_BARE_NAME = re.compile(
    r"(?:\bon|\bpar|\bpe) (?:tele ?gram|tg)(?: (?:at|as))? (?P<name>[a-z][a-z0-9_]{4,31})(?![\w@.])",
    re.IGNORECASE,
)
_HINTS = ("tele", "tg", "टेल")
_REACH_BEFORE, _REACH_AFTER = 80, 30


def read_telegram(reading: Reading) -> Iterator[Candidate]:
    """Names in lower case with their `@`, which Telegram does not tell from upper case."""
    text = reading.text
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return
    platforms = [(match.start(), match["telegram"] is not None) for match in _PLATFORM.finditer(text)]
    if not any(is_telegram for _, is_telegram in platforms):
        return
    for match in _DEEP_LINK.finditer(text):
        yield _candidate(match, match.start("name"), 0.95)
    for match in _MENTION.finditer(text):
        if _is_of_telegram(platforms, match.start(), match.end()):
            yield _candidate(match, match.start(), 0.9)
    for pattern in (_INTRODUCED, _BARE_NAME):
        for match in pattern.finditer(text):
            # A word stands here as often as a name: a name has something in it that words have not.
            if re.search(r"[_0-9]", match["name"]):
                yield _candidate(match, match.start("name"), 0.8)


def _candidate(match: re.Match[str], start: int, confidence: float) -> Candidate:
    return Candidate(TELEGRAM, f"@{match['name'].lower()}", start, match.end("name"), confidence)


def _is_of_telegram(platforms: Sequence[tuple[int, bool]], start: int, end: int) -> bool:
    """Whether the platform named nearest, rather before than behind the name, is Telegram."""
    following = bisect_left(platforms, (start, False))
    if following and platforms[following - 1][0] >= start - _REACH_BEFORE:
        return platforms[following - 1][1]
    if following == len(platforms):
        return False
    place, is_telegram = platforms[following]
    return is_telegram and place <= end + _REACH_AFTER
