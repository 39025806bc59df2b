"""What a role may do, and the one place where it is checked: the call of a service's operation.

HTTP, console and command line all call the same operations, so none of them can forget to ask.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import wraps
from typing import Any, Literal, TypeGuard, TypeVar, cast

from switchboard.kernel.errors import Forbidden
from switchboard.kernel.security.caller import Caller

Role = Literal["viewer", "analyst", "administrator"]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "administrator")
"""From the least to the most; each may do what those before it may."""

EVERYWHERE = "*"
"""Stands for every app and for the platform itself in a caller's roles."""

PLATFORM_SCOPE = "platform"
"""The scope of what belongs to no app: people, keys, settings, the platform's audit."""

ANYWHERE = "anywhere"
"""For an operation that narrows what it shows and does to the scopes in which the caller holds the permission."""

F = TypeVar("F", bound=Callable[..., Any])


class Permission(IntEnum):
    """What an operation needs, as the least role that has it."""

    READ = 0
    ACT = 1
    ADMINISTER = 2

    @property
    def least_role(self) -> Role:
        return ROLES[self]


READ, ACT, ADMINISTER = Permission.READ, Permission.ACT, Permission.ADMINISTER
_CANNOT = {READ: "read", ACT: "change anything in", ADMINISTER: "administer"}
_RANKS: Mapping[Role | None, int] = {None: -1, **{role: rank for rank, role in enumerate(ROLES)}}


def is_role(name: str) -> TypeGuard[Role]:
    return name in ROLES


def rank(roles: Mapping[str, Role], scope: str) -> int:
    """The rank of the best role held in a scope; -1 for none."""
    return max(_RANKS[roles.get(scope)], _RANKS[roles.get(EVERYWHERE)])


def may(caller: Caller, permission: Permission, scope: str) -> bool:
    return rank(caller.roles, scope) >= permission


def require(caller: Caller, permission: Permission, scope: str) -> None:
    """Raise Forbidden (403) unless the caller may."""
    if rank(caller.roles, scope) < permission:
        raise Forbidden(
            f"You may not {_CANNOT[permission]} {_called(scope)}.",
            hint=f"Ask an administrator for the role of {permission.least_role} there.",
        )


def _called(scope: str) -> str:
    return "this installation" if scope == PLATFORM_SCOPE else f"the app {scope}"


def require_anywhere(caller: Caller, permission: Permission) -> None:
    """Raise Forbidden (403) unless the caller may in at least one app or in the platform."""
    if any(_RANKS[role] >= permission for role in caller.roles.values()):
        return
    raise Forbidden(
        f"You may not {_CANNOT[permission]} any app.",
        hint=f"Ask an administrator for the role of {permission.least_role}.",
    )


def operation(permission: Permission, *, within: str | None = None) -> Callable[[F], F]:
    """Declare a service's method an operation: its first argument is the caller, who has to hold the permission.

    The service names its scope, an app or `platform`, as `scope`. Where one call concerns another scope than the
    next, `within` names the argument that says which, or is ANYWHERE: then holding the permission in one scope
    lets the caller in, and the method narrows what it shows and does. The check happens in the call: before an
    async method is awaited, and before anything is drawn from an iterator that a method returns.
    """

    def declare(method: F) -> F:
        if within is None:

            @wraps(method)
            def checked(self: Any, caller: Caller, *args: Any, **kwargs: Any) -> Any:
                # Every message passes here: one look-up answers for a role held in the scope itself.
                if _RANKS[caller.roles.get(self.scope)] < permission:
                    require(caller, permission, self.scope)
                return method(self, caller, *args, **kwargs)

        else:
            check = _check_within(within, permission, method)

            @wraps(method)
            def checked(self: Any, caller: Caller, *args: Any, **kwargs: Any) -> Any:
                check(self, caller, *args, **kwargs)
                return method(self, caller, *args, **kwargs)

        checked.permission, checked.within = permission, within  # type: ignore[attr-defined]
        return cast(F, checked)

    return declare


def operations_of(service: type) -> dict[str, Permission]:
    """The operations of a service by name, with the permission that each needs."""
    found = {name: getattr(member, "permission", None) for name, member in inspect.getmembers(service)}
    return {name: permission for name, permission in found.items() if isinstance(permission, Permission)}


def _check_within(within: str, permission: Permission, method: Callable[..., Any]) -> Callable[..., None]:
    if within is ANYWHERE:
        return lambda _self, caller, *_args, **_kwargs: require_anywhere(caller, permission)
    signature = inspect.signature(method)
    if within not in signature.parameters:
        raise TypeError(f"{method.__qualname__} has no argument {within!r}")

    def check(self: Any, caller: Caller, *args: Any, **kwargs: Any) -> None:
        asked = signature.bind(self, caller, *args, **kwargs)
        require(caller, permission, asked.arguments[within])

    return check
