"""How the honeypot's commands put things: verdicts in a few words, next steps that can be typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from switchboard.apps.honeypot.naming import kind as kind
from switchboard.kernel.errors import Conflict, NotFound


@contextmanager
def hints_for_the_terminal() -> Iterator[None]:
    """The service's errors with next steps that can be typed."""
    try:
        yield
    except NotFound as error:
        raise NotFound(error.message, hint="`switchboard honeypot sessions` lists the sessions.") from None
    except Conflict as error:
        raise Conflict(
            error.message,
            hint="`switchboard honeypot show SESSION_ID` shows it; `switchboard honeypot chat` starts a new one.",
        ) from None


def verdict(is_scam: bool, scam_type: str | None, confidence: float | None) -> str:
    """A session's verdict in a few words."""
    sure = "" if confidence is None else f"{confidence:.0%}"
    if is_scam:
        return f"scam: {scam_type or 'of no known type'} {sure}".rstrip()
    return f"no scam so far ({sure})" if sure else "no scam so far"
