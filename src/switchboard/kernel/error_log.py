"""Failures that an operator has to know of, kept in the platform's database: where and what kind, never the text.

They are collected in memory and written behind, so that a failing request is not made slower, and a database
that is down is not asked at the worst moment. Kept are the newest thousand.
"""

from __future__ import annotations

from collections import deque

from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.ids import Ids

_KEPT = 1_000
_WAITING = 200
_INSERT = Statement(
    "INSERT INTO {errors} (id, at, place, kind, correlation_id) VALUES (:id, :at, :place, :kind, :correlation_id)"
)
_LATEST = Statement(
    "SELECT id, at, place, kind, correlation_id FROM {errors} ORDER BY at DESC, id DESC LIMIT :limit"
)
_FORGET = Statement(
    "DELETE FROM {errors} WHERE id NOT IN (SELECT id FROM {errors} ORDER BY at DESC, id DESC LIMIT :kept)"
)


class ErrorLog:
    """The failures of one installation, as far as this process saw them or reads them."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._waiting: deque[Row] = deque(maxlen=_WAITING)

    def note(self, place: str, error: BaseException, correlation_id: str | None) -> None:
        """Remember a failure until the next writing. `place` is a route or a task, with no id in it."""
        kind = type(error).__name__
        if isinstance(error, SwitchboardError):
            kind = error.message
        self._waiting.append(
            {
                "id": self._ids.new(),
                "at": self._clock.now(),
                "place": place[:200],
                "kind": kind[:200],
                "correlation_id": correlation_id,
            }
        )

    async def write_behind(self) -> None:
        """Write what was noted. What cannot be written waits; the oldest go first when too much waits."""
        noted = list(self._waiting)
        if not noted:
            return
        await self._database.write(_keep, noted)
        for _ in noted:
            self._waiting.popleft()

    async def list_latest(self, limit: int) -> list[Row]:
        """The latest failures, newest first."""
        return await self._database.read(lambda tx: tx.rows(_LATEST, limit=limit))


def _keep(tx: Transaction, noted: list[Row]) -> None:
    tx.run_many(_INSERT, noted)
    tx.run(_FORGET, kept=_KEPT)
