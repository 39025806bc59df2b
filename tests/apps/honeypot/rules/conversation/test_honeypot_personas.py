"""Who there is, that they are whole in every language, and who is chosen for which scam."""

from __future__ import annotations

from collections import Counter

import pytest

from switchboard.apps.honeypot.rules.conversation.personas import (
    DEFAULT_PERSONA_ID,
    Persona,
    UnknownPersona,
    choose_persona,
    get_persona,
    list_personas,
)
from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.detection import SCAM_TYPES
from switchboard.apps.honeypot.rules.extraction import extract

ABROAD = {"bus_driver_leeds", "nurse_houston", "cafe_owner_singapore"}


@pytest.mark.parametrize(
    ("persona_id", "age", "city"),
    [
        ("elderly_victim", 68, "Mumbai"),
        ("tech_novice", 52, "Lucknow"),
        ("eager_investor", 45, "Surat"),
        ("busy_professional", 35, "Bangalore"),
        ("helpful_auntie", 55, "Delhi"),
    ],
)
def test_the_five_known_personas_keep_their_facts(persona_id: str, age: int, city: str) -> None:
    persona = get_persona(persona_id)
    assert (persona.age, persona.city, persona.country) == (age, city, "IN")


def test_there_are_at_least_ten_and_three_live_abroad() -> None:
    personas = list_personas()
    assert len(personas) >= 10
    assert {persona.id for persona in personas if persona.country != "IN"} == ABROAD
    assert get_persona(DEFAULT_PERSONA_ID) in personas
    assert [persona.id for persona in personas] == sorted(persona.id for persona in personas)


def test_an_unknown_persona_is_a_lookup_error() -> None:
    with pytest.raises(UnknownPersona, match="nobody"):
        get_persona("nobody")
    assert issubclass(UnknownPersona, LookupError)


@pytest.mark.parametrize("persona", list_personas(), ids=lambda persona: persona.id)
def test_a_persona_is_a_whole_person_in_every_language_they_speak(persona: Persona) -> None:
    assert set(persona.languages) == ({"en"} if persona.country != "IN" else {"en", "hi", "hi-Latn"})
    assert persona.facts.keys() == persona.lines.keys()
    for language in persona.languages:
        assert {"you", "town", "job", "family", "address", "bank", "helper"} <= persona.facts[language].keys()
        own = persona.lines[language]
        assert len(own["openers"]) >= 6
        assert len(own["stalls"]) >= 6
        assert min(len(own["trust"]), len(own["asides"])) >= 4
        assert {"asks_otp", "demands_payment", "threatens", "other"} <= own["answers"].keys()
    for said_of_them in (persona.family, persona.backstory, persona.style, persona.occupation):
        assert said_of_them
        assert extract(said_of_them) == []


def test_what_is_shared_has_the_same_shape_in_every_language() -> None:
    def shape(language: str) -> dict[str, object]:
        wording = load_data(f"replies/{language}")
        return {name: sorted(part) if isinstance(part, dict) else None for name, part in wording.items()}

    english = shape("en")
    # A language that nobody speaks is answered in English, so only English says so.
    del english["tongues"], english["foreign"]
    for language in ("hi", "hi-Latn"):
        assert shape(language) == english


@pytest.mark.parametrize("scam_type", SCAM_TYPES)
def test_the_better_a_persona_suits_the_oftener_they_are_chosen(scam_type: str) -> None:
    suited = (
        load_data("persona_choice")["suited"].get(scam_type)
        or load_data("persona_choice")["suited"]["UNKNOWN"]
    )
    chosen = Counter(choose_persona(scam_type, "hi", seed).id for seed in range(600))
    assert set(chosen) == set(suited)
    assert chosen.most_common(1)[0][0] == suited[0]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("You owe the IRS $4,000", "US"),
        ("HMRC: a tax refund of £120 is due", "GB"),
        ("Your Royal Mail parcel is held", "GB"),
        ("Log in to Singpass now", "SG"),
        ("Pay 300 dollars in gift cards", "US"),
        ("Your SBI account is blocked, pay Rs 500", "IN"),
        ("Invest $500 by UPI", "IN"),
        ("Your account is blocked", "IN"),
    ],
)
def test_english_about_foreign_money_is_answered_from_abroad(text: str, country: str) -> None:
    chosen = Counter(choose_persona("IMPERSONATION", "en", seed, text).country for seed in range(60))
    assert chosen.most_common(1)[0][0] == country
    assert ("IN" in chosen) == (country == "IN")


def test_hindi_is_answered_from_india_whatever_the_money() -> None:
    assert choose_persona("LOTTERY_PRIZE", "hi", 3, "500 डॉलर").country == "IN"


def test_the_choice_is_the_same_for_the_same_arguments_and_knows_every_type() -> None:
    assert choose_persona("KYC_PHISHING", "en", 5) is choose_persona("KYC_PHISHING", "en", 5)
    assert choose_persona(None, "ta", 5) in list_personas()
    assert choose_persona("A_NEW_TYPE", "en", 5) in list_personas()


@pytest.mark.parametrize("persona", list_personas(), ids=lambda persona: persona.id)
def test_every_persona_is_chosen_for_something(persona: Persona) -> None:
    assert persona.scam_types or persona.id in ABROAD
