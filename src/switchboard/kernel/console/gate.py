"""What stands at the console's paths from the first moment: a page that waits, until the console is loaded.

The API answers before templates and pages are imported, so a restart costs no message.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from starlette.types import Receive, Scope, Send

from switchboard.kernel.changes import Changes
from switchboard.kernel.errors import NotFound, Unavailable
from switchboard.kernel.platform import Platform

if TYPE_CHECKING:
    from switchboard.kernel.console.console import Console

_WAITING = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Switchboard is starting</title></head>
<body><h1>Switchboard is starting</h1><p>This page opens by itself in a moment.</p></body></html>
"""

_LONGEST_START_SECONDS = 20.0

log = structlog.get_logger("switchboard.console")


class Gate:
    """Stands at every path that nothing else answers."""

    def __init__(self, platform: Platform, services: Mapping[str, Any]) -> None:
        self._platform = platform
        self._services = services
        self._changes = Changes(platform)
        self.console: Console | None = None
        self._opened = asyncio.Event()

    async def load(self) -> None:
        """Import and open the console; to be called when the server answers."""
        self.console = await asyncio.to_thread(self._make)
        self._changes.start()
        self.console.streams.start()
        self._opened.set()
        # What is loaded now stays: looking through it for garbage would stop every answer for a while.
        gc.collect()
        gc.freeze()
        log.debug("the console is open")

    def takes_upload(self, path: str) -> bool:
        """Whether a page at this path takes a file."""
        return self.console is not None and path in self.console.upload_paths

    async def close(self) -> None:
        """End the open streams, so that a stopping server waits for none of them."""
        await self._changes.stop()
        if self.console is not None:
            await self.console.streams.stop()

    def _make(self) -> Console:
        from switchboard.kernel.console.console import Console

        return Console(self._platform, self._services, self._changes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        wants_page = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
        if path.startswith(_PROGRAMS) or (self.console is None and not wants_page):
            raise NotFound("There is nothing at this path.", hint="See /docs for what there is.")
        if self.console is None and scope["method"] in ("GET", "HEAD"):
            await _answer(send, 503, _WAITING)
        else:
            await (await self._when_open()).app(scope, receive, send)

    async def _when_open(self) -> Console:
        """The console, as soon as it is there: what a person typed before a restart is not sent in vain."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), _LONGEST_START_SECONDS)
        if self.console is None:
            raise Unavailable("Switchboard is starting.", hint="Send it again in a moment.")
        return self.console


_PROGRAMS = ("/api/", "/health", "/metrics", "/docs", "/openapi")


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
