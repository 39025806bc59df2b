"""Campaigns: sessions that hang together through shared values, as a list and each as a map."""

from __future__ import annotations

from markupsafe import Markup, escape

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.pages import campaign_drawing, cells, files
from switchboard.apps.honeypot.service import SPEAK_FOR_ALL, Place
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
from switchboard.kernel.console.page import Answer, Redirect, Shown, Visit
from switchboard.kernel.console.rendering import moment

_SESSIONS_SHOWN = 50


async def show_all(visit: Visit) -> Answer:
    shown = await LISTING.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    return Shown("honeypot/campaigns.html", {"view": shown}, watch="honeypot")


async def show_one(visit: Visit) -> Answer:
    id = visit.path["campaign_id"]
    campaign = await visit.service.get_campaign(visit.caller, id)
    sessions = await visit.service.list_sessions(visit.caller, {"campaign_id": id}, None, _SESSIONS_SHOWN)
    drawn = await visit.service.map_campaign(visit.caller, id)
    context = {
        "campaign": campaign,
        "title_shown": title_of(campaign),
        "sessions": sessions,
        "cells": cells,
        "naming": naming,
        "drawing": campaign_drawing.draw(drawn),
        "map": drawn,
        "speaking": SPEAK_FOR_ALL,
        "exports": files.EXPORTS,
    }
    return Shown("honeypot/campaign.html", context, title=title_of(campaign), watch="honeypot")


async def save(visit: Visit) -> Answer:
    """Every session of a campaign as one file for others."""
    id = visit.path["campaign_id"]
    await visit.service.get_campaign(visit.caller, id)
    return files.answer(visit, {"campaign_id": id}, f"campaign-{id}")


async def name(visit: Visit) -> Redirect:
    id = visit.path["campaign_id"]
    given = visit.field("name", longest=100) or None
    await visit.service.name_campaign(visit.caller, id, given)
    return Redirect(f"/honeypot/campaigns/{id}", "The name is kept." if given else "The name is taken away.")


def title_of(campaign: object) -> str:
    """A campaign's name, or what holds it together."""
    row: dict[str, object] = campaign  # type: ignore[assignment]
    if row["name"]:
        return str(row["name"])
    ties: list[dict[str, object]] = row["ties"]  # type: ignore[assignment]
    return f"Around {ties[0]['shown']}" if ties else "Campaign without a name"


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    place = place_of(asked.cursor)
    rows = await visit.service.list_campaigns(
        visit.caller, asked.filters, None if place is None else Place(*place), limit
    )
    return Found(rows, next_place(rows, limit, "last_seen_at"))


def _ties(row: object) -> Markup:
    ties: list[dict[str, object]] = row["ties"]  # type: ignore[index]
    return Markup(", ").join(
        Markup('<bdi class="mono">{}</bdi>').format(tie["shown"]) for tie in ties[:3]
    ) or escape("–")


def _types(row: object) -> str:
    types: list[dict[str, str]] = row["scam_types"]  # type: ignore[index]
    return ", ".join(naming.scam_type(each["scam_type"]) for each in types[:3])


LISTING = Listing(
    name="campaigns",
    fetch=_fetch,
    href=lambda row: f"/honeypot/campaigns/{row['id']}",
    empty="No two sessions share a value yet.",
    next_step="A campaign appears when the same number, account or link stands in two sessions.",
    columns=(
        Column("name", "Campaign", lambda row: escape(title_of(row)), lambda row: row["name"]),
        Column(
            "sessions",
            "Sessions",
            lambda row: str(row["session_count"]),
            lambda row: row["session_count"],
            is_number=True,
        ),
        Column("types", "Kinds of scam", lambda row: escape(_types(row)), _types),
        Column("ties", "Held together by", _ties, lambda row: [tie["shown"] for tie in row["ties"]]),
        Column("first", "Found", lambda row: moment(row["created_at"]), lambda row: row["created_at"]),
        Column("last", "Last seen", lambda row: moment(row["last_seen_at"]), lambda row: row["last_seen_at"]),
        Column("id", "Id", lambda row: escape(row["id"]), lambda row: row["id"], is_shown=False),
    ),
    filters=(
        Filter("least_sessions", "Sessions, at least", kind="number", as_given=as_number),
        Filter("since", "Seen since", kind="day", as_given=as_day),
    ),
)
