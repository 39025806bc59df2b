"""How a moment is kept: UTC text with microseconds on SQLite, timestamptz on PostgreSQL, aware in Python.

The text has one width, so it sorts as time; a naive datetime is refused wherever one is written.
"""

from __future__ import annotations

from datetime import UTC, datetime

from switchboard.kernel.clock import require_utc


def encode_moment(moment: datetime) -> str:
    """'2026-02-04 10:00:00.000000', in UTC. Raises ValueError for a naive moment."""
    if moment.tzinfo is not UTC:
        moment = require_utc(moment)
    return moment.isoformat(" ", "microseconds")[:26]


def decode_moment(text: bytes | str) -> datetime:
    """The aware UTC moment of a stored text."""
    if isinstance(text, bytes):
        text = text.decode("ascii")
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
