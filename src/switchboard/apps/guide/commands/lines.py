"""`switchboard guide resources`: the lines that people in danger are shown, and how fresh they are."""

from __future__ import annotations

import asyncio

from rich.text import Text

from switchboard.apps.guide.rules.response.resources import age_of_verification
from switchboard.apps.guide.service import Guide
from switchboard.apps.guide.service.library import resource_of
from switchboard.kernel import terminal
from switchboard.kernel.database.statement import Row
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_SAID = {
    "unverified": "nobody has made sure of it",
    "fresh": "",
    "old": "over six months ago: make sure of it again",
    "expired": "over twelve months ago: it is out of date",
}


def show(platform: Platform, country: str | None) -> None:
    """Print the lines of one country or of all."""
    out = terminal.output()
    for row in _rows(platform, country):
        verified = f"{row['verified_at']:%Y-%m-%d}" if row["verified_at"] else "not verified"
        number = row["number"] or row["text_number"]
        out.print(Text(f"{row['id']:28} {row['name']}: {number}  ({verified})"), soft_wrap=True)


def check(platform: Platform) -> bool:
    """Print every line that is not fresh; whether none is out of date."""
    now, out, ages = platform.clock.now(), terminal.output(), []
    for row in _rows(platform, None):
        age = age_of_verification(resource_of(row), now)
        ages.append(age)
        if age != "fresh":
            out.print(Text(f"{age:10} {row['id']:28} {row['name']}: {_SAID[age]}"), soft_wrap=True)
    out.print(f"{len(ages)} lines: " + ", ".join(f"{ages.count(age)} {age}" for age in _SAID))
    return "expired" not in ages


def verify(platform: Platform, id: str, by: str) -> None:
    """Put down that a person made sure of a line today."""
    row = asyncio.run(Guide(platform).contents.verify_resource(command_caller(), id, by))
    terminal.output().print(Text(f"{row['name']}: verified {row['verified_at']:%Y-%m-%d} by {by}."))


def _rows(platform: Platform, country: str | None) -> list[Row]:
    return asyncio.run(Guide(platform).contents.list_resources(command_caller(), country))
