"""What the PostgreSQL side promises alone: lost races and connections are run again, with one effect."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from switchboard.kernel.database import postgresql
from switchboard.kernel.database.postgresql import PostgresqlDatabase
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import RerunTurn, Transaction
from switchboard.kernel.errors import Unavailable

ADD = Statement("INSERT INTO {notes} (id, body) VALUES (:id, :body)")
SET_BODY = Statement("UPDATE {notes} SET body = :body WHERE id = :id")
BODIES = Statement("SELECT id, body FROM {notes} ORDER BY id")
DIE = Statement("SELECT pg_terminate_backend(pg_backend_pid())")
SEARCH_PATH = Statement("SHOW search_path")


def add(tx: Transaction, id: str, body: str = "hello") -> str:
    tx.run(ADD, id=id, body=body)
    return id


def bodies(tx: Transaction) -> dict[str, str]:
    return {row["id"]: row["body"] for row in tx.rows(BODIES)}


@pytest.fixture
def administrator(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """A connection beside the pool."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on an unreachable server after half a second instead of eight."""
    monkeypatch.setattr(postgresql, "_DEADLINE_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "_POOL_WAIT_SECONDS", 0.3)


async def test_a_deadlock_is_run_again_until_both_turns_are_stored(
    administrator: psycopg.Connection, postgresql_notes: PostgresqlDatabase
) -> None:
    name = administrator.info.dbname
    administrator.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")
    database = PostgresqlDatabase("notes", postgresql_notes.url)
    await database.write(lambda tx: (add(tx, "a", ""), add(tx, "b", "")))
    meeting = threading.Barrier(2)
    runs: list[str] = []

    def cross(tx: Transaction, first: str, second: str) -> None:
        runs.append(first)
        tx.run(SET_BODY, id=first, body=f"{first} first")
        with suppress(threading.BrokenBarrierError):
            meeting.wait(5 if len(runs) < 3 else 0)
        tx.run(SET_BODY, id=second, body=f"{first} first")

    await asyncio.gather(database.write(cross, "a", "b"), database.write(cross, "b", "a"))
    found = await database.read(bodies)
    database.close()
    assert len(runs) == 3
    assert found["a"] == found["b"]


async def test_a_serialization_failure_is_run_again_on_what_the_other_stored(
    postgresql_notes: PostgresqlDatabase,
) -> None:
    strictly = Statement("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    await postgresql_notes.write(add, "counter", "0")
    meeting = threading.Barrier(2)
    runs: list[int] = []

    def count_up(tx: Transaction) -> None:
        tx.run(strictly)
        counted = int(bodies(tx)["counter"])
        runs.append(counted)
        if len(runs) <= 2:
            meeting.wait(5)
        tx.run(SET_BODY, id="counter", body=str(counted + 1))

    await asyncio.gather(postgresql_notes.write(count_up), postgresql_notes.write(count_up))
    assert await postgresql_notes.read(bodies) == {"counter": "2"}
    assert runs == [0, 0, 1]


async def test_a_twin_that_committed_in_between_makes_the_turn_look_again(
    postgresql_notes: PostgresqlDatabase,
) -> None:
    keep = Statement("INSERT INTO {notes} (id, body) VALUES (:id, :body) ON CONFLICT DO NOTHING")
    meeting = threading.Barrier(2)
    runs: list[str] = []

    def keep_or_find(tx: Transaction, body: str) -> str:
        if (found := bodies(tx).get("once")) is not None:
            return found
        runs.append(body)
        if len(runs) <= 2:
            meeting.wait(5)
        if tx.run(keep, id="once", body=body) == 0:
            raise RerunTurn
        return body

    answers = await asyncio.gather(
        *(postgresql_notes.write(keep_or_find, body) for body in ("mine", "yours"))
    )
    assert sorted(runs) == ["mine", "yours"]
    assert answers[0] == answers[1]
    assert await postgresql_notes.read(bodies) == {"once": answers[0]}


async def test_a_turn_whose_connection_is_killed_is_run_again_with_one_effect(
    postgresql_notes: PostgresqlDatabase,
) -> None:
    runs: list[int] = []

    def store_and_break_once(tx: Transaction) -> int:
        runs.append(len(runs))
        add(tx, f"run-{len(runs)}")
        if len(runs) == 1:
            tx.run(DIE)
        return len(runs)

    assert await postgresql_notes.write(store_and_break_once) == 2
    assert await postgresql_notes.read(bodies) == {"run-2": "hello"}


async def test_a_connection_that_breaks_during_commit_says_that_the_outcome_is_unknown(
    postgresql_notes: PostgresqlDatabase,
) -> None:
    """Running such a turn again could store it twice, so it is left to the client's message id."""
    for statement in (
        "CREATE FUNCTION {break_off}() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER break_off AFTER INSERT ON {notes} DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION {break_off}()",
    ):
        await postgresql_notes.write(lambda tx, sql=statement: tx.run(Statement(sql)))
    runs: list[int] = []

    def store(tx: Transaction) -> None:
        runs.append(1)
        add(tx, "perhaps")

    with pytest.raises(Unavailable, match="may or may not be stored"):
        await postgresql_notes.write(store)
    assert runs == [1]


async def test_a_restarted_server_is_not_noticed_by_the_next_turn(
    administrator: psycopg.Connection, postgresql_notes: PostgresqlDatabase
) -> None:
    await asyncio.gather(*(postgresql_notes.write(add, f"before-{number}") for number in range(8)))
    administrator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    answers = await asyncio.gather(*(postgresql_notes.write(add, f"after-{number}") for number in range(8)))
    found = await postgresql_notes.read(bodies)
    assert sorted(found) == sorted([*answers, *(f"before-{number}" for number in range(8))])


@pytest.mark.usefixtures("_impatient")
async def test_a_server_that_is_not_there_is_said_plainly() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = PostgresqlDatabase("notes", f"postgresql://nobody@127.0.0.1:{port}/nothing")
    for attempt in (database.write(add, "lost"), database.read(bodies)):
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            await attempt
        assert caught.value.status == 503
        assert caught.value.retry_after_seconds >= 1
        assert "127.0.0.1" not in caught.value.message + caught.value.hint
    database.close()


@pytest.mark.usefixtures("_impatient")
async def test_a_server_that_comes_back_serves_without_restart(
    administrator: psycopg.Connection, postgresql_url: str
) -> None:
    name = administrator.info.dbname
    later = f"{name}_later"
    database = PostgresqlDatabase("notes", postgresql_url.replace(f"/{name}?", f"/{later}?"))
    create = Statement("CREATE SCHEMA notes")
    with pytest.raises(Unavailable):
        await database.write(lambda tx: tx.run(create))
    administrator.execute(f"CREATE DATABASE {later}")
    try:
        await _eventually(database, create)
        assert await database.read(lambda tx: tx.rows(SEARCH_PATH))
    finally:
        database.close()
        administrator.execute(f"DROP DATABASE {later} WITH (FORCE)")


async def _eventually(database: PostgresqlDatabase, statement: Statement) -> None:
    for _ in range(20):
        with suppress(Unavailable):
            await database.write(lambda tx: tx.run(statement))
            return
    pytest.fail("the database was never found again")


async def test_a_turn_that_fails_of_itself_is_not_run_again(postgresql_notes: PostgresqlDatabase) -> None:
    runs: list[int] = []

    def divide_by_nothing(tx: Transaction) -> None:
        runs.append(1)
        tx.rows(Statement("SELECT 1 / 0 AS nothing"))

    with pytest.raises(psycopg.errors.DivisionByZero):
        await postgresql_notes.write(divide_by_nothing)
    assert runs == [1]
    assert await postgresql_notes.write(add, "next") == "next"


async def test_no_pooled_connection_has_a_search_path(
    administrator: psycopg.Connection, postgresql_notes: PostgresqlDatabase
) -> None:
    """A transaction-pooling proxy would hand it on to another app's turn."""
    row = administrator.execute("SHOW search_path").fetchone()
    assert row is not None
    usual = [{"search_path": row[0]}]
    with postgresql_notes.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW search_path").scalar() == row[0]
    asked = [postgresql_notes.write(lambda tx: tx.rows(SEARCH_PATH)) for _ in range(16)]
    asked += [postgresql_notes.read(lambda tx: tx.rows(SEARCH_PATH)) for _ in range(16)]
    assert await asyncio.gather(*asked) == [usual] * 32


async def test_nothing_that_a_turn_sets_for_itself_reaches_the_next(
    postgresql_notes: PostgresqlDatabase,
) -> None:
    show = Statement("SHOW statement_timeout")
    usual = await postgresql_notes.read(lambda tx: tx.find(show))

    def set_and_fail(tx: Transaction) -> None:
        tx.run(Statement("SET LOCAL statement_timeout = '7s'"))
        raise LookupError

    with pytest.raises(LookupError):
        await postgresql_notes.write(set_and_fail)
    assert await postgresql_notes.read(lambda tx: tx.find(show)) == usual


async def test_a_lock_held_too_long_is_said_plainly_and_forgotten_when_released(
    administrator: psycopg.Connection, postgresql_notes: PostgresqlDatabase, postgresql_url: str
) -> None:
    """The operator's own address may shorten the patience, here to a tenth of a second."""
    impatient = PostgresqlDatabase("notes", f"{postgresql_url}&options=-c%20lock_timeout%3D100")
    await impatient.write(add, "taken", "before")
    with administrator.transaction():
        administrator.execute("UPDATE notes.notes SET body = 'elsewhere' WHERE id = 'taken'")
        with pytest.raises(Unavailable, match="Another program holds the notes database"):
            await impatient.write(lambda tx: tx.run(SET_BODY, id="taken", body="after"))
        assert await impatient.read(bodies) == {"taken": "before"}
    assert await impatient.write(lambda tx: tx.run(SET_BODY, id="taken", body="after")) == 1
    assert await impatient.read(bodies) == {"taken": "after"}
    impatient.close()
