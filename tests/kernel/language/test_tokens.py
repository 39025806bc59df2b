"""Words of any script: marks stay with their letters, punctuation parts words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.language.tokens import tokens

# Letters whose accents, vowel signs or width are written in more than one way, and any other text.
TRICKY = [
    "e\u0301",
    "é",
    "ǰ",
    "ΐ",
    "İ",
    "ß",
    "ŉ",
    "K",
    "ﬁ",
    "²",
    "ｶﾞ",
    "क\u093c",
    "क़",
    "कि",
    "각",
    " ",
    "\u3000",
    "\u200d",
]
TEXT = st.lists(
    st.sampled_from(TRICKY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=8
).map("".join)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dear customer, your KYC has expired!", ["dear", "customer", "your", "kyc", "has", "expired"]),
        ("pay scammer@ybl now", ["pay", "scammer", "ybl", "now"]),
        ("call +91-98765 43210", ["call", "91", "98765", "43210"]),
        ("आपका खाता बंद हो जाएगा।", ["आपका", "खाता", "बंद", "हो", "जाएगा"]),
        ("விரைவில் பணம்", ["விரைவில்", "பணம்"]),
        ("您的银行account", ["您", "的", "银", "行", "account"]),
        ("カード", ["カ", "ー", "ド"]),
        ("حسابك البنكي", ["حسابك", "البنكي"]),
        ("９８７", ["987"]),
        ("pay\u200bment", ["payment"]),
        ("don't", ["don", "t"]),
        ("👋🏽 … ---", []),
        ("", []),
    ],
)
def test_a_text_is_parted_into_its_words(text: str, words: list[str]) -> None:
    assert tokens(text) == words


def test_thai_is_written_without_spaces_so_every_character_stands_alone() -> None:
    assert tokens("ธนาคาร") == list("ธนาคาร")


def test_an_endless_word_is_cut_so_that_an_index_can_hold_it() -> None:
    assert tokens("x" * 8_000) == ["x" * 100]


@given(text=TEXT)
def test_no_word_is_empty_or_holds_a_space(text: str) -> None:
    assert all(word and not any(character.isspace() for character in word) for word in tokens(text))


@given(text=TEXT)
def test_the_words_of_the_words_are_the_words(text: str) -> None:
    assert tokens(" ".join(tokens(text))) == tokens(text)


@given(one=TEXT, other=TEXT)
def test_a_space_parts_words_and_changes_none(one: str, other: str) -> None:
    assert tokens(f"{one} {other}") == tokens(one) + tokens(other)
