"""`switchboard guide import`: an earlier guide's conversations, with a bar while it works."""

from __future__ import annotations

from pathlib import Path

from rich.progress import Progress

from switchboard.apps.guide.service import Guide
from switchboard.kernel import terminal
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller


def bring_in(platform: Platform, file: Path) -> None:
    """Bring a file in and print what came of it. Running it again brings nothing in twice."""
    guide, caller = Guide(platform).records, command_caller()
    with Progress(console=terminal.notices(), transient=True) as bar:
        task = bar.add_task("Bringing in", total=None)
        report = guide.import_history(caller, file, on_progress=lambda done: bar.update(task, completed=done))
    out = terminal.output()
    out.print(
        f"{terminal.count(report.sessions, 'session')} with {terminal.count(report.lines, 'line')} brought in;"
        f" {report.known} were here already, {terminal.count(report.refused, 'line')} could not be taken."
    )
    days = platform.settings.guide_retention_days
    out.print(f"Sessions go {days} days after their last line, old ones with the next run of the retention.")
