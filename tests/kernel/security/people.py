"""What tests of people share: accounts whose passwords cost nothing to hash, and how often one was hashed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, NamedTuple

from pwdlib import PasswordHash

from switchboard.kernel.database.statement import Statement
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import Account, Accounts, CodeNeeded, SignedIn
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.permissions import Role
from switchboard.kernel.security.sessions import Lifetime

ME = command_caller()
GOOD = "violet anvil tuesday moon"
BETTER = "seven quiet harbours burn"
HOME = "203.0.113.7"
BROWSER = "Firefox of the owner"
EVERYTHING: dict[str, Role] = {"*": "administrator"}


class CheapHasher:
    """A hasher of pwdlib's shape that counts its work."""

    def __init__(self) -> None:
        self.calls = 0

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        return str(hash).startswith("cheap$")

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.calls += 1
        return _cheap(password)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.calls += 1
        return _cheap(password) == hash

    def check_needs_rehash(self, hash: str | bytes) -> bool:
        return False


class People(NamedTuple):
    """Accounts over a platform, and the hasher behind them."""

    accounts: Accounts
    hasher: CheapHasher
    platform: Platform

    async def add(self, name: str, roles: dict[str, Role] | None = None, password: str = GOOD) -> Account:
        return await self.accounts.create_account_with_password(ME, name, roles or EVERYTHING, password)

    async def sign_in(
        self,
        name: str,
        password: str = GOOD,
        *,
        address: str | None = HOME,
        user_agent: str = BROWSER,
        device_token: str | None = None,
    ) -> SignedIn:
        outcome = await self.attempt(
            name, password, address=address, user_agent=user_agent, device_token=device_token
        )
        assert isinstance(outcome, SignedIn)
        return outcome

    async def attempt(
        self,
        name: str,
        password: str = GOOD,
        *,
        address: str | None = HOME,
        user_agent: str = BROWSER,
        device_token: str | None = None,
    ) -> SignedIn | CodeNeeded:
        return await self.accounts.sign_in(
            name, password, address=address, user_agent=user_agent, device_token=device_token
        )

    async def is_in(self, signed_in: SignedIn) -> bool:
        return await self.accounts.find_person(signed_in.token) is not None

    def rows(self, table: str) -> list[dict[str, Any]]:
        database = self.platform.database("platform")
        return database.read_now(lambda tx: tx.rows(Statement(f"SELECT * FROM {{{table}}}")))

    def deeds(self) -> list[str]:
        """What the audit says was done, in order."""
        statement = Statement("SELECT action FROM {audit} ORDER BY at, id")
        rows = self.platform.database("platform").read_now(lambda tx: tx.rows(statement))
        return [row["action"] for row in rows]


def people_of(platform: Platform) -> People:
    hasher = CheapHasher()
    accounts = Accounts(
        platform.database("platform"),
        lambda: platform.vault,
        platform.clock,
        platform.ids,
        apps=platform.app_names,
        issuer=platform.settings.organisation,
        lifetime=Lifetime(idle=timedelta(hours=12), absolute=timedelta(days=7)),
        passwords=PasswordHash((hasher,)),
    )
    return People(accounts, hasher, platform)


def _cheap(password: str | bytes) -> str:
    data = password if isinstance(password, bytes) else password.encode()
    return f"cheap${hashlib.sha256(data).hexdigest()}"
