"""Brings an app's database to the newest shape: under a lock, all or nothing, safe for table rebuilds.

Alembic runs the steps; the transaction, the lock and the checks around them are here. Rebuilding a table on
SQLite with foreign keys on empties its children (DROP runs the cascade), and switching them off inside the
transaction does nothing: so they are off before BEGIN, every table's rows are counted before and after, and
the foreign keys are checked before COMMIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchboard.kernel.app import MigrationChain
from switchboard.kernel.database.database import Database, unreachable
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import SwitchboardError, Unavailable

if TYPE_CHECKING:
    import sqlalchemy as sa

_LOCK_SECONDS = 60


class MigrationFailed(SwitchboardError):
    """A migration was undone; the database is as it was before."""

    code = "internal"
    statuses = (500,)


def revisions(chain: MigrationChain) -> list[str]:
    """The revisions a chain holds, oldest first, told by its file names alone."""
    folder = files(chain.package)
    return sorted(entry.name[:4] for entry in folder.iterdir() if entry.name[:4].isdigit())


def pending(database: Database, chains: Sequence[MigrationChain]) -> dict[str, list[str]]:
    """The revisions still to apply, by version table; chains without any are left out."""
    waiting: dict[str, list[str]] = {}
    for chain in chains:
        current = _current_revision(database, chain)
        known = revisions(chain)
        if current is not None and current not in known:
            raise MigrationFailed(
                f"The {database.name} database is at revision {current}, which this version does not know.",
                hint="It was written by a newer Switchboard: install that version, or restore a backup.",
            )
        if missing := [revision for revision in known if current is None or revision > current]:
            waiting[chain.version_table] = missing
    return waiting


def migrate(database: Database, chains: Sequence[MigrationChain]) -> list[str]:
    """Apply what is pending; the applied revisions as 'table:revision'. Safe to call from many processes."""
    if not pending(database, chains):
        return []
    with _locked_connection(database) as connection:
        return [
            f"{chain.version_table}:{revision}"
            for chain in chains
            for revision in _upgrade(database, connection, chain)
        ]


def _current_revision(database: Database, chain: MigrationChain) -> str | None:
    exists = Statement(
        "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = :name",
        postgresql="SELECT 1 AS found FROM pg_tables WHERE schemaname = :schema AND tablename = :name",
    )
    version = Statement(f"SELECT version_num FROM {{{chain.version_table}}}")

    def ask(tx: Any) -> str | None:
        scope = {"schema": database.name} if tx.dialect == "postgresql" else {}
        if tx.find(exists, name=chain.version_table, **scope) is None:
            return None
        row = tx.find(version)
        return row["version_num"] if row else None

    return database.read_now(ask)


@contextmanager
def _locked_connection(database: Database) -> Iterator[sa.Connection]:
    """A connection in a transaction that nobody else can migrate beside."""
    if database.dialect == "sqlite":
        with _sqlite_transaction(database) as connection:
            yield connection
    else:
        with _postgresql_transaction(database) as connection:
            yield connection


@contextmanager
def _sqlite_transaction(database: Database) -> Iterator[sa.Connection]:
    import sqlalchemy as sa

    from switchboard.kernel.database.engines import create_sqlite_engine

    engine = create_sqlite_engine(database.path)  # type: ignore[attr-defined]

    @sa.event.listens_for(engine, "connect")
    def _before_any_transaction(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(f"PRAGMA busy_timeout={_LOCK_SECONDS * 1000}")

    try:
        with engine.connect() as connection:
            try:
                transaction = connection.begin()
            except sa.exc.OperationalError as error:
                raise Unavailable(
                    f"The {database.name} database has been locked for {_LOCK_SECONDS} seconds.",
                    hint="Close the program that writes to it, then run `switchboard db migrate` again.",
                ) from error
            with transaction:
                before = _row_counts(connection)
                yield connection
                _check_rows(database.name, before, _row_counts(connection))
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                    raise MigrationFailed(
                        f"The migration of {database.name} would leave {len(broken)} rows without their parent, "
                        "so it was undone.",
                        hint="Nothing was changed. Report this with the revision that `switchboard doctor` shows.",
                    )
    finally:
        engine.dispose()


@contextmanager
def _postgresql_transaction(database: Database) -> Iterator[sa.Connection]:
    import sqlalchemy as sa

    from switchboard.kernel.database.engines import create_postgresql_engine

    # Not pooled: the lock and the search path live and die with these two connections.
    engine = create_postgresql_engine(database.url, None, pooled=False)  # type: ignore[attr-defined]
    key = {"key": f"switchboard migrates {database.name}"}
    try:
        with engine.connect() as guard:
            guard.execute(sa.text(f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
            guard.execute(sa.text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), key)
            guard.commit()
            with engine.begin() as connection:
                connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {database.name}"))
                connection.execute(sa.text(f"SET LOCAL search_path TO {database.name}"))
                connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
                yield connection
            guard.execute(sa.text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key)
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise Unavailable(
                f"The {database.name} schema has been locked too long to change its shape.",
                hint="Let running transactions end, then run `switchboard db migrate` again.",
            ) from error
        raise unreachable(database.name) from error
    finally:
        engine.dispose()


def _upgrade(database: Database, connection: sa.Connection, chain: MigrationChain) -> list[str]:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    folder = Path(str(files(chain.package)))
    script = ScriptDirectory(str(folder), version_locations=[str(folder)])
    applied: list[str] = []

    def steps(revision: Any, _context: Any) -> Any:
        upgrades = script._upgrade_revs("head", revision)
        applied.extend(str(step.revision.revision) for step in upgrades)
        return upgrades

    context = MigrationContext.configure(
        connection,
        opts={"version_table": chain.version_table, "fn": steps, "transaction_per_migration": False},
    )
    with Operations.context(context):
        context.run_migrations()
    return applied


def _row_counts(connection: sa.Connection) -> dict[str, int]:
    tables = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).scalars()
    return {
        name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()
        for name in list(tables)
        if not name.endswith("_version") and not name.startswith("search_text_")
    }


def _check_rows(name: str, before: dict[str, int], after: dict[str, int]) -> None:
    """A migration changes shapes, never how many rows there are; new tables are free to be filled."""
    for table, rows in before.items():
        if after.get(table) != rows:
            raise MigrationFailed(
                f"The migration of {name} changed the rows of {table} from {rows} to {after.get(table, 0)}, "
                "so it was undone.",
                hint="Nothing was changed. Report this with the revision that `switchboard doctor` shows.",
            )
