"""Ids sort in the order they were made, whatever the clock does, and are never made twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.clock import FixedClock, SystemClock
from switchboard.kernel.ids import CountingIds, FixedChance, Ids, SystemChance, TimeOrderedIds

START = datetime(2026, 2, 4, 10, 0, 0, 123_000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_seven() -> None:
    ids = TimeOrderedIds(SystemClock())
    for _ in range(500):
        text = ids.new()
        value = UUID(text)
        assert (len(text), value.version, value.variant) == (36, 7, RFC_4122)
        assert str(value) == text


def test_an_id_tells_the_millisecond_it_was_made_in() -> None:
    value = UUID(TimeOrderedIds(FixedClock(START)).new())
    assert datetime.fromtimestamp((value.int >> 80) / 1000, UTC) == START


def test_more_ids_than_fit_into_a_millisecond_still_sort() -> None:
    ids = TimeOrderedIds(FixedClock(START))
    made = [ids.new() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == 10_000
    assert {UUID(id).version for id in made} == {7}


@given(steps=st.lists(st.integers(-5_000, 5_000), max_size=60))
def test_ids_sort_as_made_even_when_the_clock_steps_back(steps: list[int]) -> None:
    clock = FixedClock(START)
    ids = TimeOrderedIds(clock)
    made = [ids.new()]
    for milliseconds in steps:
        clock.advance(timedelta(milliseconds=milliseconds))
        made.append(ids.new())
    assert made == sorted(set(made))


def test_threads_never_make_the_same_id_and_each_sees_its_own_in_order() -> None:
    ids = TimeOrderedIds(SystemClock())
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: [ids.new() for _ in range(2_000)], range(8)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({id for batch in batches for id in batch}) == 16_000


def test_two_processes_that_start_in_the_same_millisecond_make_different_ids() -> None:
    one, other = (TimeOrderedIds(FixedClock(START)) for _ in range(2))
    assert not {one.new() for _ in range(1_000)} & {other.new() for _ in range(1_000)}


def test_the_counted_twin_makes_ids_of_the_same_shape_in_order() -> None:
    twin: Ids = CountingIds()
    made = [twin.new() for _ in range(300)]
    assert made[0] == "00000000-0000-0000-0000-000000000001"
    assert made == sorted(set(made))
    assert {len(id) for id in made} == {36}


def test_chance_fits_a_database_integer_and_its_twin_repeats_itself() -> None:
    assert all(0 <= SystemChance().seed() < 2**63 for _ in range(200))
    assert len({SystemChance().seed() for _ in range(200)}) == 200
    one, other = FixedChance(), FixedChance()
    assert [one.seed() for _ in range(20)] == [other.seed() for _ in range(20)]
    assert FixedChance(1).seed() != FixedChance(2).seed()
