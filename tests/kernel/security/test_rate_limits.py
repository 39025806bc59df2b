"""A key's allowance: counted in memory, refilled evenly, written behind, shared by servers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from math import isclose
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.asgi import client

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.database import Database
from switchboard.kernel.errors import Unavailable
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.rate_limits import RateLimits, refilled


@pytest.fixture
def key_id(platform: Platform) -> str:
    return platform.keys.create(command_caller(), "limited", ["honeypot"])[0].id


def limits_of(platform: Platform, per_minute: int = 60) -> RateLimits:
    return RateLimits(platform.database(PLATFORM), platform.clock, per_minute)


def spend_all(limits: RateLimits, key_id: str, limit: int | None = None) -> int:
    count = 0
    while True:
        try:
            limits.spend(key_id, limit)
        except Unavailable as refused:
            assert refused.status == 429
            assert refused.retry_after_seconds >= 1
            return count
        count += 1


def test_a_minutes_allowance_is_spent_and_refills_evenly(
    platform: Platform, clock: FixedClock, key_id: str
) -> None:
    limits = limits_of(platform)
    assert spend_all(limits, key_id) == 60
    clock.advance(timedelta(seconds=10))
    assert spend_all(limits, key_id) == 10
    clock.advance(timedelta(hours=1))
    assert spend_all(limits, key_id) == 60


def test_a_key_may_have_its_own_limit_and_zero_means_none(platform: Platform, key_id: str) -> None:
    limits = limits_of(platform)
    assert spend_all(limits, key_id, 5) == 5
    for _ in range(1000):
        limits.spend("other", 0)


async def test_a_restart_takes_over_what_was_written_and_forgets_only_the_rest(
    platform: Platform, key_id: str
) -> None:
    limits = limits_of(platform)
    for _ in range(40):
        limits.spend(key_id, None)
    await limits.write_behind()
    for _ in range(10):
        limits.spend(key_id, None)
    after_a_crash = limits_of(platform)
    await after_a_crash.load()
    assert spend_all(after_a_crash, key_id) == 20


async def test_two_servers_share_an_allowance_through_what_they_write(
    platform: Platform, key_id: str
) -> None:
    one, two = limits_of(platform), limits_of(platform)
    for _ in range(25):
        one.spend(key_id, None)
        two.spend(key_id, None)
    await one.write_behind()
    await two.write_behind()
    assert spend_all(two, key_id) == 10
    await two.write_behind()
    one.spend(key_id, None)
    await one.write_behind()
    assert spend_all(one, key_id) == 0


async def test_what_is_spent_while_the_state_is_being_written_is_not_forgotten(
    platform: Platform, key_id: str
) -> None:
    limits = limits_of(platform)
    for _ in range(10):
        limits.spend(key_id, None)
    writing = asyncio.create_task(limits.write_behind())
    await asyncio.sleep(0)
    for _ in range(5):
        limits.spend(key_id, None)
    await writing
    await limits.write_behind()
    restarted = limits_of(platform)
    await restarted.load()
    assert spend_all(limits, key_id) == spend_all(restarted, key_id) == 45


async def test_an_allowance_refills_while_no_server_runs(
    platform: Platform, clock: FixedClock, key_id: str
) -> None:
    limits = limits_of(platform)
    spend_all(limits, key_id)
    await limits.write_behind()
    clock.advance(timedelta(seconds=20))
    restarted = limits_of(platform)
    await restarted.load()
    assert spend_all(restarted, key_id) == 20


async def test_a_key_that_is_gone_does_not_keep_others_from_being_written(
    platform: Platform, key_id: str
) -> None:
    limits = limits_of(platform)
    limits.spend("a key that nobody has", None)
    for _ in range(7):
        limits.spend(key_id, None)
    await limits.write_behind()
    restarted = limits_of(platform)
    await restarted.load()
    assert spend_all(restarted, key_id) == 53


async def test_what_could_not_be_written_still_counts_here(platform: Platform, key_id: str) -> None:
    limits = limits_of(platform)
    for _ in range(50):
        limits.spend(key_id, None)
    platform.database(PLATFORM).close()
    with pytest.raises(Unavailable):
        await limits.write_behind()
    assert spend_all(limits, key_id) == 10


async def test_a_server_that_stops_in_order_leaves_no_allowance_to_spend_twice(platform: Platform) -> None:
    _, token = platform.keys.create(command_caller(), "three", ["honeypot"], rate_limit_per_minute=3)
    statuses = []
    for _ in range(2):
        async with client(platform, key=token) as asked:
            statuses += [(await asked.get("/api/honeypot/sessions")).status_code for _ in range(2)]
    assert statuses == [200, 200, 200, 429]


async def test_one_keys_haste_costs_another_key_nothing(platform: Platform) -> None:
    _, hasty = platform.keys.create(command_caller(), "hasty", ["honeypot"], rate_limit_per_minute=1)
    async with client(platform) as asked:
        signed = {"Authorization": f"Bearer {hasty}"}
        statuses = [(await asked.get("/api/honeypot/sessions", headers=signed)).status_code for _ in range(3)]
        assert statuses == [200, 429, 429]
        assert (await asked.get("/api/honeypot/sessions")).status_code == 200


async def test_a_refused_request_is_told_when_to_come_back(platform: Platform) -> None:
    key, token = platform.keys.create(command_caller(), "slow", ["honeypot"], rate_limit_per_minute=2)
    async with client(platform, key=token) as asked:
        answers = [await asked.get("/api/honeypot/sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) == 30
    assert answers[2].json()["error"]["code"] == "unavailable"
    assert key.prefix not in answers[2].text


@given(st.floats(-100, 100), st.integers(1, 10_000), st.floats(-1e6, 1e6))
def test_a_bucket_never_holds_more_than_a_minute_nor_loses_by_waiting(
    tokens: float, limit: int, seconds: float
) -> None:
    after = refilled(tokens, limit, seconds)
    assert after <= limit
    assert after >= min(tokens, limit)


@given(
    st.floats(-100, 100),
    st.integers(1, 10_000),
    st.lists(st.floats(0, 600), min_size=1, max_size=10),
)
def test_many_short_pauses_refill_as_much_as_one_long(tokens: float, limit: int, pauses: list[float]) -> None:
    after = tokens
    for pause in pauses:
        after = refilled(after, limit, pause)
    assert isclose(after, refilled(tokens, limit, sum(pauses)), rel_tol=1e-6, abs_tol=1e-6)


@given(st.integers(1, 600), st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=20))
def test_no_rhythm_of_asking_wins_more_than_the_allowance_and_no_request_needs_the_database(
    limit: int, bursts: list[tuple[float, int]]
) -> None:
    clock = FixedClock(datetime(2026, 2, 4, 10, 0, tzinfo=UTC))
    limits = RateLimits(cast(Database, None), clock, limit)
    granted, elapsed = 0, 0.0
    for pause, requests in bursts:
        clock.advance(timedelta(seconds=pause))
        elapsed += pause
        for _ in range(requests):
            try:
                limits.spend("one", None)
            except Unavailable as refused:
                assert 1 <= refused.retry_after_seconds <= 60
            else:
                granted += 1
        assert granted <= limit + elapsed * limit / 60 + 0.01
