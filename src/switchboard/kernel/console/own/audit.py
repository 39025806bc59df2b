"""Who did what to which object, in every database that this person administers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

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
from switchboard.kernel.console.rendering import actor, moment, words
from switchboard.kernel.security.audit import AuditLog
from switchboard.kernel.security.permissions import ADMINISTER, PLATFORM_SCOPE, may

_SPELT_OTHERWISE = {"api_key": "API key"}


async def show(visit: Visit) -> Answer:
    shown = await _listing(visit).show(visit)
    return Shown("frame/audit.html", {"view": shown}) if isinstance(shown, ShownListing) else shown


def _listing(visit: Visit) -> Listing:
    names = _readable(visit)
    return Listing(
        name="audit",
        columns=_COLUMNS,
        fetch=_fetch,
        filters=(Filter("database", "Where", [(name, words(name)) for name in names]), *_FILTERS),
        empty="Nothing was done yet.",
    )


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    filters = dict(asked.filters)
    log, place = AuditLog(visit.platform), place_of(asked.cursor)
    database = filters.pop("database", None)
    if database is None:
        rows = await log.list_deeds_everywhere(visit.caller, filters, place, limit)
    else:
        rows = await log.list_deeds(visit.caller, database, filters, place, limit)
    names = await visit.platform.accounts.list_account_names(visit.caller)
    return Found(
        [{"database": database, **row, "called": names.get(row["object_id"])} for row in rows],
        next_place(rows, limit, "at"),
    )


def _readable(visit: Visit) -> list[str]:
    """The databases whose audit this person may read."""
    names = (PLATFORM_SCOPE, *visit.platform.app_names)
    return [name for name in names if may(visit.caller, ADMINISTER, name)]


def _object(row: Mapping[str, Any]) -> str:
    kind = _SPELT_OTHERWISE.get(row["object_type"]) or _capital(words(row["object_type"]))
    return f"{kind} {row['called'] or row['object_id'] or ''}".strip()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _details(row: Mapping[str, Any]) -> str:
    details = row["details_json"] or {}
    return ", ".join(f"{words(name)}: {_said(value)}" for name, value in details.items())


def _said(value: Any) -> str:
    """A detail in words; '*' stands for everything."""
    if isinstance(value, Mapping):
        return ", ".join(f"{held} of {_said(scope)}" for scope, held in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    return {"*": "everything", True: "yes", False: "no", None: "–"}.get(value, str(value))


_COLUMNS = (
    Column("at", "When", lambda row: moment(row["at"]), lambda row: row["at"]),
    Column("actor", "Who", lambda row: escape(actor(row["actor"])), lambda row: row["actor"]),
    Column("action", "Did", lambda row: escape(_capital(words(row["action"]))), lambda row: row["action"]),
    Column(
        "object",
        "To what",
        lambda row: Markup('<span title="{}">{}</span>').format(row["object_id"] or "", _object(row)),
        _object,
        beside=(("object_type", lambda row: row["object_type"]), ("object_id", lambda row: row["object_id"])),
    ),
    Column("database", "Where", lambda row: escape(_capital(row["database"])), lambda row: row["database"]),
    Column(
        "details",
        "Details",
        lambda row: Markup("<bdi>{}</bdi>").format(_details(row)),
        lambda row: row["details_json"],
    ),
    Column(
        "address",
        "From",
        lambda row: Markup('<span class="unbroken">{}</span>').format(row["address"] or "–"),
        lambda row: row["address"],
    ),
    Column(
        "correlation_id",
        "Request",
        lambda row: escape(row["correlation_id"] or "–"),
        lambda row: row["correlation_id"],
        is_shown=False,
    ),
)
_FILTERS = (
    Filter("actor", "Who", hint="part of a name"),
    Filter("action", "Did", hint="sign_in, create, …"),
    Filter("object_type", "To what", hint="session, account, …"),
    Filter("object_id", "Its id"),
    Filter("since", "From", kind="day", as_given=as_day),
    Filter("until", "To", kind="day", as_given=as_end_of_day),
)
