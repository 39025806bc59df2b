"""Parts become lines: the right form, every hole filled, the least used first, sentences with capitals."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from switchboard.apps.honeypot.rules.conversation.grammar import as_texted, compose, make_part, remember


def first_line(*slots: str, values: Mapping[str, str] | None = None) -> str:
    parts = [[make_part(slot, "f")] for slot in slots]
    return next(compose(parts, values or {}, "", random.Random(1)))


@pytest.mark.parametrize(("gender", "line"), [("m", "Kar raha hoon."), ("f", "Kar rahi hoon.")])
def test_the_speakers_form_is_chosen(gender: str, line: str) -> None:
    assert make_part("Kar {raha|rahi} hoon.", gender).text == line


def test_facts_are_filled_in_and_what_the_scene_knows_stays_a_hole() -> None:
    part = make_part("{name} pays {amount}.", "f", {"name": "Kamala"})
    assert part.text == "Kamala pays {amount}."
    assert part.holes == {"amount"}


@pytest.mark.parametrize(
    ("slots", "line"),
    [
        (("Yes beta,", "One minute."), "Yes beta, one minute."),
        (("Yes beta,", "I am here."), "Yes beta, I am here."),
        (("Yes beta,", "OTP is gone."), "Yes beta, OTP is gone."),
        (("Wait.", "one minute."), "Wait. One minute."),
        (("hello? are you there",), "Hello? Are you there"),
    ],
)
def test_a_part_after_a_comma_goes_on_and_a_sentence_begins_with_a_capital(
    slots: tuple[str, ...], line: str
) -> None:
    assert first_line(*slots) == line


def test_a_part_whose_hole_nothing_fills_is_left_out() -> None:
    assert first_line("So {amount}?", "Fine.") == "Fine."
    assert first_line("So {amount}?", "Fine.", values={"amount": "Rs 500"}) == "So Rs 500? Fine."


@pytest.mark.parametrize("seed", range(10))
def test_the_least_used_part_comes_first_however_its_hole_was_filled(seed: int) -> None:
    parts = [make_part("So it is {amount} and done.", "f"), make_part("Let me count.", "f")]
    memory = remember(["Yes, so it is Rs 20 and done."])
    assert next(compose([parts], {"amount": "Rs 500"}, memory, random.Random(seed))) == "Let me count."
    assert parts[0].is_used(memory)
    assert not parts[1].is_used(memory)


def test_every_combination_is_offered_once() -> None:
    slots = [[make_part(word, "f") for word in words.split()] for words in ("A B", "C D E")]
    made = list(compose(slots, {}, "", random.Random(1)))
    assert len(made) == len(set(made)) == 6


def test_who_texts_uses_neither_capitals_nor_a_last_full_stop() -> None:
    assert as_texted("Bro, I am in. Wait.") == "bro, i am in. wait"
