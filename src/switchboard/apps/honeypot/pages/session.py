"""One session: what was said, what it gave away, how the verdict came about, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.pages import conversation, files
from switchboard.apps.honeypot.pages.cells import persona, status, verdict
from switchboard.apps.honeypot.rules import lifecycle
from switchboard.apps.honeypot.rules.intelligence import PLACES
from switchboard.kernel.console.page import Redirect, Shown, Visit

_OPEN = (lifecycle.INITIAL, lifecycle.ONGOING)


async def show(visit: Visit) -> Shown:
    id = visit.path["session_id"]
    session = await visit.service.get_session(visit.caller, id)
    rows = await conversation.read_lines(visit.service, visit.caller, id)
    context = {
        "session": session,
        "is_open": is_open(session),
        "lines": conversation.spoken(rows),
        "chart": conversation.score_chart(rows),
        "values": values_of(session["intelligence"]),
        "history": await visit.service.list_history(visit.caller, id),
        "status": status(session),
        "verdict": verdict(session),
        "persona": persona(session),
        "exports": files.EXPORTS,
    }
    return Shown(
        "honeypot/session.html",
        context,
        title=f"Session of {session['created_at']:%Y-%m-%d %H:%M} UTC",
        watch="honeypot",
    )


def is_open(session: Mapping[str, Any]) -> bool:
    return session["status"] in _OPEN


async def end(visit: Visit) -> Redirect:
    id = visit.path["session_id"]
    await visit.service.end_session(visit.caller, id, visit.field("reason", longest=180) or None)
    return Redirect(f"/honeypot/sessions/{id}", "The session is ended. Nothing more is said to the scammer.")


async def delete(visit: Visit) -> Redirect:
    await visit.service.delete_session(
        visit.caller, visit.path["session_id"], visit.field("reason", longest=180) or None
    )
    return Redirect("/honeypot/sessions", "The session is deleted, with everything it gave away.")


async def save(visit: Visit) -> Response:
    """The session as a file for others."""
    id = visit.path["session_id"]
    await visit.service.require_sessions(visit.caller, [id])
    return files.answer(visit, {"ids": [id]}, f"session-{id}")


def values_of(known: dict[str, list[dict[str, object]]]) -> list[dict[str, object]]:
    """What a session gave away, one entry a value, the surest first."""
    found = [
        {
            "kind": naming.kind(kind),
            "value": item[place.key],
            "confidence": item.get("confidence"),
            "turn": item.get("first_turn"),
            "bank_name": item.get("bank_name"),
        }
        for kind, place in PLACES.items()
        for item in known[place.column]
        if place.column != "other_intel_json" or item.get("type") == kind
    ]
    return sorted(found, key=lambda each: -float(str(each["confidence"] or 0)))
