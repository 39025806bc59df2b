"""Results for others: committed with the turn that caused them, signed, sent at least once.

A row is leased while it is being sent; a process that dies lets the lease run out and another sends again
under the same webhook-id, so that the receiver can tell. What is refused for good stays visible as FAILED.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Invalid, NotFound, SwitchboardError
from switchboard.kernel.ids import Ids
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller

if TYPE_CHECKING:
    from switchboard.kernel.outbound.addresses import AddressPolicy
    from switchboard.kernel.security.vault import Vault

LEASE = timedelta(seconds=60)
CLAIM_LIMIT = 20
# After these pauses an unanswered result has been offered for nearly two days, then it rests.
RETRY_PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400)
)

_ACTIVE = Statement("SELECT id FROM {outbox_endpoints} WHERE disabled_at IS NULL")
_INSERT = Statement(
    "INSERT INTO {outbox} (id, endpoint_id, topic, object_id, body, next_attempt_at, created_at)"
    " VALUES (:id, :endpoint_id, :topic, :object_id, :body, :now, :now)"
)
_DUE = Statement(
    "SELECT m.id, m.endpoint_id, m.body, m.attempts, e.url, e.sealed_secret"
    " FROM {outbox} m JOIN {outbox_endpoints} e ON e.id = m.endpoint_id"
    " WHERE m.status = 'PENDING' AND m.next_attempt_at <= :now ORDER BY m.next_attempt_at, m.id LIMIT :limit",
    postgresql="SELECT m.id, m.endpoint_id, m.body, m.attempts, e.url, e.sealed_secret"
    " FROM {outbox} m JOIN {outbox_endpoints} e ON e.id = m.endpoint_id"
    " WHERE m.status = 'PENDING' AND m.next_attempt_at <= :now ORDER BY m.next_attempt_at, m.id LIMIT :limit"
    " FOR UPDATE OF m SKIP LOCKED",
)
_LEASE = Statement("UPDATE {outbox} SET attempts = attempts + 1, next_attempt_at = :until WHERE id = :id")
_SENT = Statement(
    "UPDATE {outbox} SET status = 'SENT', sent_at = :now, last_status_code = :code, last_error = NULL WHERE id = :id"
)
# What was closed in the meantime, because its receiver is gone, stays closed.
_TRY_LATER = Statement(
    "UPDATE {outbox} SET status = :status, next_attempt_at = :at, last_status_code = :code, last_error = :error"
    " WHERE id = :id AND status = 'PENDING'"
)
_DISABLE = Statement(
    "UPDATE {outbox_endpoints} SET disabled_at = :now, disabled_reason = :reason WHERE id = :id AND disabled_at IS NULL"
)
_FAIL_ALL = Statement(
    "UPDATE {outbox} SET status = 'FAILED', last_error = :reason WHERE endpoint_id = :id AND status = 'PENDING'"
)
_RETRY = Statement(
    "UPDATE {outbox} SET status = 'PENDING', attempts = 0, next_attempt_at = :now"
    " WHERE status = 'FAILED' AND (id = :id OR :id = 'all')"
    " AND endpoint_id IN (SELECT id FROM {outbox_endpoints} WHERE disabled_at IS NULL)"
)
_FORGET = Statement("DELETE FROM {outbox} WHERE object_id = :object_id")
_COUNT = Statement("SELECT status, count(*) AS messages FROM {outbox} GROUP BY status")
_ENDPOINTS = Statement(
    "SELECT id, url, created_at, disabled_at, disabled_reason FROM {outbox_endpoints} ORDER BY created_at, id"
)
_ADD_ENDPOINT = Statement(
    "INSERT INTO {outbox_endpoints} (id, url, sealed_secret, created_at) VALUES (:id, :url, :sealed_secret, :now)"
)
_REMOVE_ENDPOINT = Statement("DELETE FROM {outbox_endpoints} WHERE id = :id")
_RECENT = Statement(
    "SELECT id, topic, object_id, status, attempts, next_attempt_at, last_status_code, last_error, created_at, sent_at"
    " FROM {outbox} WHERE (status = :status OR :status = '') ORDER BY created_at DESC, id DESC LIMIT :limit"
)

log = structlog.get_logger("switchboard.outbox")


class Due(NamedTuple):
    """A leased result and where it goes."""

    id: str
    endpoint_id: str
    body: str
    attempts: int
    url: str
    sealed_secret: str


class Verdict(NamedTuple):
    """What becomes of a result after one attempt."""

    status: str
    next_attempt_at: datetime
    disables_endpoint: bool


def publish(
    tx: Transaction, topic: str, object_id: str, body: Mapping[str, Any], *, ids: Ids, now: datetime
) -> int:
    """Queue a result for every active endpoint, inside the turn that causes it; how many there are."""
    endpoints = tx.rows(_ACTIVE)
    if endpoints:
        text = as_json({"type": topic, "timestamp": body.get("timestamp"), "data": dict(body)})
        for endpoint in endpoints:
            tx.run(
                _INSERT,
                id=ids.new(),
                endpoint_id=endpoint["id"],
                topic=topic,
                object_id=object_id,
                body=text,
                now=now,
            )
    return len(endpoints)


def forget(tx: Transaction, object_id: str) -> None:
    """Remove the results about an object that is being deleted, sent or not."""
    tx.run(_FORGET, object_id=object_id)


def count_by_status(tx: Transaction) -> dict[str, int]:
    counts = {"PENDING": 0, "SENT": 0, "FAILED": 0}
    return counts | {row["status"]: row["messages"] for row in tx.rows(_COUNT)}


def judge(attempts: int, status_code: int | None, retry_after_seconds: int | None, now: datetime) -> Verdict:
    """Decide after one attempt: sent, again later, or no more. `attempts` counts the one just made."""
    if status_code is not None and 200 <= status_code < 300:
        return Verdict("SENT", now, disables_endpoint=False)
    if status_code == 410:
        return Verdict("FAILED", now, disables_endpoint=True)
    if attempts > len(RETRY_PAUSES):
        return Verdict("FAILED", now, disables_endpoint=False)
    pause = RETRY_PAUSES[attempts - 1]
    if retry_after_seconds is not None:
        pause = max(pause, min(timedelta(seconds=retry_after_seconds), RETRY_PAUSES[-1]))
    return Verdict("PENDING", now + pause, disables_endpoint=False)


class Outbox:
    """One app's endpoints and the results on their way to them."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._ids = ids

    def add_endpoint(self, url: str, caller: Caller, policy: AddressPolicy) -> tuple[str, str]:
        """Send results to this address from now on; the endpoint's id and its secret, shown once."""
        from switchboard.kernel.outbound import addresses, signatures

        addresses.check_written_address(url, policy)
        id, now, secret = self._ids.new(), self._clock.now(), signatures.new_secret()
        sealed = self._vault.seal(secret, _context(self._database, id))
        audit_id = self._ids.new()

        def turn(tx: Transaction) -> None:
            tx.run(_ADD_ENDPOINT, id=id, url=url, sealed_secret=sealed, now=now)
            audit.record(tx, caller, "create", "callback", id, id=audit_id, at=now)

        self._database.write_now(turn)
        return id, secret

    def list_endpoints(self) -> list[Row]:
        return self._database.read_now(lambda tx: tx.rows(_ENDPOINTS))

    def remove_endpoint(self, id: str, caller: Caller) -> None:
        """Stop sending to an endpoint and forget what was queued for it. Raises NotFound."""
        now, audit_id = self._clock.now(), self._ids.new()

        def turn(tx: Transaction) -> None:
            if tx.run(_REMOVE_ENDPOINT, id=id) == 0:
                raise NotFound(f"There is no callback {id}.", hint="`switchboard callbacks list` shows all.")
            audit.record(tx, caller, "delete", "callback", id, id=audit_id, at=now)

        self._database.write_now(turn)

    def list_results(self, status: str = "", limit: int = 50) -> list[Row]:
        """The newest results, without their bodies; of one status, or of all for ''."""
        return self._database.read_now(lambda tx: tx.rows(_RECENT, status=status, limit=limit))

    def retry(self, id: str, caller: Caller) -> int:
        """Offer a failed result again ('all': every one); how many. Raises Invalid when there is none."""
        now, audit_id = self._clock.now(), self._ids.new()

        def turn(tx: Transaction) -> int:
            count = tx.run(_RETRY, id=id, now=now)
            if count == 0:
                raise Invalid(
                    "There is no failed result to send again.",
                    hint="`switchboard callbacks results --status FAILED` shows them; "
                    "results of a disabled callback stay where they are.",
                )
            audit.record(tx, caller, "retry", "result", id, id=audit_id, at=now, details={"count": count})
            return count

        return self._database.write_now(turn)

    async def deliver_due(self, policy: AddressPolicy) -> int:
        """Send what is due, all at once, well within the lease; how many were tried."""
        due = await self._database.write(_claim, self._clock.now())
        await asyncio.gather(*(self._deliver(result, policy) for result in due))
        return len(due)

    async def _deliver(self, result: Due, policy: AddressPolicy) -> None:
        from switchboard.kernel.outbound import client, signatures

        status_code: int | None = None
        retry_after: int | None = None
        error: str | None = None
        body, attempts = result.body.encode(), result.attempts
        try:
            secret = self._vault.open_text(result.sealed_secret, _context(self._database, result.endpoint_id))
            headers = signatures.headers(
                [signatures.decode_secret(secret)],
                message_id=result.id,
                timestamp=self._clock.now(),
                body=body,
            )
            answer = await client.OutboundClient(policy).post(result.url, body=body, headers=headers)
            status_code, retry_after = answer.status_code, answer.retry_after_seconds
            if not 200 <= status_code < 300:
                error = f"the receiver answered {status_code}"
        except Invalid as refusal:
            # An address that is refused today was opened by a setting that has changed: asking again in
            # five seconds changes nothing.
            error, attempts = refusal.message, len(RETRY_PAUSES) + 1
        except SwitchboardError as failure:
            error = failure.message
        except Exception as failure:
            # Whatever went wrong with one receiver must not keep the others waiting.
            error = type(failure).__name__
        await self._database.write(
            _record_attempt,
            result._replace(attempts=attempts),
            status_code,
            retry_after,
            error,
            self._clock.now(),
        )
        if error is not None:
            log.warning("result not delivered", result=result.id, attempt=result.attempts, error=error)


def _context(database: Database, endpoint_id: str) -> str:
    return f"{database.name}|outbox_endpoints|sealed_secret|{endpoint_id}"


def _claim(tx: Transaction, now: datetime) -> list[Due]:
    due = [Due(**row) for row in tx.rows(_DUE, now=now, limit=CLAIM_LIMIT)]
    for result in due:
        tx.run(_LEASE, id=result.id, until=now + LEASE)
    return [result._replace(attempts=result.attempts + 1) for result in due]


def _record_attempt(
    tx: Transaction,
    result: Due,
    status_code: int | None,
    retry_after: int | None,
    error: str | None,
    now: datetime,
) -> None:
    verdict = judge(result.attempts, status_code, retry_after, now)
    if verdict.status == "SENT":
        tx.run(_SENT, id=result.id, now=now, code=status_code)
        return
    tx.run(
        _TRY_LATER,
        id=result.id,
        status=verdict.status,
        at=verdict.next_attempt_at,
        code=status_code,
        error=error,
    )
    if verdict.disables_endpoint:
        reason = "the receiver answered 410 Gone"
        tx.run(_DISABLE, id=result.endpoint_id, now=now, reason=reason)
        tx.run(_FAIL_ALL, id=result.endpoint_id, reason=reason)
