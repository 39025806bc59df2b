"""Connections of the one SQLite library, set up as every part of this product needs them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from switchboard.kernel.database.library import BUSY_TIMEOUT_MS, library, primary_code
from switchboard.kernel.database.statement import Row


def prepare(connection: Any, *, read_only: bool = False) -> None:
    """Set what every connection of this product needs, whoever opened it."""
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA cache_size=-32000")
    # The writer thread is the one checkpointer.
    connection.execute("PRAGMA wal_autocheckpoint=0")
    if read_only:
        connection.execute("PRAGMA query_only=ON")


def _use_write_ahead_log(connection: Any) -> None:
    """Switch a new file over. SQLite does not wait for others who do the same, so the waiting is here."""
    give_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except library.OperationalError as error:
            if primary_code(error) != library.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
        time.sleep(0.005)


def connect(path: Path, *, read_only: bool = False) -> Any:
    """A connection in autocommit mode: transactions are begun in plain words."""
    connection = library.connect(
        str(path),
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        detect_types=library.PARSE_DECLTYPES,
    )
    try:
        prepare(connection, read_only=read_only)
    except BaseException:
        connection.close()
        raise
    connection.row_factory = _row
    return connection


def _row(cursor: Any, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
