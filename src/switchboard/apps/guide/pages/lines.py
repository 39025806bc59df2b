"""The lines that people in danger are shown: by country, changed, verified, each change a version."""

from __future__ import annotations

from typing import Any

from switchboard.apps.guide.pages import naming
from switchboard.apps.guide.rules.response.composing import links_of, packaged_wording
from switchboard.apps.guide.rules.response.resources import age_of_verification, countries, describe
from switchboard.apps.guide.service.library import resource_of
from switchboard.kernel.console.page import Redirect, Shown, Visit

_AGES = {
    "unverified": ("careful", "Nobody has made sure of it"),
    "fresh": ("good", "Verified"),
    "old": ("careful", "Verified over six months ago"),
    "expired": ("danger", "Verified over twelve months ago"),
}
_FIELDS = (
    ("name", "Name", ""),
    ("number", "Number as it is shown", "13 11 14"),
    ("dial", "Number to dial", "Digits only, as a telephone in that country takes it"),
    ("text_number", "Number to text", ""),
    ("text_keyword", "Word to text", "HOME, HELLO; empty where any word will do"),
    ("url", "Page with a chat", "https://…"),
    ("hours", "Hours", "24 hours, every day"),
    ("audience", "For whom", "everyone"),
    ("note", "Note", "Shown in “Get help”"),
    ("source", "Where this comes from", ""),
)


async def show(visit: Visit) -> Shown:
    now = visit.platform.clock.now()
    rows = await visit.service.contents.list_resources(visit.caller)
    asked = visit.query.get("country", "")[:2]
    names = {each.code: each.name for each in countries()}
    ages = {row["id"]: age_of_verification(resource_of(row), now) for row in rows}
    by_country: dict[str, list[Any]] = {}
    for row in rows:
        if not asked or row["country"] == asked:
            by_country.setdefault(row["country"], []).append(row)
    context = {
        "by_country": by_country,
        "names": names,
        "asked": asked,
        "ages": ages,
        "said": _AGES,
        "counts": {age: sum(each == age for each in ages.values()) for age in _AGES},
    }
    return Shown("guide/lines.html", context, watch="guide")


async def show_one(visit: Visit) -> Shown:
    row = await visit.service.contents.get_resource(visit.caller, visit.path["line_id"])
    resource = resource_of(row)
    context = {
        "line": row,
        "fields": _FIELDS,
        "age": _AGES[age_of_verification(resource, visit.platform.clock.now())],
        "shown": describe(resource, packaged_wording("en")["line"]),
        "links": links_of(None, [resource]),
        "categories": naming.CATEGORIES,
        "visit": visit,
    }
    return Shown("guide/line.html", context, title=row["name"])


async def change(visit: Visit) -> Redirect:
    id = visit.path["line_id"]
    changes: dict[str, Any] = {name: visit.field(name, longest=300) for name, _, _ in _FIELDS}
    changes["is_shown"] = bool(visit.field("is_shown"))
    changes["categories"] = visit.fields("categories")
    await visit.service.contents.change_resource(visit.caller, id, changes, visit.field("why", longest=300))
    return Redirect(f"/guide/lines/{id}", "The line is changed. It is shown from the next message on.")


async def verify(visit: Visit) -> Redirect:
    id = visit.path["line_id"]
    await visit.service.contents.verify_resource(visit.caller, id, visit.field("by", longest=100))
    return Redirect(f"/guide/lines/{id}", "It is noted that the line was verified today.")
