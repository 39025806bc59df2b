"""Who gets past the check: every route and every operation, for every kind of caller, one cell each.

What an operation needs is read from the operation, what a route needs from the operation that it calls: there is
no table of permissions here to forget a line in. Past the check is every answer and every error but Forbidden.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route
from tests.asgi import client
from tests.kernel.security.people import GOOD, people_of

import switchboard
from switchboard.apps import APPS
from switchboard.apps.guide.service import Guide
from switchboard.apps.guide.service.contents import Contents
from switchboard.apps.guide.service.records import Records
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.apps.honeypot.service.replays.replays import Replays
from switchboard.kernel.channels.accounts import ChannelAccounts
from switchboard.kernel.console.gate import Gate
from switchboard.kernel.errors import Forbidden, SwitchboardError
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import Accounts
from switchboard.kernel.security.audit import AuditLog
from switchboard.kernel.security.caller import Caller, command_caller
from switchboard.kernel.security.keys import ApiKeys
from switchboard.kernel.security.permissions import (
    ACT,
    ADMINISTER,
    ANYWHERE,
    READ,
    ROLES,
    Permission,
    Role,
    operation,
    operations_of,
)
from switchboard.kernel.status import Status
from switchboard.server import create_app

ME = command_caller()
SERVICES: dict[type, Sequence[str]] = {
    Honeypot: ["honeypot"],
    ApiKeys: ["honeypot", "platform"],
    AuditLog: ["honeypot", "platform"],
    Accounts: ["platform"],
    Replays: ["honeypot"],
    ChannelAccounts: ["honeypot"],
    Status: ["platform"],
    Guide: ["guide"],
    Records: ["guide"],
    Contents: ["guide"],
}
"""Every service, with the scopes that its operations are asked about."""

NO_CALLER_ASKS = {
    # What the server's start and end do.
    Honeypot: {"begin", "close"},
    Replays: {"close", "go_on"},
    # A visitor of a chat is nobody; the start makes the account.
    ChannelAccounts: {"find_webchat", "ensure_webchat"},
    # What the edge and the start do to know who is asking.
    ApiKeys: {"authenticate", "refresh", "write_last_used", "is_first_start"},
    # What the start does, and what stands in a page that everybody sees.
    Guide: {"begin", "close", "shown_resources", "usual_flow"},
    # Signing in, for which a password or a one-time token stands, and what the start, the edge and the night do.
    Accounts: {
        "answer_challenge",
        "are_live",
        "find_person",
        "is_first_start",
        "is_password_token",
        "is_setup_token",
        "make_setup_token",
        "needs_code",
        "set_password_by_token",
        "set_up",
        "sign_in",
        "upkeep",
    },
}
"""Public methods that take no caller, because there is none yet. Those about a person's own account take `person`."""

READING = ("describe", "get_", "list_", "find_", "search", "sum_", "export", "require_", "map_")


class Who(NamedTuple):
    """A kind of caller: the role of the key, and which app it is for."""

    name: str
    role: Role | None = None
    app: str = "the one asked about"
    is_revoked: bool = False

    def apps(self, scope: str) -> list[str]:
        if self.app != "the one asked about":
            return [self.app]
        return ["*"] if scope == "platform" else [scope]

    def may(self, permission: Permission, scope: str | None) -> bool:
        """What has to be so; a scope of None is an operation that narrows what it shows to the caller's apps."""
        if self.role is None or self.is_revoked:
            return False
        is_theirs = scope is None or self.app != "desk"
        return is_theirs and ROLES.index(self.role) >= [READ, ACT, ADMINISTER].index(permission)


CALLERS = (
    Who("no one"),
    *(Who(role, role) for role in ROLES),
    *(Who(f"{role} of everything", role, "*") for role in ROLES),
    *(Who(f"{role} of another app", role, "desk") for role in ROLES),
    Who("administrator whose key was revoked", "administrator", is_revoked=True),
)


