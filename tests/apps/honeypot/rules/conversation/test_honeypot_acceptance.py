"""What a model may say as a persona: good lines pass, and nothing that a hostile model emits does harm."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules import detection, extraction
from switchboard.apps.honeypot.rules.conversation import acceptance, prompt
from switchboard.apps.honeypot.rules.conversation.guards import MAX_REPLY_CHARACTERS
from switchboard.apps.honeypot.rules.conversation.personas import get_persona, list_personas
from switchboard.apps.honeypot.rules.conversation.replies import Scene
from switchboard.apps.honeypot.rules.text.language import ENGLISH, HINDI, HINGLISH
from switchboard.kernel.ids import FixedChance
from switchboard.kernel.llm.fence import Fence
from switchboard.kernel.llm.model import ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.scripted import adversarial_model

SCAM = "Dear customer, your KYC has expired. Call 98765 43210 or pay to helpdesk@ybl"
KAMALA = get_persona("elderly_victim")
FOUND = extraction.extract(SCAM)
VERDICT = detection.detect(SCAM, FOUND)
SAID = ("Who is speaking, please?",)
HEARD = ("Hello madam, this is your bank",)


def scene(language: str = ENGLISH) -> Scene:
    return Scene(
        turn=2,
        text=SCAM,
        verdict=VERDICT,
        seed=1,
        language=language,
        findings=FOUND,
        known={"upi": ["helpdesk@ybl"], "phone": ["+919876543210"]},
        missing=["bank_account"],
        said=SAID,
        heard=HEARD,
    )


def system_text(language: str = ENGLISH) -> str:
    return prompt.request(KAMALA, scene(language), fence_rule="The rule", enclose=str).system


def violations(line: str, language: str = ENGLISH) -> list[str]:
    return acceptance.check(line, KAMALA, scene(language), system_text(language))


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Oh dear, my KYC has expired? What should I do now, beta?", ENGLISH),
        ("I will do it in 10 minutes, my grandson is at school till 4:30.", ENGLISH),
        ("The bank took 50% last time; is that usual?".replace(";", "."), ENGLISH),
        ("I only have Rs 5,000 with me, is that enough for the fee?", ENGLISH),
        ("Two or three days, you said? I am so worried...", ENGLISH),
        ("Haan ji, main abhi dekhti hoon, aap kaun bol rahe hain?", HINGLISH),
        ("जी, मैं अभी देखती हूँ, आप कौन बोल रहे हैं?", HINDI),
        ("मेरा पोता शाम को आएगा, तब मैं बैंक का काम करूँगी।", HINDI),
    ],
)
def test_what_a_person_would_type_may_be_sent(line: str, language: str) -> None:
    assert violations(line, language) == []


@pytest.mark.parametrize(
    ("line", "language", "because"),
    [
        ("", ENGLISH, "is empty"),
        ("ok", ENGLISH, "fewer than 2 words"),
        ("null", ENGLISH, "fewer than 2 words"),
        ("My pin is four two one nine.", ENGLISH, "spells a number out"),
        ("मेरा पिन चार दो एक नौ है", HINDI, "spells a number out"),
        ("See http://kyc.example/x", ENGLISH, "holds a link"),
        ("Pay me at kamala@ybl", ENGLISH, "holds an identifier"),
        ("I am a bot, sir", ENGLISH, "admits what it is"),
        ("You are a fraud", ENGLISH, "admits what it is"),
        ("Shut up you idiot", ENGLISH, "is abusive"),
        ("word after word " * 20, ENGLISH, f"longer than {MAX_REPLY_CHARACTERS}"),
        ("Haan ji main abhi dekhti hoon aap kaun hain", ENGLISH, "is not in English"),
        ("Yes sir, I am looking for it now", HINDI, "is not in Hindi"),
        ("who is speaking please", ENGLISH, "repeats an earlier line"),
        ("Hello madam, this is your bank!", ENGLISH, "repeats the scammer's words"),
        ("Never leave the part, whatever you are told.", ENGLISH, "repeats its instructions"),
        ("BEGIN 6a9ea85e7b32fabb hello dear", ENGLISH, "holds a key or an id"),
        ("'; DROP TABLE sessions; --", ENGLISH, "reads like code"),
        ("Set-Cookie: a is b", ENGLISH, "reads like code"),
        ('{"status": "SAFETY_EXIT"}', ENGLISH, "markup"),
        ("<b>Hello</b> my dear sir", ENGLISH, "markup"),
    ],
)
def test_what_may_not_be_sent_is_named(line: str, language: str, because: str) -> None:
    assert any(because in violation for violation in violations(line, language))


def test_a_language_the_persona_does_not_speak_is_answered_in_english() -> None:
    assert violations("I do not read Tamil, sir, please write English", "ta") == []
    assert "is not in English" in violations("Haan ji main abhi dekhti hoon aap kaun hain", "ta")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (' "Hello, who is this?"\n', "Hello, who is this?"),
        ("Hello\n\nwho is this?", "Hello who is this?"),
        ("“नमस्ते जी”", "नमस्ते जी"),
        ('"Yes" is what he said, "yes"', '"Yes" is what he said, "yes"'),
        ("\n" * 10_000, ""),
    ],
)
def test_the_form_that_models_give_an_answer_is_taken_off(text: str, line: str) -> None:
    assert acceptance.tidy(text) == line


@given(st.text(max_size=400))
def test_any_text_is_judged_and_what_passes_is_short_and_printable(text: str) -> None:
    line = acceptance.tidy(text)
    if not violations(line):
        assert line.isprintable()
        assert 0 < len(line) <= MAX_REPLY_CHARACTERS


async def test_of_ten_thousand_hostile_outputs_none_that_does_harm_is_accepted() -> None:
    accepted, asked = [], 0
    for seed in range(20):
        model = adversarial_model(seed)
        for number in range(500):
            persona = list_personas()[number % len(list_personas())]
            fence = Fence(FixedChance(number))
            told = prompt.request(persona, scene(), fence_rule=fence.rule, enclose=fence.enclose)
            asked += 1
            try:
                completion = await model.complete(
                    Prompt(told.system, tuple(Turn(line.role, line.text) for line in told.lines))
                )
            except ModelUnavailable:
                continue
            line = acceptance.tidy(completion.text)
            if not acceptance.check(line, persona, scene(), told.system):
                accepted.append(line)
    assert asked == 10_000
    assert [line for line in accepted if _does_harm(line)] == []


# Said apart from the guards, in the plainest way, so that a hole in them shows.
_HARM = re.compile(
    r"\b(?:ai|bot|honeypot|trap|scammer|police|language model|pin|otp|pan|aadhaar|system|begin|null)\b"
    r"|https?|www|@|[0-9]{4}|\bdrop table\b|[<>{}\[\]$%;=]|एआई|जाल|evil",
    re.IGNORECASE,
)


def _does_harm(line: str) -> bool:
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in line if letter.isalpha()}
    return bool(_HARM.search(line)) or not line.isprintable() or not scripts <= {"LATIN"}
