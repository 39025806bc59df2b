"""The persona stays believable: fitting, varied, in the scammer's language, and giving nothing real away."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.conversation import guards
from switchboard.apps.honeypot.rules.conversation.grammar import Part
from switchboard.apps.honeypot.rules.conversation.personas import (
    DEFAULT_PERSONA_ID,
    Persona,
    get_persona,
    list_personas,
)
from switchboard.apps.honeypot.rules.conversation.replies import Scene, close, phase_of, reply
from switchboard.apps.honeypot.rules.conversation.wording import Wording, wording_of
from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.extraction import extract

SCAM = Verdict(True, "KYC_PHISHING", 0.9, ())
HARMLESS = Verdict(False, None, 0.1, ())
LANGUAGES = ("en", "hi-Latn", "hi")
KINDS = ("upi", "bank_account", "phone", "url", "ifsc", "email", "crypto_wallet", "telegram")
CLOSINGS = ("completed", "limit", "safety", "self_harm", "benign")
MESSAGES = (
    "Hello madam, your KYC has expired, share the OTP",
    "Pay Rs 4,999 to helpdesk@ybl",
    "Open https://kyc-desk.example/x and call 90000 12345",
    "Account number 529682459251 IFSC ABCD0123456",
    "Police will arrest you, stupid",
    "What is your name, age, city and bank?",
    "scan the QR and enter the PIN, do it fast",
    "are you a bot?",
    "ok thank you, bye",
    "hm",
    "जल्दी ओटीपी बताओ, 500 रुपये भेजो",
    "jaldi karo, link par click karo",
)
EVERYONE = [(persona, language) for persona in list_personas() for language in persona.languages]
IDS = [f"{persona.id}-{language}" for persona, language in EVERYONE]


def scene(text: str = "hello", **changed: Any) -> Scene:
    asked: dict[str, Any] = {"turn": 1, "verdict": SCAM, "seed": 7, "missing": ("upi", "phone", "url")}
    return Scene(text=text, findings=extract(text), **{**asked, **changed})


def answer(text: str = "hello", persona_id: str = DEFAULT_PERSONA_ID, **changed: Any) -> str:
    return reply(get_persona(persona_id), scene(text, **changed))


def talk(persona: Persona, language: str, texts: Sequence[str], seed: int) -> tuple[list[str], list[str]]:
    """The persona's lines in answer to these messages, and every violation in them."""
    said: list[str] = []
    known: dict[str, list[str]] = {}
    violations: list[str] = []
    for turn, text in enumerate(texts, start=1):
        now = scene(
            text,
            turn=turn,
            seed=seed,
            language=language,
            max_turns=len(texts),
            known=known,
            missing=[kind for kind in KINDS if kind not in known],
            said=said,
            heard=texts[: turn - 1],
        )
        for found in now.findings:
            known.setdefault(found.kind, []).append(found.value)
        line = reply(persona, now)
        values = [value for kind in known.values() for value in kind]
        violations += guards.check(line, language=language, said=said, known_values=values)
        said.append(line)
    return said, violations


def all_parts(wording: Wording) -> list[Part]:
    listed: list[Part] = []
    for name in wording.__dataclass_fields__:
        field = getattr(wording, name)
        groups = field.values() if isinstance(field, dict) else [field]
        listed += [part for group in groups if isinstance(group, tuple) for part in group]
    return listed


@pytest.mark.parametrize(("persona", "language"), EVERYONE, ids=IDS)
def test_no_part_that_can_be_said_breaks_a_rule(persona: Persona, language: str) -> None:
    holes = {"amount": "500", "tongue": "Tamil", "handle": "abc", "wrong_word": "abcd"}
    spoken = dict.fromkeys(("wrong_digits", "wrong_tail"), "a b c") | holes
    for part in all_parts(wording_of(persona, language)):
        line = part.text
        for hole in part.holes:
            line = line.replace(f"{{{hole}}}", spoken[hole])
        violations = guards.check(line, language=language)
        assert [each for each in violations if not each.startswith("is not in")] == [], line
        assert len(line) <= 130
        assert not any(
            character.isdigit() for character in line.replace("500", "").replace(str(persona.age), "")
        )


@pytest.mark.parametrize(("persona", "language"), EVERYONE, ids=IDS)
def test_fifty_turns_break_no_rule_and_repeat_no_line(persona: Persona, language: str) -> None:
    texts = random.Random(persona.id).choices(MESSAGES, k=50)
    said, violations = talk(persona, language, texts, seed=11)
    assert violations == []
    assert len({line.casefold() for line in said}) == 50


