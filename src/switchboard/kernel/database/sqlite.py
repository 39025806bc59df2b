"""SQLite behind the port: one writer thread with group commit, readers beside it.

What is durable is decided here: WAL with `synchronous=FULL`, and an answer leaves only after COMMIT. What a
turn means is not known here.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from switchboard.kernel.database.connections import connect
from switchboard.kernel.database.database import (
    P,
    T,
    Turn,
    closing,
    disk_full,
    locked,
    outcome_unknown,
    run_turn,
    unreachable,
)
from switchboard.kernel.database.library import library, primary_code
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Dialect
from switchboard.kernel.database.writer import GroupCommitWriter
from switchboard.kernel.errors import SwitchboardError

if TYPE_CHECKING:
    import sqlalchemy as sa


def _count_readers() -> int:
    """A reader for each core, so that a long search shares none; two at least, so that it blocks nobody."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return min(max(2, cores), 8)


class SqliteTransaction:
    """A transaction on one connection of the library."""

    dialect: ClassVar[Dialect] = "sqlite"
    __slots__ = ("_execute", "_execute_many")

    def __init__(self, connection: Any) -> None:
        self._execute = connection.execute
        self._execute_many = connection.executemany

    def run(self, statement: Statement, /, **parameters: Any) -> int:
        return int(self._execute(statement.for_sqlite(), parameters).rowcount)

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        self._execute_many(statement.for_sqlite(), rows)

    def find(self, statement: Statement, /, **parameters: Any) -> Row | None:
        cursor = self._execute(statement.for_sqlite(), parameters)
        row: Row | None = cursor.fetchone()
        # An unfinished SELECT would keep the snapshot of a read, and a savepoint of a write, alive.
        cursor.close()
        return row

    def rows(self, statement: Statement, /, **parameters: Any) -> list[Row]:
        rows: list[Row] = self._execute(statement.for_sqlite(), parameters).fetchall()
        return rows


class SqliteDatabase:
    """One app's file."""

    dialect: ClassVar[Dialect] = "sqlite"

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._writer = GroupCommitWriter(
            name,
            connect=partial(connect, path),
            transaction=SqliteTransaction,
            translate=self._translate,
        )
        self._readers: ThreadPoolExecutor | None = None
        self._connections: list[Any] = []
        self._marker: Any = None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._closed = False

    @property
    def engine(self) -> sa.Engine:
        from switchboard.kernel.database.engines import create_sqlite_engine

        with self._lock:
            if self._engine is None:
                self._engine = create_sqlite_engine(self.path)
            return self._engine

    async def write(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._writer.submit(turn, args, kwargs, answer, loop)
        return await answer

    def write_now(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: Future[T] = Future()
        self._writer.submit(turn, args, kwargs, answer, None)
        return answer.result()

    async def read(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._reader_threads(), partial(self.read_now, query, *args, **kwargs)
        )

    def read_now(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            connection = self._reader_connection()
            connection.execute("BEGIN")
            try:
                return run_turn(query, SqliteTransaction(connection), *args, **kwargs)
            finally:
                # Nothing was written, so ending the snapshot cannot fail in a way that matters.
                with suppress(library.Error):
                    connection.execute("ROLLBACK")
        except library.Error as error:
            said = self._translate(error, reading=True)
            if said is error:
                raise
            raise said from error

    def change_mark(self) -> Hashable:
        """`data_version` of a connection that never writes differs after every commit of any other."""
        try:
            with self._lock:
                if self._closed:
                    raise closing(self.name)
                if self._marker is None:
                    self._marker = connect(self.path, read_only=True)
                    self._connections.append(self._marker)
                return int(self._marker.execute("PRAGMA data_version").fetchone()["data_version"])
        except library.Error as error:
            raise unreachable(self.name) from error

    def announce(self) -> None:
        """Nothing to do: the mark stands in the file's shared memory."""

    def compact(self) -> None:
        """`VACUUM`: deleting wipes a row, but a copy can stay in the unused part of a page that was split."""
        done: Future[None] = Future()
        self._writer.submit_alone(_vacuum, done)
        done.result()

    def health(self) -> dict[str, Any]:
        def ask(tx: SqliteTransaction) -> dict[str, Any]:
            return {
                "journal_mode": tx.rows(Statement("PRAGMA journal_mode"))[0]["journal_mode"],
                "synchronous": _SYNC_MODES[tx.rows(Statement("PRAGMA synchronous"))[0]["synchronous"]],
            }

        wal = self.path.with_name(self.path.name + "-wal")
        return {
            "engine": f"SQLite {library.sqlite_version}",
            "place": str(self.path),
            "size_bytes": self.path.stat().st_size if self.path.exists() else 0,
            "wal_bytes": wal.stat().st_size if wal.exists() else 0,
            "waiting_turns": self._writer.waiting,
            **self.read_now(ask),  # type: ignore[arg-type]
        }

    def close(self) -> None:
        self._writer.close()
        with self._lock:
            self._closed = True
            readers, self._readers = self._readers, None
            engine, self._engine = self._engine, None
        if readers is not None:
            readers.shutdown(wait=True)
        with self._lock:
            connections, self._connections = self._connections, []
            self._marker = None
        for connection in connections:
            connection.close()
        self._local = threading.local()
        if engine is not None:
            engine.dispose()

    def _reader_threads(self) -> ThreadPoolExecutor:
        readers = self._readers
        if readers is None:
            with self._lock:
                if self._closed:
                    raise closing(self.name)
                if self._readers is None:
                    self._readers = ThreadPoolExecutor(
                        _count_readers(), thread_name_prefix=f"{self.name}-reader"
                    )
                readers = self._readers
        return readers

    def _reader_connection(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            with self._lock:
                if self._closed:
                    raise closing(self.name)
                connection = connect(self.path, read_only=True)
                self._connections.append(connection)
            self._local.connection = connection
        return connection

    def _translate(self, error: BaseException, *, reading: bool = False) -> BaseException:
        """An error of the library in words; any other, and a broken constraint, as it is."""
        if isinstance(error, SwitchboardError) or not isinstance(error, library.Error):
            return error
        if getattr(error, "sqlite_errorname", "") in _NO_ROOM_FOR_SHARED_MEMORY:
            return disk_full(self.name)
        said = _SAID.get(primary_code(error))
        if reading and said is outcome_unknown:
            said = unreachable
        return said(self.name) if said else error


def _vacuum(connection: Any) -> None:
    connection.execute("VACUUM")
    # The log still holds the old pages until it is folded into the file and cut off.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_NO_ROOM_FOR_SHARED_MEMORY = ("SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN")
_SYNC_MODES = ("OFF", "NORMAL", "FULL", "EXTRA")
_SAID: dict[int, Callable[[str], SwitchboardError]] = {
    library.SQLITE_BUSY: locked,
    library.SQLITE_LOCKED: locked,
    library.SQLITE_FULL: disk_full,
    # A failed sync can leave the commit in the log, to be found at the next start.
    library.SQLITE_IOERR: outcome_unknown,
    library.SQLITE_CANTOPEN: unreachable,
    library.SQLITE_READONLY: unreachable,
}
