"""The list of sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.pages import cells
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.apps.honeypot.rules.detection import SCAM_TYPES
from switchboard.apps.honeypot.service import Order, Place
from switchboard.kernel.console.listing import (
    Asked,
    Column,
    Filter,
    Found,
    Listing,
    ShownListing,
    as_day,
    as_end_of_day,
    next_place,
    place_of,
)
from switchboard.kernel.console.page import Answer, Shown, Visit
from switchboard.kernel.console.rendering import decimal, moment, percent
from switchboard.kernel.http.fields import decode_number

_ORDERED_BY = {
    "started": "created_at",
    "last": "last_message_at",
    "turns": "turn_count",
    "score": "intelligence_score",
    "sure": "scam_confidence",
}
_MOMENTS = ("started", "last")


async def show(visit: Visit) -> Answer:
    shown = await LISTING.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    return Shown("honeypot/sessions.html", {"view": shown}, watch="honeypot")


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    filters = dict(asked.filters)
    if (words := filters.pop("q", None)) is not None:
        rows, before = await visit.service.find_sessions_that_say(
            visit.caller, words, filters, decode_number(asked.cursor), limit
        )
        return Found(await _with_openings(visit, rows), None if before is None else str(before))
    column = _ORDERED_BY[asked.order]
    place = place_of(asked.cursor, is_number=asked.order not in _MOMENTS)
    rows = await visit.service.list_sessions(
        visit.caller,
        filters,
        None if place is None else Place(*place),
        limit,
        Order(column, asked.descending),
    )
    return Found(await _with_openings(visit, rows), next_place(rows, limit, column))


async def _with_openings(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sessions with the words that each began with, by which people tell them apart."""
    openings = await visit.service.list_openings(visit.caller, [row["id"] for row in rows])
    return [{**row, "opening": openings.get(row["id"])} for row in rows]


LISTING = Listing(
    name="sessions",
    fetch=_fetch,
    href=lambda row: f"/honeypot/sessions/{row['id']}",
    orders=tuple(_ORDERED_BY),
    empty="No conversation yet.",
    next_step=Markup(
        'Play one in the <a href="/honeypot/simulator">simulator</a>, upload messages under'
        ' <a href="/honeypot/replays">Replay</a>, or send one over the API (<a href="/docs">how</a>).'
    ),
    columns=(
        Column(
            "started",
            "Began",
            lambda row: moment(row["created_at"]),
            lambda row: row["created_at"],
            "started",
        ),
        Column("opening", "First words", cells.opening, lambda row: row["opening"]),
        Column(
            "verdict",
            "Verdict",
            cells.verdict,
            lambda row: "scam" if row["is_scam"] else "no scam so far",
            beside=(
                ("scam_type", lambda row: row["scam_type"] if row["is_scam"] else None),
                ("confidence", lambda row: row["scam_confidence"]),
            ),
        ),
        Column("status", "State", cells.status, lambda row: row["status"]),
        Column(
            "turns",
            "Turns",
            lambda row: str(row["turn_count"]),
            lambda row: row["turn_count"],
            "turns",
            is_number=True,
        ),
        Column(
            "score",
            "Score",
            lambda row: decimal(row["intelligence_score"], 2),
            lambda row: row["intelligence_score"],
            "score",
            is_number=True,
        ),
        Column("persona", "Persona", lambda row: escape(cells.persona(row)), lambda row: row["persona_id"]),
        Column(
            "source", "Came by", lambda row: escape(row["source_type"] or "–"), lambda row: row["source_type"]
        ),
        Column(
            "last",
            "Last message",
            lambda row: moment(row["last_message_at"]),
            lambda row: row["last_message_at"],
            "last",
        ),
        Column(
            "sure",
            "Confidence",
            lambda row: percent(row["scam_confidence"]),
            lambda row: row["scam_confidence"],
            "sure",
            is_number=True,
            is_shown=False,
        ),
        Column(
            "disclosed",
            "First disclosed",
            lambda row: (
                "–" if row["first_disclosure_turn"] is None else f"turn {row['first_disclosure_turn']}"
            ),
            lambda row: row["first_disclosure_turn"],
            is_shown=False,
        ),
        Column(
            "campaign",
            "Campaign",
            lambda row: (
                Markup('<a href="/honeypot/campaigns/{}">Open</a>').format(row["campaign_id"])
                if row["campaign_id"]
                else "–"
            ),
            lambda row: row["campaign_id"],
            is_shown=False,
        ),
        Column(
            "reason",
            "Why it ended",
            lambda row: escape(row["ended_reason"] or "–"),
            lambda row: row["ended_reason"],
            is_shown=False,
        ),
        Column("id", "Id", lambda row: escape(row["id"]), lambda row: row["id"], is_shown=False),
    ),
    filters=(
        Filter("q", "Somebody said", kind="words", hint="words"),
        Filter(
            "status", "State", [(name, said) for name, said in naming.STATUSES.items() if name != "INITIAL"]
        ),
        Filter(
            "is_scam",
            "Verdict",
            [("yes", "Scam"), ("no", "No scam so far")],
            as_given=lambda text: text == "yes",
        ),
        Filter("scam_type", "Type", [(name, naming.scam_type(name)) for name in SCAM_TYPES]),
        Filter("persona_id", "Persona", [(each.id, each.name) for each in personas.list_personas()]),
        Filter("source_type", "Came by", hint="sms, whatsapp, …"),
        Filter("since", "From", kind="day", as_given=as_day),
        Filter("until", "To", kind="day", as_given=as_end_of_day),
        Filter("campaign_id", "Campaign", hint="its id"),
    ),
)
