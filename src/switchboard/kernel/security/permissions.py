"""What a role may do, and the one place where it is checked: the call of a service's operation.

HTTP, console and command line all call the same operations, so none of them can forget to ask.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import wraps
from typing import Any, Literal, TypeVar, cast

from switchboard.kernel.errors import Forbidden
from switchboard.kernel.security.caller import Caller

Role = Literal["viewer", "analyst", "administrator"]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "administrator")
"""From the least to the most; each may do what those before it may."""

EVERYWHERE = "*"
"""Stands for every app and for the platform itself in a caller's roles."""

PLATFORM_SCOPE = "platform"
"""The scope of what belongs to no app: people, keys, settings, the platform's audit."""

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


def rank(roles: Mapping[str, Role], scope: str) -> int:
    """The rank of the best role held in a scope; -1 for none."""
    held = (roles.get(scope), roles.get(EVERYWHERE))
    return max((ROLES.index(role) for role in held if role is not None), default=-1)


def may(caller: Caller, permission: Permission, scope: str) -> bool:
    return rank(caller.roles, scope) >= permission


def require(caller: Caller, permission: Permission, scope: str) -> None:
    """Raise Forbidden (403) unless the caller may."""
    if may(caller, permission, scope):
        return
    raise Forbidden(
        f"You may not {_CANNOT[permission]} {scope}.",
        hint=f"Ask an administrator for the role of {permission.least_role} there.",
    )


def operation(permission: Permission) -> Callable[[F], F]:
    """Declare a service's method an operation: its first argument is the caller, who has to hold the permission.

    The service names its scope, an app or `platform`, as `scope`. Works on plain and async methods.
    """

    def declare(method: F) -> F:
        if inspect.iscoroutinefunction(method):

            @wraps(method)
            async def checked_later(self: Any, caller: Caller, *args: Any, **kwargs: Any) -> Any:
                require(caller, permission, self.scope)
                return await method(self, caller, *args, **kwargs)

            checked: Callable[..., Any] = checked_later
        else:

            @wraps(method)
            def checked_now(self: Any, caller: Caller, *args: Any, **kwargs: Any) -> Any:
                require(caller, permission, self.scope)
                return method(self, caller, *args, **kwargs)

            checked = checked_now
        checked.permission = permission  # type: ignore[attr-defined]
        return cast(F, checked)

    return declare


def operations_of(service: type) -> dict[str, Permission]:
    """The operations of a service by name, with the permission that each needs."""
    found = {name: getattr(member, "permission", None) for name, member in inspect.getmembers(service)}
    return {name: permission for name, permission in found.items() if isinstance(permission, Permission)}
