"""CSV for people with a spreadsheet: one row a value, one a session, or one a message.

RFC 4180. No cell is a formula and none loses digits: text that a spreadsheet would compute or read as a
number begins with an apostrophe (so `'+919876543210`). What must be read back unchanged belongs in JSON.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from switchboard.apps.honeypot.exports.evidence import Evidence, Message, Value
from switchboard.kernel.clock import to_iso
from switchboard.kernel.spreadsheet import plain_cell

Cell = str | int | float | bool | datetime | None
T = TypeVar("T")

BYTE_ORDER_MARK = "\ufeff"
"""Tells Excel that a file is UTF-8; other programs do without it."""


def stream_values(evidence: Iterable[Evidence], *, byte_order_mark: bool = False) -> Iterator[str]:
    """One row for each value of each session, what it is first."""
    rows = ((each, value) for each in evidence for value in each.values)
    return _stream(_VALUE_COLUMNS, rows, byte_order_mark)


def stream_sessions(evidence: Iterable[Evidence], *, byte_order_mark: bool = False) -> Iterator[str]:
    """One row for each session."""
    return _stream(_SESSION_COLUMNS, evidence, byte_order_mark)


def stream_messages(evidence: Iterable[Evidence], *, byte_order_mark: bool = False) -> Iterator[str]:
    """One row for each line that was said."""
    rows = ((each, message) for each in evidence for message in each.messages)
    return _stream(_MESSAGE_COLUMNS, rows, byte_order_mark)


_VALUE_COLUMNS: Mapping[str, Callable[[tuple[Evidence, Value]], Cell]] = {
    "kind": lambda row: row[1].kind,
    "value": lambda row: row[1].value,
    "bank_name": lambda row: row[1].details.get("bank_name"),
    "ifsc_code": lambda row: row[1].details.get("ifsc_code"),
    "confidence": lambda row: row[1].confidence,
    "occurrences": lambda row: row[1].occurrences,
    "first_seen_at": lambda row: row[1].first_seen_at,
    "last_seen_at": lambda row: row[1].last_seen_at,
    "first_turn": lambda row: row[1].first_turn,
    "last_turn": lambda row: row[1].last_turn,
    "session_id": lambda row: row[0].id,
    "is_scam": lambda row: row[0].is_scam,
    "scam_type": lambda row: row[0].scam_type,
    "scam_confidence": lambda row: row[0].confidence,
    "source_type": lambda row: row[0].source_type,
    "source_identifier": lambda row: row[0].source_identifier,
    "campaign_id": lambda row: row[0].campaign.id if row[0].campaign else None,
    "campaign_name": lambda row: row[0].campaign.name if row[0].campaign else None,
}
_SESSION_COLUMNS: Mapping[str, Callable[[Evidence], Cell]] = {
    "session_id": lambda session: session.id,
    "status": lambda session: session.status,
    "ended_reason": lambda session: session.ended_reason,
    "is_scam": lambda session: session.is_scam,
    "scam_type": lambda session: session.scam_type,
    "scam_confidence": lambda session: session.confidence,
    "reasons": lambda session: "; ".join(session.reasons),
    "intelligence_score": lambda session: session.score,
    "values": lambda session: len(session.values),
    "turn_count": lambda session: session.turn_count,
    "persona_id": lambda session: session.persona_id,
    "source_type": lambda session: session.source_type,
    "source_identifier": lambda session: session.source_identifier,
    "started_at": lambda session: session.started_at,
    "last_message_at": lambda session: session.last_message_at,
    "ended_at": lambda session: session.ended_at,
    "campaign_id": lambda session: session.campaign.id if session.campaign else None,
    "campaign_name": lambda session: session.campaign.name if session.campaign else None,
}
_MESSAGE_COLUMNS: Mapping[str, Callable[[tuple[Evidence, Message]], Cell]] = {
    "session_id": lambda row: row[0].id,
    "turn": lambda row: row[1].turn_number,
    "role": lambda row: row[1].role,
    "content": lambda row: row[1].content,
    "created_at": lambda row: row[1].created_at,
    "message_id": lambda row: row[1].id,
}


class _Line:
    """What the csv module writes to: it gives each finished line back."""

    def write(self, line: str) -> str:
        return line


def _stream(columns: Mapping[str, Callable[[T], Cell]], rows: Iterable[T], mark: bool) -> Iterator[str]:
    writer: Any = csv.writer(_Line(), lineterminator="\r\n")
    yield (BYTE_ORDER_MARK if mark else "") + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_written(read(row)) for read in columns.values()])


def _written(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return to_iso(cell)
    return plain_cell(cell) if isinstance(cell, str) else cell
