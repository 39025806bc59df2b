"""`switchboard honeypot replay`: a file of messages played through the service, and what came of each row.

Every row is sent under a name of its own, made from the file's digest and the line, so that a file played
again gets the answers it got before and stores nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from switchboard.apps.honeypot.commands import replay_report
from switchboard.apps.honeypot.commands.replay_rows import ReplayFile, Row, conversations, read_file
from switchboard.apps.honeypot.rules import lifecycle
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel import terminal
from switchboard.kernel.errors import NotFound, SwitchboardError, Unavailable
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_NAMED_DIGITS = 12
_LINES_READ = 200
_GO_ON = "Replay the same file again to go on: what is stored is not stored twice."


@dataclass
class Played:
    """What came of one row: an answer, or a reason for there being none, or neither when it was cut short."""

    row: Row
    answer: dict[str, Any] | None = None
    refused_because: str | None = None
    was_stored_before: bool = False


@dataclass
class Replay:
    """A file on its way through the honeypot."""

    file: ReplayFile
    began_at: datetime
    conversations: list[list[Played]]
    seconds: float = 0.0
    stopped_by: Unavailable | None = None
    is_interrupted: bool = False
    waiting: Iterator[list[Played]] = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = iter(self.conversations)

    @property
    def is_complete(self) -> bool:
        return not self.file.refused and all(
            played.answer is not None for turns in self.conversations for played in turns
        )


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
    summary = replay_report.summarise(replay)
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
        players = _Players(Honeypot(platform, uses_model=False), replay, lambda: progress.advance(task))
        try:
            asyncio.run(players.play(concurrency))
        except KeyboardInterrupt:
            replay.is_interrupted = True
    replay.seconds = platform.clock.monotonic() - started


class _Players:
    """Some players, each taking the next waiting conversation and playing it to its end."""

    def __init__(self, honeypot: Honeypot, replay: Replay, on_row: Callable[[], object]) -> None:
        self._honeypot = honeypot
        self._replay = replay
        self._on_row = on_row
        self._caller = command_caller()

    async def play(self, concurrency: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(self._replay.conversations))):
                group.create_task(self._play_waiting())

    async def _play_waiting(self) -> None:
        for turns in self._replay.waiting:
            try:
                await self._play_conversation(turns)
            except Unavailable as error:
                # The next row would fail alike; its turn comes when the file is played again.
                self._replay.stopped_by = error
            if self._replay.stopped_by is not None:
                return

    async def _play_conversation(self, turns: list[Played]) -> None:
        session_id: str | None = None
        for played in turns:
            await self._play_row(played, session_id)
            if played.answer is not None:
                # Who writes on after the end writes into a new session, as he would in life.
                is_over = lifecycle.is_ended(played.answer["status"])
                session_id = None if is_over else played.answer["session_id"]
            self._on_row()
        for id in dict.fromkeys(each.answer["session_id"] for each in turns if each.answer is not None):
            await self._mark_stored_before(id, turns)

    async def _play_row(self, played: Played, session_id: str | None) -> None:
        """Answer a row or note why not. Raises Unavailable."""
        try:
            played.answer = await self._send(played.row, session_id)
        except Unavailable:
            raise
        except SwitchboardError as error:
            played.refused_because = error.message.rstrip(".")
        except Exception as error:
            # One row that shows a defect of ours does not take the others with it. The text of the error
            # is left out: a database driver's holds the message.
            place = extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            played.refused_because = f"a defect of Switchboard: {type(error).__name__} in {where}"

    async def _send(self, row: Row, session_id: str | None) -> dict[str, Any]:
        digest = self._replay.file.digest[:_NAMED_DIGITS]
        name = f"replay:{digest}:{row.line}"
        if session_id is not None:
            return await self._honeypot.receive_message(self._caller, session_id, row.message, name)
        opening = Opening(row.message, row.source_type, None, None, {"replay": digest, "line": row.line})
        return await self._honeypot.open_session(self._caller, opening, name)

    async def _mark_stored_before(self, session_id: str, turns: list[Played]) -> None:
        try:
            lines = await self._honeypot.list_messages(self._caller, session_id, None, _LINES_READ)
        except NotFound:
            return
        began_at = self._replay.began_at
        before = {line["turn_number"] for line in lines if line["created_at"] < began_at}
        for played in turns:
            if played.answer is not None and played.answer["session_id"] == session_id:
                played.was_stored_before = played.answer["turn_count"] in before
