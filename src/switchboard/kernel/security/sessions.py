"""What signing in leaves behind: a session, a known device, a known network. Rows and turns, no decisions.

Who may sign in is decided in `accounts`; what a known device is good for in `throttling`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from switchboard.kernel.database.database import BATCH_ROWS
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.security.one_time_tokens import hash_of

DEVICE_LIFETIME = timedelta(days=180)
NETWORK_LIFETIME = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=1)
"""How often at most a session's last use is written."""
_DEVICES_LIMIT = 50

_COLUMNS = "id, account_id, signed_in_at, last_seen_at, expires_at, address, user_agent"
_INSERT = Statement(
    f"INSERT INTO {{account_sessions}} ({_COLUMNS}, token_hash)"
    " VALUES (:id, :account_id, :now, :now, :expires_at, :address, :user_agent, :token_hash)"
)
_PERSON = (
    "SELECT s.id AS session_id, s.signed_in_at, s.last_seen_at, a.id, a.name, a.display_name, a.roles_json,"
    " a.sealed_totp FROM {account_sessions} s JOIN {accounts} a ON a.id = s.account_id"
    " WHERE s.expires_at > :now AND s.last_seen_at > :idle_since AND a.disabled_at IS NULL"
)
_FIND = Statement(f"{_PERSON} AND s.token_hash = :token_hash")
_LIVE = Statement(
    f"{_PERSON} AND s.id IN (SELECT value FROM json_each(:ids))",
    postgresql=f"{_PERSON} AND s.id IN (SELECT value FROM json_array_elements_text(CAST(:ids AS json)) AS value)",
)
_SEEN = Statement(
    "UPDATE {account_sessions} SET last_seen_at = :now WHERE id = :id AND last_seen_at <= :seen_before"
)
_OF_ACCOUNT = Statement(
    f"SELECT {_COLUMNS} FROM {{account_sessions}} WHERE account_id = :account_id AND expires_at > :now"
    " AND last_seen_at > :idle_since ORDER BY signed_in_at DESC, id DESC"
)
_END = Statement("DELETE FROM {account_sessions} WHERE id = :id AND account_id = :account_id")
_END_ALL = Statement("DELETE FROM {account_sessions} WHERE account_id = :account_id AND id <> :but_id")
_FORGET_OLD = Statement(
    "DELETE FROM {account_sessions} WHERE id IN (SELECT id FROM {account_sessions}"
    " WHERE expires_at <= :now OR last_seen_at <= :idle_since LIMIT :limit)"
)
_FIND_DEVICE = Statement(
    "SELECT id FROM {account_devices}"
    " WHERE account_id = :account_id AND token_hash = :token_hash AND expires_at > :now"
)
_ADD_DEVICE = Statement(
    "INSERT INTO {account_devices} (id, account_id, token_hash, expires_at)"
    " VALUES (:id, :account_id, :token_hash, :expires_at)"
)
_RENEW_DEVICE = Statement(
    "UPDATE {account_devices} SET token_hash = :token_hash, expires_at = :expires_at"
    " WHERE id = :id AND account_id = :account_id"
)
_KEEP_NEWEST_DEVICES = Statement(
    "DELETE FROM {account_devices} WHERE account_id = :account_id AND id NOT IN (SELECT id FROM {account_devices}"
    " WHERE account_id = :account_id ORDER BY expires_at DESC, id DESC LIMIT :limit)"
)
_KNOW_NETWORK = Statement(
    "INSERT INTO {account_networks} (account_id, network, last_signed_in_at)"
    " VALUES (:account_id, :network, :now)"
    " ON CONFLICT (account_id, network) DO UPDATE SET last_signed_in_at = excluded.last_signed_in_at"
)
_FIND_NETWORK = Statement(
    "SELECT network FROM {account_networks}"
    " WHERE account_id = :account_id AND network = :network AND last_signed_in_at > :since"
)
_FORGET_ACCOUNTS_DEVICES = Statement("DELETE FROM {account_devices} WHERE account_id = :account_id")
_FORGET_ACCOUNTS_NETWORKS = Statement("DELETE FROM {account_networks} WHERE account_id = :account_id")
_FORGET_OLD_DEVICES = Statement(
    "DELETE FROM {account_devices} WHERE id IN"
    " (SELECT id FROM {account_devices} WHERE expires_at <= :now LIMIT :limit)"
)
_FORGET_OLD_NETWORKS = Statement("DELETE FROM {account_networks} WHERE last_signed_in_at <= :since")
_TOUCH_ACCOUNT = Statement("UPDATE {accounts} SET last_signed_in_at = :now WHERE id = :id")


class Lifetime(NamedTuple):
    """How long a session lasts: unused, and at all."""

    idle: timedelta
    absolute: timedelta


class Origin(NamedTuple):
    """Where a request comes from, fit to be stored."""

    address: str | None
    user_agent: str | None
    network: str
    """The key of its network; see `throttling.network_key`."""

    @property
    def browser(self) -> str:
        """What a challenge is bound to. Not the address: a phone changes it between two requests."""
        return hash_of(self.user_agent or "")