class World:
    """A platform with something in it to ask for, and a key for every kind of caller."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.people = people_of(platform)
        self.replays = Replays(platform, Honeypot(platform))
        self.session_id = self.value_id = self.campaign_id = self.account_id = self.guided_id = ""

    async def fill(self) -> World:
        """Two sessions that share a value, so that there is a campaign."""
        honeypot = Honeypot(self.platform)
        for _ in range(2):
            opened = await honeypot.open_session(ME, _opening())
        self.session_id = opened["session_id"]
        [value] = await honeypot.list_values(ME, {"kind": "upi"}, None, None, 1)
        [campaign] = await honeypot.list_campaigns(ME, {}, None, 1)
        self.value_id, self.campaign_id = value["id"], campaign["id"]
        self.account_id = (await self.people.add("asha", {"honeypot": "viewer"})).id
        self.guided_id = (await Guide(self.platform).start_session(ME))["session_id"]
        return self

    def token(self, who: Who, scope: str) -> str:
        """The key that this caller sends; empty for no one."""
        if who.role is None:
            return ""
        key, token = self.platform.keys.create(
            ME, who.name, who.apps(scope), role=who.role, rate_limit_per_minute=0
        )
        if who.is_revoked:
            self.platform.keys.revoke(ME, key.prefix)
        return token

    async def caller(self, who: Who, scope: str) -> Caller:
        """The caller that the edge would carry to the service. Raises Forbidden where it admits none."""
        if who.role is None:
            return Caller("nobody", "nobody")
        key = await self.platform.keys.authenticate(self.token(who, scope))
        return Caller(f"key:{key.prefix} {key.name}", f"key:{key.id}", roles=key.roles)

    def key_to_revoke(self, scope: str) -> str:
        return self.platform.keys.create(ME, "spare", ["*" if scope == "platform" else scope])[0].prefix


ARGUMENTS: dict[str, Callable[[World, str], tuple[Any, ...]]] = {
    "Honeypot.open_session": lambda _world, _scope: (_opening(),),
    "Honeypot.receive_message": lambda world, _scope: (world.session_id, "Send it now"),
    "Honeypot.end_session": lambda world, _scope: (world.session_id, None),
    "Honeypot.delete_session": lambda _world, _scope: ("gone-already",),
    "Honeypot.get_session": lambda world, _scope: (world.session_id,),
    "Honeypot.get_intelligence": lambda world, _scope: (world.session_id,),
    "Honeypot.list_history": lambda world, _scope: (world.session_id,),
    "Honeypot.list_messages": lambda world, _scope: (world.session_id, None, 5),
    "Honeypot.list_openings": lambda world, _scope: ([world.session_id],),
    "Honeypot.list_sessions": lambda _world, _scope: ({}, None, 5),
    "Honeypot.find_sessions_that_say": lambda _world, _scope: ("pay", {}, None, 5),
    "Honeypot.search": lambda _world, _scope: ("pay", None, 5),
    "Honeypot.list_values": lambda _world, _scope: ({}, None, None, 5),
    "Honeypot.get_value": lambda world, _scope: (world.value_id, None, 5),
    "Honeypot.list_ongoing": lambda _world, _scope: (5,),
    "Honeypot.list_campaigns": lambda _world, _scope: ({}, None, 5),
    "Honeypot.get_campaign": lambda world, _scope: (world.campaign_id,),
    "Honeypot.map_campaign": lambda world, _scope: (world.campaign_id,),
    "ChannelAccounts.list_accounts": lambda _world, _scope: (),
    "ChannelAccounts.change_account": lambda _world, _scope: ("webchat",),
    "Replays.start_replay": lambda _world, _scope: ("a.jsonl", b'{"message": "Pay now"}'),
    "Replays.list_replays": lambda _world, _scope: (None, 5),
    "Replays.get_replay": lambda _world, _scope: ("gone-already",),
    "Replays.cancel_replay": lambda _world, _scope: ("gone-already",),
    "Honeypot.name_campaign": lambda world, _scope: (world.campaign_id, "Ring"),
    "Honeypot.sum_figures": lambda _world, _scope: (None, None),
    "Honeypot.require_sessions": lambda world, _scope: ([world.session_id],),
    "Honeypot.export": lambda _world, _scope: ("json", {}, "amber"),
    "Honeypot.end_silent_sessions": lambda _world, _scope: (),
    "Honeypot.rebuild_search": lambda _world, _scope: (),
    "Honeypot.rebuild_links": lambda _world, _scope: (),
    "ApiKeys.create": lambda _world, scope: ("new", ["*" if scope == "platform" else scope]),
    "ApiKeys.list_keys": lambda _world, _scope: (),
    "ApiKeys.revoke": lambda world, scope: (world.key_to_revoke(scope),),
    "AuditLog.list_deeds_everywhere": lambda _world, _scope: ({}, None, 5),
    "AuditLog.list_deeds": lambda _world, scope: (scope, {}, None, 5),
    "AuditLog.export_deeds": lambda _world, scope: (scope, {}),
    "Accounts.create_account": lambda _world, _scope: ("ravi", {"honeypot": "viewer"}),
    "Accounts.create_account_with_password": lambda _world, _scope: ("ana", {"honeypot": "viewer"}, GOOD),
    "Accounts.list_account_names": lambda _world, _scope: (),
    "Accounts.list_accounts": lambda _world, _scope: (),
    "Accounts.get_account": lambda world, _scope: (world.account_id,),
    "Accounts.get_account_named": lambda _world, _scope: ("asha",),
    "Accounts.set_roles": lambda world, _scope: (world.account_id, {"honeypot": "analyst"}),
    "Accounts.disable": lambda world, _scope: (world.account_id,),
    "Accounts.enable": lambda world, _scope: (world.account_id,),
    "Accounts.reset_password": lambda world, _scope: (world.account_id,),
    "Accounts.list_sessions": lambda world, _scope: (world.account_id,),
    "Accounts.end_sessions": lambda world, _scope: (world.account_id,),
    "Status.describe": lambda _world, _scope: (),
    "Guide.start_session": lambda _world, _scope: (),
    "Guide.receive_message": lambda world, _scope: (world.guided_id, "my nan"),
    "Guide.get_session": lambda world, _scope: (world.guided_id,),
    "Guide.get_summary": lambda world, _scope: (world.guided_id,),
    "Guide.word_closing": lambda world, _scope: (world.guided_id,),
    "Guide.print_summary": lambda world, _scope: (world.guided_id,),
    "Guide.delete_session": lambda _world, _scope: ("gone-already",),
    "Guide.make_resume_link": lambda world, _scope: (world.guided_id,),
    "Guide.return_to_session": lambda world, _scope: (world.guided_id,),
    "Guide.resume_session": lambda _world, _scope: ("no-such-secret",),
    "Records.list_sessions": lambda _world, _scope: ({}, None, 5),
    "Records.list_states": lambda _world, _scope: (),
    "Records.read_conversation": lambda world, _scope: (world.guided_id, "a complaint"),
    "Records.list_detections": lambda _world, _scope: ({}, None, 5),
    "Records.acknowledge_detection": lambda _world, _scope: (1, "seen"),
    "Records.sum_waiting": lambda _world, _scope: (),
    "Records.sum_weeks": lambda _world, _scope: (4,),
    "Records.sum_intents": lambda _world, _scope: (),
    "Records.describe_retention": lambda _world, _scope: (),
    "Records.apply_retention": lambda _world, _scope: (),
    "Records.fold_weeks": lambda _world, _scope: (),
    "Records.import_history": lambda _world, _scope: (Path("no-such-file.db"),),
    "Contents.list_resources": lambda _world, _scope: (),
    "Contents.get_resource": lambda _world, _scope: ("au-lifeline",),
    "Contents.change_resource": lambda _world, _scope: ("au-lifeline", {"hours": "always"}),
    "Contents.verify_resource": lambda _world, _scope: ("au-lifeline", "asha"),
    "Contents.list_flows": lambda _world, _scope: (),
    "Contents.list_wordings": lambda _world, _scope: (),
    "Contents.get_wording": lambda _world, _scope: ("crisis", "en"),
    "Contents.find_wording_failures": lambda _world, _scope: ("session", "en", {}),
    "Contents.change_wording": lambda _world, _scope: ("crisis", "en", {}, "why"),
    "Contents.restore_wording": lambda _world, _scope: ("session", "en", 0),
    "Contents.review_wording": lambda _world, _scope: ("crisis", "en", "asha"),
}
"""What each operation is called with, so that only the check can refuse."""

ASKED: dict[str, dict[str, Any]] = {
    "POST /api/honeypot/sessions": {"json": {"message": "Pay to ring@ybl now"}},
    "POST /api/honeypot/sessions/{session_id}/messages": {"json": {"message": "Send it now"}},
    "POST /api/honeypot/sessions/{session_id}/end": {"json": {}},
    "PUT /api/honeypot/campaigns/{campaign_id}/name": {"json": {"name": "Ring"}},
    "GET /api/honeypot/search": {"params": {"q": "pay"}},
    "POST /api/guide/sessions": {"json": {}},
    "POST /api/guide/sessions/{session_id}/messages": {"json": {"message": "my nan"}},
    "POST /api/guide/resume": {"json": {"secret": "no-such-secret-at-all"}},
}
"""What a route cannot do without."""


def _opening() -> Opening:
    return Opening("Pay to ring@ybl now", "sms", None, None, None)


def public_methods(service: type) -> set[str]:
    return {
        name
        for name, member in inspect.getmembers(service)
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }


def unguarded(service: type) -> set[str]:
    """Public methods that are no operations."""
    about_oneself = {name for name in public_methods(service) if _first_argument(service, name) == "person"}
    exempt = NO_CALLER_ASKS.get(service, set()) | about_oneself
    return public_methods(service) - set(operations_of(service)) - exempt


def test_every_class_with_an_operation_is_in_the_list_and_so_is_every_apps_service(
    platform: Platform,
) -> None:
    declared = set(_classes_with_operations())
    assert declared <= {each for service in SERVICES for each in service.__mro__}
    assert all(operations_of(service) for service in SERVICES)
    assert {type(app.service(platform)) for app in APPS} <= set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_every_public_method_of_a_service_is_an_operation(service: type) -> None:
    assert unguarded(service) == set()
    assert NO_CALLER_ASKS.get(service, set()) <= public_methods(service)


def test_a_method_that_asks_nothing_of_its_caller_would_be_noticed() -> None:
    class Forgetful:
        scope = "honeypot"

        @operation(READ)
        def get_thing(self, caller: Caller) -> None: ...

        def delete_thing(self, caller: Caller) -> None: ...

    assert unguarded(Forgetful) == {"delete_thing"}


@pytest.mark.parametrize("service", SERVICES)
def test_viewers_hold_operations_that_read_and_no_others(service: type) -> None:
    for name, permission in operations_of(service).items():
        assert name.startswith(READING) or permission > READ, name


def test_every_operation_has_its_arguments() -> None:
    named = {f"{service.__name__}.{name}" for service in SERVICES for name in operations_of(service)}
    assert set(ARGUMENTS) == named


@pytest.mark.parametrize("service", SERVICES)
async def test_an_operation_lets_in_exactly_those_who_hold_its_permission(
    platform: Platform, service: type, record_property: Callable[[str, object], None]
) -> None:
    world = await World(platform).fill()
    asked = _make(service, world)
    wrong, cells = [], 0
    # What a cell starts in the background is not played here.
    await world.replays.close()
    for name, permission in operations_of(service).items():
        for scope in SERVICES[service]:
            for who in CALLERS:
                is_in = await _is_let_in(world, asked, name, who, scope)
                cells += 1
                if is_in != who.may(permission, _scope_that_counts(service, name, scope)):
                    wrong.append(f"{name} in {scope}: {who.name} was {'let in' if is_in else 'refused'}")
    assert wrong == []
    assert cells == len(operations_of(service)) * len(SERVICES[service]) * len(CALLERS)
    record_property("cells", cells)
    print(f"{service.__name__}: {cells} cells, on {platform.database('platform').dialect}")


async def test_a_route_lets_in_exactly_those_who_may_call_its_operation(
    platform: Platform, record_property: Callable[[str, object], None]
) -> None:
    world = await World(platform).fill()
    app = create_app(platform)
    found = list(_routes(app.routes))
    wrong, cells = [], 0
    async with client(platform, key="", app=app) as http:
        for method, path, endpoint in found:
            scope = path.split("/")[2]
            permission = _permission_of(endpoint, type(app.state.services[scope]))
            for who in CALLERS:
                token = world.token(who, scope)
                answer = await http.request(
                    method,
                    path.format(**_ids(world, method, scope)),
                    headers={"Authorization": f"Bearer {token}"} if token else {},
                    **ASKED.get(f"{method} {path}", {}),
                )
                cells += 1
                assert answer.status_code not in (400, 405, 415, 422, 429, 500), (
                    f"{method} {path}: {answer.text}"
                )
                if _kind(answer.status_code) != _expected(who, permission, scope):
                    wrong.append(f"{method} {path}: {who.name} got {answer.status_code}")
    assert wrong == []
    assert {f"{method} {path}" for method, path, _ in found} == _described(app)
    assert cells == len(found) * len(CALLERS)
    record_property("cells", cells)
    print(f"routes: {cells} cells, on {platform.database('platform').dialect}")


def test_an_export_is_refused_in_the_call_and_not_when_it_is_read(platform: Platform) -> None:
    with pytest.raises(Forbidden):
        Honeypot(platform).export(Caller("nobody", "nobody"), "json", {}, "amber")


def test_an_operation_can_name_the_argument_that_holds_its_scope_and_no_argument_it_lacks() -> None:
    with pytest.raises(TypeError, match="colour"):

        @operation(READ, within="colour")
        def list_things(self: object, caller: Caller) -> None: ...


async def test_the_console_answers_no_path_of_the_api(platform: Platform) -> None:
    """It is mounted at every path that nothing else answers."""
    async with client(platform) as http:
        for path in (
            "/api/",
            "/api/honeypot/no-such-thing",
            "/api/platform/keys",
            "/api/no-such-app/sessions",
        ):
            assert (await http.get(path)).status_code == 404
    async with client(platform, key="") as http:
        assert (await http.get("/api/platform/keys")).status_code == 401


def _first_argument(service: type, name: str) -> str:
    return (*inspect.signature(getattr(service, name)).parameters, "", "")[1]


def _make(service: type, world: World) -> Any:
    if service in (ApiKeys, Accounts):
        return world.platform.keys if service is ApiKeys else world.people.accounts
    if service is ChannelAccounts:
        return ChannelAccounts(world.platform, "honeypot")
    if service in (Records, Contents):
        guide = Guide(world.platform)
        return guide.records if service is Records else guide.contents
    return world.replays if service is Replays else service(world.platform)


def _scope_that_counts(service: type, name: str, scope: str) -> str | None:
    """None for an operation that is let in anywhere and is told of no scope: it shows each caller their own."""
    method = getattr(service, name)
    is_told = len(inspect.signature(method).parameters) > 2 and name != "list_deeds_everywhere"
    return None if method.within is ANYWHERE and not is_told else scope


async def _is_let_in(world: World, service: Any, name: str, who: Who, scope: str) -> bool:
    arguments = ARGUMENTS[f"{type(service).__name__}.{name}"](world, scope)
    try:
        caller = await world.caller(who, scope)
        with suppress(SwitchboardError):
            try:
                answer = getattr(service, name)(caller, *arguments)
                if inspect.isawaitable(answer):
                    await answer
            except Forbidden as refusal:
                assert refusal.status == 403
                raise _Refused from None
    except (Forbidden, _Refused):
        return False
    return True


class _Refused(Exception):
    """Forbidden, kept apart from the errors that come after the check."""


def _permission_of(endpoint: Callable[..., Any], service: type) -> Permission:
    """The most that the operations named in a route's code need. A route that calls none has no check at all."""
    called = operations_of(service).keys() & set(endpoint.__code__.co_names)
    assert called, f"{endpoint.__qualname__} calls no operation"
    return max(operations_of(service)[name] for name in called)


