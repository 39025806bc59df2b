"""Structured log lines, for people or for machines, without what people wrote unless asked for."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

from switchboard.kernel.settings import Settings

_TEXT_FIELDS = ("message_text", "reply_text")


def configure(settings: Settings) -> None:
    """Set up the log of this process, once. Lines go to standard error."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if settings.log_message_texts else [_without_texts]),
            _where_it_failed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )
    # Libraries speak up only when something is wrong; what they say could hold a body or an address.
    handler = logging.StreamHandler(_StandardError())
    handler.setFormatter(_FramesOnly("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _StandardError(io.TextIOBase):
    """Standard error as it is when a line is written, not as it was when the log was set up."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _without_texts(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field in _TEXT_FIELDS:
        event.pop(field, None)
    return event


def _where_it_failed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its type and the lines it passed, never its text or locals.

    A database driver puts the failing row into the text, and with it what somebody wrote.
    """
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None:
        event["exception"] = _frames(error)
    return event


def _frames(error: BaseException) -> str:
    return "".join([*traceback.format_tb(error.__traceback__), type(error).__qualname__])


class _FramesOnly(logging.Formatter):
    """The same rule for what libraries log."""

    def formatException(self, ei: Any) -> str:
        return _frames(ei[1])
