"""The column type for moments, and the database's own "now", for models and migrations.

Kept apart from `moments`, which the path of a message needs and SQLAlchemy is not part of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, UserDefinedType

from switchboard.kernel.clock import require_utc
from switchboard.kernel.database.moments import decode_moment, encode_moment


class _SqliteDatetime(UserDefinedType[str]):
    """The column type name DATETIME, holding text; SQLAlchemy's own would accept naive moments."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "DATETIME"


class Moment(TypeDecorator[datetime]):
    """The one column type for moments."""

    impl = sa.TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return dialect.type_descriptor(_SqliteDatetime() if dialect.name == "sqlite" else self.impl)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return encode_moment(value) if dialect.name == "sqlite" else require_utc(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return decode_moment(value) if dialect.name == "sqlite" else require_utc(value)


class now(sa.sql.functions.GenericFunction[datetime]):
    """The database's own "now", as a column default, in the form that Moment reads."""

    name = "moment_now"
    type = Moment()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_on_sqlite(element: now, compiler: Any, **_: Any) -> str:
    # SQLite's clock has milliseconds; the zeros keep the width that makes text sort as time.
    return "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"


@compiles(now, "postgresql")
def _now_on_postgresql(element: now, compiler: Any, **_: Any) -> str:
    return "now()"