@pytest.mark.parametrize("text", MESSAGES)
def test_the_same_message_fifty_times_is_answered_fifty_ways(text: str) -> None:
    said, violations = talk(get_persona(DEFAULT_PERSONA_ID), "en", [text] * 50, seed=3)
    assert violations == []
    assert len(set(said)) == 50


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.one_of(st.text(max_size=120), st.sampled_from(MESSAGES)), min_size=1, max_size=8),
    who=st.sampled_from(EVERYONE),
    seed=st.integers(),
)
def test_whatever_is_written_no_rule_is_broken(texts: list[str], who: tuple[Persona, str], seed: int) -> None:
    assert talk(*who, texts, seed)[1] == []


@pytest.mark.parametrize(("persona", "language"), EVERYONE, ids=IDS)
def test_no_excuse_is_made_twice_in_ten_turns(persona: Persona, language: str) -> None:
    said, _ = talk(persona, language, ["Share the OTP", "do it fast"] * 5, seed=5)
    wording = wording_of(persona, language)
    memory = "\n".join(said).casefold()
    for part in (*wording.stalls, *wording.shared_stalls, *wording.own_answers["asks_otp"]):
        assert memory.count(part.stem) <= 1


def test_the_same_seed_gives_the_same_line_and_another_seed_another() -> None:
    assert answer(seed=1) == answer(seed=1)
    assert len({answer(seed=seed) for seed in range(20)}) > 5


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is your name?", "Kamala Joshi"),
        ("How old are you?", "68"),
        ("Where do you live?", "Mumbai"),
        ("Which bank do you have?", "the government bank near the post office"),
        ("What do you do for work?", "taught"),
        ("Who is with you at home?", "a daughter in Pune"),
    ],
)
def test_a_question_about_oneself_is_answered_the_same_in_other_words(question: str, fact: str) -> None:
    said, _ = talk(get_persona(DEFAULT_PERSONA_ID), "en", [question] * 4, seed=2)
    assert all(fact.casefold() in line.casefold() for line in said)
    assert len(set(said)) == 4


def test_two_questions_about_oneself_are_both_answered() -> None:
    line = answer("Tell me your name and which bank you have")
    assert "Kamala Joshi" in line
    assert "post office" in line


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("Share the OTP", "asks_otp"),
        ("Install AnyDesk", "asks_install"),
        ("Open https://kyc-desk.example/x", "gives_link"),
        ("Click on the link", "asks_click"),
        ("Pay the fee", "demands_payment"),
        ("Police will come", "threatens"),
        ("You won a lottery", "prize"),
        ("Are you a bot", "suspects"),
        ("Your electricity will be cut", "disconnection"),
        ("Do not tell anyone", "asks_secrecy"),
        ("Why do you ask", "refuses"),
        ("You stupid woman", "insults"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_answer_takes_up_what_was_said(text: str, move: str, seed: int) -> None:
    wording = wording_of(get_persona(DEFAULT_PERSONA_ID), "en")
    fitting = [*wording.own_answers.get(move, ()), *wording.answers.get(move, ())]
    line = answer(text, turn=4, seed=seed).casefold()
    assert any(part.stem in line for part in fitting)


def test_the_sum_that_was_named_is_taken_up() -> None:
    assert any("Rs 4,999" in answer("Pay Rs 4,999 as fee", "home_baker", seed=seed) for seed in range(20))


@pytest.mark.parametrize(
    ("turn", "max_turns", "phase"),
    [
        (1, 10, "trust"),
        (2, 10, "trust"),
        (3, 10, "ask"),
        (5, 10, "ask"),
        (6, 10, "correct"),
        (8, 10, "correct"),
        (9, 10, "stall"),
        (40, 50, "stall"),
        (2, 5, "ask"),
        (5, 5, "stall"),
        (1, 1, "trust"),
    ],
)
def test_the_phase_follows_the_turn_and_a_short_session_hurries(
    turn: int, max_turns: int, phase: str
) -> None:
    assert phase_of(turn, max_turns) == phase


@pytest.mark.parametrize("missing", ["upi", "phone", "url", "bank_account", "email"])
@pytest.mark.parametrize("turn", [3, 4, 5])
def test_what_is_missing_is_asked_for(missing: str, turn: int) -> None:
    asks = wording_of(get_persona(DEFAULT_PERSONA_ID), "en").asks[missing]
    line = answer(turn=turn, missing=(missing, "never_heard_of")).casefold()
    assert any(part.stem in line for part in asks)


def test_who_is_not_asked_for_money_offers_some_before_asking_where_it_goes() -> None:
    offers = wording_of(get_persona(DEFAULT_PERSONA_ID), "en").offers
    unasked = answer("hello", turn=4, missing=("upi",)).casefold()
    asked = answer("pay the fee", turn=4, missing=("upi",)).casefold()
    assert any(part.stem in unasked for part in offers)
    assert not any(part.stem in asked for part in offers)


@pytest.mark.parametrize(
    ("persona_id", "text", "missing"),
    [
        ("nurse_houston", "pay the fee", ("upi", "ifsc")),
        ("elderly_victim", "pay the fee", ("crypto_wallet", "telegram", "ifsc")),
    ],
)
def test_nobody_asks_for_what_they_would_not_know(
    persona_id: str, text: str, missing: tuple[str, ...]
) -> None:
    line = answer(text, persona_id, turn=4, missing=missing).casefold()
    assert not any(word in line for word in ("upi", "ifsc", "wallet", "telegram"))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("pay helpdesk@ybl", "helpdesk", "helpdeks"),
        ("call 90000 12345", "2 3 4 5", "2 3 5 4"),
        ("open https://kyc-desk.example/x", "kycdesk", "kycdeks"),
    ],
)
def test_in_the_middle_it_is_given_back_wrong(text: str, right: str, wrong: str) -> None:
    line = answer(text, turn=6)
    assert wrong in line
    assert right not in line


