"""The life of a session: its statuses, which may follow which, and what ends it.

The score and the danger are judged elsewhere; here they are weighed against each other and the turn limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.safety import SELF_HARM, Danger

INITIAL = "INITIAL"
ONGOING = "ONGOING"
COMPLETED = "COMPLETED"
TERMINATED = "TERMINATED"
MAX_TURNS_REACHED = "MAX_TURNS_REACHED"
SAFETY_EXIT = "SAFETY_EXIT"

_ENDINGS = frozenset({COMPLETED, TERMINATED, MAX_TURNS_REACHED, SAFETY_EXIT})
GOAL_SCORE = 0.6
"""The intelligence score that completes a session; half of it does near the limit of turns."""
_LAST_TURNS = 2
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn leaves the session in.

    `reason` is a sentence for people, None while the session goes on. `closing` names the persona's last line
    (see `replies.close`), None when the persona goes on talking.
    """

    status: str
    reason: str | None = None
    closing: str | None = None


def decide(
    turn: int,
    max_turns: int,
    score: float,
    verdict: Verdict,
    danger: Danger | None,
    goal_score: float = GOAL_SCORE,
) -> Outcome:
    """What turn number `turn` (from 1) of at most `max_turns` ends with.

    `score` is the intelligence score after the turn, 0 to 1; `verdict` the session's. Danger comes before all;
    only a scammer's identifiers complete a session, sooner when the limit is near; a harmless sender's session
    goes on, because the next message may show a scam. A `goal_score` above 2 is never reached.
    """
    if danger is not None:
        closing = SELF_HARM if danger.kind == SELF_HARM else "safety"
        return Outcome(SAFETY_EXIT, danger.reason, closing)
    is_nearly_over = turn > max_turns - _LAST_TURNS
    enough = goal_score / 2 if is_nearly_over else goal_score
    if verdict.is_scam and score >= enough:
        return Outcome(COMPLETED, "The scammer has given enough away.", "completed")
    if turn >= max_turns:
        return Outcome(MAX_TURNS_REACHED, "The turn limit is reached.", "limit")
    return Outcome(ONGOING)


def is_silent(updated_at: datetime, now: datetime, limit: timedelta) -> bool:
    """Whether the sender has been silent for `limit` or longer. Both moments are aware."""
    return now - updated_at >= limit
