"""Which passwords are refused and why, and how the good ones are kept."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from contextlib import suppress

import pytest
from pwdlib import PasswordHash

from switchboard.kernel.errors import Invalid, Unavailable
from switchboard.kernel.security import passwords
from switchboard.kernel.security.passwords import PasswordKeeper, require_good


@pytest.mark.parametrize(
    "password",
    [
        "violet anvil tuesday moon",
        "correct horse fox lamp",
        "Tr4vel-lightly-by-night",
        "पीली नाव शाम को लौटी",
        "x" + "yz9!" + "k2m4p6q8",
        "a" * 60 + "b" * 68,
    ],
)
def test_a_password_that_is_long_and_one_s_own_is_taken(password: str) -> None:
    require_good(password, "ada")


@pytest.mark.parametrize(
    ("password", "broken_rule"),
    [
        ("", "shorter than 12"),
        ("elevenchars", "shorter than 12"),
        ("x9" * 65, "longer than 128"),
        ("violet\x00anvil tuesday", "cannot be typed"),
        ("half a \ud800 character", "cannot be typed"),
        ("ada likes violet anvils", "account's name"),
        ("violet ADA anvils at dawn", "account's name"),
        ("My-Switchboard-login", "name of this program"),
        ("Password1234!", "guessed first"),
        ("!!QWERTYUIOP2024", "guessed first"),
        ("2024ＡＤＭＩＮ2024!!", "guessed first"),
        ("correcthorsebatterystaple", "guessed first"),
        ("%%%%%%%%%%%%", "repeats one pattern"),
        ("xkcdxkcdxkcdxk", "repeats one pattern"),
        ("mnopqrstuvwxyzab", "sequence"),
        ("9876543210987", "sequence"),
        ("rewqpoiuytrewq", "sequence"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_rule_it_breaks(
    password: str, broken_rule: str
) -> None:
    with pytest.raises(Invalid) as refused:
        require_good(password, "Ada")
    assert broken_rule in refused.value.message
    assert refused.value.hint
    assert not password or password not in refused.value.message


def test_a_name_of_one_letter_does_not_forbid_that_letter() -> None:
    require_good("violet anvil tuesday moon", "v")


def test_the_list_of_common_passwords_is_casefolded_and_long_enough_to_matter() -> None:
    listed = passwords.common_passwords()
    assert len(listed) > 300
    assert all(word == word.casefold() for word in listed)


async def test_a_kept_password_is_argon2id_and_opens_however_its_letters_were_typed() -> None:
    keeper = PasswordKeeper()
    kept = await keeper.hash("Übergröße in Ágnes' Café")
    assert kept.startswith("$argon2id$")
    decomposed = unicodedata.normalize("NFD", "Übergröße in Ágnes' Café")
    assert (await keeper.verify(decomposed, kept)).is_right
    assert not (await keeper.verify("Übergröße in Ágnes' Cafe", kept)).is_right
    assert not (await keeper.verify("Übergröße in Ágnes' Café", None)).is_right


async def test_a_hash_of_weaker_making_is_made_anew_when_its_password_was_right() -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher

    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)).hash("violet anvil tuesday moon")
    keeper = PasswordKeeper()
    better = (await keeper.verify("violet anvil tuesday moon", weak)).better_hash
    assert better is not None
    assert (await keeper.verify("violet anvil tuesday moon", better)) == (True, None)
    assert (await keeper.verify("wrong", weak)) == (False, None)


class _Slow:
    """A hasher that waits to be let go, and notes how many of its calls ran at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running = 0
        self.most = 0
        self.go = threading.Event()

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        return True

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.go.wait(30)
        with self.lock:
            self.running -= 1
        return "slow"

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        return False

    def check_needs_rehash(self, hash: str | bytes) -> bool:
        return False


async def test_two_hashes_at_once_are_the_most_even_when_requests_are_given_up() -> None:
    hasher = _Slow()
    keeper = PasswordKeeper(PasswordHash((hasher,)))
    given_up = [asyncio.create_task(keeper.hash("violet anvil")) for _ in range(10)]
    await asyncio.sleep(0.05)
    for task in given_up[:5]:
        task.cancel()
    others = [asyncio.create_task(keeper.hash("violet anvil")) for _ in range(10)]
    await asyncio.sleep(0.05)
    hasher.go.set()
    for task in (*given_up, *others):
        with suppress(asyncio.CancelledError):
            await task
    assert hasher.most == passwords.HASHES_AT_ONCE


async def test_strangers_are_put_off_when_the_line_for_a_hash_is_long() -> None:
    hasher = _Slow()
    keeper = PasswordKeeper(PasswordHash((hasher,)))
    keeper.require_room()
    waiting = [
        asyncio.create_task(keeper.hash("violet anvil"))
        for _ in range(passwords.WAITING_LIMIT + passwords.HASHES_AT_ONCE)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        keeper.require_room()
    hasher.go.set()
    await asyncio.gather(*waiting)
    keeper.require_room()
