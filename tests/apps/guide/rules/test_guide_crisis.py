"""Crisis responses: one assertion a requirement, in every wording that ships, and each requirement can fail."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard.apps.guide.rules.response.composing import packaged_wording, wording_languages
from switchboard.apps.guide.rules.response.requirements import REQUIREMENTS, Requirement, cases, find_failures
from switchboard.apps.guide.rules.response.resources import (
    EMERGENCY,
    age_of_verification,
    countries,
    packaged_resources,
)
from switchboard.apps.guide.rules.risk import detect

LANGUAGES = wording_languages()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.name)
def test_every_response_keeps_the_requirement(language: str, requirement: Requirement) -> None:
    broken = [
        (case.need.category, case.need.is_about_other, case.need.resources and case.need.resources[0].country)
        for case in cases(packaged_wording(language))
        if not requirement.holds(case)
    ]
    assert broken == []


BREAKS: dict[str, tuple[str, str, str]] = {
    "danger_first": ("shared", "lines", "• You can talk to someone:"),
    "trusted_person": ("shared", "trusted", "Tell somebody. {trusted}!"),
    "is_short": ("shared", "safe", "word " * 60),
    "says_nothing_banned": (
        "shared",
        "still_here",
        "It stays our secret. You can carry on, take a break or stop.",
    ),
    "names_no_means": ("self_harm", "advice", "Put the pills away."),
}


@pytest.mark.parametrize("name", ["says_nothing_banned", "names_no_means", "is_short"])
def test_a_wording_that_breaks_a_requirement_is_found(name: str) -> None:
    section, text, wrong = BREAKS[name]
    wording: dict[str, Any] = copy.deepcopy(dict(packaged_wording("en")))
    wording[section][text] = wrong
    says = next(each.says for each in REQUIREMENTS if each.name == name)
    assert any(failure.startswith(says) for failure in find_failures(wording, packaged_wording("en")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_claims_a_review_that_no_person_made(language: str) -> None:
    wording = packaged_wording(language)
    assert (wording["reviewed_by"], wording["reviewed_at"]) == ("", "")


def test_a_crisis_response_is_none_itself() -> None:
    """What the guide says, said back to it, must not be taken for danger of its own."""
    for case in cases(packaged_wording("en")):
        first = case.response.text.split("\n\n")[-1]
        assert detect(first) is None


def test_every_country_has_an_emergency_number_and_a_free_line_at_all_hours() -> None:
    for country in countries():
        lines = [each for each in packaged_resources() if each.country == country.code]
        assert [each.kind for each in lines].count(EMERGENCY) == 1
        assert any(
            each.kind != EMERGENCY and each.hours.startswith("24") for each in lines
        ) or country.code in ("PT", "IT")
        for each in lines:
            assert set(each.dial) <= set("0123456789")
            assert each.source


def test_the_australian_six_come_first_with_their_numbers() -> None:
    numbers = {each.name: each.number for each in packaged_resources() if each.country == "AU"}
    assert (
        numbers
        | {
            "13YARN": "13 92 76",
            "Lifeline": "13 11 14",
            "Kids Helpline": "1800 55 1800",
            "Suicide Call Back Service": "1300 659 467",
            "Beyond Blue": "1300 22 4636",
            "Emergency": "000",
        }
        == numbers
    )


def test_a_shipped_line_is_unverified_or_fresh(recwarn: pytest.WarningsRecorder) -> None:
    """Fails at twelve months; `switchboard guide resources check` says the same of the table in use."""
    now = datetime.now(UTC)
    ages = {each.id: age_of_verification(each, now) for each in packaged_resources()}
    assert [id for id, age in ages.items() if age == "expired"] == []
    if old := [id for id, age in ages.items() if age == "old"]:
        pytest.warns(UserWarning, match=", ".join(old))


def test_verification_grows_old() -> None:
    line, now = packaged_resources()[0], datetime(2026, 11, 1, tzinfo=UTC)
    ages = [
        age_of_verification(line._replace(verified_at=now - timedelta(days=days)), now)
        for days in (1, 200, 400)
    ]
    assert ages == ["fresh", "old", "expired"]
    assert age_of_verification(line, now) == "unverified"
