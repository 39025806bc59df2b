"""Phrases are found in whatever spelling a text hides them, and a book of them finds what each list finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.beginnings import LENGTH, beginnings_of
from switchboard.apps.honeypot.rules.text.phrases import PhraseBook, Phrases, compile_phrases, prepare

GREETS = {"latin": ["hello(?: there)?", "good (?:morning|evening)"], "devanagari": ["नमस्ते"]}
ASKS = {"latin": ["(?:<ask>)(?: \\w{1,9}){0,3} otp", "\\d{4} please"], "devanagari": ["ओटीपी (?:बता|दो)"]}
WORDS = {"ask": "send|share|tell"}


@cache
def book() -> PhraseBook:
    return PhraseBook([GREETS, ASKS], WORDS)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Hello!", [0]),
        ("say hello", [0]),
        ("Othello", []),
        ("GOOD  evening", [0]),
        ("good day", []),
        ("Tell me the OTP, hello", [0, 1]),
        ("ｓｈａｒｅ your o\u200btp", [1]),
        ("1234 please", [1]),
        ("12345 please", []),
        ("ओटीपी बताइए", [1]),
        ("", []),
    ],
)
def test_a_book_names_the_lists_that_a_text_speaks_of(text: str, numbers: Sequence[int]) -> None:
    assert book().numbers_in(prepare(text)) == numbers


@pytest.mark.parametrize(
    ("pattern", "beginnings"),
    [
        ("otp", {"otp"}),
        ("password", {"passw"}),
        ("(?:send|share) it", {"send ", "share"}),
        ("a/ ?c", {"a/ c", "a/c"}),
        ("colou?r", {"colou", "color"}),
        ("[kc]yc", {"kyc", "cyc"}),
        ("x{1,3}y", {"x"}),
        ("\\d-", {f"{digit}-" for digit in range(10)}),
        ("(?<!amazon )pay", {"pay"}),
        ("\\w+", {""}),
        ("[^a]b", {""}),
        ("a?\\w", {"a", ""}),
    ],
)
def test_a_pattern_can_begin_in_these_ways(pattern: str, beginnings: set[str]) -> None:
    assert beginnings_of(pattern) == beginnings
    assert max(map(len, beginnings)) <= LENGTH


def lists() -> list[Mapping[str, Any]]:
    return [*load_data("vocabulary")["signals"], *load_data("safety")["dangers"]]


@cache
def packaged() -> tuple[PhraseBook, list[Phrases]]:
    words = {**load_data("safety")["words"], **load_data("vocabulary")["words"]}
    return PhraseBook(lists(), words), [compile_phrases(each, words) for each in lists()]


SAID = st.lists(
    st.sampled_from(
        [
            "otp",
            "tell",
            "your",
            "account",
            "is",
            "blocked",
            "kyc",
            "update",
            "now",
            "a/c",
            "pay",
            "Rs.500",
            "prize",
            "won",
            "lottery",
            "send",
            "₹900",
            "kill",
            "you",
            "police",
            "loan",
            "approved",
            "click",
            "http://a.example",
            "ओटीपी",
            "बताइए",
            "खाता",
            "बंद",
            "urgent!",
            "(today)",
            "call",
            "90000-10001",
            "o.t.p.",
            "share",
            "the",
            "pin",
            "code",
            "do",
            "not",
            "never",
            "suicide",
            "mar",
            "dunga",
            "upi@ybl",
            "t&c",
            "18+",
            "re-kyc",
        ]
    ),
    max_size=12,
).map(" ".join)


@given(st.one_of(SAID, st.text(max_size=60)))
def test_a_book_finds_what_each_of_its_lists_finds(text: str) -> None:
    book, each = packaged()
    said = prepare(text)
    assert book.numbers_in(said) == [number for number, phrases in enumerate(each) if phrases.find(said)]
