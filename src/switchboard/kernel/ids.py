"""Where ids and chance come from, as ports, so that tests can fix both."""

from __future__ import annotations

import random
import secrets
import threading
from typing import Protocol
from uuid import UUID, uuid4

from switchboard.kernel.clock import Clock

_62_BITS = (1 << 62) - 1
# Asking the system for chance lets go of the interpreter's lock, and with it of a turn under way in another
# thread; so it is asked rarely.
_POOL_BYTES = 512


class Ids(Protocol):
    """Makes identifiers of 36 characters."""

    def new(self) -> str:
        """A fresh id, greater than every earlier one of this process."""

    def anonymous(self) -> str:
        """A fresh id that tells nothing: neither when it was made nor beside which others."""


class TimeOrderedIds:
    """UUID version 7 (RFC 9562), monotone within the process even when the clock steps back.

    The 12 bits after the milliseconds count within one millisecond, so that rows made in one order
    sort in that order; the other 62 bits are random.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0
        self._pool = b""

    def new(self) -> str:
        tick = int(self._clock.now().timestamp() * 1000) << 12
        with self._lock:
            self._last = max(tick, self._last + 1)
            tick = self._last
            if not self._pool:
                self._pool = secrets.token_bytes(_POOL_BYTES)
            chance, self._pool = int.from_bytes(self._pool[-8:]), self._pool[:-8]
        value = (tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | chance & _62_BITS
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def anonymous(self) -> str:
        return str(uuid4())


class CountingIds:
    """The ids' twin for tests: 1, 2, 3, … in the shape of a UUID."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return str(UUID(int=self._count))

    def anonymous(self) -> str:
        return self.new()


class Chance(Protocol):
    """Chooses where any choice would do (which of ten lines a persona says)."""

    def seed(self) -> int:
        """A number of 63 bits that decides every choice of one turn, so a re-run turn chooses alike."""


class SystemChance:
    """Unpredictable chance."""

    def seed(self) -> int:
        return secrets.randbits(63)


class FixedChance:
    """Chance's twin for tests: the same sequence for the same start."""

    def __init__(self, start: int = 0) -> None:
        self._random = random.Random(start)

    def seed(self) -> int:
        return self._random.getrandbits(63)
