"""How often a visitor may write and a network may begin: buckets in memory, bounded in number.

They hold off floods, nothing finer, so a restart may forget them.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from math import ceil

from switchboard.kernel.clock import Clock
from switchboard.kernel.errors import Unavailable

_MOST_BUCKETS = 20_000


class Buckets:
    """One bucket for each name; the least used are forgotten when there are too many."""

    def __init__(self, clock: Clock, size: int, seconds: float) -> None:
        """`size` at once, refilled evenly within so many seconds."""
        self._clock = clock
        self._size = size
        self._per_second = size / seconds
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, name: str) -> None:
        """Take one. Raises Unavailable (429) when there is none."""
        now = self._clock.monotonic()
        tokens, at = self._held.pop(name, (float(self._size), now))
        tokens = min(float(self._size), tokens + max(0.0, now - at) * self._per_second)
        if tokens < 1:
            self._held[name] = (tokens, now)
            raise Unavailable(
                "That was a lot at once.",
                hint="Wait a moment; what you wrote is kept and sent then.",
                status=429,
                retry_after_seconds=ceil((1 - tokens) / self._per_second),
            )
        self._held[name] = (tokens - 1, now)
        while len(self._held) > _MOST_BUCKETS:
            self._held.popitem(last=False)


def network_of(address: str | None) -> str:
    """What counts as one visitor's network: an IPv4 address, the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return f"{int(parsed) >> 64:x}"
    return str(parsed)
