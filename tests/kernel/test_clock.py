"""The one clock and its twin: aware moments in UTC, spans that never run backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.clock import Clock, FixedClock, SystemClock, require_utc, to_iso

INDIA = timezone(timedelta(hours=5, minutes=30))
NOON_IN_INDIA = datetime(2026, 2, 4, 12, 0, tzinfo=INDIA)
NAIVE = NOON_IN_INDIA.replace(tzinfo=None)
MOMENTS = st.datetimes(
    NAIVE.replace(year=1000), NAIVE.replace(year=9999), timezones=st.sampled_from([UTC, INDIA])
)


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock(NOON_IN_INDIA)], ids=["real", "twin"])
def test_every_clock_tells_aware_moments_in_utc_and_spans_that_never_run_back(clock: Clock) -> None:
    moments = [clock.now() for _ in range(100)]
    assert {moment.tzinfo for moment in moments} == {UTC}
    spans = [clock.monotonic() for _ in range(100)]
    assert spans == sorted(spans)


def test_the_real_clock_tells_the_time() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert before <= told <= datetime.now(UTC)


def test_the_twin_moves_only_when_told_to() -> None:
    clock = FixedClock(NOON_IN_INDIA)
    assert clock.now() == clock.now() == datetime(2026, 2, 4, 6, 30, tzinfo=UTC)
    started = clock.monotonic()
    clock.advance(timedelta(minutes=31, microseconds=5))
    assert clock.now() == datetime(2026, 2, 4, 7, 1, 0, 5, tzinfo=UTC)
    assert clock.monotonic() - started == pytest.approx(1860.000005)


def test_a_naive_moment_is_refused_everywhere() -> None:
    for use in (require_utc, to_iso, FixedClock):
        with pytest.raises(ValueError, match="time zone"):
            use(NAIVE)


@given(one=MOMENTS, other=MOMENTS)
def test_written_moments_have_one_width_and_sort_as_time(one: datetime, other: datetime) -> None:
    assert to_iso(NOON_IN_INDIA) == "2026-02-04T06:30:00.000000Z"
    assert len(to_iso(one)) == len(to_iso(other)) == 27
    assert (to_iso(one) < to_iso(other)) == (one < other)
    assert datetime.fromisoformat(to_iso(one)) == one