class NewSession(NamedTuple):
    """A session's ids and tokens, drawn before the turn that stores them."""

    id: str
    token: str
    device_id: str
    device_token: str
    audit_id: str

    @classmethod
    def draw(cls, id: str, device_id: str, audit_id: str) -> NewSession:
        return cls(id, secrets.token_urlsafe(32), device_id, secrets.token_urlsafe(32), audit_id)


class SessionRow(NamedTuple):
    """A session as its owner or an administrator sees it."""

    id: str
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None
    is_current: bool


def csrf_token_of(token: str) -> str:
    """Follows from the session's token alone, so it is stored nowhere and changes when the token does."""
    return hmac.new(token.encode(), b"switchboard csrf", hashlib.sha256).hexdigest()


def open_session(
    tx: Transaction,
    account_id: str,
    new: NewSession,
    origin: Origin,
    lifetime: Lifetime,
    *,
    known_device_id: str | None,
    now: datetime,
) -> None:
    """Store a session, and that its device and network are known from now on."""
    tx.run(
        _INSERT,
        id=new.id,
        account_id=account_id,
        now=now,
        expires_at=now + lifetime.absolute,
        address=origin.address,
        user_agent=origin.user_agent,
        token_hash=hash_of(new.token),
    )
    _know_device(tx, account_id, new, known_device_id, now)
    tx.run(_KNOW_NETWORK, account_id=account_id, network=origin.network, now=now)
    tx.run(_TOUCH_ACCOUNT, id=account_id, now=now)


def _know_device(
    tx: Transaction, account_id: str, new: NewSession, known_device_id: str | None, now: datetime
) -> None:
    device = {
        "account_id": account_id,
        "token_hash": hash_of(new.device_token),
        "expires_at": now + DEVICE_LIFETIME,
    }
    # A known device keeps its row, and with it what it has used up.
    if known_device_id is None or not tx.run(_RENEW_DEVICE, id=known_device_id, **device):
        tx.run(_ADD_DEVICE, id=new.device_id, **device)
        tx.run(_KEEP_NEWEST_DEVICES, account_id=account_id, limit=_DEVICES_LIMIT)


def find_device(tx: Transaction, account_id: str, device_token: str | None, now: datetime) -> str | None:
    """The id of the account's device with this token."""
    if not device_token:
        return None
    row = tx.find(_FIND_DEVICE, account_id=account_id, token_hash=hash_of(device_token), now=now)
    return None if row is None else str(row["id"])


def is_known_network(tx: Transaction, account_id: str, network: str, now: datetime) -> bool:
    return (
        tx.find(_FIND_NETWORK, account_id=account_id, network=network, since=now - NETWORK_LIFETIME)
        is not None
    )


def find_person(tx: Transaction, token: str, lifetime: Lifetime, now: datetime) -> Row | None:
    """Session and account in one row, when both are live."""
    return tx.find(_FIND, token_hash=hash_of(token), now=now, idle_since=now - lifetime.idle)


def find_live(tx: Transaction, session_ids: Sequence[str], lifetime: Lifetime, now: datetime) -> list[Row]:
    """The rows of `find_person`, for those of the sessions that are live."""
    return tx.rows(_LIVE, ids=as_json(list(session_ids)), now=now, idle_since=now - lifetime.idle)


def mark_seen(tx: Transaction, session_id: str, now: datetime) -> None:
    tx.run(_SEEN, id=session_id, now=now, seen_before=now - SEEN_EVERY)


def list_of_account(
    tx: Transaction, account_id: str, lifetime: Lifetime, now: datetime, *, current_id: str | None = None
) -> list[SessionRow]:
    """Live sessions, the newest first."""
    rows = tx.rows(_OF_ACCOUNT, account_id=account_id, now=now, idle_since=now - lifetime.idle)
    return [
        SessionRow(
            id=row["id"],
            signed_in_at=row["signed_in_at"],
            last_seen_at=row["last_seen_at"],
            expires_at=row["expires_at"],
            address=row["address"],
            user_agent=row["user_agent"],
            is_current=row["id"] == current_id,
        )
        for row in rows
    ]


def end(tx: Transaction, account_id: str, session_id: str) -> bool:
    """End one session of the account; False when it has no such."""
    return tx.run(_END, id=session_id, account_id=account_id) == 1


def end_all(tx: Transaction, account_id: str, *, but_id: str = "") -> int:
    """End every session of the account, but one; how many ended."""
    return tx.run(_END_ALL, account_id=account_id, but_id=but_id)


def forget_known(tx: Transaction, account_id: str) -> None:
    """Every device and network is a stranger's again."""
    tx.run(_FORGET_ACCOUNTS_DEVICES, account_id=account_id)
    tx.run(_FORGET_ACCOUNTS_NETWORKS, account_id=account_id)


def forget_old_sessions(tx: Transaction, lifetime: Lifetime, now: datetime) -> int:
    """Remove sessions that are over; one batch."""
    return tx.run(_FORGET_OLD, now=now, idle_since=now - lifetime.idle, limit=BATCH_ROWS)


def forget_old_devices_and_networks(tx: Transaction, now: datetime) -> int:
    """Remove devices that are not known any more, one batch, and networks."""
    tx.run(_FORGET_OLD_NETWORKS, since=now - NETWORK_LIFETIME)
    return tx.run(_FORGET_OLD_DEVICES, now=now, limit=BATCH_ROWS)
