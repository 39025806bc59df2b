"""What one session adds to the daily figures, and what the figures add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

BENIGN = "NOT_A_SCAM"
"""Stands where a scam type would, for sessions that are no scam."""

COUNTS = (
    "sessions",
    "scams",
    "took_off",
    "disclosed",
    "disclosure_turns",
    "turns",
    "ongoing",
    "completed",
    "terminated",
    "max_turns_reached",
    "safety_exit",
)
_STATUSES = ("ongoing", "completed", "terminated", "max_turns_reached", "safety_exit")


class Key(NamedTuple):
    """What the figures can be told apart by. `day` is midnight UTC of the day the session began."""

    day: datetime
    scam_type: str
    persona_id: str
    source_type: str


def key_of(session: Mapping[str, Any]) -> Key:
    """Where a session counts: a row with started_at, is_scam, scam_type, persona_id and source_type."""
    day = session["started_at"].replace(hour=0, minute=0, second=0, microsecond=0)
    scam_type = (session["scam_type"] or "UNKNOWN") if session["is_scam"] else BENIGN
    return Key(day, scam_type, session["persona_id"], session["source_type"] or "unknown")


def counts_of(session: Mapping[str, Any]) -> dict[str, int]:
    """What a session counts: a row that also has turn_count, status and first_disclosure_turn.

    A scam took off when the scammer wrote again after the first reply.
    """
    is_scam, disclosed_at = bool(session["is_scam"]), session["first_disclosure_turn"]
    status = session["status"].lower()
    return {
        "sessions": 1,
        "scams": int(is_scam),
        "took_off": int(is_scam and session["turn_count"] >= 2),
        "disclosed": int(is_scam and disclosed_at is not None),
        "disclosure_turns": disclosed_at if is_scam and disclosed_at is not None else 0,
        "turns": session["turn_count"],
        **{name: int(status == name) for name in _STATUSES},
    }


def change(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[tuple[Key, dict[str, int]]]:
    """What to add to which figures when a session's row goes from `before` to `after`; None is no session."""
    taken = (key_of(before), counts_of(before)) if before is not None else None
    given = (key_of(after), counts_of(after)) if after is not None else None
    if taken and given and taken[0] == given[0]:
        steps = [(given[0], {name: given[1][name] - taken[1][name] for name in COUNTS})]
    else:
        steps = [(taken[0], {name: -count for name, count in taken[1].items()})] if taken else []
        steps += [given] if given else []
    return [(key, counts) for key, counts in steps if any(counts.values())]


def summarise(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows of counts added up, with the rates made of them; a rate of nothing is None."""
    totals = dict.fromkeys(COUNTS, 0)
    for row in rows:
        for name in COUNTS:
            totals[name] += int(row[name])
    return {
        "sessions": totals["sessions"],
        "scams": totals["scams"],
        "turns": totals["turns"],
        "took_off": totals["took_off"],
        "disclosed": totals["disclosed"],
        "take_off_rate": _rate(totals["took_off"], totals["scams"]),
        "disclosure_rate": _rate(totals["disclosed"], totals["scams"]),
        "mean_turns": _rate(totals["turns"], totals["sessions"]),
        "mean_turns_to_first_disclosure": _rate(totals["disclosure_turns"], totals["disclosed"]),
        "by_status": {name.upper(): totals[name] for name in _STATUSES},
    }


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
