"""Where a session stands: plain data that is stored with every turn, never an object of the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

SAFE, COUNTRY, CARRY_ON, DELETE, KEEP, PAUSED, STOPPED, AGAIN = (
    "safe",
    "country",
    "carry_on",
    "delete",
    "keep",
    "paused",
    "stopped",
    "again",
)
ASIDES = (SAFE, COUNTRY, CARRY_ON, DELETE, KEEP, PAUSED, STOPPED, AGAIN)
"""What a session can have asked besides its question: while one is open, messages answer it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A session's place in its flow.

    `attempt` counts the answers to this question that could not be used; `asked` how often the aside was asked.
    `shown` says how often help was shown in full, by category. `pending` is what was said in a disclosure at this
    question: the person may keep it as the answer.
    """

    state: str
    attempt: int = 0
    aside: str | None = None
    asked: int = 0
    is_changing: bool = False
    changes: int = 0
    trail: tuple[str, ...] = ()
    visits: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, int] = field(default_factory=dict)
    danger: Mapping[str, Any] | None = None
    """The danger that was told of last: `category`, `is_about_other`, `phrase`."""
    pending: str | None = None
    kept: str | None = None
    """What the person decided is kept: `everything`, `summary`; None while they have not."""
    turn: int = 0

    def to_data(self) -> dict[str, Any]:
        """As it is stored; `state` has a column of its own."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        del given["state"]
        return {
            name: list(value)
            if isinstance(value, tuple)
            else dict(value)
            if isinstance(value, Mapping)
            else value
            for name, value in given.items()
            if value not in (None, 0, False, (), {})
        }


def place_from(state: str, data: Mapping[str, Any] | None) -> Place:
    """The place of a stored session. Fields of other versions are left out."""
    known = {each.name for each in fields(Place)} - {"state"}
    given = {name: value for name, value in (data or {}).items() if name in known}
    if "trail" in given:
        given["trail"] = tuple(given["trail"])
    return Place(state, **given)
