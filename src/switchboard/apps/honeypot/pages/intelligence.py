"""Values across sessions: the list, and one value with the sessions that share it."""

from __future__ import annotations

from markupsafe import Markup, escape

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.pages import cells
from switchboard.apps.honeypot.service import Order, Place
from switchboard.kernel.console.listing import (
    Asked,
    Column,
    Filter,
    Found,
    Listing,
    ShownListing,
    as_day,
    as_number,
    next_place,
    place_of,
)
from switchboard.kernel.console.page import Answer, Shown, Visit
from switchboard.kernel.console.rendering import moment, percent, words

_ORDERED_BY = {
    "last": "last_seen_at",
    "first": "first_seen_at",
    "sessions": "session_count",
    "times": "occurrences",
    "sure": "confidence",
}
_MOMENTS = ("last", "first")


async def show_all(visit: Visit) -> Answer:
    shown = await LISTING.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    return Shown("honeypot/intelligence.html", {"view": shown}, watch="honeypot")


async def show_one(visit: Visit) -> Answer:
    shown = await _NAMED.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    value = await visit.service.get_value(visit.caller, visit.path["value_id"], None, 1)
    context = {
        "value": value,
        "kind": naming.kind(value["kind"]),
        "view": shown,
        "details": [(words(name), said) for name, said in (value["details_json"] or {}).items() if said],
    }
    return Shown("honeypot/value.html", context, title=value["shown"], watch="honeypot")


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    filters = dict(asked.filters)
    written = filters.pop("value", None)
    column = _ORDERED_BY[asked.order]
    place = place_of(asked.cursor, is_number=asked.order not in _MOMENTS)
    rows = await visit.service.list_values(
        visit.caller,
        filters,
        written,
        None if place is None else Place(*place),
        limit,
        Order(column, asked.descending),
    )
    return Found(rows, None if written is not None else next_place(rows, limit, column))


async def _fetch_named(visit: Visit, asked: Asked, limit: int) -> Found:
    place = place_of(asked.cursor)
    value = await visit.service.get_value(
        visit.caller, visit.path["value_id"], None if place is None else Place(*place), limit
    )
    rows = value["sessions"]
    places = [{"last_seen_at": row["last_seen_at"], "id": row["place_id"]} for row in rows]
    return Found(rows, next_place(places, limit, "last_seen_at"))


LISTING = Listing(
    name="intelligence",
    fetch=_fetch,
    href=lambda row: f"/honeypot/intelligence/{row['id']}",
    orders=tuple(_ORDERED_BY),
    empty="No scammer has given anything away yet.",
    next_step=Markup('Play one in the <a href="/honeypot/simulator">simulator</a> to see how it looks.'),
    columns=(
        Column("value", "Value", cells.value, lambda row: row["shown"]),
        Column("kind", "Kind", lambda row: escape(naming.kind(row["kind"])), lambda row: row["kind"]),
        Column("bank", "Bank", lambda row: escape(row["bank_name"] or "–"), lambda row: row["bank_name"]),
        Column(
            "sure",
            "Confidence",
            lambda row: percent(row["confidence"]),
            lambda row: row["confidence"],
            "sure",
            is_number=True,
        ),
        Column(
            "sessions",
            "Sessions",
            lambda row: str(row["session_count"]),
            lambda row: row["session_count"],
            "sessions",
            is_number=True,
        ),
        Column(
            "times",
            "Times said",
            lambda row: str(row["occurrences"]),
            lambda row: row["occurrences"],
            "times",
            is_number=True,
        ),
        Column(
            "first",
            "First seen",
            lambda row: moment(row["first_seen_at"]),
            lambda row: row["first_seen_at"],
            "first",
        ),
        Column(
            "last",
            "Last seen",
            lambda row: moment(row["last_seen_at"]),
            lambda row: row["last_seen_at"],
            "last",
        ),
        Column("id", "Id", lambda row: escape(row["id"]), lambda row: row["id"], is_shown=False),
    ),
    filters=(
        Filter("value", "Value, in any written form", kind="words", hint="98765 43210"),
        Filter("kind", "Kind", list(naming.KINDS.items())),
        Filter("bank_name", "Bank", hint="as the values show it"),
        Filter("least_sessions", "In at least so many sessions", kind="number", as_given=as_number),
        Filter("since", "Seen since", kind="day", as_given=as_day),
    ),
)
_NAMED = Listing(
    name="sessions-of-value",
    fetch=_fetch_named,
    href=lambda row: f"/honeypot/sessions/{row['id']}#turn-{row['first_turn']}",
    empty="No session names it any more.",
    columns=(
        Column("seen", "Last seen", lambda row: moment(row["last_seen_at"]), lambda row: row["last_seen_at"]),
        Column("verdict", "Verdict", cells.verdict, lambda row: row["scam_type"] if row["is_scam"] else None),
        Column("status", "State", cells.status, lambda row: row["status"]),
        Column(
            "sure",
            "Confidence",
            lambda row: percent(row["confidence"]),
            lambda row: row["confidence"],
            is_number=True,
        ),
        Column(
            "times",
            "Times said",
            lambda row: str(row["occurrences"]),
            lambda row: row["occurrences"],
            is_number=True,
        ),
        Column(
            "turn",
            "First in turn",
            lambda row: str(row["first_turn"]),
            lambda row: row["first_turn"],
            is_number=True,
        ),
        Column(
            "source", "Came by", lambda row: escape(row["source_type"] or "–"), lambda row: row["source_type"]
        ),
        Column("id", "Session", lambda row: escape(row["id"]), lambda row: row["id"], is_shown=False),
    ),
)
