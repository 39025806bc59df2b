"""People: set up once, invited, signed in and out; what an administrator does takes effect at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.kernel.security.people import BETTER, BROWSER, EVERYTHING, GOOD, HOME, ME, People, people_of

from switchboard.apps import APPS
from switchboard.kernel import upkeep
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SwitchboardError
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import SignedIn
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ADMINISTER, operations_of
from switchboard.kernel.security.sessions import csrf_token_of
from switchboard.kernel.settings import Settings

FROM = {"address": HOME, "user_agent": BROWSER}


async def set_up(people: People, token: str, name: str = "ada", password: str = GOOD) -> SignedIn:
    return await people.accounts.set_up(token, name, password, **FROM)


async def test_the_first_administrator_is_made_once_by_a_link(people: People) -> None:
    assert people.accounts.is_first_start()
    token = people.accounts.make_setup_token()
    assert await people.accounts.is_setup_token(token)
    signed_in = await set_up(people, token, "Ada")
    assert signed_in.person.name == "Ada"
    assert signed_in.person.roles == EVERYTHING
    assert await people.accounts.find_person(signed_in.token) == signed_in.person
    assert not people.accounts.is_first_start()
    assert not await people.accounts.is_setup_token(token)
    with pytest.raises(NotFound):
        await set_up(people, token, "eve")
    with pytest.raises(Conflict):
        people.accounts.make_setup_token()
    assert people.deeds() == ["create", "setup"]


async def test_a_setup_link_lasts_a_day_and_a_new_one_voids_the_old(
    people: People, clock: FixedClock
) -> None:
    first, second = people.accounts.make_setup_token(), people.accounts.make_setup_token()
    assert not await people.accounts.is_setup_token(first)
    assert await people.accounts.is_setup_token(second)
    clock.advance(timedelta(hours=24))
    assert not await people.accounts.is_setup_token(second)
    with pytest.raises(NotFound):
        await set_up(people, second)
    assert people.accounts.is_first_start()


async def test_a_setup_link_survives_a_password_that_is_refused(people: People) -> None:
    token = people.accounts.make_setup_token()
    with pytest.raises(Invalid, match="shorter"):
        await set_up(people, token, password="short")
    with pytest.raises(Invalid, match="name"):
        await set_up(people, token, name="no spaces please")
    await set_up(people, token)


async def test_a_made_up_link_costs_no_hash(people: People) -> None:
    people.accounts.make_setup_token()
    for token in ("", "x", "A" * 43, "\ud800", "' OR 1=1"):
        with pytest.raises(NotFound):
            await set_up(people, token)
        with pytest.raises(NotFound):
            await people.accounts.set_password_by_token(token, GOOD, **FROM)
    assert people.hasher.calls == 0


async def both(make: Callable[[int], Awaitable[Any]], count: int = 6) -> list[Any]:
    """Several at once; what came of those that succeeded."""
    outcomes = await asyncio.gather(*(make(number) for number in range(count)), return_exceptions=True)
    assert all(isinstance(each, SwitchboardError) for each in outcomes if isinstance(each, BaseException))
    return [each for each in outcomes if not isinstance(each, BaseException)]


async def test_of_several_who_use_one_setup_link_at_once_one_wins(people: People) -> None:
    token = people.accounts.make_setup_token()
    [winner] = await both(lambda number: set_up(people, token, f"person{number}"))
    assert [row["name"] for row in people.rows("accounts")] == [winner.person.name]


async def test_of_several_who_use_one_invitation_at_once_one_wins(people: People) -> None:
    _, token = await people.accounts.create_account(ME, "bob", {"*": "viewer"})
    [winner] = await both(
        lambda number: people.accounts.set_password_by_token(token, f"{GOOD} {number}", **FROM)
    )
    assert await people.is_in(winner)
    assert len(people.rows("account_sessions")) == 1


async def test_names_are_one_whatever_their_case_and_form(people: People) -> None:
    await people.add("Zoë.Straße@example.org")
    for same in (
        "zoë.strasse@EXAMPLE.org",
        "Zoe\u0308.Straße@example.org",
        "ＺＯＥ\u0308.straße@example.org",
    ):
        with pytest.raises(Conflict):
            await people.add(same)
        assert (await people.sign_in(same)).person.name == "Zoë.Straße@example.org"
    assert len(await both(lambda _: people.add("twin"))) == 1
    for wrong in ("", " ", "two words", "x" * 65, "a/b", "a\x00b", "<b>", "half\ud800", "zero\u200bwidth"):
        with pytest.raises(Invalid, match="name"):
            await people.add(wrong)
    await people.add("राम")


async def test_roles_are_held_in_apps_that_exist_and_nowhere_else(people: People) -> None:
    account = await people.add("ada", {"honeypot": "analyst"})
    assert account.roles == {"honeypot": "analyst"}
    wrong: list[Any] = [{}, {"nothing": "viewer"}, {"platform": "administrator"}, {"*": "root"}]
    for roles in wrong:
        with pytest.raises(Invalid):
            await people.accounts.create_account(ME, "bob", roles)
        with pytest.raises(Invalid):
            await people.accounts.set_roles(ME, account.id, roles)


async def test_an_invited_person_sets_a_password_by_the_link_and_is_in(
    people: People, clock: FixedClock
) -> None:
    account, token = await people.accounts.create_account(
        ME, "bob", {"honeypot": "viewer"}, display_name="  Bob  the builder "
    )
    assert (account.has_password, account.display_name) == (False, "Bob the builder")
    clock.advance(timedelta(days=6))
    assert await people.accounts.is_password_token(token)
    with pytest.raises(Invalid, match="account's name"):
        await people.accounts.set_password_by_token(token, "my name is bob, hello", **FROM)
    signed_in = await people.accounts.set_password_by_token(token, GOOD, **FROM)
    assert signed_in.person.roles == {"honeypot": "viewer"}
    assert await people.is_in(signed_in)
    assert not await people.accounts.is_password_token(token)
    await people.sign_in("bob")


async def test_an_invitation_ends_after_a_week(people: People, clock: FixedClock) -> None:
    _, token = await people.accounts.create_account(ME, "bob", {"*": "viewer"})
    clock.advance(timedelta(days=7))
    assert not await people.accounts.is_password_token(token)
    with pytest.raises(NotFound):
        await people.accounts.set_password_by_token(token, GOOD, **FROM)


async def test_a_token_from_before_signing_in_is_never_a_session(people: People) -> None:
    await people.add("ada")
    planted = "A" * 43
    for token in ("", planted, "\ud800", "x" * 10_000):
        assert await people.accounts.find_person(token) is None
    first = await people.sign_in("ada")
    second = await people.sign_in("ada", device_token=planted)
    assert planted not in (second.token, second.device_token)
    assert len({first.token, second.token, first.device_token, second.device_token}) == 4
    assert await people.accounts.find_person(planted) is None
    assert await people.accounts.find_person(first.device_token) is None


async def test_only_hashes_of_tokens_are_kept_and_the_form_token_is_kept_nowhere(people: People) -> None:
    setup = people.accounts.make_setup_token()
    first = await set_up(people, setup)
    _, invitation = await people.accounts.create_account(ME, "bob", {"*": "viewer"})
    signed_in = await people.sign_in("ada")
    assert signed_in.person.csrf_token == csrf_token_of(signed_in.token)
    assert signed_in.person.csrf_token != first.person.csrf_token
    kept = str(
        [
            people.rows(table)
            for table in ("accounts", "account_sessions", "account_devices", "one_time_tokens", "audit")
        ]
    )
    secrets = (setup, invitation, first.token, first.device_token, signed_in.token, GOOD)
    for secret in (*secrets, signed_in.person.csrf_token):
        assert secret not in kept
        assert secret not in repr(signed_in)


async def test_a_session_ends_after_twelve_idle_hours_and_seven_days_in_any_case(
    people: People, clock: FixedClock
) -> None:
    await people.add("ada")
    idle = await people.sign_in("ada")
    busy = await people.sign_in("ada")
    clock.advance(timedelta(hours=11, minutes=59))
    assert await people.is_in(busy)
    clock.advance(timedelta(minutes=1))
    assert not await people.is_in(idle)
    for _ in range(13):
        assert await people.is_in(busy)
        assert set(await people.accounts.are_live([busy.person.session_id])) == {busy.person.session_id}
        clock.advance(timedelta(hours=12) - timedelta(seconds=1))
    assert await people.is_in(busy)
    clock.advance(timedelta(seconds=13))
    assert not await people.is_in(busy)
    assert await people.accounts.are_live([busy.person.session_id]) == {}


async def test_when_a_session_was_last_seen_is_written_once_a_minute_at_most(
    people: People, clock: FixedClock
) -> None:
    await people.add("ada")
    signed_in = await people.sign_in("ada")
    start = clock.now()
    for seconds, seen in ((59, 0), (1, 60), (30, 60), (30, 120)):
        clock.advance(timedelta(seconds=seconds))
        await people.is_in(signed_in)
        [row] = people.rows("account_sessions")
        assert row["last_seen_at"] == start + timedelta(seconds=seen)


async def test_signing_out_ends_one_session_and_everywhere_ends_the_others(people: People) -> None:
    await people.add("ada")
    one, two, three = [await people.sign_in("ada") for _ in range(3)]
    await people.accounts.sign_out(one.person)
    assert not await people.is_in(one)
    await people.accounts.sign_out_everywhere(two.person)
    assert await people.is_in(two)
    assert not await people.is_in(three)


async def test_one_ends_sessions_of_one_s_own_and_nobody_else_s(people: People) -> None:
    await people.add("ada")
    await people.add("eve")
    here, there, eves = [await people.sign_in(name) for name in ("ada", "ada", "eve")]
    listed = await people.accounts.my_sessions(here.person)
    assert {row.id: row.is_current for row in listed} == {
        here.person.session_id: True,
        there.person.session_id: False,
    }
    assert {(row.address, row.user_agent) for row in listed} == {(HOME, BROWSER)}
    with pytest.raises(NotFound):
        await people.accounts.end_my_session(eves.person, here.person.session_id)
    await people.accounts.end_my_session(here.person, there.person.session_id)
    assert [await people.is_in(each) for each in (here, there, eves)] == [True, False, True]


async def test_changing_the_password_goes_on_under_a_new_token_and_ends_every_other_session(
    people: People,
) -> None:
    account = await people.add("ada")
    here, there = await people.sign_in("ada"), await people.sign_in("ada")
    with pytest.raises(Forbidden, match="password is wrong"):
        await people.accounts.change_password(here.person, "not it", BETTER)
    with pytest.raises(Invalid):
        await people.accounts.change_password(here.person, GOOD, "short")
    changed = await people.accounts.change_password(here.person, GOOD, BETTER)
    assert [await people.is_in(each) for each in (changed, here, there)] == [True, False, False]
    assert changed.person.session_id != here.person.session_id
    [session] = await people.accounts.list_sessions(ME, account.id)
    assert (session.address, session.user_agent) == (HOME, BROWSER)
    with pytest.raises(Forbidden):
        await people.sign_in("ada", GOOD)
    await people.sign_in("ada", BETTER)


async def test_a_stolen_session_guesses_the_password_ten_times_and_no_more(people: People) -> None:
    await people.add("ada")
    stolen = await people.sign_in("ada")
    for _ in range(10):
        with pytest.raises(Forbidden):
            await people.accounts.change_password(stolen.person, "guess", BETTER)
    calls = people.hasher.calls
    with pytest.raises(SwitchboardError) as refused:
        await people.accounts.remove_second_factor(stolen.person, "guess")
    assert refused.value.status == 429
    assert people.hasher.calls == calls
    await people.sign_in("ada")


async def test_a_session_that_was_ended_meanwhile_does_not_change_the_password(people: People) -> None:
    await people.add("ada")
    signed_in = await people.sign_in("ada")
    await people.accounts.sign_out(signed_in.person)
    with pytest.raises(Forbidden) as refused:
        await people.accounts.change_password(signed_in.person, GOOD, BETTER)
    assert refused.value.status == 401
    await people.sign_in("ada", GOOD)


async def test_disabling_ends_sessions_and_links_at_once_and_enabling_lets_in_again(people: People) -> None:
    await people.add("ada")
    bob = await people.add("bob", {"*": "analyst"})
    signed_in = await people.sign_in("bob")
    disabled = await people.accounts.disable(ME, bob.id)
    assert disabled.disabled_at is not None
    assert not await people.is_in(signed_in)
    assert await people.accounts.are_live([signed_in.person.session_id]) == {}
    with pytest.raises(Forbidden) as refused:
        await people.sign_in("bob")
    assert refused.value.status == 401
    with pytest.raises(Conflict):
        await people.accounts.reset_password(ME, bob.id)
    await people.accounts.enable(ME, bob.id)
    assert not await people.is_in(signed_in)
    await people.sign_in("bob")


async def test_an_account_that_is_disabled_behind_the_service_s_back_is_out_all_the_same(
    people: People,
) -> None:
    await people.add("ada")
    _, link = await people.accounts.create_account(ME, "eve", {"*": "viewer"})
    signed_in = await people.sign_in("ada")
    plant = Statement("UPDATE {accounts} SET disabled_at = :now")
    people.platform.database("platform").write_now(lambda tx: tx.run(plant, now=people.platform.clock.now()))
    assert not await people.is_in(signed_in)
    assert await people.accounts.are_live([signed_in.person.session_id]) == {}
    assert not await people.accounts.is_password_token(link)
    with pytest.raises(NotFound):
        await people.accounts.set_password_by_token(link, GOOD, **FROM)
    with pytest.raises(Forbidden):
        await people.sign_in("ada")


async def test_changed_roles_hold_in_sessions_that_are_open(people: People) -> None:
    await people.add("ada")
    bob = await people.add("bob", {"*": "viewer"})
    signed_in = await people.sign_in("bob")
    await people.accounts.set_roles(ME, bob.id, {"honeypot": "analyst"})
    person = await people.accounts.find_person(signed_in.token)
    assert person is not None
    assert person.roles == {"honeypot": "analyst"}
    assert await people.accounts.are_live([signed_in.person.session_id, "other"]) == {
        signed_in.person.session_id: {"honeypot": "analyst"}
    }


async def test_a_reset_voids_password_sessions_and_known_devices_until_the_link_is_used(
    people: People,
) -> None:
    await people.add("ada")
    bob = await people.add("bob", {"*": "viewer"})
    signed_in = await people.sign_in("bob")
    first = await people.accounts.reset_password(ME, bob.id)
    second = await people.accounts.reset_password(ME, bob.id)
    assert not await people.accounts.is_password_token(first)
    assert not await people.is_in(signed_in)
    assert not [row for row in people.rows("account_devices") if row["account_id"] == bob.id]
    with pytest.raises(Forbidden):
        await people.sign_in("bob")
    await people.accounts.set_password_by_token(second, BETTER, **FROM)
    await people.sign_in("bob", BETTER)


async def test_the_last_administrator_is_neither_disabled_nor_demoted(people: People) -> None:
    ada = await people.add("ada")
    bob = await people.add("bob", {"*": "analyst", "honeypot": "administrator"})
    # Invited and never come: nobody who could sign in.
    await people.accounts.create_account(ME, "carol", EVERYTHING)
    for refused in (
        people.accounts.disable(ME, ada.id),
        people.accounts.set_roles(ME, ada.id, {"honeypot": "administrator"}),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            await refused
    await people.accounts.set_roles(ME, bob.id, EVERYTHING)
    await people.accounts.disable(ME, ada.id)
    with pytest.raises(Conflict):
        await people.accounts.disable(ME, bob.id)


async def test_two_administrators_who_disable_each_other_at_once_leave_one(people: People) -> None:
    both_ids = [(await people.add(name)).id for name in ("ada", "bob")]
    done = await both(lambda number: people.accounts.disable(ME, both_ids[number % 2]), count=2)
    assert len(done) == 1
    assert sum(row["disabled_at"] is None for row in people.rows("accounts")) == 1


async def test_administration_asks_for_an_administrator_of_everything(people: People) -> None:
    account = await people.add("ada")
    nobody = Caller("person:eve", "account:x", roles={"honeypot": "administrator", "*": "analyst"})
    operations = operations_of(type(people.accounts))
    assert set(operations.values()) == {ADMINISTER}
    asked: dict[str, tuple[object, ...]] = {
        "create_account": ("bob", EVERYTHING),
        "create_account_with_password": ("bob", EVERYTHING, GOOD),
        "set_roles": (account.id, EVERYTHING),
        "list_accounts": (),
        "get_account_named": ("ada",),
    }
    # Names are narrowed to what each may know: to nobody's, here.
    assert await people.accounts.list_account_names(nobody) == {}
    for name in set(operations) - {"list_account_names"}:
        with pytest.raises(Forbidden):
            await getattr(people.accounts, name)(nobody, *asked.get(name, (account.id,)))


async def test_what_is_not_there_is_not_found(people: People) -> None:
    for name in ("get_account", "disable", "enable", "reset_password", "list_sessions", "end_sessions"):
        with pytest.raises(NotFound):
            await getattr(people.accounts, name)(ME, "nothing")
    with pytest.raises(NotFound):
        await people.accounts.set_roles(ME, "nothing", EVERYTHING)
    with pytest.raises(NotFound):
        await people.accounts.get_account_named(ME, "nobody\x00")


async def test_every_deed_stands_in_the_audit_under_the_person_s_name(people: People) -> None:
    token = people.accounts.make_setup_token()
    ada = await set_up(people, token)
    caller = ada.person.asking(HOME, "request-1").caller
    bob, _ = await people.accounts.create_account(caller, "bob", {"*": "viewer"})
    await people.accounts.set_roles(caller, bob.id, {"*": "analyst"})
    await people.accounts.reset_password(caller, bob.id)
    await people.accounts.end_sessions(caller, bob.id)
    await people.accounts.disable(caller, bob.id)
    await people.accounts.enable(caller, bob.id)
    for name in ("ada", "nobody"):
        with pytest.raises(Forbidden):
            await people.sign_in(name, "wrong")
    again = await people.sign_in("ada")
    await people.accounts.sign_out(again.person)
    expected = "create setup create set_roles reset_password end_sessions disable enable"
    assert people.deeds() == [*expected.split(), "sign_in_failed", "sign_in_failed", "sign_in", "sign_out"]
    rows = people.rows("audit")
    assert {row["actor"] for row in rows} == {ME.actor, "person:ada", "visitor:sign-in"}
    named = [row["details_json"] for row in rows if row["action"] == "sign_in_failed"]
    assert sorted(named, key=str) == [None, {"name": "ada"}]


async def test_upkeep_removes_what_is_over_and_nothing_else(people: People, clock: FixedClock) -> None:
    await people.add("ada")
    await people.sign_in("ada")
    await people.accounts.create_account(ME, "bob", {"*": "viewer"})
    people.accounts.upkeep(clock.now())
    assert len(people.rows("account_sessions")) == len(people.rows("one_time_tokens")) == 1
    clock.advance(timedelta(days=8))
    upkeep.tidy(people.platform, ME)
    assert people.rows("account_sessions") == people.rows("one_time_tokens") == []
    assert len(people.rows("account_devices")) == len(people.rows("account_networks")) == 1
    clock.advance(timedelta(days=180))
    people.accounts.upkeep(clock.now())
    assert people.rows("account_devices") == people.rows("account_networks") == []
    assert len(people.rows("accounts")) == 2


async def test_what_one_server_ends_is_over_at_another(people: People, settings: Settings) -> None:
    ada = await people.add("ada")
    signed_in = await people.sign_in("ada")
    elsewhere = Platform(settings, APPS, clock=people.platform.clock)
    other = people_of(elsewhere)
    assert await other.is_in(signed_in)
    await other.accounts.end_sessions(ME, ada.id)
    assert not await people.is_in(signed_in)
    elsewhere.close()


async def test_the_platform_s_own_accounts_hash_with_argon2id(platform: Platform) -> None:
    accounts = platform.accounts
    signed_in = await accounts.set_up(accounts.make_setup_token(), "ada", GOOD, **FROM)
    kept = people_of(platform).rows("accounts")[0]["password_hash"]
    assert kept.startswith("$argon2id$v=19$")
    assert await accounts.find_person(signed_in.token) == signed_in.person


async def test_how_long_a_session_lasts_is_a_setting(platform: Platform, clock: FixedClock) -> None:
    short = platform.settings.model_copy(update={"session_idle_hours": 1, "session_days": 1})
    elsewhere = Platform(short, APPS, clock=clock)
    accounts = elsewhere.accounts
    signed_in = await accounts.set_up(accounts.make_setup_token(), "ada", GOOD, **FROM)
    [session] = await accounts.my_sessions(signed_in.person)
    assert session.expires_at == clock.now() + timedelta(days=1)
    clock.advance(timedelta(hours=1))
    assert await platform.accounts.find_person(signed_in.token) is not None
    clock.advance(timedelta(hours=1))
    assert await accounts.find_person(signed_in.token) is None
    elsewhere.close()
