"""What SQLite's one writer promises: shared commits, full power safety, and clear words when it cannot write."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from switchboard.kernel.database.database import GROUP_LIMIT
from switchboard.kernel.database.engines import create_jobs_engine
from switchboard.kernel.database.sqlite import SqliteDatabase
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Unavailable

ADD = Statement("INSERT INTO {notes} (id, body) VALUES (:id, :body)")
IDS = Statement("SELECT id FROM {notes} ORDER BY id")
SMALLEST_FILE = Statement("PRAGMA max_page_count=1")
LARGEST_FILE = Statement("PRAGMA max_page_count=1073741823")
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def add(tx: Transaction, id: str, body: str = "hello") -> str:
    tx.run(ADD, id=id, body=body)
    return id


def ids(tx: Transaction) -> list[str]:
    return [row["id"] for row in tx.rows(IDS)]


@asynccontextmanager
async def writer_held(database: SqliteDatabase) -> AsyncIterator[None]:
    """Turns submitted inside the block wait together, and so share a commit when it ends."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_tx: Transaction) -> None:
        begun.set()
        go_on.wait(30)

    holding = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(begun.wait, 10)
    try:
        yield
        await asyncio.sleep(0)
    finally:
        go_on.set()
    await holding


def submit(database: SqliteDatabase, turns: list[tuple[Callable[..., str], str]]) -> list[asyncio.Task[str]]:
    return [asyncio.ensure_future(database.write(turn, id)) for turn, id in turns]


def test_every_connection_is_power_safe(sqlite_notes: SqliteDatabase, tmp_path: Path) -> None:
    def ask(tx: Transaction) -> dict[str, object]:
        return {name: tx.rows(Statement(f"PRAGMA {name}"))[0][name] for name in PRAGMAS}

    assert sqlite_notes.write_now(ask) == PRAGMAS
    assert sqlite_notes.read_now(ask) == PRAGMAS
    jobs_engine = create_jobs_engine(tmp_path / "jobs.db")
    for engine in (sqlite_notes.engine, jobs_engine):
        with engine.connect() as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
        assert found == PRAGMAS
    jobs_engine.dispose()


def test_every_connection_overwrites_what_it_deletes(sqlite_notes: SqliteDatabase) -> None:
    pragma = Statement("PRAGMA secure_delete")
    for ask in (sqlite_notes.write_now, sqlite_notes.read_now):
        assert ask(lambda tx: tx.rows(pragma))[0]["secure_delete"] in (1, 2)
    with sqlite_notes.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() in (1, 2)


def test_only_the_writer_folds_the_log_back(sqlite_notes: SqliteDatabase) -> None:
    """Two checkpointers at once are what the WAL-reset defect of older libraries needs."""
    pragma = Statement("PRAGMA wal_autocheckpoint")
    assert sqlite_notes.write_now(lambda tx: tx.rows(pragma))[0]["wal_autocheckpoint"] > 0
    assert sqlite_notes.read_now(lambda tx: tx.rows(pragma))[0]["wal_autocheckpoint"] == 0
    with sqlite_notes.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0


async def test_waiting_turns_share_commits_of_at_most_a_group(sqlite_notes: SqliteDatabase) -> None:
    """Another connection looks at the file from inside each turn: it sees whole groups appear."""
    elsewhere = SqliteDatabase("notes", sqlite_notes.path)

    def add_and_look(tx: Transaction, id: str) -> int:
        add(tx, id)
        return len(elsewhere.read_now(ids))

    wanted = [f"note-{number:03}" for number in range(GROUP_LIMIT * 2 + 44)]
    async with writer_held(sqlite_notes):
        turns = [asyncio.ensure_future(sqlite_notes.write(add_and_look, id)) for id in wanted]
    visible = await asyncio.gather(*turns)
    elsewhere.close()
    assert visible == [0] * GROUP_LIMIT + [GROUP_LIMIT] * GROUP_LIMIT + [GROUP_LIMIT * 2] * 44
    assert await sqlite_notes.read(ids) == wanted


async def test_a_failing_turn_rolls_back_alone_inside_a_shared_commit(sqlite_notes: SqliteDatabase) -> None:
    def store_then_slip(tx: Transaction, id: str) -> str:
        add(tx, id)
        raise ZeroDivisionError

    async with writer_held(sqlite_notes):
        turns = submit(sqlite_notes, [(add, "a"), (store_then_slip, "b"), (add, "c"), (add, "a"), (add, "d")])
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(outcome) is str for outcome in outcomes] == [True, False, True, False, True]
    assert isinstance(outcomes[1], ZeroDivisionError)
    assert await sqlite_notes.read(ids) == ["a", "c", "d"]


