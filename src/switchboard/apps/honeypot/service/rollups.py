"""The daily figures, changed inside every turn that changes a session."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from switchboard.apps.honeypot.rules import analytics
from switchboard.apps.honeypot.statements import rollups as statements
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.transaction import Transaction

# SQLite has one writer, so its rows never wait for each other.
_SHARDS = {"sqlite": 1, "postgresql": 16}


def record_change(tx: Transaction, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    """Bring the figures up to date with a session that was `before` and is `after`; last in its turn.

    Last, because on PostgreSQL the row of figures stays locked until the turn is committed.
    """
    session = after if after is not None else before
    if session is None:
        return
    shard = _shard(tx, session["id"])
    for key, counts in analytics.change(before, after):
        tx.run(statements.CHANGE_ROLLUP, **key._asdict(), shard=shard, **counts)


def count_values(tx: Transaction, session_id: str, changes: Sequence[tuple[str, int, int]]) -> None:
    """Bring the counts of values up to date: for each (kind, sessions before, sessions after) of a value."""
    for kind in sorted({kind for kind, _, _ in changes}):
        steps = [(before, after) for of, before, after in changes if of == kind]
        known = sum((after > 0) - (before > 0) for before, after in steps)
        shared = sum((after > 1) - (before > 1) for before, after in steps)
        if known or shared:
            shard = _shard(tx, session_id)
            tx.run(statements.CHANGE_VALUE_COUNT, kind=kind, shard=shard, known=known, shared=shared)


def rebuild(database: Database, since: datetime) -> int:
    """Count every day anew, each in a turn of its own; how many days have sessions."""
    for row in database.read_now(lambda tx: tx.rows(statements.LIST_DAYS)):
        database.write_now(_count_day, row["day"])
    database.write_now(_count_values)
    days, after = 0, since
    while (day := database.read_now(_find_day, after)) is not None:
        database.write_now(_count_day, day)
        days, after = days + 1, day + timedelta(days=1)
    return days


def _find_day(tx: Transaction, since: datetime) -> datetime | None:
    """The first day from `since` on that a session began on."""
    found = tx.find(statements.NEXT_SESSION_AT, since=since)
    if found is None:
        return None
    begun: datetime = found["created_at"]
    return begun.replace(hour=0, minute=0, second=0, microsecond=0)


def _count_values(tx: Transaction) -> None:
    tx.run(statements.CLEAR_VALUE_COUNTS)
    tx.run(statements.RECOUNT_VALUES)


def _shard(tx: Transaction, session_id: str) -> int:
    return zlib.crc32(session_id.encode()) % _SHARDS[tx.dialect]


def _count_day(tx: Transaction, day: datetime) -> None:
    tx.run(statements.CLEAR_DAY, day=day)
    tx.run(statements.COUNT_DAY, day=day, next=day + timedelta(days=1))
