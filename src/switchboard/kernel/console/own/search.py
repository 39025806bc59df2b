"""The search over everything: each app says what of it matches, as far as this person may read it."""

from __future__ import annotations

import asyncio

from switchboard.kernel.console.page import Hit, Section, Shown, Visit
from switchboard.kernel.errors import Invalid
from switchboard.kernel.security.permissions import READ, may

_LONGEST = 200


async def show(visit: Visit) -> Shown:
    query = visit.query.get("q", "").strip()
    if len(query) > _LONGEST or "\0" in query:
        raise Invalid(f"A search takes at most {_LONGEST} characters.", hint="Leave some words out.")
    sections = [
        each
        for each in visit.request.app.state.sections
        if each.find is not None and may(visit.caller, READ, each.scope)
    ]
    found = await asyncio.gather(*(_find(visit, each, query) for each in sections)) if query else []
    groups = [(section.title, hits) for section, hits in zip(sections, found, strict=True)] if query else []
    return Shown("frame/search.html", {"query": query, "groups": groups}, title="Search")


async def _find(visit: Visit, section: Section, query: str) -> list[Hit]:
    assert section.find is not None
    service = visit.request.app.state.services[section.scope]
    theirs = Visit(visit.request, visit.person, visit.caller, visit.platform, service, section)
    return list(await section.find(theirs, query))
