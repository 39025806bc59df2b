"""What a turn may touch: the transaction it runs in, alike on both engines, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Protocol

from switchboard.kernel.database.statement import Row, Statement

Dialect = Literal["sqlite", "postgresql"]


class RerunTurn(Exception):
    """Raised by a turn that lost an expected race: roll it back and run it again."""


class Transaction(Protocol):
    """An open transaction. Parameters are given by name; JSON goes in through `as_json`."""

    dialect: ClassVar[Dialect]

    def run(self, statement: Statement, /, **parameters: Any) -> int:
        """Execute; the number of rows changed."""

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Execute once for each mapping of parameters."""

    def find(self, statement: Statement, /, **parameters: Any) -> Row | None:
        """The first row, or None."""

    def rows(self, statement: Statement, /, **parameters: Any) -> list[Row]:
        """All rows, in the order the statement asks for."""


def as_json(value: Any) -> str:
    """A value as JSON text, the same on both engines. Raises ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
