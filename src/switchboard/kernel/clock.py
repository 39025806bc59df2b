"""The one clock. Every moment is an aware datetime in UTC; nothing else in the tree asks the machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the moment and measures spans. The two are separate because wall clocks jump."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class FixedClock:
    """The clock's twin for tests: it moves only when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = require_utc(start)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, span: timedelta) -> None:
        self._now += span
        self._elapsed += span.total_seconds()


def require_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a naive one, whose meaning nobody can know."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone: give an aware datetime")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment outside of the calendar: give one between the years 1 and 9999") from None


def to_iso(moment: datetime) -> str:
    """RFC 3339 with microseconds and a Z, one width for every moment, so that text sorts as time."""
    return require_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
