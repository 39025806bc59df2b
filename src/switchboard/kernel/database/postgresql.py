"""PostgreSQL behind the port: a pool of psycopg connections, turns on a pool of threads, races run again.

Tables are named with their schema; no connection of the pool ever has its search_path set.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
from psycopg import IsolationLevel
from psycopg.adapt import PyFormat
from psycopg.rows import dict_row
from psycopg.types.datetime import DatetimeDumper, TimestamptzLoader
from psycopg_pool import ConnectionPool, PoolTimeout

from switchboard.kernel.clock import require_utc
from switchboard.kernel.database.database import (
    P,
    T,
    Turn,
    closing,
    disk_full,
    locked,
    outcome_unknown,
    overloaded,
    run_turn,
    unreachable,
)
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Dialect, RerunTurn, Transaction
from switchboard.kernel.errors import SwitchboardError

if TYPE_CHECKING:
    import sqlalchemy as sa

# A pool that cannot connect says so many times a second; the callers say it once each, in words.
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)

_THREADS = 16
# As patient as SQLite's busy timeout. Given at connecting, so that no statement of a turn is spent on it.
_PATIENCE = "-c lock_timeout=5000 -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
_LOCKED = "55P03"
_CANCELED = "57014"
_WAITING_LIMIT = 5_000
_DEADLINE_SECONDS = 8.0
_POOL_WAIT_SECONDS = 3.0
# Serialization failure and deadlock: the server undid the turn and asks for it again. Source: PostgreSQL
# manual, appendix A; CockroachDB and YugabyteDB use 40001 alike.
_DISK_FULL = "53100"
_RERUN = frozenset({"40001", "40P01"})
_LOG_END = Statement(
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text"
    " AS log_end"
)
_NOTIFY = Statement("SELECT pg_notify(:channel, '')")


def channel_of(name: str) -> str:
    """The channel on which a database's commits are announced."""
    return f"switchboard_{name}"


class _AwareDumper(DatetimeDumper):
    def upgrade(self, moment: datetime, format: PyFormat) -> _AwareDumper:
        # psycopg's own would hand a naive moment to a dumper that accepts it.
        return self

    def dump(self, moment: datetime) -> Any:
        return super().dump(require_utc(moment))


class _UtcLoader(TimestamptzLoader):
    def load(self, data: Any) -> datetime:
        return super().load(data).astimezone(UTC)


class PostgresqlTransaction:
    """A transaction on one connection of the pool."""

    dialect: ClassVar[Dialect] = "postgresql"
    __slots__ = ("_cursor", "_schema")

    def __init__(self, connection: psycopg.Connection[Row], schema: str) -> None:
        self._cursor = connection.cursor()
        self._schema = schema

    def run(self, statement: Statement, /, **parameters: Any) -> int:
        return self._cursor.execute(self._text(statement), parameters).rowcount

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        self._cursor.executemany(self._text(statement), rows)

    def find(self, statement: Statement, /, **parameters: Any) -> Row | None:
        return self._cursor.execute(self._text(statement), parameters).fetchone()

    def rows(self, statement: Statement, /, **parameters: Any) -> list[Row]:
        return self._cursor.execute(self._text(statement), parameters).fetchall()

    def _text(self, statement: Statement) -> Any:
        return statement.for_postgresql(self._schema)


def plain_url(url: str) -> str:
    """The URL as psycopg reads it, whether or not it names SQLAlchemy's driver."""
    return "postgresql://" + url.partition("://")[2]


