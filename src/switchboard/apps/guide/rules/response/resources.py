"""Lines that people in danger can turn to, by country, and which of them are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.text.reading import read_words

EMERGENCY, LINE = "emergency", "line"
WARN_AFTER = timedelta(days=183)
FAIL_AFTER = timedelta(days=365)
_MOST_LINES = 3
_EVERYONE = "everyone"


class Resource(NamedTuple):
    """One line. `dial` is what a telephone is given, empty where the line is reached by text alone.

    `verified_at` is when a person made sure of it, None until one has. `hours` are empty where nobody knows them.
    """

    id: str
    country: str
    kind: str
    name: str
    number: str
    dial: str
    text_number: str
    text_keyword: str
    url: str
    hours: str
    languages: tuple[str, ...]
    audience: str
    categories: tuple[str, ...]
    note: str
    source: str
    verified_at: datetime | None


class Country(NamedTuple):
    code: str
    name: str


class Directory(NamedTuple):
    """A page that lists lines of every country."""

    name: str
    url: str


@cache
def packaged_resources() -> tuple[Resource, ...]:
    """The lines that ship, unverified."""
    return tuple(_resource(entry) for entry in load_data("crisis/resources.toml")["resource"])


@cache
def countries() -> tuple[Country, ...]:
    """The countries that lines ship for, by name."""
    return tuple(
        Country(entry["code"], entry["name"]) for entry in load_data("crisis/resources.toml")["country"]
    )


@cache
def directories() -> tuple[Directory, ...]:
    return tuple(
        Directory(entry["name"], entry["url"]) for entry in load_data("crisis/resources.toml")["directory"]
    )


def find_country(plain: str) -> Country | None:
    """The country that a message names, alone or in a sentence; None where it names none or several."""
    named = {code for name, code in _country_names().items() if f" {name} " in plain}
    return next((each for each in countries() if {each.code} == named), None)


@cache
def _country_names() -> Mapping[str, str]:
    return {
        " ".join(read_words(name)): entry["code"]
        for entry in load_data("crisis/resources.toml")["country"]
        for name in (entry["name"], *entry["also_called"])
    }


def choose(resources: Sequence[Resource], category: str | None) -> tuple[Resource | None, list[Resource]]:
    """The emergency number, and the lines to show, in the order of the table; all kinds of lines without a category.

    Lines made for the category come before those for everything; where there are lines for adults and for the
    young, both are shown; a line that can be reached in writing is always among them, where the table has one.
    """
    emergency = next((each for each in resources if each.kind == EMERGENCY), None)
    fitting = [
        each for each in resources if each.kind == LINE and (category is None or category in each.categories)
    ]
    special = [each for each in fitting if len(each.categories) == 1 and category is not None]
    ordered = [*special[:2], *(each for each in fitting if each not in special[:2])]
    shown = ordered[:_MOST_LINES]
    for is_wanted in (_is_for_the_young, _is_in_writing):
        if not any(map(is_wanted, shown)) and (better := next(filter(is_wanted, ordered), None)):
            shown = [*shown[: _MOST_LINES - 1], better]
    return emergency, shown


def _is_for_the_young(resource: Resource) -> bool:
    return any(word in resource.audience for word in ("young", "child", "under", "ages"))


def _is_in_writing(resource: Resource) -> bool:
    return bool(resource.text_number or resource.url)


def describe(resource: Resource, words: Mapping[str, str]) -> str:
    """A line as it is shown; numbers stand as the table has them. `words` are the wording's `line`."""
    ways = []
    if resource.dial:
        ways.append(words["call"].format(number=resource.number))
    if resource.text_number:
        key = "text_keyword" if resource.text_keyword else "text"
        ways.append(words[key].format(number=resource.text_number, keyword=resource.text_keyword))
    if resource.url:
        ways.append(words["chat"].format(url=resource.url))
    details = [resource.hours] if resource.hours else []
    if resource.audience != _EVERYONE:
        details.append(words["for"].format(audience=resource.audience))
    details.append(
        words["checked"].format(date=f"{resource.verified_at:%Y-%m-%d}")
        if resource.verified_at
        else words["unchecked"]
    )
    return f"• {resource.name}: {words['or'].join(ways)} ({'; '.join(details)})"


def age_of_verification(resource: Resource, now: datetime) -> str:
    """'unverified', 'fresh', 'old' after six months, 'expired' after twelve."""
    if resource.verified_at is None:
        return "unverified"
    age = now - resource.verified_at
    return "expired" if age > FAIL_AFTER else "old" if age > WARN_AFTER else "fresh"


def _resource(entry: Mapping[str, Any]) -> Resource:
    verified = entry["verified_at"]
    return Resource(
        **{
            **entry,
            "languages": tuple(entry["languages"]),
            "categories": tuple(entry["categories"]),
            "verified_at": datetime.fromisoformat(verified).replace(tzinfo=UTC) if verified else None,
        }
    )
