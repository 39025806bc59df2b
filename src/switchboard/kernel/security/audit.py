"""Who did what to which object: a row in the same database and the same transaction as the deed, and its reading.

Nothing here changes or deletes a row, and the database refuses it: see `database/audit_table.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from switchboard.kernel.database.database import BATCH_ROWS, Database
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Invalid
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ADMINISTER, ANYWHERE, PLATFORM_SCOPE, may, operation

if TYPE_CHECKING:
    from switchboard.kernel.platform import Platform

_INSERT = Statement(
    "INSERT INTO {audit} (id, at, actor, action, object_type, object_id, details_json, correlation_id, address)"
    " VALUES (:id, :at, :actor, :action, :object_type, :object_id, :details, :correlation_id, :address)"
)
FILTERS = {
    "actor": "instr(lower(actor), lower(:actor)) > 0",
    "action": "action = :action",
    "object_type": "object_type = :object_type",
    "object_id": "object_id = :object_id",
    "since": "at >= :since",
    "until": "at < :until",
}
_ACTOR_ON_POSTGRESQL = """strpos(lower(actor COLLATE "C"), lower(:actor::text COLLATE "C")) > 0"""
_FIRST = (datetime(9999, 12, 31, tzinfo=UTC), "~")


def record(
    tx: Transaction,
    caller: Caller,
    action: str,
    object_type: str,
    object_id: str | None,
    *,
    id: str,
    at: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Record a deed inside its own turn. `details` holds no secret and no message text."""
    tx.run(
        _INSERT,
        id=id,
        at=at,
        actor=caller.actor[:100],
        action=action,
        object_type=object_type,
        object_id=object_id,
        details=None if details is None else as_json(details),
        correlation_id=caller.correlation_id,
        address=caller.address,
    )


class AuditLog:
    """The deeds of each database, for whoever administers it: an app's for the app, the platform's for the platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @operation(ADMINISTER, within="database")
    async def list_deeds(
        self,
        caller: Caller,
        database: str,
        filters: Mapping[str, Any],
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Row]:
        """Deeds newest first, before a place (the moment and id where a page ended), that meet every filter.

        `database` is an app or `platform`. `filters` has keys of FILTERS: `actor` is a part of the name, in any
        case of its letters, `since` and `until` (not included) are moments, the others meet exactly. Raises
        Invalid for a database or filter that does not exist.
        """
        return await self._open(database).read(_list, _checked(filters), before, limit)

    @operation(ADMINISTER, within=ANYWHERE)
    async def list_deeds_everywhere(
        self,
        caller: Caller,
        filters: Mapping[str, Any],
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Row]:
        """As `list_deeds`, over every database that the caller administers; each row has its `database`."""
        checked, found = _checked(filters), []
        for name in self._names():
            if may(caller, ADMINISTER, name):
                rows = await self._open(name).read(_list, checked, before, limit)
                found += [{**row, "database": name} for row in rows]
        return sorted(found, key=lambda row: (row["at"], row["id"]), reverse=True)[:limit]

    @operation(ADMINISTER, within="database")
    def export_deeds(self, caller: Caller, database: str, filters: Mapping[str, Any]) -> Iterator[Row]:
        """All deeds that meet the filters of `list_deeds`, newest first; blocks while it reads, in batches.

        What is done meanwhile is not among them.
        """
        return _read_all(self._open(database), _checked(filters))

    def _names(self) -> tuple[str, ...]:
        return (PLATFORM_SCOPE, *self._platform.app_names)

    def _open(self, name: str) -> Database:
        known = self._names()
        if name not in known:
            raise Invalid(f"There is no database called {name!r}.", hint=f"Use one of: {', '.join(known)}.")
        return self._platform.database(name)


def _checked(filters: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in filters:
        if name not in FILTERS:
            raise Invalid(f"The audit has no filter {name!r}.", hint=f"Use of: {', '.join(FILTERS)}.")
    return filters


def _read_all(database: Database, filters: Mapping[str, Any]) -> Iterator[Row]:
    place: tuple[datetime, str] | None = None
    while rows := database.read_now(_list, filters, place, BATCH_ROWS):
        yield from rows
        place = (rows[-1]["at"], rows[-1]["id"])


def _list(
    tx: Transaction, filters: Mapping[str, Any], before: tuple[datetime, str] | None, limit: int
) -> list[Row]:
    at, id = before or _FIRST
    return tx.rows(_listing(frozenset(filters)), **filters, before_at=at, before_id=id, limit=limit)


@cache
def _listing(filters: frozenset[str]) -> Statement:
    conditions = ["(at, id) < (:before_at, :before_id)", *(FILTERS[name] for name in sorted(filters))]
    listed = (
        "SELECT id, at, actor, action, object_type, object_id, details_json, correlation_id, address"
        f" FROM {{audit}} WHERE {' AND '.join(conditions)} ORDER BY at DESC, id DESC LIMIT :limit"
    )
    return Statement(listed, postgresql=listed.replace(FILTERS["actor"], _ACTOR_ON_POSTGRESQL))


_OF_OBJECT = Statement(
    "SELECT id, at, actor, action, details_json FROM {audit}"
    " WHERE object_type = :object_type AND object_id = :object_id ORDER BY at, id LIMIT 100"
)


def list_of_object(tx: Transaction, object_type: str, object_id: str) -> list[Row]:
    """What was done to one object, oldest first; for pages about it, whose own permission suffices."""
    return tx.rows(_OF_OBJECT, object_type=object_type, object_id=object_id)