def _routes(routes: Sequence[Any], prefix: str = "") -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Method, path and endpoint of every route below /api, in whatever routers they lie."""
    for route in routes:
        if isinstance(route, APIRoute):
            if f"{prefix}{route.path}".startswith("/api"):
                yield from (
                    (method, f"{prefix}{route.path}", route.endpoint) for method in sorted(route.methods)
                )
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes, prefix + route.include_context.prefix)
        else:
            # Nothing else may serve below /api, neither a bare route nor a mounted application. The console
            # stands at every other path; that it leaves these alone is a test of its own.
            is_console = isinstance(route, Mount) and isinstance(route.app, Gate)
            assert is_console or isinstance(route, Route), route
            assert is_console or not f"{prefix}{route.path}".startswith("/api"), route


def _described(app: FastAPI) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api")
    }


def _ids(world: World, method: str, scope: str) -> dict[str, str]:
    lasting = world.guided_id if scope == "guide" else world.session_id
    session_id = "gone-already" if method == "DELETE" else lasting
    return {"session_id": session_id, "value_id": world.value_id, "campaign_id": world.campaign_id}


def _kind(status: int) -> int:
    return status if status in (401, 403) else 200


def _expected(who: Who, permission: Permission, scope: str) -> int:
    if who.role is None or who.is_revoked:
        return 401
    return 200 if who.may(permission, scope) else 403


def _classes_with_operations() -> Iterator[type]:
    """Every class of the tree with a method that is decorated as an operation, told by its text."""
    root = Path(switchboard.__file__).parent
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "operation(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and "@operation(" in (ast.get_source_segment(text, node) or ""):
                module = ".".join(("switchboard", *path.relative_to(root).with_suffix("").parts))
                yield getattr(importlib.import_module(module), node.name)
