"""The second factor: an app's codes and recovery codes, each accepted once, and wrong ones counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pyotp
import pytest
from tests.conftest import START
from tests.kernel.security.people import BROWSER, GOOD, HOME, ME, People

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SwitchboardError
from switchboard.kernel.security import second_factor
from switchboard.kernel.security.accounts import CodeNeeded, Person, SignedIn

AWAY = "198.51.100.9"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str, clock: FixedClock, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now(), counter_offset=steps)


def wrong_code(secret: str, clock: FixedClock) -> str:
    right = {code(secret, clock, steps=steps) for steps in (-1, 0, 1)}
    return next(guess for guess in ("731946", "731947", "731948", "731949") if guess not in right)


async def turn_on(people: People, clock: FixedClock) -> tuple[Person, str, list[str]]:
    """An account 'ada' with a second factor, half a minute after it was turned on."""
    await people.add("ada")
    person = (await people.sign_in("ada")).person
    secret, _ = await people.accounts.begin_second_factor(person, GOOD)
    codes = await people.accounts.confirm_second_factor(person, code(secret, clock))
    clock.advance(timedelta(seconds=30))
    return person, secret, codes


async def challenge(people: People, *, address: str = HOME, device_token: str | None = None) -> str:
    outcome = await people.attempt("ada", address=address, device_token=device_token)
    assert isinstance(outcome, CodeNeeded)
    return outcome.challenge


async def answer(people: People, token: str, given: str, user_agent: str = BROWSER) -> SignedIn:
    return await people.accounts.answer_challenge(token, given, address=HOME, user_agent=user_agent)


async def refusal(people: People, token: str, given: str, user_agent: str = BROWSER) -> SwitchboardError:
    with pytest.raises(SwitchboardError) as refused:
        await answer(people, token, given, user_agent)
    return refused.value


@pytest.mark.parametrize(
    ("steps_off", "last_step_off", "is_taken"),
    [
        (0, None, True),
        (-1, None, True),
        (1, None, True),
        (-2, None, False),
        (2, None, False),
        (0, 0, False),
        (0, -1, True),
        (1, 0, True),
        (-1, 0, False),
        (-1, -1, False),
    ],
)
def test_a_code_is_taken_within_a_step_and_after_the_last_one_used(
    steps_off: int, last_step_off: int | None, is_taken: bool
) -> None:
    now_step = pyotp.TOTP(SECRET).timecode(START)
    last_step = None if last_step_off is None else now_step + last_step_off
    given = pyotp.TOTP(SECRET).at(START, counter_offset=steps_off)
    found = second_factor.matching_step(SECRET, f" {given[:3]} {given[3:]}", START, last_step)
    assert found == (now_step + steps_off if is_taken else None)


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "१२३४५६", "\ud800", "0" * 100_000])
def test_what_is_no_code_is_no_code(given: str) -> None:
    assert second_factor.matching_step(SECRET, given, START, None) is None


def test_recovery_codes_are_ten_and_none_is_like_another() -> None:
    codes = second_factor.new_recovery_codes()
    assert len(set(codes)) == 10
    assert {len(each) for each in codes} == {19}


async def test_with_a_second_factor_a_password_alone_lets_nobody_in(
    people: People, clock: FixedClock
) -> None:
    _, secret, _ = await turn_on(people, clock)
    before = len(people.rows("account_sessions"))
    token = await challenge(people)
    assert len(people.rows("account_sessions")) == before
    assert await people.accounts.find_person(token) is None
    signed_in = await answer(people, token, code(secret, clock))
    assert signed_in.person.has_second_factor
    assert await people.is_in(signed_in)
    assert (await refusal(people, token, code(secret, clock, steps=1))).status == 401


async def test_the_address_for_the_app_names_the_account_and_the_installation(people: People) -> None:
    await people.add("ada@example.org")
    person = (await people.sign_in("ada@example.org")).person
    secret, uri = await people.accounts.begin_second_factor(person, GOOD)
    read = pyotp.parse_uri(uri)
    assert (read.secret, read.name, read.issuer) == (secret, "ada@example.org", "Switchboard")
    kept = str(people.rows("accounts"))
    assert secret not in kept
    assert not (await people.accounts.list_accounts(ME))[0].has_second_factor


async def test_a_second_factor_counts_once_a_code_of_it_was_given(people: People, clock: FixedClock) -> None:
    await people.add("ada")
    person = (await people.sign_in("ada")).person
    with pytest.raises(Conflict, match="begun"):
        await people.accounts.confirm_second_factor(person, "000000")
    secret, _ = await people.accounts.begin_second_factor(person, GOOD)
    with pytest.raises(Invalid, match="wrong"):
        await people.accounts.confirm_second_factor(person, wrong_code(secret, clock))
    await people.sign_in("ada")
    await people.accounts.confirm_second_factor(person, code(secret, clock))
    await challenge(people)
    with pytest.raises(Conflict, match="already"):
        await people.accounts.begin_second_factor(person, GOOD)


async def test_a_second_factor_begins_with_the_password_again(people: People) -> None:
    await people.add("ada")
    person = (await people.sign_in("ada")).person
    with pytest.raises(Forbidden, match="password"):
        await people.accounts.begin_second_factor(person, "not the password")
    with pytest.raises(Conflict, match="begun"):
        await people.accounts.begun_second_factor(person)


async def test_one_code_of_the_app_lets_in_once_even_when_two_come_at_once(
    people: People, clock: FixedClock
) -> None:
    _, secret, _ = await turn_on(people, clock)
    tokens = [await challenge(people) for _ in range(4)]
    outcomes = await asyncio.gather(
        *(answer(people, token, code(secret, clock)) for token in tokens), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Forbidden"] * 3 + ["SignedIn"]
    clock.advance(timedelta(seconds=30))
    await answer(people, await challenge(people), code(secret, clock))


async def test_the_code_that_turned_it_on_does_not_sign_in(people: People, clock: FixedClock) -> None:
    _, secret, _ = await turn_on(people, clock)
    assert (await refusal(people, await challenge(people), code(secret, clock, steps=-1))).status == 401


async def test_each_recovery_code_lets_in_once(people: People, clock: FixedClock) -> None:
    person, _, codes = await turn_on(people, clock)
    kept = str(people.rows("recovery_codes"))
    assert not any(each in kept or each.replace("-", "") in kept for each in codes)
    first = await challenge(people)
    await answer(people, first, codes[3].upper().replace("-", " "))
    assert await people.accounts.count_recovery_codes(person) == 9
    assert (await refusal(people, await challenge(people), codes[3])).status == 401
    tokens = [await challenge(people) for _ in range(3)]
    outcomes = await asyncio.gather(
        *(answer(people, token, codes[4]) for token in tokens), return_exceptions=True
    )
    assert sum(isinstance(each, SignedIn) for each in outcomes) == 1


async def test_a_challenge_ends_after_five_minutes_and_in_another_browser(
    people: People, clock: FixedClock
) -> None:
    _, secret, _ = await turn_on(people, clock)
    token = await challenge(people)
    assert (await refusal(people, token, code(secret, clock), "another browser")).status == 401
    await answer(people, token, code(secret, clock))
    clock.advance(timedelta(seconds=30))
    token = await challenge(people)
    clock.advance(timedelta(minutes=5))
    assert "took too long" in (await refusal(people, token, code(secret, clock))).message
    assert (await refusal(people, "A" * 43, code(secret, clock))).status == 401


async def test_a_challenge_bears_five_wrong_codes(people: People, clock: FixedClock) -> None:
    _, secret, _ = await turn_on(people, clock)
    token = await challenge(people)
    for _ in range(5):
        assert "code is wrong" in (await refusal(people, token, wrong_code(secret, clock))).message
    assert "Sign in again" in (await refusal(people, token, code(secret, clock))).hint
    await answer(people, await challenge(people), code(secret, clock))


async def test_an_account_bears_ten_wrong_codes_an_hour_and_its_owner_s_device_ten_of_its_own(
    people: People, clock: FixedClock
) -> None:
    _, secret, _ = await turn_on(people, clock)
    device = (await answer(people, await challenge(people), code(secret, clock))).device_token
    clock.advance(timedelta(seconds=30))
    for _ in range(2):
        token = await challenge(people, address=AWAY)
        for _ in range(5):
            assert (await refusal(people, token, wrong_code(secret, clock))).status == 401
    token = await challenge(people, address=AWAY)
    refused = await refusal(people, token, code(secret, clock))
    assert refused.status == 429
    await answer(people, await challenge(people, device_token=device), code(secret, clock))
    clock.advance(timedelta(hours=1))
    await answer(people, await challenge(people, address=AWAY), code(secret, clock))


async def test_wrong_codes_stand_in_the_audit_and_codes_do_not(people: People, clock: FixedClock) -> None:
    _, secret, codes = await turn_on(people, clock)
    guess = wrong_code(secret, clock)
    await refusal(people, await challenge(people), guess)
    await answer(people, await challenge(people), codes[0])
    assert people.deeds() == ["create", "sign_in", "second_factor_on", "sign_in_failed", "sign_in"]
    kept = str(people.rows("audit"))
    assert guess not in kept
    assert codes[0] not in kept
    assert secret not in kept


async def test_turning_it_off_asks_for_the_password(people: People, clock: FixedClock) -> None:
    person, _, _ = await turn_on(people, clock)
    with pytest.raises(Forbidden, match="password is wrong"):
        await people.accounts.remove_second_factor(person, "not it")
    await people.accounts.remove_second_factor(person, GOOD)
    assert people.rows("recovery_codes") == []
    assert not (await people.sign_in("ada")).person.has_second_factor
    assert people.deeds()[-2:] == ["second_factor_off", "sign_in"]


async def test_disabling_ends_a_challenge(people: People, clock: FixedClock) -> None:
    _, secret, _ = await turn_on(people, clock)
    await people.add("bob")
    token = await challenge(people)
    ada = await people.accounts.get_account_named(ME, "ADA")
    await people.accounts.disable(ME, ada.id)
    await people.accounts.enable(ME, ada.id)
    assert (await refusal(people, token, code(secret, clock))).status == 401


async def test_an_account_disabled_behind_the_service_s_back_answers_no_challenge(
    people: People, clock: FixedClock
) -> None:
    _, secret, _ = await turn_on(people, clock)
    token = await challenge(people)
    plant = Statement("UPDATE {accounts} SET disabled_at = :now")
    people.platform.database("platform").write_now(lambda tx: tx.run(plant, now=clock.now()))
    assert (await refusal(people, token, code(secret, clock))).status == 401
    assert len(people.rows("account_sessions")) == 1


async def test_a_link_for_a_new_password_goes_around_no_second_factor(
    people: People, clock: FixedClock
) -> None:
    _, secret, _ = await turn_on(people, clock)
    ada = await people.accounts.get_account_named(ME, "ada")
    link = await people.accounts.reset_password(ME, ada.id)
    assert await people.accounts.needs_code(link)

    async def use(given: str | None) -> SignedIn:
        return await people.accounts.set_password_by_token(
            link, "seven quiet harbours burn", address=HOME, user_agent=BROWSER, code=given
        )

    for given in (None, "", wrong_code(secret, clock)):
        with pytest.raises(Forbidden) as refused:
            await use(given)
        assert refused.value.status == 403
    assert (await use(code(secret, clock))).person.has_second_factor
    with pytest.raises(NotFound):
        await use(code(secret, clock, steps=1))


async def test_who_lost_the_second_factor_too_begins_anew(people: People, clock: FixedClock) -> None:
    await turn_on(people, clock)
    ada = await people.accounts.get_account_named(ME, "ada")
    link = await people.accounts.reset_password(ME, ada.id, remove_second_factor=True)
    assert not await people.accounts.needs_code(link)
    signed_in = await people.accounts.set_password_by_token(link, GOOD, address=HOME, user_agent=BROWSER)
    assert not signed_in.person.has_second_factor
