"""Who is asking: known at the edge, carried to the service, written into the audit."""

from __future__ import annotations

from typing import NamedTuple


class Caller(NamedTuple):
    """One caller for the length of one request or command."""

    actor: str
    """'key:<prefix> <name>', 'command:<user>', 'schedule:<name>'."""
    scope: str
    """What a client's own message ids are unique within."""
    correlation_id: str | None = None
    address: str | None = None


def command_caller() -> Caller:
    """The person at the command line."""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Caller(actor=f"command:{user}", scope=f"command:{user}")


def schedule_caller(name: str) -> Caller:
    return Caller(actor=f"schedule:{name}", scope=f"schedule:{name}")
