"""Digits that are not written as digits: number words in English and Hindi, letters that pass for 0 and 1,
single characters held apart. What the number then is, the readers decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.folding import FoldedText, Replacement, fold

_WORD = re.compile(r"[a-z]+|[\u0900-\u0963]+")
_TOKEN = re.compile(r"(?P<digits>[0-9]+)|(?P<word>[a-z]+|[\u0900-\u0963]+)|(?P<gap>[^0-9a-z\u0900-\u0963]+)")
_GAP_IN_NUMBER = re.compile(r"[ \t\n.,*_|/\\~+()\-]{1,3}|[.\u2026]{1,6} ?")
_LOOK_ALIKES = str.maketrans("oil", "011")
_GLUED = re.compile(r"[0-9](?:[OolI]{1,8}|[A-Za-z]{2,6}|[\u0900-\u0963]{1,6})[0-9]")
_ENGLISH_DIGIT = re.compile(r"zero|one|two|three|four|five|six|seven|eight|nine")
_RUN_TOGETHER = re.compile(rf"(?:{_ENGLISH_DIGIT.pattern}){{3}}")
_LEAST_DIGITS = 4
_LEAST_WORDS = 3
# No row of numbers is this long; a longer run is read in pieces, so that its length costs no memory.
_MOST_TOKENS = 1000

_SPACED_OUT = re.compile(r"(?<!\S)\S(?: \S){5,}(?!\S)")
_MARKED_OUT = re.compile(r"(?<![^\s(:])[0-9](?:(?:[^\w\s]{1,2} ?| |_)[0-9]){6,30}(?![^\s.,;:!?)])")
_SPACE = re.compile(" ")
_MARKS = re.compile(r"[^0-9]+")


class _Word(NamedTuple):
    """What a number word stands for. `repeats` is how often the next digit is said; 1 for a plain digit."""

    digits: str = ""
    is_hindi: bool = False
    is_tens: bool = False
    repeats: int = 1


class _Token(NamedTuple):
    start: int
    end: int
    digits: str
    word: str
    is_glued: bool


class _Vocabulary(NamedTuple):
    """Number words; those that more likely mean something else never stand at a number's end, or only beside Hindi.

    `carrying` are the others, of which a number needs some.
    """

    words: dict[str, _Word]
    only_inside: frozenset[str]
    only_beside_hindi: frozenset[str]
    carrying: frozenset[str]


def join_spaced_out(view: FoldedText) -> FoldedText:
    """Single characters held apart by spaces, and single digits held apart by marks, put together."""
    for pattern, between in ((_SPACED_OUT, _SPACE), (_MARKED_OUT, _MARKS)):
        if pattern.search(view.text):
            view = view.replace(
                Replacement(gap.start(), gap.end(), "")
                for match in pattern.finditer(view.text)
                for gap in between.finditer(view.text, match.start(), match.end())
            )
    return view


def read_spoken_digits(view: FoldedText) -> FoldedText:
    """The text with every number that is spelled out, wholly or in part, as digits."""
    lowered = view.text.lower()
    if len(lowered) != len(view.text) or not _may_spell_a_number(view.text, lowered):
        return view
    replacements = []
    for run in _runs(lowered):
        tokens = _without_everyday_ends(run)
        digits = _spell(tokens)
        if len(digits) >= _LEAST_DIGITS and _is_spelled(tokens, is_whole=_stands_free(lowered, tokens)):
            replacements.append(Replacement(tokens[0].start, tokens[-1].end, digits))
    return view.replace(replacements)


@cache
def _vocabulary() -> _Vocabulary:
    facts = load_data("number_words")
    words: dict[str, _Word] = {}
    for language in ("english", "hindi"):
        for digits, spellings in facts[language].items():
            words |= {_key(word): _Word(digits, is_hindi=language == "hindi") for word in spellings}
    words |= {_key(word): _Word(digits, is_tens=True) for word, digits in facts["tens"].items()}
    words |= {_key(word): _Word(repeats=times) for word, times in facts["repeats"].items()}
    only_inside = frozenset(map(_key, facts["only_inside"]))
    only_beside_hindi = frozenset(map(_key, facts["only_beside_hindi"]))
    carrying = frozenset(words) - only_inside - only_beside_hindi
    return _Vocabulary(words, only_inside, only_beside_hindi, carrying)


def _key(word: str) -> str:
    return fold(word).text


def _may_spell_a_number(text: str, lowered: str) -> bool:
    words = _vocabulary().carrying
    said = [_vocabulary().words[word] for word in _WORD.findall(lowered) if word in words]
    return (
        len(said) >= _LEAST_WORDS
        or any(word.repeats > 1 for word in said)
        or _GLUED.search(text) is not None
        or _RUN_TOGETHER.search(lowered) is not None
    )


def _runs(lowered: str) -> Iterator[list[_Token]]:
    """Tokens that follow one another as parts of a number, as long as they go; one alone is no run."""
    words = _vocabulary().words
    run: list[_Token] = []
    is_glued = False
    for match in _TOKEN.finditer(lowered):
        if len(run) >= _MOST_TOKENS:
            yield run
            run = []
        if match["gap"]:
            is_glued = False
            if _GAP_IN_NUMBER.fullmatch(match["gap"]):
                continue
        elif match["digits"] or match["word"] in words or _is_glued_look_alike(match, is_glued):
            run.append(
                _Token(match.start(), match.end(), match["digits"] or "", match["word"] or "", is_glued)
            )
            is_glued = True
            continue
        elif digits := _run_together(match):
            run += (digit._replace(is_glued=is_glued or digit.is_glued) for digit in digits)
            is_glued = True
            continue
        else:
            is_glued = False
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run


def _run_together(match: re.Match[str]) -> list[_Token]:
    """The digits of "ninezero"; none where anything else is in the word."""
    digits = [
        _Token(digit.start(), digit.end(), "", digit[0], digit.start() > match.start())
        for digit in _ENGLISH_DIGIT.finditer(match.string, match.start(), match.end())
    ]
    return digits if sum(digit.end - digit.start for digit in digits) == len(match[0]) else []


def _is_glued_look_alike(match: re.Match[str], is_glued: bool) -> bool:
    after = match.string[match.end() : match.end() + 1]
    return is_glued and after.isdigit() and not match["word"].strip("oil")


def _without_everyday_ends(run: Sequence[_Token]) -> Sequence[_Token]:
    """The run without words at its ends that more likely belong to the sentence: "to", "for", "do"."""
    start, end = 0, len(run)
    while start < end and _is_everyday(run[start].word, run[start + 1].word if start + 1 < end else ""):
        start += 1
    while start < end and _is_everyday(run[end - 1].word, run[end - 2].word if end - 2 >= start else ""):
        end -= 1
    return run[start:end]


def _is_everyday(word: str, neighbour: str) -> bool:
    vocabulary = _vocabulary()
    if word in vocabulary.only_inside:
        return True
    beside = vocabulary.words.get(neighbour)
    return word in vocabulary.only_beside_hindi and not (beside and beside.is_hindi)


def _spell(tokens: Sequence[_Token]) -> str:
    words = _vocabulary().words
    digits: list[str] = []
    repeats, tens = 1, ""
    for token in tokens:
        word = words.get(token.word, _Word(token.digits or token.word.translate(_LOOK_ALIKES)))
        if word.repeats > 1:
            repeats = word.repeats
            continue
        said = word.digits
        if tens:
            is_unit = len(said) == 1 and said != "0" and token.word
            digits.append(tens if is_unit else f"{tens}0")
            tens = ""
        if word.is_tens:
            tens = said
            continue
        digits.append(said[:1] * (repeats - 1) + said)
        repeats = 1
    return "".join(digits) + (f"{tens}0" if tens else "")


def _stands_free(lowered: str, tokens: Sequence[_Token]) -> bool:
    around = (
        lowered[max(0, tokens[0].start - 1) : tokens[0].start] + lowered[tokens[-1].end : tokens[-1].end + 1]
    )
    return not any(map(str.isalnum, around))


def _is_spelled(tokens: Sequence[_Token], *, is_whole: bool) -> bool:
    """Whether words carry the number: several of them, or one set right between digits, in no longer code."""
    vocabulary = _vocabulary()
    plain = [
        index
        for index, token in enumerate(tokens)
        if token.word and token.word not in vocabulary.only_inside | vocabulary.only_beside_hindi
    ]
    if len(plain) >= _LEAST_WORDS and (
        is_whole or all(tokens[index].word in vocabulary.words for index in plain)
    ):
        return True
    if any(_repeats_digits(token, following) for token, following in pairwise(tokens[1:])):
        return True
    return is_whole and any(
        tokens[index].is_glued and index + 1 < len(tokens) and tokens[index + 1].is_glued for index in plain
    )


def _repeats_digits(token: _Token, following: _Token) -> bool:
    """Whether it is "double 6" inside a number, which says one however few words there are."""
    word = _vocabulary().words.get(token.word)
    return word is not None and word.repeats > 1 and following.digits != ""
