"""The one SQLite library of this process. No other module may import `sqlite3` or `pysqlite3` (checked).

Two SQLite libraries that open one file in one process drop each other's POSIX locks: a committed row was
lost that way in trial while the integrity check said "ok". So the choice is made here, once, and passed as
`module=` to every engine: ours, Alembic's, the job engine's, the tests'.
"""

from __future__ import annotations

from datetime import datetime
from types import ModuleType
from typing import Any

from switchboard.kernel.database.moments import decode_moment, encode_moment

# SQLite 3.7.0 to 3.51.2 can lose committed writes when WAL is reset under two connections; these carry the
# fix. Source: the SQLite release log for 3.51.3 (2026) and its two backports.
_FIRST_SOUND = (3, 51, 3)
_SOUND_BACKPORTS = ((3, 44, 6), (3, 50, 7))


BUSY_TIMEOUT_MS = 5_000
"""How long a statement waits for a lock that another process holds."""


def _choose() -> ModuleType:
    try:
        import pysqlite3.dbapi2 as chosen
    except ImportError:
        import sqlite3 as chosen
    return chosen  # type: ignore[no-any-return]


def _decode_json(text: bytes) -> Any:
    import json

    return json.loads(text)


library: Any = _choose()
library.register_adapter(datetime, encode_moment)
library.register_converter("DATETIME", decode_moment)
library.register_converter("JSON", _decode_json)
library.register_converter("BOOLEAN", lambda text: text == b"1")


def describe() -> str:
    """Which library serves, for people: 'pysqlite3 with SQLite 3.53.4'."""
    return f"{library.__name__.partition('.')[0]} with SQLite {library.sqlite_version}"


def warning() -> str | None:
    """What is wrong with the library that serves, with the next step; None for a sound one."""
    if is_sound(library.sqlite_version_info):
        return None
    return (
        f"{describe()} has a defect that can lose committed rows in WAL mode (fixed in 3.51.3). "
        "Install the pinned wheel with `make setup`, or run on PostgreSQL."
    )


def is_sound(version: tuple[int, ...]) -> bool:
    """Whether a SQLite of this version is free of the WAL-reset defect."""
    backported = any(version[:2] == fixed[:2] and version >= fixed for fixed in _SOUND_BACKPORTS)
    return version >= _FIRST_SOUND or backported


def primary_code(error: BaseException) -> int:
    """SQLite's primary result code of an error of the library; 0 for any other error."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
