"""`switchboard honeypot analytics`: what the sessions of some days came to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import typer
from rich.table import Table

from switchboard.apps.honeypot.commands import wording
from switchboard.apps.honeypot.service import Honeypot
from switchboard.kernel import terminal
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_BAR_WIDTH = 30
_GROUPS = (("Scam type", "by_scam_type"), ("Persona", "by_persona_id"), ("Source", "by_source_type"))

Figures = Mapping[str, Any]


def show_figures(platform: Platform, *, since: datetime | None, until: datetime | None) -> None:
    """Print the figures of the sessions begun from `since` until before `until`. Raises Invalid."""
    found = asyncio.run(Honeypot(platform).sum_figures(command_caller(), since, until))
    days = f"{found['since']:%Y-%m-%d} to {found['until'] - timedelta(days=1):%Y-%m-%d}, UTC"
    total = found["total"]
    if not total["sessions"]:
        typer.echo(f"No session began in these days ({days}).")
        return
    out = terminal.output()
    out.print(f"{total['sessions']:,} sessions, {total['scams']:,} of them scams ({days})", style="bold")
    out.print(
        f"took off: {_rate(total['take_off_rate'])}; disclosed: {_rate(total['disclosure_rate'])}, first at turn "
        f"{_mean(total['mean_turns_to_first_disclosure'])}; {_mean(total['mean_turns'])} turns a session"
    )
    out.print(_by_day(found["by_day"]))
    for title, group in _GROUPS:
        out.print(_by_group(title, found[group]))
    values = ", ".join(f"{wording.kind(row['kind'])} {row['values']:,}" for row in found["values"])
    out.print(f"Known in all: {values or 'no value'}; campaigns: {found['campaigns']:,}")


def _by_day(rows: Sequence[Figures]) -> Table:
    most = max(row["sessions"] for row in rows)
    table = Table("Day", "Sessions", "", box=None, pad_edge=False)
    for row in sorted(rows, key=lambda row: row["key"]):
        bar = "█" * max(1, round(_BAR_WIDTH * row["sessions"] / most))
        table.add_row(f"{row['key']:%Y-%m-%d}", f"{row['sessions']:,}", bar)
    return table


def _by_group(title: str, rows: Sequence[Figures]) -> Table:
    table = Table(title, "Sessions", "Took off", "Disclosed", "Turns to it", box=None, pad_edge=False)
    for row in sorted(rows, key=lambda row: (-row["sessions"], row["key"])):
        table.add_row(
            terminal.one_line(row["key"]),
            f"{row['sessions']:,}",
            _rate(row["take_off_rate"]),
            _rate(row["disclosure_rate"]),
            _mean(row["mean_turns_to_first_disclosure"]),
        )
    return table


def _rate(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _mean(number: float | None) -> str:
    return "-" if number is None else f"{number:.1f}"
