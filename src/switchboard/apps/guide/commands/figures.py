"""`switchboard guide report` and `retention`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from rich.table import Table
from rich.text import Text

from switchboard.apps.guide.service import Guide
from switchboard.kernel import terminal
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller


def show_report(platform: Platform, weeks: int, as_json: bool) -> None:
    """Print the figures of the last weeks."""
    found = asyncio.run(Guide(platform).records.sum_weeks(command_caller(), weeks))
    out = terminal.output()
    if as_json:
        print(json.dumps({"weeks": found}, ensure_ascii=False, indent=2))
        return
    if not found:
        out.print("Nothing was counted in these weeks.")
        return
    for week in found:
        running = "" if week["is_over"] else ", still running"
        for name, flow in week["flows"].items():
            if name:
                out.print(Text(f"{week['week']}{running}: {name}"), style="bold")
                _show_flow(flow)
    out.print("A count under five is shown as <5: few people could be known again by it.")


def _show_flow(flow: dict[str, Any]) -> None:
    out = terminal.output()
    events = flow["events"]
    out.print(
        f"  begun {_shown(events.get('session_started', 0))}, finished {_shown(events.get('session_completed', 0))}"
    )
    table = Table(
        "question", "reached", "answered", "nothing", "skipped", "left open", box=None, padding=(0, 2)
    )
    for step, said in flow["steps"].items():
        left = said["left"]
        ways = [_shown(left.get(how, 0)) for how in ("answered", "none", "skipped", "left_open")]
        table.add_row(step, _shown(said["entered"]), *ways)
    out.print(table)
    if flow["dangers"]:
        told = ", ".join(f"{category} {_shown(count)}" for category, count in flow["dangers"].items())
        out.print(Text(f"  danger told of: {told}"))


def _shown(count: int | None) -> str:
    return "<5" if count is None else str(count)


def run_retention(platform: Platform, *, is_dry: bool) -> None:
    """Delete what is past its days, or say what would be deleted."""
    guide, caller = Guide(platform).records, command_caller()
    done = guide.describe_retention(caller) if is_dry else guide.apply_retention(caller)
    would = "would be " if is_dry else ""
    terminal.output().print(
        f"{terminal.count(done['sessions'], 'session')} {would}deleted; the words of"
        f" {terminal.count(done['words'], 'finished session')} {would}removed."
    )
    if not is_dry and (done["sessions"] or done["words"]):
        terminal.output().print(
            "The nightly upkeep writes the file anew; `switchboard db tidy` does it now, so that no byte is left."
        )
