"""Who is asking: known at the edge, carried to the service, written into the audit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from switchboard.kernel.security.permissions import Role

_NONE: Mapping[str, Role] = MappingProxyType({})
_ALL: Mapping[str, Role] = MappingProxyType({"*": "administrator"})


class Caller(NamedTuple):
    """One caller for the length of one request or command."""

    actor: str
    """'key:<prefix> <name>', 'person:<name>', 'visitor:<id>', 'command:<user>', 'schedule:<name>'."""
    scope: str
    """What a client's own message ids are unique within."""
    correlation_id: str | None = None
    address: str | None = None
    roles: Mapping[str, Role] = _NONE
    """What the caller may do, by app; '*' stands for all apps and the platform. See `permissions`."""


def command_caller() -> Caller:
    """The person at the command line."""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Caller(actor=f"command:{user}", scope=f"command:{user}", roles=_ALL)


def schedule_caller(name: str) -> Caller:
    return Caller(actor=f"schedule:{name}", scope=f"schedule:{name}", roles=_ALL)
