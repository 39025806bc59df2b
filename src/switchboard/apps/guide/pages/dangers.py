"""Messages that told of danger, for workers: what was written, without who wrote it. Seen to with a note."""

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
from switchboard.kernel.errors import NotFound
from switchboard.kernel.http.fields import encode_place

_WAITING, _SEEN = "waiting", "acknowledged"


async def show(visit: Visit) -> Answer:
    shown = await LISTING.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    context = {"view": shown, "rows": shown.found.rows, "naming": naming}
    return Shown("guide/dangers.html", context, watch="guide")


async def acknowledge(visit: Visit) -> Redirect:
    given = visit.field("id", longest=20)
    if not given.isdigit() or len(given) > 15:
        raise NotFound("There is no such entry.", hint="Load the page again.")
    await visit.service.records.acknowledge_detection(
        visit.caller, int(given), visit.field("note", longest=500)
    )
    return Redirect("/guide/dangers", "It is noted that you have seen to it.")


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    filters: dict[str, Any] = dict(asked.filters)
    if (state := filters.pop("state", None)) is not None:
        filters[state] = True
    place = place_of(asked.cursor)
    before = None if place is None else Place(place[0], place[1])
    rows = await visit.service.records.list_detections(visit.caller, filters, before, limit)
    following = encode_place(rows[-1]["detected_at"], str(rows[-1]["id"])) if len(rows) == limit else None
    return Found(rows, following)


def _words(row: Mapping[str, Any]) -> Markup:
    """The message with what was found marked; removed words are said to be."""
    message, phrase = row["user_message"], row["trigger_phrase"]
    if not message:
        return Markup("<mark><bdi>{}</bdi></mark> <small>the rest is deleted</small>").format(phrase)
    before, found, after = message.partition(phrase)
    if not found:
        return Markup("<bdi>{}</bdi>").format(message)
    return Markup("<bdi>{}<mark>{}</mark>{}</bdi>").format(before, found, after)


def _seen(row: Mapping[str, Any]) -> Markup | str:
    if row["acknowledged_at"] is None:
        return Markup('<span class="badge careful">Waits</span>')
    note = Markup("<br><small>{}</small>").format(row["note"]) if row["note"] else ""
    return Markup("{} by {}{}").format(moment(row["acknowledged_at"]), row["acknowledged_by"], note)


LISTING = Listing(
    name="dangers",
    fetch=_fetch,
    empty="Nobody told of danger.",
    next_step="Messages appear here as soon as the guide shows somebody help. The guide answers at once by itself.",
    columns=(
        Column("when", "When", lambda row: moment(row["detected_at"]), lambda row: row["detected_at"]),
        Column(
            "category",
            "Category",
            lambda row: escape(naming.category(row["category"])),
            lambda row: row["category"],
        ),
        Column("words", "What was written", _words, lambda row: row["user_message"] or row["trigger_phrase"]),
        Column(
            "about",
            "About",
            lambda row: "somebody else" if row["is_about_other"] else "themselves",
            lambda row: "other" if row["is_about_other"] else "self",
        ),
        Column("step", "Answering", lambda row: escape(naming.state(row["step"])), lambda row: row["step"]),
        Column("country", "Country", lambda row: escape(row["country"] or "–"), lambda row: row["country"]),
        Column(
            "shown",
            "Help shown",
            lambda row: "yes" if row["resources_shown"] else "no",
            lambda row: bool(row["resources_shown"]),
        ),
        Column(
            "seen",
            "Seen to",
            _seen,
            lambda row: row["acknowledged_at"],
            beside=(("seen_by", lambda row: row["acknowledged_by"]), ("note", lambda row: row["note"])),
        ),
        Column(
            "method",
            "Found by",
            lambda row: escape(row["method"] or "–"),
            lambda row: row["method"],
            is_shown=False,
        ),
        Column("id", "Id", lambda row: str(row["id"]), lambda row: row["id"], is_shown=False),
    ),
    filters=(
        Filter("state", "Seen to", [(_WAITING, "Waits"), (_SEEN, "Seen to")]),
        Filter("category", "Category", list(naming.CATEGORIES.items())),
        Filter("since", "From", kind="day", as_given=as_day),
        Filter("until", "To", kind="day", as_given=as_end_of_day),
    ),
)
