"""Replays that people start in the console: kept in the database, played in the serving process, one at a time.

A replay outlives its process. Who plays it holds a lease; when that runs out, another process begins it anew,
and rows that were played answer as they did, because each is named by its file and line.
"""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from switchboard.apps.honeypot.service.replays.player import Played, Players, Replay
from switchboard.apps.honeypot.service.replays.report import refusals_of, summarise
from switchboard.apps.honeypot.service.replays.rows import ReplayFile, conversations, read_content
from switchboard.apps.honeypot.statements import replays as statements
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict, Invalid, NotFound, SwitchboardError
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ACT, READ, operation

if TYPE_CHECKING:
    from switchboard.apps.honeypot.service.honeypot import Honeypot

LARGEST_FILE_BYTES = 20_000_000
MOST_ROWS = 50_000
_CONCURRENCY = 4
_PROGRESS_SECONDS = 0.5
_LEASE = timedelta(seconds=30)
_LOOK_AGAIN_SECONDS = 5.0
_REFUSALS_KEPT = 1_000
_FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)

log = structlog.get_logger("switchboard.honeypot")


class Replays:
    """The replays of one installation."""

    scope = "honeypot"

    def __init__(self, platform: Platform, honeypot: Honeypot) -> None:
        """`honeypot` asks no model: what the rows say does not depend on the replies."""
        self._database = platform.database("honeypot")
        self._clock = platform.clock
        self._ids = platform.ids
        self._honeypot = honeypot
        self._player = platform.ids.new()
        self._runner: asyncio.Task[None] | None = None
        self._playing: Replay | None = None
        self._is_closed = False

    @operation(ACT)
    async def start_replay(self, caller: Caller, file_name: str, content: bytes) -> Row:
        """Take a file and play it as soon as those before it are done; the replay.

        Raises Invalid for a file that is too large or no list of messages.
        """
        file = await asyncio.to_thread(_read, file_name, content)
        row: dict[str, Any] = {
            "id": self._ids.new(),
            "file_name": file.path.name[:200],
            "digest": file.digest,
            "rows_total": len(file.rows),
            "started_by": caller.actor[:100],
            "now": self._clock.now(),
        }
        packed, audit_id = await asyncio.to_thread(gzip.compress, content), self._ids.new()

        def turn(tx: Transaction) -> None:
            tx.run(statements.INSERT, **row)
            tx.run(statements.INSERT_FILE, replay_id=row["id"], content=packed)
            audit.record(tx, caller, "start", "replay", row["id"], id=audit_id, at=row["now"])

        await self._database.write(turn)
        self.go_on()
        return await self._database.read(_require, row["id"])

    @operation(READ)
    async def list_replays(self, caller: Caller, before: tuple[Any, str] | None, limit: int) -> list[Row]:
        """Replays newest first, before a place."""
        at, id = before or (_FAR_FUTURE, "~")
        return await self._database.read(
            lambda tx: tx.rows(statements.LIST, before_at=at, before_id=id, limit=limit)
        )

    @operation(READ)
    async def get_replay(self, caller: Caller, replay_id: str) -> Row:
        """A replay: its `state` (QUEUED, RUNNING, DONE, CANCELLED, FAILED), how far it is, its report. Raises NotFound."""
        return await self._database.read(_require, replay_id)

    @operation(ACT)
    async def cancel_replay(self, caller: Caller, replay_id: str) -> None:
        """Stop a replay, in whatever process it is played. What was played stays. Raises NotFound, Conflict."""
        now, audit_id = self._clock.now(), self._ids.new()

        def turn(tx: Transaction) -> None:
            _require(tx, replay_id)
            if not tx.run(statements.CANCEL, id=replay_id, now=now):
                raise Conflict("This replay has ended already.", hint="Load the page again to see its state.")
            tx.run(statements.DELETE_FILE, id=replay_id)
            audit.record(tx, caller, "cancel", "replay", replay_id, id=audit_id, at=now)

        await self._database.write(turn)

    def go_on(self) -> None:
        """Play what waits, in the running event loop, unless that is being done."""
        if not self._is_closed and (self._runner is None or self._runner.done()):
            self._runner = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Leave what is being played to the next process."""
        self._is_closed = True
        if self._playing is not None:
            self._playing.is_interrupted = True
        if self._runner is not None:
            with suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(self._runner, _LOOK_AGAIN_SECONDS)

    async def _run(self) -> None:
        while not self._is_closed:
            try:
                claimed = await self._database.write(_claim, self._player, self._clock.now())
                if claimed is not None:
                    await self._play(claimed)
                elif not await self._database.read(_count_open):
                    return
                else:
                    # Another process plays it, or played it: its lease tells.
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            except SwitchboardError as error:
                log.warning("replays wait", error=error.message)
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _play(self, claimed: Row) -> None:
        replay_id = claimed["id"]
        file = await asyncio.to_thread(_unpack, claimed)
        if file is None:
            return
        turns = [[Played(row) for row in rows] for rows in conversations(file.rows)]
        replay = Replay(file, claimed["created_at"], turns)
        progress = _Progress(len(file.refused))
        # The same file uploaded by whomever is the same rows.
        caller = Caller(claimed["started_by"], claimed["started_by"], roles={"honeypot": "analyst"})
        players = Players(self._honeypot, replay, caller, progress.count, rests=True)
        self._playing = replay
        began = self._clock.monotonic()
        playing = asyncio.create_task(players.play(_CONCURRENCY))
        try:
            while not playing.done():
                await asyncio.wait((playing,), timeout=_PROGRESS_SECONDS)
                if not await self._database.write(
                    _advance, self._player, replay_id, progress, self._clock.now()
                ):
                    replay.is_interrupted = True
            await playing
        except Exception as error:
            replay.is_interrupted = True
            if isinstance(error, SwitchboardError):
                raise
            log.exception("a replay failed", replay_id=replay_id)
            await self._finish(
                replay_id, "FAILED", progress, error=f"A defect of Switchboard: {type(error).__name__}."
            )
            return
        finally:
            self._playing = None
            if not playing.done():
                replay.is_interrupted = True
                with suppress(Exception):
                    await playing
        replay.seconds = self._clock.monotonic() - began
        if replay.stopped_by is not None:
            raise replay.stopped_by
        if replay.is_interrupted:
            await self._database.write(
                lambda tx: tx.run(statements.RELEASE, id=replay_id, player=self._player)
            )
            return
        await self._finish(replay_id, "DONE", progress, report=await asyncio.to_thread(_report_of, replay))

    async def _finish(
        self,
        replay_id: str,
        state: str,
        progress: _Progress,
        *,
        report: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        now = self._clock.now()

        def turn(tx: Transaction) -> None:
            tx.run(
                statements.FINISH,
                id=replay_id,
                player=self._player,
                state=state,
                report=None if report is None else as_json(report),
                error=error,
                now=now,
                **progress.counts(),
            )
            tx.run(statements.DELETE_FILE, id=replay_id)

        await self._database.write(turn)


class _Progress:
    """How far a replay is."""

    def __init__(self, refused: int) -> None:
        """`refused` are the rows that could not be read."""
        self._done = 0
        self._refused = refused
        self._sessions: set[str] = set()

    def count(self, played: Played) -> None:
        self._done += 1
        if played.answer is None:
            self._refused += 1
        else:
            self._sessions.add(played.answer["session_id"])

    def counts(self) -> dict[str, int]:
        return {
            "rows_done": self._done,
            "rows_refused": self._refused,
            "sessions_opened": len(self._sessions),
        }


def _read(file_name: str, content: bytes) -> ReplayFile:
    if len(content) > LARGEST_FILE_BYTES:
        raise Invalid(
            f"The file is larger than {LARGEST_FILE_BYTES // 1_000_000} MB.", hint="Divide it into several."
        )
    # A browser may send a whole path; only its last part is a name.
    file = read_content(Path(Path(file_name.replace("\\", "/")).name or "file"), content)
    if len(file.rows) > MOST_ROWS:
        raise Invalid(f"The file has more than {MOST_ROWS:,} messages.", hint="Divide it into several.")
    if not file.rows:
        first = file.refused[0]
        raise Invalid(
            f"No row of the file can be played; line {first.line}: {first.reason}.",
            hint="Each row needs a `message`.",
        )
    return file


def _unpack(claimed: Row) -> ReplayFile | None:
    """The file of a claimed replay; None where it was cancelled in between."""
    if claimed["content"] is None:
        return None
    return read_content(Path(claimed["file_name"]), gzip.decompress(claimed["content"]))


def _claim(tx: Transaction, player: str, now: datetime) -> Row | None:
    """The next replay that nobody plays, with its file; from now on it is this player's."""
    waiting = tx.find(statements.FIND_NEXT, now=now)
    if waiting is None:
        return None
    tx.run(statements.CLAIM, id=waiting["id"], player=player, now=now, until=now + _LEASE)
    file = tx.find(statements.FIND_FILE, id=waiting["id"])
    return {**_require(tx, waiting["id"]), "content": None if file is None else bytes(file["content"])}


