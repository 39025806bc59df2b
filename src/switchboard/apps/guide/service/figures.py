"""Counts by week, read and folded together; see `rules.figures` for what is shown of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from switchboard.apps.guide import repository, statements
from switchboard.apps.guide.rules import figures
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction


def fold_weeks(tx: Transaction, now: datetime) -> int:
    """Fold the single events of the oldest week that is over into rows of that week; how many events went."""
    this_week = figures.start_of_week(now)
    oldest = tx.find(statements.OLDEST_EVENT, until=this_week)
    if oldest is None or oldest["timestamp"] is None:
        return 0
    since = figures.start_of_week(oldest["timestamp"])
    until = since + timedelta(days=7)
    counted = _count(tx, since, until)
    for cell in figures.suppress(counted):
        data = {"week": figures.week_of(since), **cell.data}
        if cell.sessions is None:
            data["fewer_than"] = figures.LEAST
        repository.save_analytics_event(
            tx, figures.WEEKLY + cell.event, data, since, session_count=cell.sessions or 0
        )
    return repository.delete_events(tx, since, until)


def report(tx: Transaction, now: datetime, weeks: int) -> list[dict[str, Any]]:
    """Each week with something in it, newest first: `week`, whether it `is_over`, and its `flows`."""
    this_week = figures.start_of_week(now)
    since = this_week - timedelta(days=7 * (weeks - 1))
    cells: dict[str, list[figures.Cell]] = {}
    for row in tx.rows(statements.LIST_WEEKS, since=since):
        data = json.loads(row["event_data"])
        week = data.pop("week")
        count = None if data.pop("fewer_than", None) else row["session_count"]
        event = row["event_type"].removeprefix(figures.WEEKLY)
        cells.setdefault(week, []).append(figures.Cell(event, data, count))
    # Weeks that nobody has folded yet are counted as they are.
    at = since
    while at <= this_week:
        until = at + timedelta(days=7)
        if fresh := _count(tx, at, until):
            cells.setdefault(figures.week_of(at), []).extend(figures.suppress(fresh))
        at = until
    now_week = figures.week_of(now)
    return [
        {"week": week, "is_over": week != now_week, "flows": figures.summarise(held)}
        for week, held in sorted(cells.items(), reverse=True)
    ]


def _count(tx: Transaction, since: datetime, until: datetime) -> list[tuple[str, dict[str, Any], int]]:
    rows: list[Row] = tx.rows(statements.COUNT_EVENTS, since=since, until=until)
    return [
        (row["event_type"], json.loads(row["event_data"]) if row["event_data"] else {}, int(row["sessions"]))
        for row in rows
    ]
