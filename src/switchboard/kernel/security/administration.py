"""What an administrator does with the accounts of people. Each method is an operation that asks for the role.

How people themselves get in, stay in and leave is `accounts`, which builds on this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict
from switchboard.kernel.ids import Ids
from switchboard.kernel.security import (
    account_rows,
    one_time_tokens,
    people,
    refusals,
    second_factor,
    sessions,
)
from switchboard.kernel.security.account_rows import Deed, as_account
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.passwords import PasswordKeeper, fold, require_good
from switchboard.kernel.security.people import Account
from switchboard.kernel.security.permissions import (
    ADMINISTER,
    ANYWHERE,
    EVERYWHERE,
    PLATFORM_SCOPE,
    Role,
    may,
    operation,
)
from switchboard.kernel.security.sessions import SessionRow

if TYPE_CHECKING:
    from pwdlib import PasswordHash

    from switchboard.kernel.security.vault import Vault

T = TypeVar("T")


class Administration:
    """The accounts of one installation, as an administrator sees them."""

    scope = PLATFORM_SCOPE

    def __init__(
        self,
        database: Database,
        vault: Callable[[], Vault],
        clock: Clock,
        ids: Ids,
        *,
        apps: Sequence[str],
        issuer: str,
        lifetime: sessions.Lifetime,
        passwords: PasswordHash | None = None,
    ) -> None:
        """`apps` are those a role can be held in, `issuer` what an authenticator app shows; `passwords` stands
        in for argon2id. The vault is asked for when the first secret is sealed."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._ids = ids
        self._apps = tuple(apps)
        self._issuer = issuer
        self._lifetime = lifetime
        self._keeper = PasswordKeeper(passwords)

    @operation(ADMINISTER)
    async def create_account(
        self, caller: Caller, name: str, roles: Mapping[str, Role], *, display_name: str | None = None
    ) -> tuple[Account, str]:
        """Make an account; the account and the token of a link by which the person sets a password.

        Raises Invalid for a wrong name or role, Conflict for a name that is taken.
        """
        row = self._new_row(name, roles, display_name)
        invitation, now = one_time_tokens.draw(self._ids.new()), self._clock.now()

        def turn(tx: Transaction, deed: Deed) -> Account:
            account = _make(tx, row, deed)
            expires_at = now + one_time_tokens.INVITATION_LIFETIME
            one_time_tokens.issue(tx, "password", invitation, expires_at, account_id=account.id)
            return account

        return await self._do(turn, caller), invitation.token

    @operation(ADMINISTER)
    async def create_account_with_password(
        self,
        caller: Caller,
        name: str,
        roles: Mapping[str, Role],
        password: str,
        *,
        display_name: str | None = None,
    ) -> Account:
        """`create_account` with a password that is set at once."""
        row = self._new_row(name, roles, display_name)
        require_good(password, row["name"])
        row["password_hash"] = await self._keeper.hash(password)
        return await self._do(lambda tx, deed: _make(tx, row, deed), caller)

    @operation(ADMINISTER)
    async def list_accounts(self, caller: Caller) -> list[Account]:
        """Every account, oldest first, the disabled ones too."""
        return await self._database.read(account_rows.list_all)

    @operation(ADMINISTER, within=ANYWHERE)
    async def list_account_names(self, caller: Caller) -> dict[str, str]:
        """How accounts are called, by id; nobody's for a caller who does not administer people."""
        if not may(caller, ADMINISTER, PLATFORM_SCOPE):
            return {}
        return {account.id: account.name for account in await self._database.read(account_rows.list_all)}

    @operation(ADMINISTER)
    async def get_account(self, caller: Caller, account_id: str) -> Account:
        """Raises NotFound."""
        return as_account(await self._database.read(account_rows.get, account_id))

    @operation(ADMINISTER)
    async def get_account_named(self, caller: Caller, name: str) -> Account:
        """The account of this name, whatever its case. Raises NotFound."""
        row = await self._database.read(account_rows.find_by_name, name)
        if row is None:
            raise refusals.no_such_account()
        return as_account(row)

    @operation(ADMINISTER)
    async def set_roles(self, caller: Caller, account_id: str, roles: Mapping[str, Role]) -> Account:
        """Give an account these roles in place of those it had; its sessions go on with the new ones.

        Raises NotFound, Invalid for a wrong role, Conflict for the last administrator.
        """
        checked = people.checked_roles(roles, self._apps)

        def turn(tx: Transaction, deed: Deed) -> Account:
            account, everybody = account_rows.hold_all(tx, account_id)
            if checked.get(EVERYWHERE) != "administrator":
                people.require_other_administrator(everybody, account_id)
            account_rows.set_roles(tx, account_id, checked)
            before = dict(account.roles)
            deed.record(tx, "set_roles", account_id, {"before": before, "after": dict(checked)})
            return account._replace(roles=checked)

        return await self._do(turn, caller)

    @operation(ADMINISTER)
    async def disable(self, caller: Caller, account_id: str) -> Account:
        """Keep somebody out from now on: sessions and links end. Raises NotFound, and Conflict for the last
        administrator."""
        now = self._clock.now()

        def turn(tx: Transaction, deed: Deed) -> Account:
            account, everybody = account_rows.hold_all(tx, account_id)
            if account.disabled_at is not None:
                return account
            people.require_other_administrator(everybody, account_id)
            account_rows.set_disabled(tx, account_id, now)
            sessions.end_all(tx, account_id)
            one_time_tokens.void_all(tx, account_id)
            deed.record(tx, "disable", account_id)
            return account._replace(disabled_at=now)

        return await self._do(turn, caller)

    @operation(ADMINISTER)
    async def enable(self, caller: Caller, account_id: str) -> Account:
        """Let somebody sign in again, with the password they had. Raises NotFound."""

        def turn(tx: Transaction, deed: Deed) -> Account:
            account = as_account(account_rows.hold(tx, account_id))
            if account.disabled_at is not None:
                account_rows.set_disabled(tx, account_id, None)
                deed.record(tx, "enable", account_id)
            return account._replace(disabled_at=None)

        return await self._do(turn, caller)

    @operation(ADMINISTER)
    async def reset_password(
        self, caller: Caller, account_id: str, *, remove_second_factor: bool = False
    ) -> str:
        """Void the password and everything that was reached with it; the token of a link that sets another.

        The second factor stays, unless the person has lost that too. Raises NotFound, and Conflict for a
        disabled account.
        """
        link, now = one_time_tokens.draw(self._ids.new()), self._clock.now()

        def turn(tx: Transaction, deed: Deed) -> None:
            account = account_rows.hold(tx, account_id)
            if account["disabled_at"] is not None:
                raise Conflict("The account is disabled.", hint="Enable it first.")
            account_rows.set_password(tx, account_id, None)
            if remove_second_factor:
                second_factor.remove(tx, account_id)
            sessions.end_all(tx, account_id)
            sessions.forget_known(tx, account_id)
            one_time_tokens.void_all(tx, account_id)
            expires_at = now + one_time_tokens.RESET_LIFETIME
            one_time_tokens.issue(tx, "password", link, expires_at, account_id=account_id)
            deed.record(tx, "reset_password", account_id, {"second_factor_removed": remove_second_factor})

        await self._do(turn, caller)
        return link.token

    @operation(ADMINISTER)
    async def list_sessions(self, caller: Caller, account_id: str) -> list[SessionRow]:
        """The live sessions of an account, the newest first. Raises NotFound."""
        now = self._clock.now()

        def query(tx: Transaction) -> list[SessionRow]:
            account_rows.get(tx, account_id)
            return sessions.list_of_account(tx, account_id, self._lifetime, now)

        return await self._database.read(query)

    @operation(ADMINISTER)
    async def end_sessions(self, caller: Caller, account_id: str) -> int:
        """Sign somebody out everywhere; how many sessions ended. Raises NotFound."""

        def turn(tx: Transaction, deed: Deed) -> int:
            account_rows.hold(tx, account_id)
            ended = sessions.end_all(tx, account_id)
            deed.record(tx, "end_sessions", account_id, {"sessions": ended})
            return ended

        return await self._do(turn, caller)

    def _new_row(self, name: str, roles: Mapping[str, Role], display_name: str | None) -> Row:
        name = people.checked_name(name)
        return {
            "id": self._ids.new(),
            "name": name,
            "folded_name": fold(name),
            "display_name": people.checked_display_name(display_name),
            "roles": as_json(people.checked_roles(roles, self._apps)),
            "password_hash": None,
        }

    async def _do(self, turn: Callable[[Transaction, Deed], T], caller: Caller) -> T:
        """Run a turn that records its deed as this caller's."""
        return await self._database.write(turn, Deed(caller, self._ids.new(), self._clock.now()))


def _make(tx: Transaction, row: Row, deed: Deed) -> Account:
    account = as_account(account_rows.insert(tx, row, deed.at))
    deed.record(tx, "create", account.id, {"name": account.name, "roles": dict(account.roles)})
    return account