def _advance(tx: Transaction, player: str, replay_id: str, progress: _Progress, now: datetime) -> int:
    return tx.run(statements.ADVANCE, id=replay_id, player=player, until=now + _LEASE, **progress.counts())


def _count_open(tx: Transaction) -> int:
    row = tx.find(statements.COUNT_OPEN)
    return 0 if row is None else int(row["replays"])


def _require(tx: Transaction, replay_id: str) -> Row:
    row = tx.find(statements.FIND, id=replay_id) if len(replay_id) <= 36 and replay_id.isprintable() else None
    if row is None:
        raise NotFound(
            f"There is no replay {replay_id[:36]!r}.", hint="List the replays to see which there are."
        )
    return row


def _report_of(replay: Replay) -> dict[str, Any]:
    """The summary with the refused rows, of which a file without sense has too many to keep."""
    summary = summarise(replay)
    refusals = refusals_of(replay)
    verdicts = summary.verdicts
    judged = (
        None
        if verdicts is None
        else {"precision": verdicts.precision, "recall": verdicts.recall, "f1": verdicts.f1}
    )
    return {
        **asdict(summary),
        "judged": judged,
        "refusals": [{"line": line, "reason": reason} for line, reason in refusals[:_REFUSALS_KEPT]],
        "refusals_in_all": len(refusals),
    }
