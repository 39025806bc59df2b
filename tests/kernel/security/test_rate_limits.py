"""A key's allowance: counted in memory, refilled evenly, written behind, shared by servers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.asgi import client

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Unavailable
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.rate_limits import RateLimits, refilled


@pytest.fixture
def key_id(platform: Platform) -> str:
    return platform.keys.create("limited", ["honeypot"], command_caller())[0].id


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


async def test_a_refused_request_is_told_when_to_come_back(platform: Platform) -> None:
    key, token = platform.keys.create("slow", ["honeypot"], command_caller(), rate_limit_per_minute=2)
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
