"""How often somebody may be wrong before they have to wait; decided in pure code, stored for all servers.

An account has buckets of its own for the devices and networks it is known to sign in from. What strangers do,
from however many addresses, fills other buckets, so that they are slowed down and its owner never is.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from switchboard.kernel.database.database import BATCH_ROWS
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Unavailable

_FIND = Statement("SELECT failed_at_json FROM {failure_buckets} WHERE key = :key")
_LOCK = Statement("SELECT failed_at_json FROM {failure_buckets} WHERE key = :key", lock=True)
# Writes even where the row is there already, and so holds it until the turn ends.
_MAKE = Statement(
    "INSERT INTO {failure_buckets} (key, failed_at_json, expires_at) VALUES (:key, '[]', :expires_at)"
    " ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at"
)
_KEEP = Statement(
    "UPDATE {failure_buckets} SET failed_at_json = :failed_at, expires_at = :expires_at WHERE key = :key"
)
_FORGET_OLD = Statement(
    "DELETE FROM {failure_buckets} WHERE key IN"
    " (SELECT key FROM {failure_buckets} WHERE expires_at <= :now LIMIT :limit)"
)


class Limit(NamedTuple):
    """So many failures within a window; then waiting."""

    failures: int
    window: timedelta


class Bucket(NamedTuple):
    """What failures are counted under. The key tells nobody which name or address it stands for."""

    key: str
    limit: Limit


NETWORK_LIMIT = Limit(10, timedelta(minutes=15))
STRANGERS_LIMIT = Limit(20, timedelta(hours=1))
KNOWN_LIMIT = Limit(10, timedelta(minutes=15))
CODES_LIMIT = Limit(10, timedelta(hours=1))


def network_of(address: str | None) -> str:
    """The network that an address is one of: itself for IPv4, its /64 for IPv6; 'unknown' for no address."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found)


def network_key(network: str) -> str:
    return _key("network", network)


def buckets_of_sign_in(
    name: str, network: str, *, account_id: str | None, device_id: str | None, is_known_network: bool
) -> list[Bucket]:
    """Where a wrong password for the folded name counts.

    A known device stands apart from everything else; a known network shares only what its network may do.
    `account_id` is None for a name that nobody has, which is counted like any other.
    """
    if device_id is not None:
        return [Bucket(_key("device", device_id), KNOWN_LIMIT)]
    own_network = Bucket(network_key(network), NETWORK_LIMIT)
    if account_id is not None and is_known_network:
        return [own_network, Bucket(_key("known", account_id, network), KNOWN_LIMIT)]
    return [own_network, Bucket(_key("strangers", name), STRANGERS_LIMIT)]


def buckets_of_code(account_id: str, device_id: str | None) -> list[Bucket]:
    """Where a wrong second factor counts; a known device again stands apart from strangers with the password."""
    return [Bucket(_key("codes", account_id, device_id or "strangers"), CODES_LIMIT)]


def buckets_of_confirmation(account_id: str) -> list[Bucket]:
    """Where a wrong password counts that somebody signed in is asked for once more."""
    return [Bucket(_key("confirmation", account_id), KNOWN_LIMIT)]


def seconds_to_wait(failed_at: Sequence[float], limit: Limit, now: datetime) -> int:
    """0 when one more attempt is within the limit; else until it is. Failures are seconds since 1970."""
    recent = _recent(failed_at, limit, now)
    if len(recent) < limit.failures:
        return 0
    leaves_at = recent[-limit.failures] + limit.window.total_seconds()
    return max(1, math.ceil(leaves_at - now.timestamp()))


def require_room(tx: Transaction, buckets: Sequence[Bucket], now: datetime) -> None:
    """Raise Unavailable (429) when one of the buckets is full; changes nothing."""
    _refuse_full([(bucket, _failures(tx, _FIND, bucket.key)) for bucket in buckets], now)


def count_attempt(tx: Transaction, buckets: Sequence[Bucket], now: datetime) -> None:
    """Count an attempt as failed before its outcome is known, so that many at once are within the limits too.

    Raises Unavailable (429) when a bucket is full. `take_back` undoes it for one that was right.
    """
    found = []
    for bucket in sorted(buckets):
        tx.run(_MAKE, key=bucket.key, expires_at=now + bucket.limit.window)
        found.append((bucket, _failures(tx, _FIND, bucket.key)))
    _refuse_full(found, now)
    for bucket, failed_at in found:
        _keep(tx, bucket, [*_recent(failed_at, bucket.limit, now), now.timestamp()], now)


def take_back(tx: Transaction, buckets: Sequence[Bucket], counted_at: datetime, now: datetime) -> None:
    """Undo one `count_attempt`. Others' failures stay: a password of one's own buys no more guesses."""
    for bucket in sorted(buckets):
        failed_at = _failures(tx, _LOCK, bucket.key)
        if counted_at.timestamp() in failed_at:
            failed_at.remove(counted_at.timestamp())
            _keep(tx, bucket, failed_at, now)


def forget_old(tx: Transaction, now: datetime) -> int:
    """Remove buckets that hold nobody back any more; one batch."""
    return tx.run(_FORGET_OLD, now=now, limit=BATCH_ROWS)


def _refuse_full(found: Sequence[tuple[Bucket, list[float]]], now: datetime) -> None:
    wait = max((seconds_to_wait(failed_at, bucket.limit, now) for bucket, failed_at in found), default=0)
    if wait:
        raise Unavailable(
            "Too many attempts were wrong.",
            hint=f"Try again in {_span(wait)}; from a browser that signed in before it may work at once.",
            status=429,
            retry_after_seconds=wait,
        )


def _span(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _recent(failed_at: Sequence[float], limit: Limit, now: datetime) -> list[float]:
    since = (now - limit.window).timestamp()
    return [at for at in failed_at if at > since]


def _failures(tx: Transaction, statement: Statement, key: str) -> list[float]:
    row = tx.find(statement, key=key)
    return [] if row is None else list(row["failed_at_json"])


def _keep(tx: Transaction, bucket: Bucket, failed_at: list[float], now: datetime) -> None:
    tx.run(_KEEP, key=bucket.key, failed_at=as_json(failed_at), expires_at=now + bucket.limit.window)


def _key(kind: str, *parts: str) -> str:
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:{digest[:48]}"
