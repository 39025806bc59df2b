"""Hot statements: plain SQL written once, kept beside the models it serves, prepared by both engines.

`{messages}` stands for the table under its schema, `:id` for a parameter. Nothing here composes SQL from
input: a statement is a constant of its module, so each engine parses and plans it once.
"""

from __future__ import annotations

import re
from typing import Any

# What stands in quotes is left alone.
_LITERAL = r"'(?:[^']|'')*'"
_TABLE = re.compile(_LITERAL + r"|\{(\w+)\}")
_PARAMETER = re.compile(_LITERAL + r"|(?<!:):([a-z_][a-z0-9_]*)")


class Statement:
    """One SQL statement for both engines.

    `lock` appends FOR UPDATE on PostgreSQL; SQLite's single writer needs none. `postgresql` replaces the
    text where the two dialects differ.
    """

    __slots__ = ("_postgresql", "_sqlite")

    def __init__(self, sql: str, *, postgresql: str | None = None, lock: bool = False) -> None:
        self._sqlite = _replace(_TABLE, "{}", sql)
        text = (sql if postgresql is None else postgresql) + (" FOR UPDATE" if lock else "")
        self._postgresql = _replace(_PARAMETER, "%({})s", text.replace("%", "%%"))

    def for_sqlite(self) -> str:
        """The text that sqlite3 takes, parameters named."""
        return self._sqlite

    def for_postgresql(self, schema: str) -> str:
        """The text that psycopg takes, every table qualified by `schema`."""
        return _replace(_TABLE, f"{schema}.{{}}", self._postgresql)


def _replace(pattern: re.Pattern[str], form: str, text: str) -> str:
    return pattern.sub(lambda found: form.format(found[1]) if found[1] else found[0], text)


Row = dict[str, Any]
"""A row by column name. Moments are aware, JSON is parsed, booleans are booleans on both engines."""
