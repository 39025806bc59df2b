"""`switchboard honeypot replay`: a file of messages played through the service, with a bar and a report."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from switchboard.apps.honeypot.commands import replay_report
from switchboard.apps.honeypot.service import Honeypot
from switchboard.apps.honeypot.service.replays.player import Played, Players, Replay
from switchboard.apps.honeypot.service.replays.report import summarise
from switchboard.apps.honeypot.service.replays.rows import conversations, read_file
from switchboard.kernel import terminal
from switchboard.kernel.errors import Unavailable
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_GO_ON = "Replay the same file again to go on: what is stored is not stored twice."


def replay_file(
    platform: Platform, path: Path, *, report_path: Path | None, limit: int | None, concurrency: int
) -> bool:
    """Play a file, write the report, print the summary; whether every row was answered.

    Raises Invalid or NotFound for a file that cannot be played, Unavailable when the database gave up on the
    way, typer.Exit after Ctrl-C; of the last two only after the report is written.
    """
    file = read_file(path, limit)
    wanted = report_path or Path(f"{path.stem}-report.json")
    replay_report.require_writable(wanted)
    turns = [[Played(row) for row in rows] for rows in conversations(file.rows)]
    replay = Replay(file, platform.clock.now(), turns)
    _play(platform, replay, concurrency)
    summary = summarise(replay)
    written = replay_report.write(wanted, replay, summary)
    replay_report.show(replay, summary, written)
    if replay.stopped_by is not None:
        raise Unavailable(replay.stopped_by.message, hint=f"{replay.stopped_by.hint} {_GO_ON}")
    if replay.is_interrupted:
        terminal.notices().print(f"Stopped. {_GO_ON}")
        raise typer.Exit(130)
    return replay.is_complete


def _play(platform: Platform, replay: Replay, concurrency: int) -> None:
    notices = terminal.notices()
    progress = Progress(
        TextColumn("Replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=notices,
        transient=True,
        disable=not notices.is_terminal,
    )
    started = platform.clock.monotonic()
    with progress:
        task = progress.add_task("", total=len(replay.file.rows))
        # What the rows say does not depend on the replies, so none of them is worth a call of the model.
        players = Players(
            Honeypot(platform, uses_model=False),
            replay,
            command_caller(),
            lambda _played: progress.advance(task),
        )
        try:
            asyncio.run(players.play(concurrency))
        except KeyboardInterrupt:
            replay.is_interrupted = True
    replay.seconds = platform.clock.monotonic() - started
