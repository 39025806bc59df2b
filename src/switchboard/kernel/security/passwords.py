"""Passwords: which ones are refused, and the costly hash that keeps them, off the event loop.

Who may try a password, and how often, is `throttling`; nothing here knows an account.
"""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from switchboard.kernel.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from pwdlib import PasswordHash

MIN_LENGTH, MAX_LENGTH = 12, 128
HASHES_AT_ONCE = 2
"""Each takes 64 MiB and some tens of milliseconds of a core."""
WAITING_LIMIT = 32
"""Strangers that may wait for a hash; with the line this short, somebody who is known waits a second."""
_SHORTEST_TELLING_NAME = 3
# Walked in circles, forwards and backwards: the alphabet, the digits and the rows of a keyboard.
_CIRCLES = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
)
_HINT = "Three or four words that do not belong together make a good one."

T = TypeVar("T")


class Verdict(NamedTuple):
    """Whether a password was right, and its hash anew where the kept one is of weaker making."""

    is_right: bool
    better_hash: str | None


def require_good(password: str, name: str) -> None:
    """Raise Invalid, with the rule that it breaks, unless the password may belong to the account `name`."""
    text = unicodedata.normalize("NFKC", password)
    if len(text) < MIN_LENGTH:
        raise Invalid(f"The password is shorter than {MIN_LENGTH} characters.", hint=_HINT)
    if len(text) > MAX_LENGTH:
        raise Invalid(f"The password is longer than {MAX_LENGTH} characters.", hint="Take a shorter one.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise Invalid("The password holds a character that cannot be typed.", hint=_HINT)
    for broken_rule in _broken_rules(text.casefold(), fold(name)):
        raise Invalid(f"The password {broken_rule}.", hint=_HINT)


def fold(text: str) -> str:
    """As names and passwords are compared: without regard to case or to how a letter was typed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _broken_rules(text: str, name: str) -> Iterator[str]:
    if name == text or (len(name) >= _SHORTEST_TELLING_NAME and name in text):
        yield "contains the account's name"
    if "switchboard" in text:
        yield "contains the name of this program"
    if not {text, _core(text)}.isdisjoint(common_passwords()):
        yield "is one of those that are guessed first, with or without digits and signs around it"
    if _is_repetition(text):
        yield "repeats one pattern"
    if _is_sequence(text):
        yield "is a sequence of neighbouring letters, digits or keys"


def _core(text: str) -> str:
    """The text without the digits and signs at both ends."""
    letters = [at for at, character in enumerate(text) if character.isalpha()]
    return text[letters[0] : letters[-1] + 1] if letters else text


def _is_repetition(text: str) -> bool:
    return any(
        all(character == text[at % period] for at, character in enumerate(text))
        for period in range(1, len(text) // 2 + 1)
    )


def _is_sequence(text: str) -> bool:
    steps = {ord(second) - ord(first) for first, second in pairwise(text)}
    if steps <= {1} or steps <= {-1}:
        return True
    return any(text in circle * (MAX_LENGTH // len(circle) + 2) for circle in _both_ways())


@cache
def _both_ways() -> tuple[str, ...]:
    return tuple(way for circle in _CIRCLES for way in (circle, circle[::-1]))


@cache
def common_passwords() -> frozenset[str]:
    """Well-known passwords, casefolded."""
    listed = resources.files(__package__).joinpath("data/common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().casefold() for line in listed.splitlines() if line and line[0] != "#")


class PasswordKeeper:
    """Hashes and checks with argon2id, at most `HASHES_AT_ONCE` at a time in this process.

    The threads are the keeper's own, so that a request that is given up does not make room for one more
    while its hash is still being computed.
    """

    def __init__(self, hasher: PasswordHash | None = None) -> None:
        self._given_hasher = hasher
        self._threads = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="passwords")
        self._lock = threading.Lock()
        self._under_way = 0
        self._dummy_hash: str | None = None

    def require_room(self) -> None:
        """Raise Unavailable (503) when so many wait that those who are known would wait long."""
        if self._under_way >= HASHES_AT_ONCE + WAITING_LIMIT:
            raise Unavailable("Too many are signing in at this moment.", hint="Try again in a few seconds.")

    async def hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._hasher().hash(_to_bytes(password)))

    async def verify(self, password: str, kept_hash: str | None) -> Verdict:
        """Compare with the kept hash; with none, the same work is done and the answer is no."""
        return await self._in_thread(lambda: self._verify(password, kept_hash))

    def _verify(self, password: str, kept_hash: str | None) -> Verdict:
        # Made before the first answer of either kind, so that the first unknown name is no slower than others.
        dummy_hash = self._dummy()
        if kept_hash is None:
            self._hasher().verify(_to_bytes(password), dummy_hash)
            return Verdict(False, None)
        is_right, better_hash = self._hasher().verify_and_update(_to_bytes(password), kept_hash)
        return Verdict(is_right, better_hash)

    def _dummy(self) -> str:
        if self._dummy_hash is None:
            self._dummy_hash = self._hasher().hash(b"nobody has this password")
        return self._dummy_hash

    def _hasher(self) -> PasswordHash:
        from pwdlib import PasswordHash

        if self._given_hasher is None:
            self._given_hasher = PasswordHash.recommended()
        return self._given_hasher

    async def _in_thread(self, work: Callable[[], T]) -> T:
        self._count(+1)
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._count(-1))
        return await asyncio.wrap_future(future)

    def _count(self, change: int) -> None:
        with self._lock:
            self._under_way += change


def _to_bytes(password: str) -> bytes:
    """What is hashed. Far more than a password can have before it is normalised is cut: it is wrong anyway."""
    cut = password[: 8 * MAX_LENGTH]
    return unicodedata.normalize("NFKC", cut).encode("utf-8", "surrogatepass")
