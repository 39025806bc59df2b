"""The life of a session: its statuses, which may follow which, and when time or turns end it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

INITIAL = "INITIAL"
ONGOING = "ONGOING"
COMPLETED = "COMPLETED"
TERMINATED = "TERMINATED"
MAX_TURNS_REACHED = "MAX_TURNS_REACHED"
SAFETY_EXIT = "SAFETY_EXIT"

_ENDINGS = frozenset({COMPLETED, TERMINATED, MAX_TURNS_REACHED, SAFETY_EXIT})
_NONE: frozenset[str] = frozenset()

TRANSITIONS: Mapping[str, frozenset[str]] = {
    INITIAL: _ENDINGS | {ONGOING},
    ONGOING: _ENDINGS | {ONGOING},
    COMPLETED: _NONE,
    TERMINATED: _NONE,
    MAX_TURNS_REACHED: _NONE,
    SAFETY_EXIT: _NONE,
}
STATUSES = frozenset(TRANSITIONS)


class InvalidTransition(ValueError):
    """A session was asked to take a status that cannot follow the one it has."""

    def __init__(self, current: str, new: str) -> None:
        super().__init__(f"A session that is {current} cannot become {new}.")
        self.current = current
        self.new = new


def is_ended(status: str) -> bool:
    """Whether the session takes no further turn. Raises ValueError for a status that does not exist."""
    if status not in TRANSITIONS:
        raise ValueError(f"There is no session status {status!r}.")
    return not TRANSITIONS[status]


def require_transition(current: str, new: str) -> None:
    """Raise InvalidTransition unless `new` may follow `current`."""
    if new not in TRANSITIONS.get(current, _NONE):
        raise InvalidTransition(current, new)


def status_after_turn(turn_count: int, max_turns: int) -> str:
    """The status once `turn_count` turns have been answered."""
    return MAX_TURNS_REACHED if turn_count >= max_turns else ONGOING


def is_silent(updated_at: datetime, now: datetime, limit: timedelta) -> bool:
    """Whether the sender has been silent for `limit` or longer. Both moments are aware."""
    return now - updated_at >= limit
