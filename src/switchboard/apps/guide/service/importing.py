"""Conversations of an earlier guide, brought in: its one table was `chat_history`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from switchboard.apps.guide import repository
from switchboard.kernel.clock import require_utc
from switchboard.kernel.database.library import library
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Invalid

BATCH = 200
_COLUMNS = ("id", "session_id", "role", "message", "ts")
_PLAIN_ID = re.compile(r"[\w.:-]{1,200}")


class Line(NamedTuple):
    role: str
    message: str
    at: datetime


class Conversation(NamedTuple):
    """One session of the old file, its lines in the order in which they were written."""

    session_id: str
    lines: tuple[Line, ...]


class Report(NamedTuple):
    """What came of a file."""

    sessions: int
    lines: int
    known: int
    """Sessions that were here already, from an earlier run."""
    refused: int
    """Lines that no session could take: no role that exists, no text."""


def read_conversations(file: Path, now: datetime) -> Iterator[Conversation]:
    """The conversations of an old file. Raises Invalid for a file that holds none.

    Times of the old table are UTC without saying so; one that cannot be read is taken from the line before.
    """
    if not file.is_file():
        raise Invalid(f"There is no file {file}.", hint="Name the old database.")
    try:
        connection = library.connect(f"file:{file.resolve().as_posix()}?mode=ro", uri=True)
    except library.Error as error:
        raise Invalid(f"{file.name} cannot be opened: {error}.", hint="Name a SQLite file.") from error
    try:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(chat_history)")]
        if not set(_COLUMNS) <= set(columns):
            raise Invalid(
                f"{file.name} has no table chat_history with {', '.join(_COLUMNS)}.",
                hint="Name the database of the earlier guide.",
            )
        ids = [
            row[0] for row in connection.execute("SELECT DISTINCT session_id FROM chat_history ORDER BY 1")
        ]
        for id in ids:
            rows = connection.execute(
                "SELECT role, message, ts FROM chat_history WHERE session_id IS ? ORDER BY id", (id,)
            ).fetchall()
            yield Conversation(str(id), tuple(_lines(rows, now)))
    except library.DatabaseError as error:
        raise Invalid(
            f"{file.name} is no SQLite database: {error}.", hint="Name the old database."
        ) from error
    finally:
        connection.close()


def _lines(rows: Sequence[tuple[Any, ...]], now: datetime) -> Iterator[Line]:
    at: datetime | None = None
    for role, message, written in rows:
        at = _moment(written) or at or now
        text = message if isinstance(message, str) else ""
        yield Line(str(role), text.replace("\0", ""), at)


def _moment(written: Any) -> datetime | None:
    if isinstance(written, (int, float)):
        try:
            return datetime.fromtimestamp(written, UTC)
        except (OverflowError, OSError, ValueError):
            return None
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else require_utc(moment)
    except ValueError:
        return None


def bring_in(tx: Transaction, batch: Sequence[tuple[Conversation, str]], flow: tuple[str, int]) -> Report:
    """Put down a batch of conversations, each under its id here. Those that are known already are passed over.

    The old table says nothing of where a session stood, so each is put down as begun and left; it can be read, and
    goes when its days are over, counted from its last line.
    """
    sessions = lines = known = refused = 0
    for conversation, session_id in batch:
        if repository.get_session_data(tx, session_id) is not None:
            known += 1
            continue
        good = [
            line
            for line in conversation.lines
            if line.role in (repository.USER, repository.BOT) and line.message
        ]
        refused += len(conversation.lines) - len(good)
        if not good:
            continue
        moments = [line.at for line in good]
        repository.save_session(
            tx,
            {
                "session_id": session_id,
                "fsm_state": "welcome",
                "created_at": min(moments),
                "last_activity": max(moments),
                "completed": False,
                "completion_time": None,
                "flow_id": flow[0],
                "flow_version": flow[1],
                "language": "en",
                "country": None,
                "channel": "import",
                "turn_count": sum(line.role == repository.USER for line in good),
                "place_json": {},
            },
        )
        for line in good:
            repository.save_message(tx, session_id, line.role, line.message, line.at)
        sessions += 1
        lines += len(good)
    return Report(sessions, lines, known, refused)


def plain_id(id: str) -> str | None:
    """The old id where it can stand here as it is: not too long, no strange signs."""
    return id if _PLAIN_ID.fullmatch(id) and len(id) <= 36 else None
