"""API keys: made, shown once, listed with their last use, revoked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from switchboard.kernel.console.page import Answer, Redirect, Shown, Visit
from switchboard.kernel.errors import Invalid
from switchboard.kernel.security.permissions import ADMINISTER, EVERYWHERE, ROLES, may

_MOST_DAYS = 3650


async def show(visit: Visit) -> Shown:
    return await _shown(visit)


async def create(visit: Visit) -> Answer:
    app, role = visit.field("app"), visit.field("role")
    if app not in (*visit.platform.app_names, EVERYWHERE) or role not in ROLES:
        raise Invalid("A key needs an app and a role.", hint="Choose both in the form.")
    key, token = await asyncio.to_thread(
        visit.platform.keys.create,
        visit.caller,
        visit.field("name"),
        [app],
        role=role,
        lifetime=_lifetime(visit.field("days")),
    )
    # The token is in this answer and nowhere else, so it is no redirect to a page that could show it again.
    return await _shown(visit, token=token, made=key)


async def revoke(visit: Visit) -> Redirect:
    key = await asyncio.to_thread(visit.platform.keys.revoke, visit.caller, visit.field("id"))
    return Redirect("/keys", f"The key {key.name} is revoked. Whoever uses it is refused from now on.")


async def _shown(visit: Visit, **more: object) -> Shown:
    keys = await asyncio.to_thread(visit.platform.keys.list_keys, visit.caller)
    context = {
        "keys": sorted(keys, key=lambda key: (key.revoked_at is not None, -key.created_at.timestamp())),
        "apps": [
            (name, title)
            for name, title in (
                *((app.name, app.title) for app in visit.platform.apps),
                (EVERYWHERE, "Every app"),
            )
            if may(visit.caller, ADMINISTER, name)
        ],
        "roles": ROLES,
        "now": visit.platform.clock.now(),
        "token": None,
        "made": None,
        **more,
    }
    return Shown("frame/keys.html", context)


def _lifetime(days: str) -> timedelta | None:
    if not days:
        return None
    if not days.isdecimal() or not 1 <= int(days) <= _MOST_DAYS:
        raise Invalid(f"A key lasts 1 to {_MOST_DAYS} days.", hint="Leave it empty for a key without an end.")
    return timedelta(days=int(days))
