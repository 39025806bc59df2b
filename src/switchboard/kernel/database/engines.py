"""SQLAlchemy engines, for administration, migrations and the job engine. No message's path comes by here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from switchboard.kernel.database.connections import prepare
from switchboard.kernel.database.library import BUSY_TIMEOUT_MS, library


def create_sqlite_engine(path: Path) -> sa.Engine:
    """An SQLAlchemy engine on the one library, for administration.

    Every transaction begins IMMEDIATE: a read that turns into a write inside a deferred transaction is
    refused at once by SQLite, whatever the busy timeout.
    """
    engine = _engine(path, isolation_level=None)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def create_jobs_engine(path: Path) -> sa.Engine:
    """An engine for a file that the job engine owns alone, which begins its transactions itself.

    No writer thread folds that file's log back, so SQLite does it at its usual size.
    """
    engine = _engine(path, isolation_level="IMMEDIATE")

    @sa.event.listens_for(engine, "connect")
    def _fold_back(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA wal_autocheckpoint=1000")

    return engine


def _engine(path: Path, *, isolation_level: str | None) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        module=library,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        prepare(connection)
        connection.isolation_level = isolation_level

    return engine


def create_postgresql_engine(url: str, schema: str | None, *, pooled: bool = True) -> sa.Engine:
    """An SQLAlchemy engine whose unqualified tables lie in `schema`.

    `pooled=False` gives each use a connection of its own, which may then be set up freely (migrations).
    """
    options: dict[str, Any] = (
        {"pool_size": 2, "max_overflow": 2} if pooled else {"poolclass": sa.pool.NullPool}
    )
    engine = sa.create_engine(
        "postgresql+psycopg://" + url.partition("://")[2],
        connect_args={"connect_timeout": 5},
        **options,
    )
    return engine.execution_options(schema_translate_map={None: schema}) if schema else engine
