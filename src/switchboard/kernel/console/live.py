"""The stream that tells an open page that something changed, and that ends when its person may no longer read.

The page then asks for itself again. Nothing of what changed travels here, so nothing can leak here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import structlog
from starlette.responses import StreamingResponse

from switchboard.kernel.changes import Changes
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.security.accounts import Accounts, Person
from switchboard.kernel.security.permissions import Role

CHECK_SECONDS = 0.4
"""How often it is looked whether the people of open streams are still signed in."""
_LEAST_SECONDS_BETWEEN = 0.85
_SIGN_OF_LIFE_SECONDS = 10.0

log = structlog.get_logger("switchboard.console")


@dataclass(eq=False)
class _Open:
    """One open stream."""

    session_id: str
    roles: Mapping[str, Role]
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class Streams:
    """The open streams of one process."""

    def __init__(self, changes: Changes, accounts: Accounts, boot: str) -> None:
        """`boot` tells this process's version numbers from those of another."""
        self._changes = changes
        self._accounts = accounts
        self._boot = boot
        self._open: set[_Open] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch_people())

    async def stop(self) -> None:
        """End every stream, so that a stopping server waits for none."""
        for stream in self._open:
            stream.closed.set()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def mark(self, name: str) -> str:
        """What a page was made at: its stream begins from here, so that nothing falls between the two."""
        return f"{self._boot}.{self._changes.version(name)}"

    def response(self, person: Person, name: str, since: str) -> StreamingResponse:
        """Server-sent events for one page."""
        return StreamingResponse(
            self._events(_Open(person.session_id, dict(person.roles)), name, since),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _events(self, stream: _Open, name: str, since: str) -> AsyncIterator[str]:
        self._open.add(stream)
        try:
            yield "retry: 1000\nevent: open\ndata:\n\n"
            boot, _, seen = since.rpartition(".")
            version = int(seen) if boot == self._boot and seen.isdecimal() else -1
            spoke_at = monotonic()
            while not (stream.closed.is_set() or self._changes.is_stopped):
                now = await self._changes.after(name, version, CHECK_SECONDS)
                if stream.closed.is_set() or self._changes.is_stopped:
                    break
                if now != version:
                    version, spoke_at = now, monotonic()
                    yield f"event: changed\nid: {self._boot}.{version}\ndata:\n\n"
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stream.closed.wait(), _LEAST_SECONDS_BETWEEN)
                elif monotonic() - spoke_at > _SIGN_OF_LIFE_SECONDS:
                    spoke_at = monotonic()
                    yield ":\n\n"
            if not self._changes.is_stopped:
                yield "event: closed\ndata:\n\n"
        finally:
            self._open.discard(stream)

    async def _watch_people(self) -> None:
        """Close the streams of people who were signed out, or whose roles changed."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not self._open:
                continue
            try:
                live = await self._accounts.are_live(list({stream.session_id for stream in self._open}))
            except SwitchboardError as error:
                log.warning("open pages cannot be checked", error=error.message)
                continue
            for stream in self._open:
                if live.get(stream.session_id) != stream.roles:
                    stream.closed.set()
