"""What every app may rely on when it writes and reads, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from switchboard.kernel.database.database import BATCH_ROWS, GROUP_LIMIT, Database, write_in_batches
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import RerunTurn, Transaction
from switchboard.kernel.errors import Conflict, Unavailable

ADD = Statement("INSERT INTO {notes} (id, body) VALUES (:id, :body)")
COUNT = Statement("SELECT count(*) AS notes FROM {notes}")
IDS = Statement("SELECT id FROM {notes} ORDER BY id")
CLEAR_SOME = Statement("DELETE FROM {notes} WHERE id IN (SELECT id FROM {notes} ORDER BY id LIMIT :limit)")


def add(tx: Transaction, id: str, body: str = "hello") -> str:
    tx.run(ADD, id=id, body=body)
    return id


def count(tx: Transaction) -> int:
    row = tx.find(COUNT)
    assert row is not None
    return int(row["notes"])


def ids(tx: Transaction) -> list[str]:
    return [row["id"] for row in tx.rows(IDS)]


async def test_every_answered_turn_of_many_at_once_is_stored(
    notes: Database, open_database: Callable[[], Database]
) -> None:
    wanted = [f"note-{number:03}" for number in range(300)]
    answers = await asyncio.gather(*(notes.write(add, id) for id in wanted))
    assert answers == wanted
    assert open_database().read_now(ids) == wanted


async def test_an_answer_is_on_disk_for_everybody_the_moment_it_is_given(
    notes: Database, open_database: Callable[[], Database]
) -> None:
    elsewhere = open_database()
    for number in range(30):
        await notes.write(add, f"note-{number:03}")
        assert elsewhere.read_now(count) == number + 1


async def test_a_failing_turn_rolls_back_alone_and_raises_exactly_what_it_raised(notes: Database) -> None:
    refusal = Conflict("No.", hint="Ask again.")

    def store_then_refuse(tx: Transaction, id: str) -> str:
        add(tx, id)
        raise refusal

    turns = [
        notes.write(store_then_refuse if number % 3 == 0 else add, f"note-{number:02}")
        for number in range(30)
    ]
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [outcome is refusal for outcome in outcomes] == [number % 3 == 0 for number in range(30)]
    assert await notes.read(ids) == [f"note-{number:02}" for number in range(30) if number % 3]


async def test_a_broken_constraint_fails_its_own_turn_only(notes: Database) -> None:
    await notes.write(add, "taken")
    outcomes = await asyncio.gather(
        notes.write(add, "before"),
        notes.write(add, "taken"),
        notes.write(add, "after"),
        return_exceptions=True,
    )
    assert [outcomes[0], outcomes[2]] == ["before", "after"]
    assert isinstance(outcomes[1], Exception)
    assert not isinstance(outcomes[1], Unavailable)
    assert await notes.read(ids) == ["after", "before", "taken"]


@pytest.mark.parametrize("defect", [StopIteration, StopAsyncIteration, ZeroDivisionError])
async def test_no_exception_of_a_turn_leaves_its_caller_or_its_neighbours_waiting(
    notes: Database, defect: type[Exception]
) -> None:
    """`next(iter([]))` inside a turn is an ordinary slip: asyncio refuses a StopIteration as an outcome."""

    def slip(_tx: Transaction) -> None:
        raise defect

    slips = [asyncio.ensure_future(notes.write(slip)), asyncio.ensure_future(notes.read(slip))]
    others = [asyncio.ensure_future(notes.write(add, f"note-{number}")) for number in range(5)]
    _, waiting = await asyncio.wait([*slips, *others], timeout=5)
    assert not waiting
    assert all(turn.exception() is not None for turn in slips)
    assert [turn.result() for turn in others] == [f"note-{number}" for number in range(5)]


async def test_a_turn_that_lost_an_expected_race_is_run_again(notes: Database) -> None:
    runs: list[int] = []

    def lose_once(tx: Transaction) -> int:
        add(tx, f"run-{len(runs)}")
        runs.append(1)
        if len(runs) == 1:
            raise RerunTurn
        return len(runs)

    assert await notes.write(lose_once) == 2
    assert await notes.read(ids) == ["run-1"]


DEFERRED = Statement(
    "CREATE TABLE {links} (id VARCHAR(36) PRIMARY KEY, note_id VARCHAR(36)"
    " REFERENCES {notes} (id) DEFERRABLE INITIALLY DEFERRED)"
)
ADD_LINK = Statement("INSERT INTO {links} (id, note_id) VALUES (:id, :note_id)")


async def test_a_turn_is_not_answered_when_its_commit_fails(notes: Database) -> None:
    """A deferred constraint lets every statement pass and breaks at COMMIT: an early answer would be a lie."""
    await notes.write(lambda tx: tx.run(DEFERRED))

    def link_to_nothing(tx: Transaction) -> str:
        add(tx, "with a broken link")
        tx.run(ADD_LINK, id="link", note_id="nobody")
        return "stored"

    outcome = (await asyncio.gather(notes.write(link_to_nothing), return_exceptions=True))[0]
    assert isinstance(outcome, Exception)
    assert await notes.read(ids) == []
    assert await notes.write(add, "next") == "next"


async def test_a_caller_who_goes_away_disturbs_nobody(notes: Database) -> None:
    turns = [asyncio.ensure_future(notes.write(add, f"note-{number:02}")) for number in range(60)]
    await asyncio.sleep(0)
    for turn in turns[::2]:
        turn.cancel()
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    stayed = {f"note-{number:02}" for number in range(1, 60, 2)}
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} == stayed
    assert stayed <= set(await notes.read(ids))


async def test_threads_and_the_event_loop_write_side_by_side(notes: Database) -> None:
    def from_thread(worker: int) -> list[str]:
        return [notes.write_now(add, f"thread-{worker}-{number:02}") for number in range(20)]

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(4) as threads:
        by_threads = [loop.run_in_executor(threads, from_thread, worker) for worker in range(4)]
        by_loop = [notes.write(add, f"loop-{number:02}") for number in range(40)]
        answers = await asyncio.gather(*by_threads, *by_loop)
    wanted = {id for answer in answers for id in ([answer] if isinstance(answer, str) else answer)}
    assert len(wanted) == 120
    assert set(await notes.read(ids)) == wanted


async def test_two_event_loops_write_to_one_database(notes: Database) -> None:
    def in_its_own_loop(name: str) -> list[str]:
        async def run() -> list[str]:
            return await asyncio.gather(*(notes.write(add, f"{name}-{number}") for number in range(20)))

        return asyncio.run(run())

    answers = await asyncio.gather(*(asyncio.to_thread(in_its_own_loop, name) for name in ("one", "two")))
    assert sorted(id for answer in answers for id in answer) == await notes.read(ids)


async def test_a_turn_takes_its_arguments_by_place_and_by_name(notes: Database) -> None:
    await notes.write(add, "a", body="first")
    notes.write_now(add, id="b", body="second")
    bodies = Statement("SELECT body FROM {notes} ORDER BY id")
    assert await notes.read(lambda tx: tx.rows(bodies)) == [{"body": "first"}, {"body": "second"}]
    assert notes.read_now(lambda tx, *, id: tx.find(IDS)["id"] == id, id="a")  # type: ignore[index]


def test_run_tells_how_many_rows_changed_and_run_many_stores_them_all(notes: Database) -> None:
    def store(tx: Transaction) -> int:
        tx.run_many(ADD, ({"id": f"note-{number}", "body": "x"} for number in range(5)))
        return tx.run(Statement("UPDATE {notes} SET body = :body WHERE id < :id"), body="y", id="note-3")

    assert notes.write_now(store) == 3
    assert notes.read_now(count) == 5
    assert (
        notes.read_now(lambda tx: tx.find(Statement("SELECT id FROM {notes} WHERE id = :id"), id="none"))
        is None
    )


async def test_a_read_never_sees_what_is_not_committed(notes: Database) -> None:
    stored, seen = threading.Event(), threading.Event()

    def store_slowly(tx: Transaction) -> None:
        add(tx, "not yet")
        stored.set()
        assert seen.wait(10)

    writing = asyncio.ensure_future(notes.write(store_slowly))
    try:
        assert await asyncio.to_thread(stored.wait, 10)
        assert await notes.read(count) == 0
    finally:
        seen.set()
    await writing
    assert await notes.read(count) == 1


async def test_a_read_sees_one_moment_however_many_statements_it_runs(notes: Database) -> None:
    """A session and its messages are read by two statements; a delete in between must not part them."""
    looked, written = threading.Event(), threading.Event()

    def look_twice(tx: Transaction) -> tuple[int, int]:
        first = count(tx)
        looked.set()
        assert written.wait(10)
        return first, count(tx)

    reading = asyncio.ensure_future(notes.read(look_twice))
    try:
        assert await asyncio.to_thread(looked.wait, 10)
        await notes.write(add, "in between")
    finally:
        written.set()
    assert await reading == (0, 0)
    assert await notes.read(count) == 1


async def test_a_read_cannot_write(notes: Database) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only|cannot be reached"):
        await notes.read(add, "smuggled")
    assert await notes.read(count) == 0
    assert await notes.write(add, "honest") == "honest"


async def test_a_failing_read_raises_what_it_raised_and_leaves_the_next_one_alone(notes: Database) -> None:
    def slip(_tx: Transaction) -> None:
        raise LookupError("not here")

    for _ in range(20):
        with pytest.raises(LookupError, match="not here"):
            await notes.read(slip)
    assert await notes.read(count) == 0


async def test_an_error_of_a_read_is_not_its_own_cause(notes: Database) -> None:
    """Whoever walks a chain of causes would walk in a circle for ever."""
    nonsense = Statement("SELECT nothing FROM {nowhere}")
    try:
        await notes.read(lambda tx: tx.rows(nonsense))
    except Exception as error:
        assert error.__cause__ is not error
    else:
        pytest.fail("a statement over a missing table succeeded")


def test_closing_finishes_every_accepted_turn(notes: Database, open_database: Callable[[], Database]) -> None:
    """More turns than one group or all the threads take up at once."""
    wanted = [f"note-{number:03}" for number in range(GROUP_LIMIT + 70)]

    async def write_and_close() -> list[Any]:
        begun = threading.Event()

        def take_a_moment(tx: Transaction, id: str) -> str:
            begun.set()
            threading.Event().wait(0.002)
            return add(tx, id)

        turns = [asyncio.ensure_future(notes.write(take_a_moment, id)) for id in wanted]
        await asyncio.to_thread(begun.wait, 10)
        await asyncio.to_thread(notes.close)
        return await asyncio.wait_for(asyncio.gather(*turns, return_exceptions=True), 10)

    assert asyncio.run(write_and_close()) == wanted
    assert open_database().read_now(ids) == wanted


async def test_a_closed_database_says_that_it_is_unavailable(notes: Database) -> None:
    await notes.write(add, "before")
    notes.close()
    notes.close()
    with pytest.raises(Unavailable):
        await notes.write(add, "after")
    with pytest.raises(Unavailable):
        notes.write_now(add, "after")
    with pytest.raises(Unavailable):
        await notes.read(count)


async def test_too_many_waiting_turns_are_refused_and_the_accepted_ones_stored(notes: Database) -> None:
    held = threading.Event()

    def hold(_tx: Transaction) -> None:
        held.wait(30)

    holding = [asyncio.ensure_future(notes.write(hold)) for _ in range(16)]
    turns = [asyncio.ensure_future(notes.write(add, f"note-{number:04}")) for number in range(5_300)]
    await asyncio.sleep(0.2)
    held.set()
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    await asyncio.gather(*holding)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert 100 <= len(refused) <= 400
    assert "Too many turns" in refused[0].message
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, str)) == await notes.read(ids)


def test_work_in_batches_goes_on_until_nothing_is_left(notes: Database) -> None:
    rows = [{"id": f"note-{number:05}", "body": "old"} for number in range(BATCH_ROWS * 2 + 7)]
    notes.write_now(lambda tx: tx.run_many(ADD, rows))
    steps: list[int] = []

    def clear_some(tx: Transaction) -> int:
        steps.append(tx.run(CLEAR_SOME, limit=BATCH_ROWS))
        return steps[-1]

    assert write_in_batches(notes, clear_some) == BATCH_ROWS * 2 + 7
    assert steps == [BATCH_ROWS, BATCH_ROWS, 7, 0]
    assert notes.read_now(count) == 0


def test_a_batch_that_fails_keeps_the_batches_before_it(notes: Database) -> None:
    rows = [{"id": f"note-{number:05}", "body": "old"} for number in range(30)]
    notes.write_now(lambda tx: tx.run_many(ADD, rows))
    runs: list[int] = []

    def clear_then_fail(tx: Transaction) -> int:
        runs.append(tx.run(CLEAR_SOME, limit=10))
        if len(runs) == 2:
            raise Conflict("Stopped.")
        return runs[-1]

    with pytest.raises(Conflict):
        write_in_batches(notes, clear_then_fail)
    assert notes.read_now(count) == 20


def test_health_tells_size_and_waiting_turns(notes: Database) -> None:
    notes.write_now(add, "one")
    health = notes.health()
    assert health["engine"].startswith(("SQLite 3.", "PostgreSQL "))
    assert health["size_bytes"] > 0
    assert health["waiting_turns"] == 0
    assert "FULL" in health["synchronous"] or "on, fsync" in health["synchronous"]
