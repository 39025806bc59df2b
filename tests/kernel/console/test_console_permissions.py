"""Who gets past each page and each act of the console: every one of them, for every kind of person, one cell each.

What an act needs is read from the operations that its code calls, so there is no table of permissions to forget a
line in. Past the check is every answer but 401, 403 and the way to the sign-in page.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from tests.console import PASSWORD, Browser, House, house

from switchboard.apps.guide.service import Guide
from switchboard.apps.guide.service.contents import Contents
from switchboard.apps.guide.service.records import Records
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.apps.honeypot.service.replays.replays import Replays
from switchboard.kernel.channels.accounts import ChannelAccounts
from switchboard.kernel.console.listing import Listing
from switchboard.kernel.console.page import Page, Section, Show
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import Accounts
from switchboard.kernel.security.audit import AuditLog
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.keys import ApiKeys
from switchboard.kernel.security.permissions import ANYWHERE, ROLES, Permission, Role, operations_of
from switchboard.kernel.status import Status

ME = command_caller()
SERVICES = (Honeypot, Guide, Records, Contents, Replays, Accounts, ApiKeys, AuditLog, Status, ChannelAccounts)


class Who(NamedTuple):
    name: str
    roles: Mapping[str, Role]

    def may(self, permission: Permission, scope: str | None) -> bool:
        """What has to be so; a scope of None is what shows each person their own."""
        held = self.roles.values() if scope is None else (self.roles.get(scope), self.roles.get("*"))
        return any(role is not None and ROLES.index(role) >= permission for role in held)


PEOPLE = (
    *(Who(f"{role}-of-honeypot", {"honeypot": role}) for role in ROLES),
    *(Who(f"{role}-of-guide", {"guide": role}) for role in ROLES),
    *(Who(f"{role}-of-everything", {"*": role}) for role in ROLES),
    *(Who(f"{role}-of-desk", {"desk": role}) for role in ROLES),
)
FIELDS: Mapping[str, Mapping[str, str]] = {
    "/honeypot/simulator/begin": {"message": "Pay to ring@ybl now"},
    "/honeypot/simulator/{session_id}/say": {"message": "Pay now"},
    "/keys/create": {"name": "new", "app": "honeypot", "role": "viewer"},
    "/channels/change": {"app": "honeypot", "title": "Ask us"},
    "/people/invite": {"name": "nobody here", "role:honeypot": "viewer"},
    "/account/password": {
        "old": PASSWORD,
        "password": "nine blue wheelbarrows",
        "again": "nine blue wheelbarrows",
    },
    "/account/begin-second-factor": {"password": "nine blue wheelbarrows"},
    "/account/renew-recovery-codes": {"password": "nine blue wheelbarrows"},
    "/account/remove-second-factor": {"password": "nine blue wheelbarrows"},
    "/people/{account_id}/roles": {"role:honeypot": "analyst"},
    "/guide/dangers/acknowledge": {"id": "1", "note": "seen"},
    "/guide/sessions/{session_id}/words/read": {"reason": "a complaint"},
    "/guide/lines/{line_id}/change": {"name": "Lifeline", "dial": "131114", "categories": "self_harm"},
    "/guide/lines/{line_id}/verify": {"by": "asha"},
    "/guide/wording/{kind}/{language}/review": {"by": "asha"},
    "/guide/wording/{kind}/{language}/restore": {"version": "0"},
}
OWN = ("/account", "/search")
"""What everybody who is signed in may do: it is about themselves, or shows each what they may see."""


async def test_every_page_and_act_lets_in_exactly_those_who_may(
    platform: Platform, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform.accounts, "_apps", ("honeypot", "guide", "desk"))
    async with house(platform) as console:
        ids = await _fill(console)
        browsers: list[tuple[Who | None, Browser]] = [(None, console.browser())]
        browsers += [(who, await console.person(who.name, who.roles)) for who in PEOPLE]
        gone = await console.person("gone", {"*": "administrator"})
        [account] = [each for each in await platform.accounts.list_accounts(ME) if each.name == "gone"]
        await platform.accounts.disable(ME, account.id)
        browsers.append((None, gone))
        wrong, cells = [], 0
        for section, page in console.app.state.gate.console.pages:
            for path, show in _ways(page):
                for who, browser in browsers:
                    asked = path.format(**ids)
                    is_act = show is not page.show
                    answer = (
                        await browser.post(asked, FIELDS.get(path, {}))
                        if is_act
                        else await browser.get(asked)
                    )
                    cells += 1
                    assert answer.status_code < 500, (path, answer.text)
                    is_in = answer.status_code not in (401, 403) and "/sign-in" not in answer.headers.get(
                        "location", ""
                    )
                    if is_in != _may(who, section, page, path, show):
                        wrong.append(f"{path}: {who.name if who else 'no one'} got {answer.status_code}")
        assert "\n".join(wrong) == ""
        record_property("cells", cells)
        print(f"console: {cells} cells, on {platform.database('platform').dialect}")


def _ways(page: Page) -> Iterator[tuple[str, Show]]:
    yield page.path, page.show
    yield from ((f"{page.path}/{name}", act) for name, act in page.acts.items())


def _may(who: Who | None, section: Section, page: Page, way: str, show: Show) -> bool:
    if who is None:
        return False
    if page.path in OWN:
        return True
    needed = [(page.needs, None if page.anywhere else section.scope)] if page.needs is not None else []
    # An operation that narrows to each person's own is about one app where the form names it.
    named = FIELDS.get(way, {}).get("app")
    needed += [(permission, scope or named) for permission, scope in _operations_in(show)]
    return all(who.may(permission, scope) for permission, scope in needed)


def _operations_in(show: Any) -> Iterator[tuple[Permission, str | None]]:
    """What the operations need that a function calls, itself or through functions and lists of its module."""
    seen: set[Any] = set()
    waiting = [show]
    while waiting:
        function = waiting.pop()
        if function in seen or not inspect.isfunction(function):
            continue
        seen.add(function)
        for name in function.__code__.co_names:
            known = function.__globals__.get(name)
            if isinstance(known, Listing):
                waiting.append(known.fetch)
            elif inspect.isfunction(known) and known.__module__ == function.__module__:
                waiting.append(known)
            for service in SERVICES:
                permission = operations_of(service).get(name)
                if permission is not None and _is_asked(function, service):
                    is_narrowing = getattr(getattr(service, name), "within", None) is not None
                    yield permission, None if is_narrowing else getattr(service, "scope", None)


def _is_asked(function: Any, service: type) -> bool:
    """Whether the function's code speaks of this service: two services may have operations of one name."""
    words = {
        Records: {"records"}, Contents: {"contents"}, Replays: {"replays"}, Accounts: {"accounts"}, ApiKeys: {"keys"},
        AuditLog: {"AuditLog"}, Status: {"Status"}, ChannelAccounts: {"ChannelAccounts"},
    }  # fmt: skip
    is_of_guide = function.__module__.startswith("switchboard.apps.guide")
    if service in (Honeypot, Guide):
        return is_of_guide == (service is Guide) and "service" in function.__code__.co_names
    return bool(words[service] & set(function.__code__.co_names))


async def _fill(console: House) -> dict[str, str]:
    honeypot = Honeypot(console.platform)
    for _ in range(2):
        opened = await honeypot.open_session(ME, Opening("Pay to ring@ybl now", "sms", None, None, None))
    [value] = await honeypot.list_values(ME, {"kind": "upi"}, None, None, 1)
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 1)
    replay = await honeypot.replays.start_replay(ME, "a.jsonl", b'{"message": "Pay now"}')
    await honeypot.close()
    account = await console.platform.accounts.create_account_with_password(
        ME, "somebody", {"honeypot": "viewer"}, "seven green umbrellas"
    )
    await Guide(console.platform).begin()
    return {
        "line_id": "au-lifeline",
        "language": "en",
        "kind": "crisis",
        "flow_id": "four_steps",
        "session_id": opened["session_id"],
        "value_id": value["id"],
        "campaign_id": campaign["id"],
        "replay_id": replay["id"],
        "account_id": account.id,
    }


def test_the_sign_that_an_operation_narrows_is_there() -> None:
    assert ApiKeys.list_keys.within is ANYWHERE  # type: ignore[attr-defined]
