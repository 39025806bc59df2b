"""Who waits for a change learns of it within a moment, whichever process made it.

Beneath lies polling: a database's mark is looked at while somebody waits, and never otherwise. On PostgreSQL
a notification makes the look come sooner; missing one costs a third of a second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable
from contextlib import suppress

import structlog

from switchboard.kernel.database.database import Database
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.platform import PLATFORM, Platform

_RECONNECT_SECONDS = 5.0

log = structlog.get_logger("switchboard.changes")


class Changes:
    """The changes of one process's databases, for as many as want to wait for them."""

    POLL_SECONDS = 0.3

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._versions: Counter[str] = Counter()
        self._marks: dict[str, Hashable] = {}
        self._waiting: Counter[str] = Counter()
        self._changed = asyncio.Condition()
        self._look = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_stopped = False

    def start(self) -> None:
        """Begin to look, in the running event loop."""
        self._tasks = [asyncio.create_task(self._poll())]
        url = self._platform.settings.database_url
        if url is not None:
            self._tasks.append(asyncio.create_task(self._listen(url.get_secret_value())))

    async def stop(self) -> None:
        """Stop looking and release everybody who waits."""
        self.is_stopped = True
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        async with self._changed:
            self._changed.notify_all()

    def version(self, name: str) -> int:
        """A number that grows with the changes that were seen."""
        return self._versions[name]

    async def after(self, name: str, version: int, seconds: float) -> int:
        """The first version that is not this one; the same after so many seconds without a change."""
        self._waiting[name] += 1
        if self._waiting[name] == 1:
            self._look.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), self._changed:
                    while self._versions[name] == version and not self.is_stopped:
                        await self._changed.wait()
        finally:
            self._waiting[name] -= 1
        return self._versions[name]

    async def _poll(self) -> None:
        while True:
            for name in [name for name, waiting in self._waiting.items() if waiting]:
                await self._look_at(name, self._platform.database(name))
            is_watched = any(self._waiting.values())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), self.POLL_SECONDS if is_watched else None)
            self._look.clear()

    async def _look_at(self, name: str, database: Database) -> None:
        try:
            mark = await asyncio.to_thread(database.change_mark)
        except SwitchboardError as error:
            log.debug("a mark cannot be read", database=name, error=error.message)
            return
        if self._marks.get(name) != mark:
            self._marks[name] = mark
            self._versions[name] += 1
            async with self._changed:
                self._changed.notify_all()

    async def _listen(self, url: str) -> None:
        """Hear notifications; connect again after a while whenever that breaks off."""
        while True:
            try:
                await self._hear(url)
            except OSError as error:
                log.debug("notifications are not heard", error=str(error))
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _hear(self, url: str) -> None:
        import psycopg
        from psycopg import sql

        from switchboard.kernel.database.postgresql import channel_of, plain_url

        try:
            connection = await psycopg.AsyncConnection.connect(
                plain_url(url), autocommit=True, connect_timeout=3
            )
            async with connection:
                for name in (PLATFORM, *self._platform.app_names):
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel_of(name))))
                async for _ in connection.notifies():
                    self._look.set()
        except psycopg.Error as error:
            raise ConnectionError(type(error).__name__) from None
