"""The models and the migrated databases say the same, on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from switchboard.apps import APPS
from switchboard.kernel.channels.tables import KernelBase
from switchboard.kernel.database.database import Database
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.security.tables import PlatformBase

POSTGRESQL_INDEXES = {"ix_search_documents_words"}
TABLES: dict[str, Sequence[sa.MetaData]] = {
    PLATFORM: [PlatformBase.metadata],
    **{app.name: [KernelBase.metadata, app.tables()] for app in APPS},
}


@pytest.mark.parametrize("name", TABLES)
def test_nothing_differs_between_the_models_and_the_database(platform: Platform, name: str) -> None:
    assert _differences(platform.database(name), TABLES[name]) == []


def test_a_difference_would_be_noticed(platform: Platform) -> None:
    """The proof bites: a database without one index, default and column is found out."""
    database = platform.database("honeypot")
    metadata = sa.MetaData()
    for table in TABLES["honeypot"][1].tables.values():
        table.to_metadata(metadata)
    sessions = metadata.tables["sessions"]
    sessions.append_column(sa.Column("surprise", sa.Integer))
    sessions.indexes = {index for index in sessions.indexes if index.name != "ix_sessions_status"}
    sessions.c.status.server_default = sa.DefaultClause("COMPLETED")
    sessions.c.scam_type.type = sa.String(51)
    found = _differences(database, [TABLES["honeypot"][0], metadata])
    kinds = {each[0] if isinstance(each, tuple) else each[0][0] for each in found}
    assert kinds == {"add_column", "remove_index", "modify_default", "modify_type"}


def _differences(database: Database, tables: Sequence[sa.MetaData]) -> list[Any]:
    metadata = sa.MetaData()
    for each in tables:
        for table in each.tables.values():
            table.to_metadata(metadata)

    def is_comparable(item: Any, name: str | None, kind: str, _is_found: bool, _other: object) -> bool:
        if kind == "index" and database.dialect == "sqlite":
            return name not in POSTGRESQL_INDEXES
        # Alembic cannot compare a column that numbers itself with one that SQLite numbers anyway.
        return kind != "column" or (item.table.name, name) != ("search_documents", "id")

    options = {
        "compare_type": True,
        "compare_server_default": _default_differs,
        "include_name": _is_ours,
        "include_object": is_comparable,
    }
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL search_path TO {database.name}")
            connection.dialect.default_schema_name = database.name
        found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return found


def _default_differs(
    _context: object,
    column: Any,
    _meant: object,
    default: str | None,
    _given: object,
    meant_default: str | None,
) -> bool | None:
    """PostgreSQL cannot compare two values of type json; None leaves the other types to Alembic."""
    if not isinstance(column.type, sa.JSON) or default is None or meant_default is None:
        return None
    return default.removesuffix("::json").strip("'") != meant_default.strip("'")


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Not the migrations' own book-keeping, nor the full-text table that SQLite keeps in several."""
    if kind != "table" or name is None:
        return True
    return not name.endswith("_version") and not name.startswith("search_text")
