"""A file of messages played through the service, and what came of each row.

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
from typing import TYPE_CHECKING, Any

from switchboard.apps.honeypot.rules import lifecycle
from switchboard.apps.honeypot.service.replays.rows import ReplayFile, Row
from switchboard.apps.honeypot.service.turns import Opening
from switchboard.kernel.errors import NotFound, SwitchboardError, Unavailable
from switchboard.kernel.security.caller import Caller

if TYPE_CHECKING:
    from switchboard.apps.honeypot.service.honeypot import Honeypot

_NAMED_DIGITS = 12
_SCOPE = "replay"
"""Rows are named within this, whoever plays the file and wherever: one file is one set of messages."""
_LINES_READ = 200


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


class Players:
    """Some players, each taking the next waiting conversation and playing it to its end."""

    def __init__(
        self,
        honeypot: Honeypot,
        replay: Replay,
        caller: Caller,
        on_row: Callable[[Played], object],
        *,
        rests: bool = False,
    ) -> None:
        """With `rests`, a player pauses after each row as long as the row took: live traffic goes first."""
        self._honeypot = honeypot
        self._replay = replay
        self._caller = caller._replace(scope=_SCOPE)
        self._on_row = on_row
        self._rests = rests

    async def play(self, concurrency: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(self._replay.conversations))):
                group.create_task(self._play_waiting())

    async def _play_waiting(self) -> None:
        for turns in self._replay.waiting:
            if self._replay.is_interrupted:
                return
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
            began = asyncio.get_running_loop().time()
            await self._play_row(played, session_id)
            if self._rests:
                await asyncio.sleep(asyncio.get_running_loop().time() - began)
            if played.answer is not None:
                # Who writes on after the end writes into a new session, as he would in life.
                is_over = lifecycle.is_ended(played.answer["status"])
                session_id = None if is_over else played.answer["session_id"]
            self._on_row(played)
            if self._replay.is_interrupted:
                return
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