async def test_a_turn_whose_caller_left_before_it_began_has_no_effect(sqlite_notes: SqliteDatabase) -> None:
    async with writer_held(sqlite_notes):
        turns = submit(sqlite_notes, [(add, "a"), (add, "gone"), (add, "c")])
        await asyncio.sleep(0)
        turns[1].cancel()
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert await sqlite_notes.read(ids) == ["a", "c"]


async def test_a_full_disk_stores_nothing_of_the_group_and_heals_without_restart(
    sqlite_notes: SqliteDatabase,
) -> None:
    await sqlite_notes.write(add, "before")
    await sqlite_notes.write(lambda tx: tx.rows(SMALLEST_FILE))
    async with writer_held(sqlite_notes):
        turns = submit(sqlite_notes, [(add, "small"), (lambda tx, id: add(tx, id, "x" * 1_000_000), "large")])
        turns += submit(sqlite_notes, [(add, "last")])
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    for outcome in outcomes:
        assert isinstance(outcome, Unavailable)
        assert "disk" in outcome.message
        assert "full" in outcome.message
        assert outcome.status == 503
    assert await sqlite_notes.read(ids) == ["before"]
    await sqlite_notes.write(lambda tx: tx.rows(LARGEST_FILE))
    assert await sqlite_notes.write(add, "large", "x" * 1_000_000) == "large"
    assert await sqlite_notes.read(ids) == ["before", "large"]


async def test_a_truly_full_disk_loses_no_answered_turn_and_heals_when_space_is_freed(tmp_path: Path) -> None:
    with _small_disk(tmp_path / "disk") as disk:
        database = SqliteDatabase("notes", disk / "notes.db")
        await database.write(
            lambda tx: tx.run(Statement("CREATE TABLE {notes} (id TEXT PRIMARY KEY, body TEXT)"))
        )
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 500_000)
        answered: list[str] = []
        with pytest.raises(Unavailable, match="full"):
            for number in range(1_000):
                answered += [await database.write(add, f"note-{number:03}", "x" * 5_000)]
        assert answered
        assert await database.read(ids) == answered
        ballast.unlink()
        assert await database.write(add, "relieved") == "relieved"
        assert await database.read(ids) == [*answered, "relieved"]
        sound = Statement("PRAGMA integrity_check")
        assert await database.read(lambda tx: tx.rows(sound)) == [{"integrity_check": "ok"}]
        database.close()


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """A disk of two megabytes. Where mounting is forbidden the test is skipped and says so."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "switchboard-test", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"not run: a full disk needs the right to mount a tmpfs ({error})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


_FOREIGN_PROGRAM = """
import sys
from switchboard.kernel.database.library import library
connection = library.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute(line)
    print("done", flush=True)
"""


class ForeignProgram:
    """Another process with the same file open: what it is told, it has done when `run` returns."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FOREIGN_PROGRAM, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, sql: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(sql + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def close(self) -> None:
        self._process.communicate(timeout=10)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)


@pytest.fixture
def foreign_program(sqlite_notes: SqliteDatabase) -> Iterator[ForeignProgram]:
    program = ForeignProgram(sqlite_notes.path)
    program.run("SELECT 1")
    yield program
    program.close()


async def test_a_lock_held_elsewhere_is_waited_out_while_readers_go_on(
    sqlite_notes: SqliteDatabase, foreign_program: ForeignProgram
) -> None:
    await sqlite_notes.write(add, "before")
    foreign_program.run("BEGIN IMMEDIATE")
    turns = submit(sqlite_notes, [(add, f"note-{number:02}") for number in range(50)])
    assert await sqlite_notes.read(ids) == ["before"]
    assert not any(turn.done() for turn in turns)
    foreign_program.run("INSERT INTO notes (id, body) VALUES ('foreign', '')")
    foreign_program.run("COMMIT")
    answers = await asyncio.gather(*turns)
    assert await sqlite_notes.read(ids) == ["before", "foreign", *answers]


async def test_a_lock_held_too_long_is_said_plainly_and_forgotten_when_released(
    sqlite_notes: SqliteDatabase, foreign_program: ForeignProgram
) -> None:
    # The writer's connection waits a moment instead of five seconds.
    await sqlite_notes.write(lambda tx: tx.rows(Statement("PRAGMA busy_timeout=100")))
    foreign_program.run("BEGIN IMMEDIATE")
    turns = submit(sqlite_notes, [(add, f"note-{number:02}") for number in range(50)])
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    for outcome in outcomes:
        assert isinstance(outcome, Unavailable)
        assert outcome.message.startswith("Another program holds the notes database")
        assert outcome.retry_after_seconds >= 1
    assert await sqlite_notes.read(ids) == []
    foreign_program.run("ROLLBACK")
    assert await sqlite_notes.write(add, "after") == "after"
    assert await sqlite_notes.read(ids) == ["after"]


