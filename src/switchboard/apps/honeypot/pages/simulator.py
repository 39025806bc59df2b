"""Writing as the scammer, to see what the honeypot makes of it. What is played is stored like any session."""

from __future__ import annotations

import re

from switchboard.apps.honeypot.pages import conversation
from switchboard.apps.honeypot.pages.cells import persona, status, verdict
from switchboard.apps.honeypot.pages.sample_scams import SAMPLES
from switchboard.apps.honeypot.pages.session import is_open, values_of
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.apps.honeypot.service import Opening
from switchboard.kernel.console.page import Redirect, Shown, Visit
from switchboard.kernel.errors import Invalid

SOURCE = "simulator"
_LONGEST = 8_000
_MESSAGE_NAME = re.compile(r"[A-Za-z0-9-]{8,64}")


async def show(visit: Visit) -> Shown:
    recent = await visit.service.list_sessions(visit.caller, {"source_type": SOURCE}, None, 8)
    choices = [(personas.AUTO, "Automatic: one that suits the scam")]
    choices += [
        (each.id, f"{each.name}, {each.age}, {each.occupation}, {each.city}")
        for each in personas.list_personas()
    ]
    context = {
        "personas": choices,
        "samples": SAMPLES,
        "recent": recent,
        "verdict": verdict,
        "status": status,
    }
    return Shown("honeypot/simulator.html", context, watch="honeypot")


async def begin(visit: Visit) -> Redirect:
    opening = Opening(
        _message(visit), SOURCE, None, visit.field("persona_id", longest=50) or personas.AUTO, None
    )
    answer = await visit.service.open_session(visit.caller, opening, _message_name(visit))
    return Redirect(f"/honeypot/simulator/{answer['session_id']}")


async def show_conversation(visit: Visit) -> Shown:
    id = visit.path["session_id"]
    session = await visit.service.get_session(visit.caller, id)
    rows = await conversation.read_lines(visit.service, visit.caller, id)
    context = {
        "session": session,
        "is_open": is_open(session),
        "lines": conversation.spoken(rows),
        "chart": conversation.score_chart(rows),
        "values": values_of(session["intelligence"]),
        "status": status(session),
        "verdict": verdict(session),
        "persona": persona(session),
        "message_name": visit.platform.ids.new(),
    }
    return Shown("honeypot/simulated.html", context, watch="honeypot")


async def say(visit: Visit) -> Redirect:
    id = visit.path["session_id"]
    await visit.service.receive_message(visit.caller, id, _message(visit), _message_name(visit))
    return Redirect(f"/honeypot/simulator/{id}#end")


def _message(visit: Visit) -> str:
    text = visit.field("message", longest=_LONGEST)
    if not text:
        raise Invalid("There is no message.", hint="Write what the scammer would say.")
    return text


def _message_name(visit: Visit) -> str | None:
    """The form's own name for this message: sent twice by a nervous click, it is one turn."""
    given = visit.field("message_name", longest=64)
    return given if _MESSAGE_NAME.fullmatch(given) else None
