"""Sessions without what was said in them; the words of one only to an administrator who says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from switchboard.apps.guide.pages import naming
from switchboard.apps.guide.service import Place
from switchboard.kernel.console.listing import (
    Asked,
    Column,
    Filter,
    Found,
    Listing,
    ShownListing,
    as_day,
    as_end_of_day,
    place_of,
)
from switchboard.kernel.console.page import Answer, Redirect, Shown, Visit
from switchboard.kernel.console.rendering import moment
from switchboard.kernel.http.fields import encode_place


async def show(visit: Visit) -> Answer:
    shown = await LISTING.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    return Shown("guide/sessions.html", {"view": shown}, watch="guide")


async def show_one(visit: Visit) -> Shown:
    session = await visit.service.get_session(visit.caller, visit.path["session_id"])
    return Shown("guide/session.html", {"session": session, "naming": naming}, watch="guide")


async def ask_for_words(visit: Visit) -> Shown:
    session = await visit.service.get_session(visit.caller, visit.path["session_id"])
    return Shown("guide/words.html", {"session": session, "lines": None, "naming": naming})


async def read_words(visit: Visit) -> Shown:
    id = visit.path["session_id"]
    lines = await visit.service.records.read_conversation(
        visit.caller, id, visit.field("reason", longest=300)
    )
    session = await visit.service.get_session(visit.caller, id)
    return Shown("guide/words.html", {"session": session, "lines": lines, "naming": naming})


async def delete(visit: Visit) -> Redirect:
    await visit.service.delete_session(visit.caller, visit.path["session_id"])
    return Redirect("/guide/sessions", "The session is deleted, with everything that was said in it.")


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    place = place_of(asked.cursor)
    before = None if place is None else Place(*place)
    rows = await visit.service.records.list_sessions(visit.caller, asked.filters, before, limit)
    rows = [{**row, "id": row["session_id"]} for row in rows]
    following = encode_place(rows[-1]["created_at"], rows[-1]["id"]) if len(rows) == limit else None
    return Found(rows, following)


def _end(row: Mapping[str, Any]) -> Markup | str:
    return moment(row["completion_time"]) if row["completed"] else "–"


LISTING = Listing(
    name="guided-sessions",
    fetch=_fetch,
    href=lambda row: f"/guide/sessions/{row['id']}",
    empty="No session yet.",
    next_step=Markup('Begin one yourself in the <a href="/chat/guide">chat</a>.'),
    columns=(
        Column("began", "Began", lambda row: moment(row["created_at"]), lambda row: row["created_at"]),
        Column(
            "state",
            "Stands at",
            lambda row: escape(naming.state(row["fsm_state"])),
            lambda row: row["fsm_state"],
        ),
        Column(
            "flow",
            "Flow",
            lambda row: escape(f"{naming.state(row['flow_id'])}, version {row['flow_version']}"),
            lambda row: row["flow_id"],
            beside=(("flow_version", lambda row: row["flow_version"]),),
        ),
        Column("finished", "Finished", _end, lambda row: row["completion_time"]),
        Column(
            "turns",
            "Messages",
            lambda row: str(row["turn_count"] or 0),
            lambda row: row["turn_count"],
            is_number=True,
        ),
        Column(
            "last", "Last message", lambda row: moment(row["last_activity"]), lambda row: row["last_activity"]
        ),
        Column(
            "words",
            "Words",
            lambda row: "removed" if row["history_removed_at"] else "kept",
            lambda row: row["history_removed_at"],
        ),
        Column(
            "channel",
            "Came by",
            lambda row: escape(naming.channel(row["channel"])),
            lambda row: row["channel"],
        ),
        Column("country", "Country", lambda row: escape(row["country"] or "–"), lambda row: row["country"]),
        Column(
            "language",
            "Language",
            lambda row: escape(row["language"] or "–"),
            lambda row: row["language"],
            is_shown=False,
        ),
        Column("id", "Id", lambda row: escape(row["id"]), lambda row: row["id"], is_shown=False),
    ),
    filters=(
        Filter(
            "completed",
            "Finished",
            [("yes", "Finished"), ("no", "Not finished")],
            as_given=lambda text: text == "yes",
        ),
        Filter("state", "Stands at", hint="worries, goals, …"),
        Filter("flow", "Flow", hint="four_steps"),
        Filter("since", "From", kind="day", as_given=as_day),
        Filter("until", "To", kind="day", as_given=as_end_of_day),
    ),
)
