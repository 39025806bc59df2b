"""The honeypot at a glance: what came in, what was disclosed, by whom and how soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.pages import cells
from switchboard.apps.honeypot.rules.analytics import BENIGN
from switchboard.kernel.console import charts
from switchboard.kernel.console.page import Shown, Visit
from switchboard.kernel.console.rendering import decimal, number, percent

_STRETCHES = (7, 30, 90)
_USUAL = 30
_LATEST = 8


async def show(visit: Visit) -> Shown:
    days = _days(visit.query.get("days", ""))
    tomorrow = visit.platform.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )
    figures = await visit.service.sum_figures(visit.caller, tomorrow - timedelta(days=days), tomorrow)
    ongoing = await visit.service.list_ongoing(visit.caller, _LATEST)
    context = {
        "days": days,
        "stretches": _STRETCHES,
        "figures": figures,
        "known_values": sum(row["values"] for row in figures["values"]),
        "shared_values": sum(row["shared"] for row in figures["values"]),
        "charts": _charts(figures),
        "ongoing": ongoing,
        "cells": cells,
    }
    return Shown("honeypot/overview.html", context, watch="honeypot")


def _days(asked: str) -> int:
    return int(asked) if asked in {str(each) for each in _STRETCHES} else _USUAL


def _charts(figures: Mapping[str, Any]) -> list[charts.Chart]:
    by_day = _every_day(figures)
    types = [row for row in figures["by_scam_type"] if row["key"] != BENIGN]
    types.sort(key=lambda row: -row["sessions"])
    people = sorted(figures["by_persona_id"], key=lambda row: -(row["disclosure_rate"] or 0))
    sources = sorted(figures["by_source_type"], key=lambda row: -row["sessions"])
    values = sorted(figures["values"], key=lambda row: -row["values"])
    return [
        charts.columns(
            "Sessions by day",
            [f"{row['key']:%d %b}" for row in by_day],
            [
                charts.Series("Disclosed something", [row["disclosed"] for row in by_day]),
                charts.Series(
                    "Scam, nothing disclosed yet", [row["scams"] - row["disclosed"] for row in by_day]
                ),
                charts.Series("No scam", [row["sessions"] - row["scams"] for row in by_day]),
            ],
            write=number,
            first_column="Day (UTC)",
        ),
        charts.bars(
            "Values found, by kind",
            [naming.kind(row["kind"]) for row in values],
            charts.Series("Values", [row["values"] for row in values]),
            write=number,
            first_column="Kind",
        ),
        charts.bars(
            "Sessions by type of scam",
            [naming.scam_type(row["key"]) for row in types],
            charts.Series("Sessions", [row["sessions"] for row in types]),
            write=number,
            first_column="Type",
        ),
        _rates(
            "Disclosure rate by type of scam", "Type", [(naming.scam_type(row["key"]), row) for row in types]
        ),
        charts.bars(
            "Turns to the first disclosure, by type of scam",
            [naming.scam_type(row["key"]) for row in types],
            charts.Series("Turns, mean", [row["mean_turns_to_first_disclosure"] for row in types]),
            write=decimal,
            first_column="Type",
        ),
        _rates(
            "Personas compared: disclosure rate",
            "Persona",
            [(cells.persona_name(row["key"]), row) for row in people],
        ),
        charts.bars(
            "Personas compared: how long scammers stay",
            [cells.persona_name(row["key"]) for row in people],
            charts.Series("Turns, mean", [row["mean_turns"] for row in people]),
            write=decimal,
            first_column="Persona",
        ),
        charts.bars(
            "Where sessions came from",
            [row["key"] for row in sources],
            charts.Series("Sessions", [row["sessions"] for row in sources]),
            write=number,
            first_column="Source",
        ),
    ]


def _rates(title: str, column: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> charts.Chart:
    """How many scams of each disclosed something, with how many that is of: a rate of three says little."""
    known = [(name, row) for name, row in rows if row["scams"]]
    return charts.bars(
        title,
        [f"{name} ({row['scams']})" for name, row in known],
        charts.Series("Disclosed", [row["disclosure_rate"] for _, row in known]),
        write=percent,
        first_column=column,
        most=1.0,
    )


def _every_day(figures: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A row for each day of the stretch, also for those on which nothing began."""
    known = {row["key"]: row for row in figures["by_day"]}
    day, rows = figures["since"], []
    while day < figures["until"]:
        rows.append(known.get(day, {"key": day, "sessions": 0, "scams": 0, "disclosed": 0}))
        day += timedelta(days=1)
    return rows
