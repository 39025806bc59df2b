"""The guide at a glance: who is in which question now, where people leave, how sessions end. No words of anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from switchboard.apps.guide.pages import naming
from switchboard.kernel.console import charts
from switchboard.kernel.console.page import Shown, Visit
from switchboard.kernel.console.rendering import number

_WEEKS = 8
_MINUTES = ("under 3", "3 to 6", "6 to 10", "10 to 20", "over 20")


async def show(visit: Visit) -> Shown:
    records = visit.service.records
    weeks = await records.sum_weeks(visit.caller, _WEEKS)
    intents = await records.sum_intents(visit.caller)
    context = {
        "states": await records.list_states(visit.caller),
        "waiting": await records.sum_waiting(visit.caller),
        "retention": records.describe_retention(visit.caller),
        "weeks": [_row(week) for week in weeks],
        "charts": _charts(weeks, intents),
        "naming": naming,
        "chat": f"/chat/{visit.section.scope}",
    }
    return Shown("guide/overview.html", context, watch="guide")


def _row(week: Mapping[str, Any]) -> dict[str, Any]:
    """One week over all flows; a small count anywhere makes the sum a small one."""
    flows = list(week["flows"].values())
    return {
        "week": week["week"],
        "is_over": week["is_over"],
        "begun": _sum(flow["events"].get("session_started", 0) for flow in flows),
        "finished": _sum(flow["events"].get("session_completed", 0) for flow in flows),
        "dangers": _sum(count for flow in flows for count in flow["dangers"].values()),
        "deleted": _sum(flow["events"].get("data_deleted", 0) for flow in flows),
    }


def _sum(counts: Any) -> int | None:
    held = list(counts)
    return None if any(count is None for count in held) else sum(held)


def _charts(weeks: Sequence[Mapping[str, Any]], intents: Sequence[Mapping[str, Any]]) -> list[charts.Chart]:
    drawn = []
    oldest_first = list(reversed(weeks))
    labels = [week["week"] for week in oldest_first]
    rows = [_row(week) for week in oldest_first]
    drawn.append(
        charts.columns(
            "Sessions by week",
            labels,
            [
                charts.Series("Finished", [row["finished"] for row in rows]),
                charts.Series(
                    "Begun and not finished",
                    [max(0, (row["begun"] or 0) - (row["finished"] or 0)) for row in rows],
                ),
            ],
            write=number,
            first_column="Week",
        )
    )
    for flow in dict.fromkeys(name for week in weeks for name in week["flows"] if name):
        steps = _steps(weeks, flow)
        drawn.append(
            charts.bars(
                f"How far people come: {flow.replace('_', ' ')}",
                [naming.state(step) for step in steps],
                charts.Series("Sessions", list(steps.values())),
                write=number,
                first_column="Question",
            )
        )
    minutes = dict.fromkeys(_MINUTES, 0)
    for week in weeks:
        for held in week["flows"].values():
            for name, count in held["minutes"].items():
                minutes[name] = minutes.get(name, 0) + (count or 0)
    drawn.append(
        charts.bars(
            "How long a finished session took, in minutes",
            list(minutes),
            charts.Series("Sessions", list(minutes.values())),
            write=number,
            first_column="Minutes",
        )
    )
    shown = [row for row in intents if row["messages"] is not None][:12]
    drawn.append(
        charts.bars(
            "What messages were for, the last 30 days",
            [f"{naming.intent(row['classified_intent'])} ({row['method']})" for row in shown],
            charts.Series("Messages", [row["messages"] for row in shown]),
            write=number,
            first_column="Intent",
        )
    )
    return drawn


def _steps(weeks: Sequence[Mapping[str, Any]], flow: str) -> dict[str, int]:
    """How many came to each question over these weeks, the most visited first: where the bars grow short, people leave."""
    totals: dict[str, int] = {}
    for week in weeks:
        for step, said in week["flows"].get(flow, {"steps": {}})["steps"].items():
            totals[step] = totals.get(step, 0) + (said["entered"] or 0)
    return dict(sorted(totals.items(), key=lambda each: -each[1]))
