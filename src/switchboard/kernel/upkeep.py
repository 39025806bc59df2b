"""What keeps the databases quick and clean by itself: every night, or at once by `switchboard db tidy`."""

from __future__ import annotations

import time

import structlog

from switchboard.kernel.app import Schedule
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.language import search
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller, schedule_caller

_NEWEST_DEED = Statement("SELECT at FROM {audit} WHERE action = :action ORDER BY at DESC LIMIT 1")

log = structlog.get_logger("switchboard.upkeep")


def tidy(platform: Platform, caller: Caller) -> list[str]:
    """Merge the search index of every app; write its database anew where something was deleted; forget what
    has expired of people's sessions and links.

    Returns the names of the databases that were written anew. A run that was cut off is made up for by the
    next: the deed is recorded after the work.
    """
    platform.accounts.upkeep(platform.clock.now())
    compacted = []
    for name in platform.app_names:
        database = platform.database(name)
        search.tidy(database)
        if _has_deleted_since_compacting(database):
            started = time.perf_counter()
            database.compact()
            _record(platform, name, caller)
            log.info("database compacted", app=name, seconds=round(time.perf_counter() - started, 1))
            compacted.append(name)
    return compacted


def _tidy_nightly(platform: Platform) -> int:
    return len(tidy(platform, schedule_caller("nightly upkeep")))


def _has_deleted_since_compacting(database: Database) -> bool:
    def ask(tx: Transaction) -> bool:
        deleted, compacted = (tx.find(_NEWEST_DEED, action=action) for action in ("delete", "compact"))
        return deleted is not None and (compacted is None or deleted["at"] >= compacted["at"])

    return database.read_now(ask)


def _record(platform: Platform, name: str, caller: Caller) -> None:
    now, id = platform.clock.now(), platform.ids.new()
    platform.database(name).write_now(
        lambda tx: audit.record(tx, caller, "compact", "database", name, id=id, at=now)
    )


SCHEDULES = (Schedule("nightly-upkeep", "30 3 * * *", _tidy_nightly),)
