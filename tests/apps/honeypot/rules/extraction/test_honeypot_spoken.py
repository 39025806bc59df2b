"""Digits in words, in look-alikes and held apart are read where a number is meant, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.extraction.spoken import join_spaced_out, read_spoken_digits
from switchboard.apps.honeypot.rules.text.folding import fold

ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HINDI = ("shunya", "ek", "do", "teen", "chaar", "paanch", "chhe", "saat", "aath", "nau")
DEVANAGARI = ("शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ")


def read(text: str) -> str:
    return read_spoken_digits(join_spaced_out(fold(text))).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call nine double eight triple zero one two three four now", "call 9880001234 now"),
        ("97zero572zero844", "9705720844"),
        ("9zero000onetwo345", "9000012345"),
        ("ninezeroeightone two", "90812"),
        ("ninety eight seventy six ten five", "9876105"),
        ("nau aath saat do ek zero hai", "987210 hai"),
        ("नौ आठ सात एक दो", "98712"),
        ("nine, eight... seven - six", "9876"),
        ("9O12l4", "901214"),
        ("9 8 7 double 6 5 4 3 2 1", "9876654321"),
        ("9 8 7 6 5, 4 3 2 1 0", "9876543210"),
        ("9*8*7*6*5*4*3*2", "98765432"),
        ("9_8_7_6_5_4_3", "9876543"),
        ("p a y 9 8 7 6", "pay9876"),
    ],
)
def test_a_number_spelled_out_is_digits(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "one two three go",
        "someoneone oneonone bonetwothree",
        "double 9000012345",
        "do you have one or two for me",
        "nine people and eight chairs",
        "ek do teen bas",
        "I want to go for it",
        "bc1q5l643lydn",
        "1.5 kg and 2.0 l",
    ],
)
def test_a_sentence_keeps_its_words(text: str) -> None:
    assert read(text) == text


@given(st.lists(st.integers(0, 9), min_size=8, max_size=14), st.sampled_from([ENGLISH, HINDI, DEVANAGARI]))
def test_any_number_can_be_spelled_in_either_language(digits: list[int], words: tuple[str, ...]) -> None:
    # "Do" at an end, beside no other Hindi word, is the English verb: here its neighbours are all Hindi.
    assert read(" ".join(words[digit] for digit in digits)) == "".join(map(str, digits))


@given(st.text(max_size=80))
def test_every_character_keeps_its_place_in_the_original(text: str) -> None:
    view = read_spoken_digits(join_spaced_out(fold(text)))
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))