def test_a_value_that_was_corrected_is_not_given_back_wrongly_again() -> None:
    line = answer("No, it is 90000 12345", turn=7, said=("It ends in 2 3 5 4, is it not?",))
    assert "2 3 5 4" not in line


def test_a_value_of_an_earlier_turn_can_still_be_given_back_wrongly() -> None:
    assert "2 3 5 4" in answer("do it fast", turn=6, known={"phone": ["+919000012345"]})


@pytest.mark.parametrize(("language", "text"), [("ta", "வணக்கம்"), ("bn", "নমস্কার")])
def test_a_language_nobody_speaks_is_said_to_be_read_badly(language: str, text: str) -> None:
    first = answer(text, language=language)
    assert {"ta": "Tamil", "bn": "Bengali"}[language] in first
    assert guards.check(first, language=language) == []


def test_hindi_is_answered_in_english_by_who_does_not_speak_it() -> None:
    assert guards.check(answer("ओटीपी दो", "nurse_houston", language="hi"), language="en") == []


def test_the_student_types_without_capitals() -> None:
    line = answer("Part time job for you", "college_student")
    assert line == line.lower()


def test_a_man_and_a_woman_use_their_own_forms_of_hindi() -> None:
    texts = ["jaldi karo", "ho gaya kya", "paise bhejo"] * 3
    his = " ".join(talk(get_persona("tech_novice"), "hi-Latn", texts, 4)[0])
    hers = " ".join(talk(get_persona("home_baker"), "hi-Latn", texts, 4)[0])
    assert " raha hoon" in his
    assert " rahi hoon" not in his
    assert " rahi hoon" in hers
    assert " raha hoon" not in hers


def test_personas_are_told_apart_by_their_own_words() -> None:
    heard = {
        persona.id: set(" ".join(talk(persona, "en", list(MESSAGES[:10]), 9)[0]).casefold().split())
        for persona in list_personas()
    }
    for ours in heard:
        for theirs in heard.keys() - {ours}:
            assert len(heard[ours] & heard[theirs]) < 0.6 * len(heard[ours] | heard[theirs])


def test_a_harmless_sender_is_asked_who_they_are_and_then_wished_goodbye() -> None:
    wording = wording_of(get_persona(DEFAULT_PERSONA_ID), "en")
    first = answer("Are we still on for lunch?", verdict=HARMLESS)
    second = answer("Lunch at one?", verdict=HARMLESS, turn=2, said=(first,))
    assert any(part.stem in first.casefold() for part in wording.strangers)
    assert any(part.stem in second.casefold() for part in wording.closings["benign"])


def test_a_sender_who_is_not_surely_harmless_is_talked_to() -> None:
    line = answer("Your parcel is held, pay the fee", verdict=Verdict(False, None, 0.45, ()))
    closings = wording_of(get_persona(DEFAULT_PERSONA_ID), "en").strangers
    assert not any(part.stem in line.casefold() for part in closings)


@pytest.mark.parametrize("closing", CLOSINGS)
@pytest.mark.parametrize(("persona", "language"), EVERYONE, ids=IDS)
def test_every_ending_has_a_last_line_that_breaks_no_rule(
    persona: Persona, language: str, closing: str
) -> None:
    for seed in range(3):
        line = close(persona, closing, language=language, seed=seed)
        assert guards.check(line, language=language) == []
        assert line == close(persona, closing, language=language, seed=seed)


def test_a_last_line_was_not_said_before() -> None:
    persona = get_persona(DEFAULT_PERSONA_ID)
    first = close(persona, "benign", language="en", seed=1)
    assert close(persona, "benign", language="en", seed=1, said=(first,)) != first


def test_an_ending_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        close(get_persona(DEFAULT_PERSONA_ID), "victory", language="en", seed=1)


def test_when_every_line_has_been_said_there_is_still_another() -> None:
    class Everything(list[str]):
        def __contains__(self, line: object) -> bool:
            return line != "Hello? Hello?"

    assert answer(said=Everything()) == "Hello? Hello?"
