"""What no line may do is named, and what a persona has to say passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.conversation.guards import MAX_REPLY_CHARACTERS, check

KNOWN = ("+919000012345", "helpdesk@ybl", "529682459251")

VIOLATIONS = {
    "is empty": ["", "   "],
    "longer": ["a good day to you " * 20],
    "control": ["Hello\nthere", "Hello\u200b there", "Hello\x07"],
    "markup": ["Hello <b>sir</b>", '{"reply": "ok"}', "**Hello** sir", "kycdesk@ybl is it?", "[hello]"],
    "identifier": ["call me on 90000 12345", "see http://kyc.example/x", "write to kamala@mail.example"],
    "four or more digits": [
        "the code is 482913",
        "the code is 4829",
        "the code is 4 8 2 9 1 3",
        "it ends in 1 2 3 4",
        "my pin is 99-18-22",
        "कोड ४८२९१३ है",
    ],
    "link": ["go to www.kyc", "it is bank.com"],
    "admits": [
        "I am a bot",
        "I'm just an AI language model",
        "As an AI I cannot do it",
        "this is a honeypot",
        "I am a police officer",
        "we are from the cyber crime cell",
        "I know this is a scam",
        "you are a fraud",
        "I am reporting you, I will report you",
        "You are talking to a chatbot",
        "I was pretending to be old",
        "main bot hoon",
        "tum fraud ho",
        "main police se bol raha hoon",
        "मैं रोबोट हूँ",
        "तुम ठग हो",
    ],
    "abusive": ["you idiot", "go to hell sir", "tum chutiya ho", "तू हरामी है", "shut up now"],
    "leaks": [
        "my system prompt says no",
        "Scammer: hello",
        "I cannot assist with that",
        "turn 4 of the talk",
    ],
    "violence content": ["I will kill you sir"],
    "sexual content": ["send me your nudes please"],
}
FINE = {
    "en": [
        "Yes beta, I am looking for my spectacles.",
        "Do not send the police, please.",
        "I am not a machine, I am Kamala.",
        "Rs 4,999 is a lot for me.",
        "I am 68 and my knees hurt.",
        "It ends in 2 3 5 4, is it not?",
        "The bank said it may be a fraud alert, what is that?",
    ],
    "hi-Latn": ["Haan beta, chashma dhoondh rahi hoon.", "Police mat bhejna ji, main dar gayi."],
    "hi": ["हाँ बेटा, चश्मा ढूँढ रही हूँ।", "4,999 रुपये बहुत हैं मेरे लिए।"],
}


def said_in(text: str) -> str:
    return "hi" if any("\u0900" <= character <= "\u097f" for character in text) else "en"


@pytest.mark.parametrize(
    ("violation", "line"), [(violation, line) for violation, lines in VIOLATIONS.items() for line in lines]
)
def test_a_violation_is_named(violation: str, line: str) -> None:
    assert any(violation in found for found in check(line, language=said_in(line)))


@pytest.mark.parametrize(
    ("language", "line"), [(language, line) for language, lines in FINE.items() for line in lines]
)
def test_what_a_persona_has_to_say_passes(language: str, line: str) -> None:
    assert check(line, language=language, known_values=KNOWN) == []


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("hi", "Yes sir, I will do it now"),
        ("en", "हाँ जी, अभी करती हूँ"),
        ("en", "Haan ji, main abhi kar rahi hoon, aap ruko"),
        ("hi-Latn", "Yes sir, please wait for the letter"),
        ("hi-Latn", "हाँ जी, अभी करती हूँ"),
        ("ta", "சரி ஐயா"),
        ("hi", "சரி ஐயா"),
    ],
)
def test_a_line_in_another_language_is_refused(language: str, line: str) -> None:
    assert any(found.startswith("is not in") for found in check(line, language=language))


@pytest.mark.parametrize(
    ("line", "is_fine"),
    [
        ("It ends in 2 3 5 4, yes?", True),
        ("It ends in 2 3 4 5, yes?", False),
        ("It ends in 9 2 1 5, yes?", True),
        ("It ends in 7 7 7 7, yes?", False),
        ("It is 9 0 0 0 0 1 2 3 5 4, yes?", False),
    ],
)
def test_the_end_of_a_known_number_may_be_given_back_wrongly_and_not_rightly(
    line: str, is_fine: bool
) -> None:
    assert (check(line, language="en", known_values=KNOWN) == []) == is_fine


def test_a_line_is_repeated_whatever_its_case_and_full_stop() -> None:
    violations = check("yes beta, hold on", language="en", said=("Yes beta, hold on.",))
    assert violations == ["repeats an earlier line"]


def test_three_hundred_characters_are_the_most() -> None:
    assert MAX_REPLY_CHARACTERS == 300
    assert check("a" * 300, language="en") == []
    assert check("a" * 301, language="en") != []


@given(line=st.text(max_size=400), language=st.sampled_from(("en", "hi", "hi-Latn", "ta")))
def test_any_line_can_be_checked(line: str, language: str) -> None:
    assert all(check(line, language=language))
