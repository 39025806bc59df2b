"""The vocabulary of what can go wrong: six codes, one class each, a sentence and a next step.

Services raise these; the HTTP, command-line and console edges translate each once. What an operator
alone may see (exceptions, SQL, paths) is logged there and never put into `message` or `hint`.
"""

from __future__ import annotations

from typing import ClassVar


class SwitchboardError(Exception):
    """A failure that a person can read.

    `message` says what is wrong, `hint` what to do next. `status` is the HTTP status of the edge and one
    of those that `code` allows.
    """

    code: ClassVar[str] = "internal"
    statuses: ClassVar[tuple[int, ...]] = (500,)

    def __init__(self, message: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = self.statuses[0] if status is None else status
        if self.status not in self.statuses:
            raise ValueError(f"{type(self).__name__} has no status {self.status}")


class Invalid(SwitchboardError):
    """The request is malformed, too large, of the wrong kind or breaks a rule of the data."""

    code = "invalid"
    statuses = (422, 400, 413, 415)


class Forbidden(SwitchboardError):
    """Nobody in particular is asking (401) or this caller may not (403)."""

    code = "forbidden"
    statuses = (403, 401)


class NotFound(SwitchboardError):
    """The object named does not exist, or not for this caller."""

    code = "not_found"
    statuses = (404,)


class Conflict(SwitchboardError):
    """The object's state does not allow this."""

    code = "conflict"
    statuses = (409,)


class Unavailable(SwitchboardError):
    """Not now: too many requests (429) or something that the answer depends on is down (503).

    `retry_after_seconds` becomes the Retry-After header.
    """

    code = "unavailable"
    statuses = (503, 429)

    def __init__(
        self, message: str, *, hint: str = "", status: int | None = None, retry_after_seconds: int = 1
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after_seconds = max(1, retry_after_seconds)


class Internal(SwitchboardError):
    """A defect of ours. The cause is logged, never shown."""
