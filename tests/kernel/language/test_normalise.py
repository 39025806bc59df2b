"""The one written form: two texts that a reader takes for the same compare as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.language.normalise import fold

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
INVISIBLE = st.sampled_from("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u202a\u202e")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("HDFC Bank", "hdfc bank"),
        ("  two \t\r\n lines  ", "two lines"),
        ("９８７６５ ４３２１０", "98765 43210"),
        ("ＵＰＩ", "upi"),
        ("pay\u200bment", "payment"),
        ("\ufeffhello\u2060", "hello"),
        ("ac\u00adcount", "account"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("Ⅳ", "iv"),
        ("no\u00a0break", "no break"),
        ("e\u0301", "é"),
        ("नमस्ते", "नमस्ते"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_width_case_spaces_and_invisible_characters_do_not_count(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(text=TEXT)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(text=TEXT, invisible=INVISIBLE, data=st.data())
def test_an_invisible_character_anywhere_does_not_count(
    text: str, invisible: str, data: st.DataObject
) -> None:
    """Scammers part words and letters this way so that nothing matches."""
    place = data.draw(st.integers(0, len(text)))
    assert fold(text[:place] + invisible + text[place:]) == fold(text)


@given(text=TEXT)
def test_no_space_stands_at_the_ends_or_twice(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())


@given(text=st.text(st.characters(max_codepoint=127), max_size=40))
def test_plain_text_takes_the_same_way_as_any_other(text: str) -> None:
    """ASCII has a shorter way through; a letter of another script behind it must not change the result."""
    assert fold(text + " ж") == f"{fold(text)} ж".strip()
