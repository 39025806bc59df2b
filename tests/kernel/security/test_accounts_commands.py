"""`switchboard accounts`: what an administrator does at the command line, and that no password is an argument."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest
from tests.kernel.security.people import BETTER, GOOD, ME, People
from typer.testing import CliRunner

from switchboard.cli import cli
from switchboard.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import SignedIn
from switchboard.kernel.settings import Settings

FROM = {"address": "203.0.113.7", "user_agent": "Firefox"}
Command = Callable[..., str]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch, platform: Platform) -> Command:
    """Run `switchboard accounts …` over the same database; what it prints."""
    if settings.database_url is not None:
        monkeypatch.setenv("SWITCHBOARD_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "200")
    # The platform's clock stands in the past; a link made now is still good for it.
    return run


def run(*words: str, typed: str = "") -> str:
    ran = CliRunner().invoke(cli, ["accounts", *words], input=typed)
    if ran.exception is not None:
        raise ran.exception
    return ran.stdout


def token_in(shown: str, room: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:8000/{room}/([\w-]{{43}})$", shown, re.MULTILINE)
    assert found, shown
    return found[1]


def sign_in(platform: Platform, name: str, password: str) -> SignedIn:
    outcome = asyncio.run(platform.accounts.sign_in(name, password, device_token=None, **FROM))
    assert isinstance(outcome, SignedIn)
    return outcome


def test_the_setup_link_that_is_printed_makes_the_first_administrator(
    platform: Platform, command: Command
) -> None:
    assert "setup-link" in command("list")
    token = token_in(command("setup-link"), "setup")
    asyncio.run(platform.accounts.set_up(token, "ada", GOOD, **FROM))
    with pytest.raises(Conflict):
        command("setup-link")
    assert "all=administrator" in command("list")


def test_an_invited_person_is_listed_as_such_until_the_link_is_used(
    platform: Platform, command: Command
) -> None:
    shown = command(
        "create", "bob", "--role", "honeypot=analyst", "--role", "viewer", "--display-name", "Bob B."
    )
    assert "has no password yet" in command("list")
    asyncio.run(platform.accounts.set_password_by_token(token_in(shown, "password"), GOOD, **FROM))
    [line] = [line for line in command("list").splitlines() if "bob" in line]
    assert "works" in line
    assert "Bob B." in line
    assert "all=viewer, honeypot=analyst" in line


def test_a_password_is_read_from_what_is_piped_in(platform: Platform, command: Command) -> None:
    assert GOOD not in command(
        "create", "ada", "--role", "administrator", "--with-password", typed=f"{GOOD}\n"
    )
    assert sign_in(platform, "ada", GOOD).person.roles == {"*": "administrator"}
    with pytest.raises(Invalid, match="shorter"):
        command("create", "eve", "--role", "viewer", "--with-password", typed="short\n")


def test_resetting_disabling_and_enabling_by_name(platform: Platform, command: Command) -> None:
    command("create", "ada", "--role", "administrator", "--with-password", typed=f"{GOOD}\n")
    command("create", "Bob", "--role", "viewer", "--with-password", typed=f"{GOOD}\n")
    token = token_in(command("reset-password", "bob"), "password")
    with pytest.raises(Forbidden):
        sign_in(platform, "bob", GOOD)
    asyncio.run(platform.accounts.set_password_by_token(token, BETTER, **FROM))
    assert "Disabled Bob" in command("disable", "BOB")
    assert "disabled" in command("list")
    with pytest.raises(Forbidden):
        sign_in(platform, "bob", BETTER)
    assert "Enabled Bob" in command("enable", "bob")
    sign_in(platform, "bob", BETTER)
    with pytest.raises(Conflict, match="last administrator"):
        command("disable", "ada")


def test_roles_are_shown_and_replaced(command: Command) -> None:
    command("create", "ada", "--role", "all=viewer")
    assert command("roles", "ada") == "ada: all=viewer\n"
    assert command("roles", "ada", "--role", "honeypot=administrator") == "ada: honeypot=administrator\n"
    for wrong in ("nothing=viewer", "king", "honeypot="):
        with pytest.raises(Invalid):
            command("roles", "ada", "--role", wrong)


async def test_sessions_are_listed_and_ended(people: People, command: Command) -> None:
    # The command asks the machine's clock, before which the sessions of a fixed clock have long ended.
    await people.add("ada")
    assert "not signed in anywhere" in await asyncio.to_thread(command, "sessions", "ada")
    signed_in = await people.sign_in("ada")
    assert "Ended 1 session." in await asyncio.to_thread(command, "sessions", "ada", "--end")
    assert not await people.is_in(signed_in)
    assert "end_sessions" in people.deeds()


def test_an_unknown_name_is_told_with_a_next_step(command: Command) -> None:
    for words in (("disable",), ("enable",), ("reset-password",), ("sessions",), ("roles",)):
        with pytest.raises(NotFound) as refused:
            command(*words, "nobody")
        assert "accounts list" in refused.value.hint


def test_the_audit_names_who_typed_the_command(people: People, command: Command) -> None:
    command("create", "ada", "--role", "administrator")
    [row] = people.rows("audit")
    assert (row["action"], row["actor"]) == ("create", ME.actor)
