"""Who did what to which object: a row in the same database and the same transaction as the deed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.security.caller import Caller

_INSERT = Statement(
    "INSERT INTO {audit} (id, at, actor, action, object_type, object_id, details_json, correlation_id, address)"
    " VALUES (:id, :at, :actor, :action, :object_type, :object_id, :details, :correlation_id, :address)"
)


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
