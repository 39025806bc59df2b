"""A small database of each kind with one table of notes, for what the port promises to every app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from switchboard.kernel.database.database import Database
from switchboard.kernel.database.postgresql import PostgresqlDatabase
from switchboard.kernel.database.sqlite import SqliteDatabase
from switchboard.kernel.database.statement import Statement

_CREATE_NOTES = Statement(
    "CREATE TABLE {notes} (id VARCHAR(36) NOT NULL PRIMARY KEY, body TEXT NOT NULL, at DATETIME,"
    " is_read BOOLEAN, payload JSON)",
    postgresql="CREATE TABLE {notes} (id VARCHAR(36) NOT NULL PRIMARY KEY, body TEXT NOT NULL,"
    " at TIMESTAMPTZ, is_read BOOLEAN, payload JSON)",
)


@pytest.fixture
def open_database(tmp_path: Path, database_url: str | None) -> Iterator[Callable[[], Database]]:
    """Opens the same empty database again and again, as several processes would."""
    opened: list[Database] = []

    def open_one() -> Database:
        database: Database = (
            SqliteDatabase("notes", tmp_path / "notes.db")
            if database_url is None
            else PostgresqlDatabase("notes", database_url)
        )
        opened.append(database)
        return database

    if database_url is not None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA notes")
    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def notes(open_database: Callable[[], Database]) -> Database:
    """A database with an empty table of notes."""
    database = open_database()
    database.write_now(lambda tx: tx.run(_CREATE_NOTES))
    return database


@pytest.fixture
def sqlite_notes(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """The same on SQLite alone, for what only its writer does."""
    database = SqliteDatabase("notes", tmp_path / "notes.db")
    database.write_now(lambda tx: tx.run(_CREATE_NOTES))
    yield database
    database.close()


@pytest.fixture
def postgresql_notes(postgresql_url: str) -> Iterator[PostgresqlDatabase]:
    """The same on PostgreSQL alone, for what only its pool does."""
    database = PostgresqlDatabase("notes", postgresql_url)
    database.write_now(lambda tx: tx.run(Statement("CREATE SCHEMA notes")))
    database.write_now(lambda tx: tx.run(_CREATE_NOTES))
    yield database
    database.close()
