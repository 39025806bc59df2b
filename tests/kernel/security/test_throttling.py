"""Being wrong too often: decided in pure code, counted for all servers, and never at the owner's cost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.kernel.security.people import GOOD, HOME, ME, People, people_of

from switchboard.apps import APPS
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Forbidden, SwitchboardError, Unavailable
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import throttling
from switchboard.kernel.security.throttling import Limit
from switchboard.kernel.settings import Settings

NOON = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)
THREE = Limit(3, timedelta(minutes=15))
AWAY = "198.51.100.9"


@pytest.mark.parametrize(
    ("minutes_ago", "seconds"),
    [
        ([], 0),
        ([1, 2], 0),
        ([1, 2, 3], 720),
        ([0, 0, 0], 900),
        ([14.99, 1, 0], 1),
        ([15, 1, 0], 0),
        ([60, 50, 40, 30], 0),
        ([5, 4, 3, 2], 660),
    ],
)
def test_waiting_lasts_until_fewer_than_the_limit_are_in_the_window(
    minutes_ago: list[float], seconds: int
) -> None:
    failed_at = sorted((NOON - timedelta(minutes=minutes)).timestamp() for minutes in minutes_ago)
    assert throttling.seconds_to_wait(failed_at, THREE, NOON) == seconds


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_the_network_of_an_address_is_what_one_subscriber_has(address: str | None, network: str) -> None:
    assert throttling.network_of(address) == network


def test_a_known_device_a_known_network_and_a_stranger_share_no_bucket_of_the_account() -> None:
    def keys(device: str | None, is_known: bool, network: str) -> set[str]:
        found = throttling.buckets_of_sign_in(
            "ada", network, account_id="1", device_id=device, is_known_network=is_known
        )
        return {bucket.key for bucket in found}

    device, known, stranger = keys("d", True, "a"), keys(None, True, "a"), keys(None, False, "b")
    assert not device & known
    assert not device & stranger
    assert not known & stranger
    assert len(device) == 1


async def wrong(
    people: People, name: str = "ada", address: str | None = AWAY, **given: str
) -> SwitchboardError:
    with pytest.raises(SwitchboardError) as refused:
        await people.attempt(name, "not the password", address=address, **given)
    return refused.value


async def test_the_eleventh_failure_from_one_network_has_to_wait_and_costs_nothing(
    people: People, clock: FixedClock
) -> None:
    await people.add("ada")
    for number in range(10):
        assert (await wrong(people, name=f"name{number}")).status == 401
        clock.advance(timedelta(minutes=1))
    calls = people.hasher.calls
    refused = await wrong(people)
    assert isinstance(refused, Unavailable)
    assert (refused.status, refused.retry_after_seconds) == (429, 300)
    assert people.hasher.calls == calls
    clock.advance(timedelta(minutes=5))
    assert (await wrong(people)).status == 401


async def test_addresses_of_one_ipv6_network_are_one(people: People) -> None:
    for number in range(10):
        assert (await wrong(people, name=f"n{number}", address=f"2001:db8::{number:x}")).status == 401
    assert (await wrong(people, address="2001:db8::ffff:1")).status == 429
    assert (await wrong(people, address="2001:db8:0:1::1")).status == 401


async def test_a_refusal_has_the_same_words_for_an_account_and_for_a_name_nobody_has(
    people: People,
) -> None:
    await people.add("ada")
    said = []
    for name in ("ada", "nobody"):
        answers = [await wrong(people, name, address=f"198.51.100.{number}") for number in range(21)]
        said.append([(answer.message, answer.hint, answer.status) for answer in answers])
    assert said[0] == said[1]
    assert [status for _, _, status in said[0]] == [401] * 20 + [429]


async def test_an_unknown_name_a_disabled_account_and_a_wrong_password_cost_the_same_work(
    people: People,
) -> None:
    await people.add("ada")
    bob = await people.add("bob")
    await people.accounts.disable(ME, bob.id)
    await people.accounts.create_account(ME, "carol", {"*": "viewer"})
    await wrong(people, "warm up")
    told, work = set(), set()
    for name, password in (
        ("ada", "wrong"),
        ("bob", GOOD),
        ("carol", GOOD),
        ("nobody", GOOD),
        ("n\x00", GOOD),
    ):
        before = people.hasher.calls
        with pytest.raises(Forbidden) as refused:
            await people.attempt(name, password, address=None)
        told.add((refused.value.message, refused.value.hint, refused.value.status))
        work.add(people.hasher.calls - before)
    assert len(told) == 1
    assert work == {1}


async def test_ten_thousand_attempts_from_one_address_are_hashed_ten_times_and_the_owner_signs_in(
    people: People,
) -> None:
    await people.add("ada")
    device = (await people.sign_in("ada")).device_token
    calls = people.hasher.calls
    await _attack(people, [HOME] * 10_000)
    assert people.hasher.calls - calls == 10
    assert (await wrong(people, address=HOME)).status == 429
    await people.sign_in("ada", address=HOME, device_token=device)


async def test_ten_thousand_attempts_from_as_many_addresses_are_hashed_twenty_times_and_the_owner_signs_in(
    people: People,
) -> None:
    await people.add("ada")
    device = (await people.sign_in("ada")).device_token
    calls = people.hasher.calls
    await _attack(people, [f"10.{number // 250}.{number % 250}.1" for number in range(10_000)])
    assert people.hasher.calls - calls == 20
    assert (await wrong(people, address="192.0.2.200")).status == 429
    await people.sign_in("ada", address="192.0.2.200", device_token=device)
    # Without the device, from the network that the account is known to sign in from.
    await people.sign_in("ada", address=HOME)


async def _attack(people: People, addresses: list[str]) -> None:
    """Wrong passwords, a hundred at once."""
    for start in range(0, len(addresses), 100):
        outcomes = await asyncio.gather(
            *(
                people.attempt("ada", f"guess {start}", address=address)
                for address in addresses[start : start + 100]
            ),
            return_exceptions=True,
        )
        assert {type(outcome) for outcome in outcomes} <= {Forbidden, Unavailable}


async def test_a_known_device_has_ten_failures_of_its_own(people: People, clock: FixedClock) -> None:
    await people.add("ada")
    device = (await people.sign_in("ada")).device_token
    for _ in range(10):
        assert (await wrong(people, device_token=device)).status == 401
    assert (await wrong(people, device_token=device)).status == 429
    # The network was not charged for them.
    assert (await wrong(people, name="bob")).status == 401
    clock.advance(timedelta(minutes=15))
    await people.sign_in("ada", address=AWAY, device_token=device)


async def test_a_device_is_known_to_the_account_that_signed_in_on_it_and_for_half_a_year(
    people: People, clock: FixedClock
) -> None:
    await people.add("ada")
    await people.add("eve", password="eight loud markets sleep")
    eves = (await people.sign_in("eve", "eight loud markets sleep")).device_token
    adas = (await people.sign_in("ada")).device_token
    clock.advance(timedelta(days=179))
    for number in range(10):
        await wrong(people, name=f"n{number}")
    assert (await wrong(people, device_token=eves)).status == 429
    assert (await wrong(people, device_token=adas)).status == 401
    clock.advance(timedelta(days=2))
    for number in range(10):
        await wrong(people, name=f"n{number}")
    assert (await wrong(people, device_token=adas)).status == 429


async def test_signing_in_with_one_s_own_account_buys_no_more_guesses(people: People) -> None:
    await people.add("ada")
    await people.add("eve")
    for _ in range(10):
        assert (await wrong(people)).status == 401
        await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await people.attempt("eve", address=AWAY)


async def test_signing_in_rightly_is_never_counted(people: People) -> None:
    await people.add("ada")
    for _ in range(30):
        await people.sign_in("ada", address=AWAY)
    assert all(row["failed_at_json"] == [] for row in people.rows("failure_buckets"))


async def test_failures_at_one_server_count_at_another(people: People, settings: Settings) -> None:
    await people.add("ada")
    elsewhere = Platform(settings, APPS, clock=people.platform.clock)
    other = people_of(elsewhere)
    for number in range(10):
        assert (await wrong((people, other)[number % 2])).status == 401
    assert (await wrong(people)).status == 429
    assert (await wrong(other)).status == 429
    elsewhere.close()


async def test_upkeep_forgets_failures_that_hold_nobody_back(people: People, clock: FixedClock) -> None:
    for number in range(5):
        await wrong(people, name=f"n{number}")
    assert len(people.rows("failure_buckets")) == 6
    people.accounts.upkeep(clock.now())
    assert len(people.rows("failure_buckets")) == 6
    clock.advance(timedelta(hours=1))
    people.accounts.upkeep(clock.now())
    assert people.rows("failure_buckets") == []


async def test_what_is_counted_tells_no_name_and_no_address(people: People) -> None:
    await wrong(people, name="my secret password typed as a name")
    kept = str(people.rows("failure_buckets"))
    assert AWAY not in kept
    assert "secret" not in kept
    assert "secret" not in str(people.rows("audit"))