async def test_a_lock_ends_with_the_process_that_held_it(sqlite_notes: SqliteDatabase) -> None:
    program = ForeignProgram(sqlite_notes.path)
    program.run("BEGIN IMMEDIATE")
    program.run("INSERT INTO notes (id, body) VALUES ('unfinished', '')")
    writing = asyncio.ensure_future(sqlite_notes.write(add, "patient"))
    await asyncio.to_thread(program.kill)
    assert await writing == "patient"
    assert await sqlite_notes.read(ids) == ["patient"]


_FOREIGN_WRITER = """
import sys
from pathlib import Path
from switchboard.kernel.database.sqlite import SqliteDatabase
from switchboard.kernel.database.statement import Statement
add = Statement("INSERT INTO {notes} (id, body) VALUES (:id, '')")
database = SqliteDatabase("notes", Path(sys.argv[1]))
for number in range(150):
    database.write_now(lambda tx: tx.run(add, id=f"foreign-{number:03}"))
database.close()
"""


async def test_a_command_beside_a_running_server_writes_to_the_same_file(
    sqlite_notes: SqliteDatabase,
) -> None:
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _FOREIGN_WRITER, str(sqlite_notes.path), stderr=asyncio.subprocess.PIPE
    )
    running = asyncio.ensure_future(command.communicate())
    written: list[str] = []
    while not running.done() or len(written) < 150:
        written.append(await sqlite_notes.write(add, f"own-{len(written):06}"))
    _, errors = await running
    assert (command.returncode, errors) == (0, b"")
    foreign = [f"foreign-{number:03}" for number in range(150)]
    assert await sqlite_notes.read(ids) == [*foreign, *written]


_FIVE_READERS = """
import os, sys
from pathlib import Path
from switchboard.kernel.database.connections import connect

def read(path, start):
    try:
        os.read(start, 1)
        connect(path, read_only=True).execute("SELECT 1 FROM sqlite_master").fetchall()
        return 0
    except Exception as error:
        os.write(2, f"{error!r}\\n".encode())
        return 1

for number in range(60):
    start, go = os.pipe()
    children = []
    for _ in range(5):
        child = os.fork()
        if child == 0:
            os.close(go)
            os._exit(read(Path(sys.argv[1]) / f"{number}.db", start))
        children.append(child)
    os.close(go)
    os.close(start)
    for child in children:
        os.waitpid(child, 0)
"""


def test_processes_that_open_a_new_file_at_once_all_can_read_it(tmp_path: Path) -> None:
    """SQLite itself waits for nobody while it switches a new file to its write-ahead log."""
    ran = subprocess.run(
        [sys.executable, "-c", _FIVE_READERS, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stderr == ""


def test_the_log_is_folded_into_the_file_once_nothing_is_written(sqlite_notes: SqliteDatabase) -> None:
    sqlite_notes.write_now(add, "one", "a distinctive remark")
    _wait_until_in_file(sqlite_notes, b"a distinctive remark")


def test_a_log_that_a_reader_held_open_is_folded_into_the_file_when_the_reader_is_done(
    sqlite_notes: SqliteDatabase,
) -> None:
    """Until then a deleted text still lies in the file, on a quiet machine perhaps for days."""

    def read_while_written(tx: Transaction) -> None:
        tx.rows(IDS)
        sqlite_notes.write_now(add, "one", "a distinctive remark")
        threading.Event().wait(1.2)

    sqlite_notes.read_now(read_while_written)
    _wait_until_in_file(sqlite_notes, b"a distinctive remark")


def _wait_until_in_file(database: SqliteDatabase, text: bytes) -> None:
    give_up_at = time.monotonic() + 5
    while text not in database.path.read_bytes():
        assert time.monotonic() < give_up_at, "the write-ahead log was never folded into the file"
        time.sleep(0.05)


def test_closing_leaves_one_complete_file(sqlite_notes: SqliteDatabase) -> None:
    sqlite_notes.write_now(add, "last words")
    sqlite_notes.close()
    assert sorted(path.name for path in sqlite_notes.path.parent.iterdir()) == ["notes.db"]
    copy = SqliteDatabase("notes", sqlite_notes.path)
    assert copy.read_now(ids) == ["last words"]
    copy.close()


def test_a_missing_folder_is_said_plainly_and_forgotten_when_it_is_there(tmp_path: Path) -> None:
    database = SqliteDatabase("notes", tmp_path / "later" / "notes.db")
    create = Statement("CREATE TABLE {notes} (id TEXT PRIMARY KEY, body TEXT)")
    with pytest.raises(Unavailable):
        database.write_now(lambda tx: tx.run(create))
    with pytest.raises(Unavailable):
        database.read_now(ids)
    (tmp_path / "later").mkdir()
    database.write_now(lambda tx: tx.run(create))
    assert database.read_now(ids) == []
    database.close()
