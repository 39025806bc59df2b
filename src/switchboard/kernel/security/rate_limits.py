"""Requests per key and minute: counted in memory, written behind every second.

A crash forgets at most the last second's spending. Several servers over one database share a key's
allowance through the written state, each a second behind the others.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil

from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Unavailable

_FIND = Statement("SELECT tokens, at FROM {rate_buckets} WHERE key_id = :key_id", lock=True)
_KEEP = Statement(
    "INSERT INTO {rate_buckets} (key_id, tokens, at) VALUES (:key_id, :tokens, :at)"
    " ON CONFLICT (key_id) DO UPDATE SET tokens = excluded.tokens, at = excluded.at"
)
_ALL = Statement("SELECT key_id, tokens, at FROM {rate_buckets}")
_KEY_EXISTS = Statement("SELECT 1 AS found FROM {api_keys} WHERE id = :key_id")


class _Bucket:
    __slots__ = ("at", "limit", "spent", "tokens")

    def __init__(self, limit: int, tokens: float, at: float) -> None:
        self.limit = limit
        self.tokens = tokens
        self.at = at
        self.spent = 0


def refilled(tokens: float, limit_per_minute: int, seconds: float) -> float:
    """What a bucket holds after a pause; a clock that went back refills nothing."""
    return min(float(limit_per_minute), tokens + max(0.0, seconds) * limit_per_minute / 60)


class RateLimits:
    """One token bucket per key: it holds a minute's allowance and refills evenly."""

    def __init__(self, database: Database, clock: Clock, default_per_minute: int) -> None:
        self._database = database
        self._clock = clock
        self._default = default_per_minute
        self._buckets: dict[str, _Bucket] = {}
        self._stored: dict[str, tuple[float, datetime]] = {}

    async def load(self) -> None:
        """Take over what was written before the last stop."""
        rows = await self._database.read(lambda tx: tx.rows(_ALL))
        self._stored = {row["key_id"]: (row["tokens"], row["at"]) for row in rows}

    def spend(self, key_id: str, limit_per_minute: int | None) -> None:
        """Count one request. Raises Unavailable (429) with the seconds to wait."""
        limit = self._default if limit_per_minute is None else limit_per_minute
        if limit == 0:
            return
        now = self._clock.monotonic()
        bucket = self._buckets.get(key_id)
        if bucket is None or bucket.limit != limit:
            bucket = self._buckets[key_id] = _Bucket(limit, self._tokens_at_start(key_id, limit), now)
        bucket.tokens = refilled(bucket.tokens, limit, now - bucket.at)
        bucket.at = now
        if bucket.tokens < 1:
            wait = ceil((1 - bucket.tokens) * 60 / limit)
            raise Unavailable(
                f"This API key may make {limit} requests a minute and has made them.",
                hint=f"Wait {wait} s, or have an administrator raise the key's limit.",
                status=429,
                retry_after_seconds=wait,
            )
        bucket.tokens -= 1
        bucket.spent += 1

    async def write_behind(self) -> None:
        """Write what was spent since the last call, and take over what other servers spent."""
        spent = {key_id: bucket.spent for key_id, bucket in self._buckets.items() if bucket.spent}
        if not spent:
            return
        limits = {key_id: self._buckets[key_id].limit for key_id in spent}
        left = await self._database.write(_settle, spent, limits, self._clock.now())
        for key_id, tokens in left.items():
            bucket = self._buckets[key_id]
            bucket.tokens = tokens - (bucket.spent - spent[key_id])
            bucket.spent -= spent[key_id]
            bucket.at = self._clock.monotonic()

    def _tokens_at_start(self, key_id: str, limit: int) -> float:
        tokens, at = self._stored.get(key_id, (float(limit), self._clock.now()))
        return refilled(tokens, limit, (self._clock.now() - at).total_seconds())


def _settle(
    tx: Transaction, spent: dict[str, int], limits: dict[str, int], now: datetime
) -> dict[str, float]:
    """Subtract each key's spending from its stored bucket; what is left, by key."""
    left = {}
    for key_id, count in spent.items():
        if tx.find(_KEY_EXISTS, key_id=key_id) is None:
            continue
        row = tx.find(_FIND, key_id=key_id)
        limit = limits[key_id]
        before = (
            float(limit) if row is None else refilled(row["tokens"], limit, (now - row["at"]).total_seconds())
        )
        left[key_id] = before - count
        tx.run(_KEEP, key_id=key_id, tokens=left[key_id], at=now)
    return left
