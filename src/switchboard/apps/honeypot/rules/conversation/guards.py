"""What no line of a persona may do, whoever worded it: the grammar or a model.

A pure check that names every violation. What is said instead is decided by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.extraction import extract
from switchboard.apps.honeypot.rules.safety import find_danger
from switchboard.apps.honeypot.rules.text.folding import fold
from switchboard.apps.honeypot.rules.text.language import ENGLISH, HINDI, HINGLISH
from switchboard.apps.honeypot.rules.text.phrases import Phrases, compile_phrases, prepare

MAX_REPLY_CHARACTERS = 300

_MOST_DIGITS = 3
_MOST_MISTAKEN_DIGITS = 6
_MOST_HINDI_IN_ENGLISH = 0.3
_LEAST_HINDI_IN_HINGLISH = 0.08

_DIGIT_RUN = re.compile(r"[0-9](?:[ .\-/]{0,3}[0-9])*")
# Amounts are written with commas, and identifiers are not.
_AMOUNT = re.compile(r"(?<![0-9,])[0-9]{1,3}(?:,[0-9]{2,3}){1,3}(?![0-9,])")
_MARKUP = re.compile(r"[<>{}\[\]`|\\*#]|__|&[a-z]+;|\"\s*:")
_LINK = re.compile(r"https?:|www\.|[a-z0-9]\.(?:com|in|org|net|info|xyz|example)(?![a-z])", re.IGNORECASE)
_DEVANAGARI = re.compile("[\u0900-\u097f]")
_LATIN_LETTER = re.compile("[a-zA-Z]")
_THIRD_SCRIPT = re.compile(r"[^\W\d_a-zA-Z\u0900-\u097f]")
_WORD = re.compile(r"[a-z]+")
_NO_MARKS = re.compile(r"[\W_]+")


def check(
    line: str, *, language: str, said: Collection[str] = (), known_values: Collection[str] = ()
) -> list[str]:
    """Every violation in a line, in words; empty when the line may be sent. Accepts any text.

    `language` is the scammer's: the line is in it, or in English or Hinglish where the personas do not write
    it. `said` are the persona's earlier lines, `known_values` the scammer's own identifiers: the end of one may
    be given back wrongly, and none rightly.
    """
    violations = [*_form(line), *_script(line, language)]
    violations += [f"holds an identifier: {found.kind}" for found in extract(line)]
    violations += _numbers(line, known_values)
    if _LINK.search(line):
        violations.append("holds a link")
    violations += _meaning(line)
    if is_repeated(line, said):
        violations.append("repeats an earlier line")
    return violations


def is_repeated(line: str, said: Collection[str]) -> bool:
    """Whether the line was said before, whatever its case and punctuation were."""
    return line in said or _plain(line) in map(_plain, said)


def _form(line: str) -> Iterator[str]:
    if not line.strip():
        yield "is empty"
    if len(line) > MAX_REPLY_CHARACTERS:
        yield f"is longer than {MAX_REPLY_CHARACTERS} characters"
    if not line.isprintable():
        yield "holds a control or invisible character"
    if _MARKUP.search(line) or "@" in line:
        yield "holds markup or an at sign"


def _script(line: str, language: str) -> Iterator[str]:
    """Hindi is written in Devanagari, everything else that the personas write in Latin letters."""
    if language == HINDI:
        is_mostly_latin = len(_DEVANAGARI.findall(line)) < len(_LATIN_LETTER.findall(line))
        if is_mostly_latin or _THIRD_SCRIPT.search(line):
            yield "is not in Hindi"
        return
    if _DEVANAGARI.search(line) or _THIRD_SCRIPT.search(line):
        yield "is not in Latin letters"
        return
    words = _WORD.findall(line.lower())
    share = sum(word in _hindi_words() for word in words) / max(len(words), 1)
    if language == ENGLISH and share > _MOST_HINDI_IN_ENGLISH and len(words) > 3:
        yield "is not in English"
    if language == HINGLISH and share < _LEAST_HINDI_IN_HINGLISH and len(words) > 3:
        yield "is not in Hinglish"


def _numbers(line: str, known_values: Collection[str]) -> Iterator[str]:
    for run in _DIGIT_RUN.finditer(_AMOUNT.sub("", fold(line).text)):
        digits = "".join(filter(str.isdigit, run[0]))
        if len(digits) > _MOST_DIGITS and not _is_mistaken(digits, known_values):
            yield "holds a number of four or more digits"


def _is_mistaken(digits: str, known_values: Collection[str]) -> bool:
    """Whether the digits are a piece of a known value given back wrongly: the same ones in another order."""
    if len(digits) > _MOST_MISTAKEN_DIGITS:
        return False
    pieces = [
        known[place : place + len(digits)]
        for known in ("".join(filter(str.isdigit, value)) for value in known_values)
        for place in range(len(known) - len(digits) + 1)
    ]
    return digits not in pieces and sorted(digits) in map(sorted, pieces)


def _meaning(line: str) -> Iterator[str]:
    read = prepare(line)
    for violation, phrases in _forbidden():
        if phrases.find(read):
            yield violation
    danger = find_danger(line)
    if danger:
        yield f"holds {danger.kind} content"


def _plain(line: str) -> str:
    """A line as two that differ in case and punctuation only are the same."""
    return _NO_MARKS.sub(" ", line.casefold()).strip()


@cache
def _forbidden() -> tuple[tuple[str, Phrases], ...]:
    entries = load_data("guards")
    return (
        ("admits what it is", compile_phrases(entries["admission"])),
        ("is abusive", compile_phrases(entries["abuse"])),
        ("leaks instructions", compile_phrases(entries["leakage"])),
    )


@cache
def _hindi_words() -> frozenset[str]:
    return frozenset(load_data("hinglish_words")) | frozenset(load_data("guards")["hindi_words"])
