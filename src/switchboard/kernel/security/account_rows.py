"""The accounts as rows: found, held, made, changed, and read into values. No decisions.

A function that takes a transaction runs inside a turn; what is held stays so until the turn ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict
from switchboard.kernel.security import audit, passwords, people, refusals
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.people import Account, Person
from switchboard.kernel.security.sessions import csrf_token_of

_COLUMNS = (
    "id, name, folded_name, display_name, roles_json, password_hash, sealed_totp, sealed_new_totp,"
    " totp_last_step, created_at, last_signed_in_at, disabled_at"
)
_INSERT = Statement(
    "INSERT INTO {accounts} (id, name, folded_name, display_name, roles_json, password_hash, created_at)"
    " VALUES (:id, :name, :folded_name, :display_name, :roles, :password_hash, :now)"
    " ON CONFLICT (folded_name) DO NOTHING"
)
_ANY = Statement("SELECT id FROM {accounts} LIMIT 1")
_ALL = Statement(f"SELECT {_COLUMNS} FROM {{accounts}} ORDER BY created_at, id")
_LOCK_ALL = Statement(f"SELECT {_COLUMNS} FROM {{accounts}} ORDER BY id", lock=True)
_FIND = Statement(f"SELECT {_COLUMNS} FROM {{accounts}} WHERE id = :id")
_LOCK = Statement(f"SELECT {_COLUMNS} FROM {{accounts}} WHERE id = :id", lock=True)
_FIND_BY_NAME = Statement(f"SELECT {_COLUMNS} FROM {{accounts}} WHERE folded_name = :folded_name")
_SET_PASSWORD = Statement("UPDATE {accounts} SET password_hash = :password_hash WHERE id = :id")
_SET_ROLES = Statement("UPDATE {accounts} SET roles_json = :roles WHERE id = :id")
_SET_DISABLED = Statement("UPDATE {accounts} SET disabled_at = :disabled_at WHERE id = :id")

# Of a longer name that somebody typed, the rest is not looked at: no account has it.
_NAME_LIMIT_TYPED = 200


class Deed(NamedTuple):
    """The one entry in the audit that a turn may make."""

    caller: Caller
    id: str
    at: datetime

    def record(
        self, tx: Transaction, action: str, account_id: str, details: dict[str, Any] | None = None
    ) -> None:
        audit.record(tx, self.caller, action, "account", account_id, id=self.id, at=self.at, details=details)


def is_first_start(tx: Transaction) -> bool:
    """Whether no account exists."""
    return tx.find(_ANY) is None


def fold_typed(name: str) -> str:
    """A name as it is looked up, whoever typed whatever."""
    return passwords.fold(name[:_NAME_LIMIT_TYPED])


def find(tx: Transaction, account_id: str) -> Row | None:
    return tx.find(_FIND, id=account_id)


def find_by_name(tx: Transaction, name: str) -> Row | None:
    return tx.find(_FIND_BY_NAME, folded_name=fold_typed(name)) if people.is_name(name) else None


def get(tx: Transaction, account_id: str) -> Row:
    """Raises NotFound."""
    row = find(tx, account_id)
    if row is None:
        raise refusals.no_such_account()
    return row


def find_held(tx: Transaction, account_id: str) -> Row | None:
    """The row as it is now; nobody else changes it until the turn ends."""
    return tx.find(_LOCK, id=account_id)


def hold(tx: Transaction, account_id: str) -> Row:
    """`find_held` that raises NotFound."""
    row = find_held(tx, account_id)
    if row is None:
        raise refusals.no_such_account()
    return row


def list_all(tx: Transaction) -> list[Account]:
    """Every account, oldest first."""
    return [as_account(row) for row in tx.rows(_ALL)]


def hold_all(tx: Transaction, account_id: str) -> tuple[Account, list[Account]]:
    """One account, and all of them, so that who is the last administrator stays true. Raises NotFound."""
    accounts = {row["id"]: as_account(row) for row in tx.rows(_LOCK_ALL)}
    if account_id not in accounts:
        raise refusals.no_such_account()
    return accounts[account_id], list(accounts.values())


def insert(tx: Transaction, row: Row, now: datetime) -> Row:
    """Store an account; its row. Raises Conflict for a name that is taken."""
    if tx.run(_INSERT, now=now, **row) == 0:
        raise Conflict(f"There is an account called {row['name']} already.", hint="Take another name.")
    return hold(tx, row["id"])


def set_password(tx: Transaction, account_id: str, password_hash: str | None) -> None:
    tx.run(_SET_PASSWORD, id=account_id, password_hash=password_hash)


def set_roles(tx: Transaction, account_id: str, roles: dict[str, Any]) -> None:
    tx.run(_SET_ROLES, id=account_id, roles=as_json(roles))


def set_disabled(tx: Transaction, account_id: str, disabled_at: datetime | None) -> None:
    tx.run(_SET_DISABLED, id=account_id, disabled_at=disabled_at)


def as_account(row: Row) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        display_name=row["display_name"],
        roles=row["roles_json"],
        has_password=row["password_hash"] is not None,
        has_second_factor=row["sealed_totp"] is not None,
        created_at=row["created_at"],
        last_signed_in_at=row["last_signed_in_at"],
        disabled_at=row["disabled_at"],
    )


def as_person(account: Row, session_id: str, token: str, signed_in_at: datetime) -> Person:
    return Person(
        account_id=account["id"],
        name=account["name"],
        roles=account["roles_json"],
        session_id=session_id,
        csrf_token=csrf_token_of(token),
        signed_in_at=signed_in_at,
        has_second_factor=account["sealed_totp"] is not None,
        display_name=account["display_name"],
    )
