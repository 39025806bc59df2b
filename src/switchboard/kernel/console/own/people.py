"""People: who has an account, what each may do, where they are signed in."""

from __future__ import annotations

from switchboard.kernel.console.own.links import base_address
from switchboard.kernel.console.page import Answer, Redirect, Shown, Visit
from switchboard.kernel.errors import Invalid
from switchboard.kernel.security.permissions import EVERYWHERE, ROLES, Role


async def show_all(visit: Visit) -> Shown:
    return await _shown_all(visit)


async def invite(visit: Visit) -> Answer:
    """Make an account; its one-time link is shown in this answer and nowhere else."""
    account, token = await visit.platform.accounts.create_account(
        visit.caller,
        visit.field("name", longest=64),
        _roles(visit),
        display_name=visit.field("display_name", longest=100) or None,
    )
    return await _shown_all(visit, link=_link(visit, token), invited=account)


async def show_one(visit: Visit) -> Shown:
    return await _shown_one(visit)


async def set_roles(visit: Visit) -> Redirect:
    await visit.platform.accounts.set_roles(visit.caller, visit.path["account_id"], _roles(visit))
    return Redirect(_here(visit), "The roles are changed. They hold from now on.")


async def disable(visit: Visit) -> Redirect:
    await visit.platform.accounts.disable(visit.caller, visit.path["account_id"])
    return Redirect(_here(visit), "The account is disabled and signed out everywhere.")


async def enable(visit: Visit) -> Redirect:
    await visit.platform.accounts.enable(visit.caller, visit.path["account_id"])
    return Redirect(_here(visit), "The account works again.")


async def reset_password(visit: Visit) -> Answer:
    token = await visit.platform.accounts.reset_password(
        visit.caller,
        visit.path["account_id"],
        remove_second_factor=visit.field("remove_second_factor") == "yes",
    )
    return await _shown_one(visit, link=_link(visit, token))


async def end_sessions(visit: Visit) -> Redirect:
    await visit.platform.accounts.end_sessions(visit.caller, visit.path["account_id"])
    return Redirect(_here(visit), "This person is signed out everywhere.")


async def _shown_all(visit: Visit, **more: object) -> Shown:
    accounts = await visit.platform.accounts.list_accounts(visit.caller)
    context = {
        "accounts": accounts,
        "scopes": _scopes(visit),
        "roles": ROLES,
        "chosen": {scope: visit.typed(f"role:{scope}") for scope, _ in _scopes(visit)},
        "link": None,
        "invited": None,
    }
    return Shown("frame/people.html", context | more)


async def _shown_one(visit: Visit, **more: object) -> Shown:
    accounts = visit.platform.accounts
    account = await accounts.get_account(visit.caller, visit.path["account_id"])
    sessions = await accounts.list_sessions(visit.caller, account.id)
    context = {
        "account": account,
        "sessions": sessions,
        "scopes": _scopes(visit),
        "roles": ROLES,
        "link": None,
        "is_me": account.id == visit.person.account_id,
    }
    return Shown("frame/person.html", context | more, title=account.display_name or account.name)


def _roles(visit: Visit) -> dict[str, Role]:
    """The roles that a form gives: one field for each app, and one for everything."""
    given = {scope: visit.field(f"role:{scope}") for scope, _ in _scopes(visit)}
    for role in given.values():
        if role and role not in ROLES:
            raise Invalid(f"There is no role {role[:20]!r}.", hint=f"Choose one of: {', '.join(ROLES)}.")
    return {scope: role for scope, role in given.items() if role in ROLES}


def _scopes(visit: Visit) -> list[tuple[str, str]]:
    return [(EVERYWHERE, "Everything"), *((app.name, app.title) for app in visit.platform.apps)]


def _here(visit: Visit) -> str:
    return f"/people/{visit.path['account_id']}"


def _link(visit: Visit, token: str) -> str:
    return f"{base_address(visit)}/password/{token}"
