"""Counts that name nobody: by week, with every small cell left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

LEAST = 5
"""A count below this is not shown: few people could be known again by it."""
WEEKLY = "weekly."


class Cell(NamedTuple):
    """How many sessions an event was counted for; `sessions` is None where they were too few to be shown."""

    event: str
    data: Mapping[str, Any]
    sessions: int | None


def week_of(moment: datetime) -> str:
    """The ISO week of a moment: 2026-W48."""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


def start_of_week(moment: datetime) -> datetime:
    """Its Monday, midnight in UTC."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def suppress(counted: Sequence[tuple[str, Mapping[str, Any], int]]) -> list[Cell]:
    """The cells with the small ones left out.

    Where one cell alone of a group was left out, its group's total would tell it, so the next smallest goes too. A
    group is what one event says of one question of one flow.
    """
    groups: dict[tuple[Any, ...], list[tuple[str, Mapping[str, Any], int]]] = {}
    for cell in counted:
        event, data, _ = cell
        groups.setdefault((event, data.get("flow"), data.get("step")), []).append(cell)
    shown = []
    for group in groups.values():
        small = [cell for cell in group if cell[2] < LEAST]
        rest = sorted((cell for cell in group if cell[2] >= LEAST), key=lambda cell: cell[2])
        hidden = [*small, *rest[:1]] if len(small) == 1 else small
        shown += [
            Cell(event, data, None if (event, data, count) in hidden else count)
            for event, data, count in group
        ]
    return shown


def summarise(cells: Sequence[Cell]) -> dict[str, Any]:
    """What a stretch of time came to, by flow: begun, finished, each question entered and left in which way."""
    flows: dict[str, dict[str, Any]] = {}
    for cell in cells:
        flow = flows.setdefault(
            str(cell.data.get("flow", "")), {"events": {}, "steps": {}, "minutes": {}, "dangers": {}}
        )
        if cell.event == "step_entered":
            _step(flow, cell)["entered"] = cell.sessions
        elif cell.event == "step_completed":
            _step(flow, cell)["left"][cell.data.get("how")] = cell.sessions
        elif cell.event == "session_duration":
            flow["minutes"][cell.data.get("minutes")] = cell.sessions
        elif cell.event == "risk_shown":
            known = flow["dangers"].get(cell.data.get("category"), 0)
            added = None if cell.sessions is None or known is None else known + cell.sessions
            flow["dangers"][cell.data.get("category")] = added
        else:
            known = flow["events"].get(cell.event, 0)
            flow["events"][cell.event] = (
                None if cell.sessions is None or known is None else known + cell.sessions
            )
    return flows


def _step(flow: dict[str, Any], cell: Cell) -> dict[str, Any]:
    step: dict[str, Any] = flow["steps"].setdefault(cell.data.get("step"), {"entered": 0, "left": {}})
    return step


MINUTES = ((3, "under 3"), (6, "3 to 6"), (10, "6 to 10"), (20, "10 to 20"))


def minutes_bucket(span: timedelta) -> str:
    """How long a session took, roughly: exact times could be laid beside other records."""
    minutes = span.total_seconds() / 60
    return next((name for most, name in MINUTES if minutes < most), "over 20")
