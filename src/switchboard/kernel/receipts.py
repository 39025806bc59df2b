"""The same request twice: one effect, the same answer.

A client names its message (`client_message_id`); the answer is kept under that name in the turn's own
transaction. A name that comes back with another request is refused.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, NamedTuple

from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import RerunTurn, Transaction, as_json
from switchboard.kernel.errors import Conflict

_FIND = Statement(
    "SELECT request_digest, answer_json FROM {receipts}"
    " WHERE scope = :scope AND client_message_id = :client_message_id"
)
_KEEP = Statement(
    "INSERT INTO {receipts} (scope, client_message_id, object_id, request_digest, answer_json, created_at)"
    " VALUES (:scope, :client_message_id, :object_id, :request_digest, :answer, :created_at)"
    " ON CONFLICT DO NOTHING"
)
_FORGET = Statement("DELETE FROM {receipts} WHERE object_id = :object_id")


class RequestName(NamedTuple):
    """A client's name for its request, within a scope, with a digest of what it asked."""

    scope: str
    client_message_id: str
    digest: str


def name_request(scope: str, client_message_id: str, *asked: Any) -> RequestName:
    """The name of a request; `asked` is all that the answer depends on, its objects in any order of keys."""
    asked_text = json.dumps(asked, ensure_ascii=True, allow_nan=False, sort_keys=True)
    return RequestName(scope, client_message_id, hashlib.sha256(asked_text.encode()).hexdigest())


def find_answer(tx: Transaction, name: RequestName | None) -> dict[str, Any] | None:
    """The answer already given, if any. Raises Conflict when the name was used for another request."""
    if name is None:
        return None
    row = tx.find(_FIND, scope=name.scope, client_message_id=name.client_message_id)
    if row is None:
        return None
    if row["request_digest"] != name.digest:
        raise Conflict(
            "This client_message_id was already used for another request.",
            hint="Give every new message its own client_message_id; repeat one only with the same content.",
        )
    answer: dict[str, Any] = row["answer_json"]
    return answer


def keep_answer(
    tx: Transaction, name: RequestName | None, object_id: str, answer: dict[str, Any], now: datetime
) -> None:
    """Keep the answer with the effect. A twin that committed in between undoes and re-runs this turn."""
    if name is None:
        return
    kept = tx.run(
        _KEEP,
        scope=name.scope,
        client_message_id=name.client_message_id,
        object_id=object_id,
        request_digest=name.digest,
        answer=as_json(answer),
        created_at=now,
    )
    if kept == 0:
        raise RerunTurn


def forget_answers(tx: Transaction, object_id: str) -> None:
    """Remove the answers about an object that is being deleted."""
    tx.run(_FORGET, object_id=object_id)
