"""What became of a session, told from its columns, its lines and the deeds done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from switchboard.apps.honeypot.rules import lifecycle

_ENDED = {
    lifecycle.COMPLETED: "Completed",
    lifecycle.TERMINATED: "Ended",
    lifecycle.MAX_TURNS_REACHED: "Ended: the turns were used up",
    lifecycle.SAFETY_EXIT: "Left for safety",
}


def tell(
    session: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], deeds: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What happened, oldest first: `at`, `said` in words, `actor` where somebody did it.

    `lines` are messages with role, turn_number and created_at; `deeds` are audit rows that ended the session.
    """
    told = [_happened(session["started_at"], "The first message came; the session is open")]
    disclosed_at = session["first_disclosure_turn"]
    told += [
        _happened(line["created_at"], f"The first value was given away, in turn {disclosed_at}")
        for line in lines
        if disclosed_at is not None and line["role"] == "scammer" and line["turn_number"] == disclosed_at
    ]
    if session["ended_at"] is not None:
        said = _ENDED.get(session["status"], "Ended")
        why = session["ended_reason"]
        actor = deeds[-1]["actor"] if deeds else None
        told.append(_happened(session["ended_at"], f"{said}. {why}" if why else said, actor))
    return told


def _happened(at: Any, said: str, actor: str | None = None) -> dict[str, Any]:
    return {"at": at, "said": said, "actor": actor}