class PostgresqlDatabase:
    """One app's schema on a server."""

    dialect: ClassVar[Dialect] = "postgresql"

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._lock = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Row]] | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._engine: sa.Engine | None = None
        self._closed = False
        self._waiting = 0
        self._has_news = False

    @property
    def engine(self) -> sa.Engine:
        from switchboard.kernel.database.engines import create_postgresql_engine

        with self._lock:
            if self._engine is None:
                self._engine = create_postgresql_engine(self.url, self.name)
            return self._engine

    async def write(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in_thread(partial(self._write, turn, *args, **kwargs))

    async def read(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in_thread(partial(self._read, query, *args, **kwargs))

    def write_now(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._require_open()
        return self._write(turn, *args, **kwargs)

    def read_now(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._require_open()
        return self._read(query, *args, **kwargs)

    def _write(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._transact(lambda tx: run_turn(turn, tx, *args, **kwargs), read_only=False)

    def _read(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._transact(lambda tx: run_turn(query, tx, *args, **kwargs), read_only=True)

    def _require_open(self) -> None:
        if self._closed:
            raise closing(self.name)

    def change_mark(self) -> Hashable:
        """Where the server's log of writes ends: it moves with every commit, and sometimes without one."""
        row = self.read_now(lambda tx: tx.find(_LOG_END))
        assert row is not None
        return str(row["log_end"])

    def announce(self) -> None:
        """Notify those who listen, at most once a call.

        Not from within a turn: a commit that notifies waits for every other one that does.
        """
        if self._has_news:
            self._has_news = False
            self._transact(
                lambda tx: tx.rows(_NOTIFY, channel=channel_of(self.name)), read_only=False, is_news=False
            )

    def compact(self) -> None:
        """`VACUUM`, which runs beside the turns. The server's own autovacuum does the same, when it sees fit."""
        with self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            tables = connection.exec_driver_sql(
                "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables WHERE schemaname = %(schema)s",
                {"schema": self.name},
            )
            for name in tables.scalars().all():
                connection.exec_driver_sql(f"VACUUM (ANALYZE) {name}")

    def health(self) -> dict[str, Any]:
        def ask(tx: PostgresqlTransaction) -> dict[str, Any]:
            row = tx.find(
                Statement(
                    "SELECT current_setting('server_version') AS version,"
                    " current_setting('synchronous_commit') AS synchronous,"
                    " current_setting('fsync') AS fsync,"
                    " coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS size_bytes"
                    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE n.nspname = :schema AND c.relkind = 'r'"
                ),
                schema=self.name,
            )
            assert row is not None
            return row

        row = self.read_now(ask)  # type: ignore[arg-type]
        return {
            "engine": f"PostgreSQL {row['version']}",
            "place": f"schema {self.name}",
            "size_bytes": row["size_bytes"],
            "waiting_turns": max(0, self._waiting - _THREADS),
            "synchronous": f"{row['synchronous']}, fsync {row['fsync']}",
        }

    def close(self) -> None:
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=True)
        with self._lock:
            pool, self._pool = self._pool, None
            engine, self._engine = self._engine, None
        if pool is not None:
            pool.close()
        if engine is not None:
            engine.dispose()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING_LIMIT:
            raise overloaded(self.name)
        with self._lock:
            self._require_open()
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"{self.name}-database")
            threads = self._threads
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work)
        finally:
            self._waiting -= 1

    def _transact(self, work: Callable[[Transaction], T], *, read_only: bool, is_news: bool = True) -> T:
        """Run `work(tx)` in a transaction of its own; run it again after a lost race or connection."""
        give_up_at = time.monotonic() + _DEADLINE_SECONDS
        pause = 0.005
        while True:
            committing = False
            try:
                with self._connections().connection(timeout=_POOL_WAIT_SECONDS) as connection:
                    # A read is one snapshot and cannot write; both go into BEGIN and cost no exchange.
                    connection.isolation_level = IsolationLevel.REPEATABLE_READ if read_only else None
                    connection.read_only = read_only or None
                    try:
                        answer = work(PostgresqlTransaction(connection, self.name))
                        committing = not read_only
                        connection.commit() if committing else connection.rollback()
                        self._has_news |= committing and is_news
                        return answer
                    except BaseException:
                        with suppress(psycopg.Error):
                            connection.rollback()
                        raise
            except (RerunTurn, psycopg.Error, PoolTimeout) as error:
                if said := _SAID.get(getattr(error, "sqlstate", None) or ""):
                    raise said(self.name) from error
                if not _may_run_again(error):
                    raise
                if committing and not _was_undone(error):
                    raise outcome_unknown(self.name) from error
                if time.monotonic() + pause > give_up_at:
                    raise unreachable(self.name) from error
            time.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, 0.5)

    def _connections(self) -> ConnectionPool[psycopg.Connection[Row]]:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    plain_url(self.url),
                    kwargs={"row_factory": dict_row, "connect_timeout": 3, "options": _options(self.url)},
                    min_size=1,
                    max_size=_THREADS,
                    max_idle=300,
                    timeout=_POOL_WAIT_SECONDS,
                    reconnect_timeout=1,
                    configure=_configure,
                    name=f"{self.name}-pool",
                    open=True,
                )
            return self._pool


_SAID: dict[str, Callable[[str], SwitchboardError]] = {
    _DISK_FULL: disk_full,
    _LOCKED: locked,
    _CANCELED: locked,
}


def _options(url: str) -> str:
    """How patient a connection is; what the operator's own address says comes last and wins."""
    asked = psycopg.conninfo.conninfo_to_dict(plain_url(url)).get("options") or ""
    return f"{_PATIENCE} {asked}".strip()


def _configure(connection: psycopg.Connection[Row]) -> None:
    connection.adapters.register_dumper(datetime, _AwareDumper)
    connection.adapters.register_loader("timestamptz", _UtcLoader)


def _was_undone(error: BaseException) -> bool:
    """The server itself said that nothing of the transaction remains."""
    return isinstance(error, RerunTurn) or getattr(error, "sqlstate", None) in _RERUN


def _may_run_again(error: BaseException) -> bool:
    if _was_undone(error) or isinstance(error, PoolTimeout):
        return True
    state = getattr(error, "sqlstate", None)
    # No state: the connection broke. 57P0x: the server is shutting down. 08xxx: connection exceptions.
    # 53xxx: the server is out of disk, memory or connections.
    return isinstance(error, psycopg.OperationalError) and (
        state is None or state[:2] in ("08", "53") or state.startswith("57P0")
    )
