"""The persona stays believable: fitting, varied, in the scammer's language, and giving nothing real away."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.extraction import extract
from switchboard.apps.honeypot.rules.persona import (
    DEFAULT_PERSONA_ID,
    MAX_REPLY_CHARACTERS,
    Persona,
    UnknownPersona,
    get_persona,
    list_personas,
    reply,
)

SCAM = Verdict(True, "KYC_PHISHING", 0.9, ())
HARMLESS = Verdict(False, None, 0.1, ())
LANGUAGES = ("en", "hi-Latn", "hi")
MESSAGES = (
    "Share the OTP now",
    "Pay Rs 10 to kycdesk@ybl",
    "Open http://kyc.example/x",
    "Call 90000 12345",
    "Police will arrest you",
    "hello",
)


def answer(**changed: Any) -> str:
    asked: dict[str, Any] = {
        "turn": 1,
        "text": "hello",
        "verdict": SCAM,
        "missing": ("upi", "phone", "url"),
        "said": (),
        "seed": 7,
        "language": "en",
    }
    return reply(get_persona(DEFAULT_PERSONA_ID), **{**asked, **changed})


def test_the_default_persona_is_the_retired_teacher() -> None:
    persona = get_persona(DEFAULT_PERSONA_ID)
    assert persona in list_personas()
    assert (persona.id, persona.age, persona.city) == ("elderly_victim", 68, "Mumbai")


def test_an_unknown_persona_is_a_lookup_error() -> None:
    with pytest.raises(UnknownPersona, match="nobody"):
        get_persona("nobody")
    assert issubclass(UnknownPersona, LookupError)


@pytest.mark.parametrize("persona", list_personas(), ids=lambda persona: persona.id)
def test_every_persona_has_the_same_parts_in_every_language(persona: Persona) -> None:
    assert set(persona.languages) >= set(LANGUAGES)
    shapes = [
        {slot: sorted(parts) if isinstance(parts, dict) else None for slot, parts in wording.items()}
        for wording in persona.lines.values()
    ]
    assert all(shape == shapes[0] for shape in shapes)


def parts_of(lines: Any) -> list[str]:
    if isinstance(lines, str):
        return [lines]
    return [
        part for branch in (lines.values() if isinstance(lines, dict) else lines) for part in parts_of(branch)
    ]


@pytest.mark.parametrize("persona", list_personas(), ids=lambda persona: persona.id)
def test_no_part_of_any_persona_holds_an_identifier_or_fills_a_reply(persona: Persona) -> None:
    for part in parts_of(persona.lines):
        assert extract(part) == []
        assert not any(character.isdigit() for character in part)
        assert len(part) <= MAX_REPLY_CHARACTERS // 3


@pytest.mark.parametrize(
    ("language", "text", "verdict"), list(product(LANGUAGES, MESSAGES, (SCAM, HARMLESS)))
)
def test_fifty_turns_never_repeat_a_line(language: str, text: str, verdict: Verdict) -> None:
    said: list[str] = []
    for turn in range(1, 51):
        line = answer(turn=turn, text=text, verdict=verdict, said=said, language=language, missing=("upi",))
        assert line not in said
        assert len(line) <= MAX_REPLY_CHARACTERS
        assert extract(line) == []
        said.append(line)


def test_neighbouring_turns_share_no_wording() -> None:
    said: list[str] = []
    for turn in range(3, 6):
        said.append(answer(turn=turn, text="hello", said=said))
    openings = [line.split(",")[0] for line in said]
    assert len(set(openings)) == len(openings)


def test_the_same_seed_gives_the_same_line_and_another_seed_another() -> None:
    assert answer(seed=1) == answer(seed=1)
    assert len({answer(seed=seed) for seed in range(20)}) > 5


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("share the OTP", "code"),
        ("install AnyDesk", "app"),
        ("open http://evil.example/x", "url"),
        ("pay the fee", "payment"),
        ("send your Aadhaar", "payment"),
        ("your Aadhaar please", "document"),
        ("police will come", "threat"),
        ("you won a lottery", "prize"),
        ("call me", "call"),
        ("hm", "other"),
        ("ओटीपी दीजिए", "code"),
    ],
)
def test_the_answer_takes_up_what_was_said(text: str, topic: str) -> None:
    reactions = get_persona(DEFAULT_PERSONA_ID).lines["en"]["reaction"][topic]
    assert any(reaction in answer(text=text) for reaction in reactions)


@pytest.mark.parametrize(("turn", "slot"), [(1, "trust"), (2, "trust"), (9, "stall"), (30, "stall")])
def test_the_phases_begin_with_trust_and_end_in_stalling(turn: int, slot: str) -> None:
    parts = get_persona(DEFAULT_PERSONA_ID).lines["en"][slot]
    assert any(part in answer(turn=turn) for part in parts)


@pytest.mark.parametrize(
    ("turn", "missing"), list(product((3, 4, 5, 6, 9, 20), ("upi", "phone", "url", "bank_account")))
)
def test_from_the_third_turn_on_what_is_missing_is_asked_for(turn: int, missing: str) -> None:
    asks = get_persona(DEFAULT_PERSONA_ID).lines["en"]["ask"][missing]
    assert any(ask in answer(turn=turn, missing=(missing, "never_heard_of")) for ask in asks)


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("pay kycdesk@ybl", "kycdesk", "kycdeks at ybl"),
        ("call 90000 12345", "2 3 4 5", "2 3 5 4"),
        ("call 90001 10000", "0 0 0 0", "0 0 0"),
    ],
)
def test_in_the_middle_it_is_given_back_wrong(text: str, right: str, wrong: str) -> None:
    line = answer(turn=6, text=text)
    assert wrong in line
    assert right not in line


@pytest.mark.parametrize("turn", range(1, 15))
def test_a_line_begins_with_a_capital(turn: int) -> None:
    assert answer(turn=turn)[0].isupper()


def test_a_harmless_sender_gets_a_polite_close() -> None:
    closes = get_persona(DEFAULT_PERSONA_ID).lines["en"]["benign_close"]
    assert any(answer(verdict=HARMLESS, turn=4).endswith(close) for close in closes)


def test_a_language_she_does_not_speak_is_answered_in_english() -> None:
    assert answer(language="ta") == answer(language="en")


@given(
    text=st.text(max_size=200),
    turn=st.integers(1, 60),
    seed=st.integers(),
    language=st.sampled_from(LANGUAGES),
)
def test_whatever_is_written_the_reply_gives_nothing_away(
    text: str, turn: int, seed: int, language: str
) -> None:
    line = answer(text=text, turn=turn, seed=seed, language=language)
    assert 0 < len(line) <= MAX_REPLY_CHARACTERS
    assert extract(line) == []


def test_when_every_line_has_been_said_there_is_still_another() -> None:
    class Everything(list[str]):
        def __contains__(self, line: object) -> bool:
            return line != "Hello? Hello?"

    assert answer(said=Everything()) == "Hello? Hello?"
