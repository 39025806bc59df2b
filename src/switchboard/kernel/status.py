"""How one installation is at this moment: what runs, how large its databases are, what waits, what failed.

`doctor` looks for what is wrong, at a terminal; here is what an operator watches.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from switchboard import __version__
from switchboard.kernel import outbox
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import PLATFORM_SCOPE, READ, operation

_LATEST_ERRORS = 20


class DatabaseStatus(NamedTuple):
    """One database. `problem` says in words why the rest is unknown."""

    name: str
    engine: str = ""
    size_bytes: int | None = None
    waiting_turns: int | None = None
    results: dict[str, int] | None = None
    """Results for others by status: PENDING, SENT, FAILED; None where a database has no outbox."""
    problem: str | None = None


class InstallationStatus(NamedTuple):
    version: str
    started_at: Any
    now: Any
    databases: list[DatabaseStatus]
    model: str | None
    errors: list[Row]
    last_backup_at: Any
    """Nothing makes backups yet; None until something does."""


class Status:
    """Read by people who watch the installation."""

    scope = PLATFORM_SCOPE

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @operation(READ)
    async def describe(self, caller: Caller) -> InstallationStatus:
        """What there is to know now; a database that cannot be read is said to be so."""
        names = (PLATFORM, *self._platform.app_names)
        databases = await asyncio.gather(*(asyncio.to_thread(self._look_at, name) for name in names))
        return InstallationStatus(
            version=__version__,
            started_at=self._platform.started_at,
            now=self._platform.clock.now(),
            databases=list(databases),
            model=self._platform.settings.llm_model,
            errors=await self._platform.error_log.list_latest(_LATEST_ERRORS),
            last_backup_at=None,
        )

    def _look_at(self, name: str) -> DatabaseStatus:
        database = self._platform.database(name)
        try:
            health = database.health()
            results = None if name == PLATFORM else database.read_now(_count_results)
        except SwitchboardError as error:
            return DatabaseStatus(name, problem=f"{error.message} {error.hint}")
        size = health["size_bytes"] + health.get("wal_bytes", 0)
        return DatabaseStatus(name, health["engine"], size, health["waiting_turns"], results)


def _count_results(tx: Transaction) -> dict[str, int]:
    return outbox.count_by_status(tx)
