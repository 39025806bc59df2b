"""Tokens that work once: the link of the first setup, links that set a password, challenges for a code.

256 random bits each, kept as a hash. Taking one is a single statement, so that of two at once one wins.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from switchboard.kernel.database.database import BATCH_ROWS
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction

Kind = Literal["setup", "password", "challenge"]

SETUP_LIFETIME = timedelta(hours=24)
INVITATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(hours=24)
CHALLENGE_LIFETIME = timedelta(minutes=5)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_INSERT = Statement(
    "INSERT INTO {one_time_tokens} (id, kind, account_id, device_id, bound_to, token_hash, expires_at)"
    " VALUES (:id, :kind, :account_id, :device_id, :bound_to, :token_hash, :expires_at)"
)
_COLUMNS = "id, account_id, device_id, bound_to, wrong_answers"
_FIND = Statement(
    f"SELECT {_COLUMNS} FROM {{one_time_tokens}}"
    " WHERE kind = :kind AND token_hash = :token_hash AND expires_at > :now"
)
_LOCK = Statement(
    f"SELECT {_COLUMNS} FROM {{one_time_tokens}}"
    " WHERE kind = :kind AND token_hash = :token_hash AND expires_at > :now",
    lock=True,
)
_REMOVE = Statement("DELETE FROM {one_time_tokens} WHERE id = :id")
_COUNT_WRONG = Statement("UPDATE {one_time_tokens} SET wrong_answers = wrong_answers + 1 WHERE id = :id")
_VOID_SETUP = Statement("DELETE FROM {one_time_tokens} WHERE kind = 'setup'")
_VOID_LINKS = Statement("DELETE FROM {one_time_tokens} WHERE kind = 'password' AND account_id = :account_id")
_VOID_ALL = Statement("DELETE FROM {one_time_tokens} WHERE account_id = :account_id")
_FORGET_OLD = Statement(
    "DELETE FROM {one_time_tokens} WHERE id IN"
    " (SELECT id FROM {one_time_tokens} WHERE expires_at <= :now LIMIT :limit)"
)


class NewToken(NamedTuple):
    """A token drawn before the turn that stores it."""

    id: str
    token: str


def draw(id: str) -> NewToken:
    return NewToken(id, secrets.token_urlsafe(32))


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_written_right(token: str) -> bool:
    """Whether it can be a token at all; saves asking the database."""
    return _TOKEN.fullmatch(token) is not None


def issue(
    tx: Transaction,
    kind: Kind,
    new: NewToken,
    expires_at: datetime,
    *,
    account_id: str | None = None,
    device_id: str | None = None,
    bound_to: str | None = None,
) -> None:
    """Store a token. A new link voids the older ones of its kind and account."""
    if kind == "setup":
        tx.run(_VOID_SETUP)
    elif kind == "password":
        tx.run(_VOID_LINKS, account_id=account_id)
    tx.run(
        _INSERT,
        id=new.id,
        kind=kind,
        account_id=account_id,
        device_id=device_id,
        bound_to=bound_to,
        token_hash=hash_of(new.token),
        expires_at=expires_at,
    )


def find(tx: Transaction, kind: Kind, token: str, now: datetime) -> Row | None:
    """The live token's row; nothing is used up."""
    return tx.find(_FIND, kind=kind, token_hash=hash_of(token), now=now)


def hold(tx: Transaction, kind: Kind, token: str, now: datetime) -> Row | None:
    """`find` that keeps the row from others until the turn ends."""
    return tx.find(_LOCK, kind=kind, token_hash=hash_of(token), now=now)


def remove(tx: Transaction, id: str) -> bool:
    """Use a token up; False when somebody else just did."""
    return tx.run(_REMOVE, id=id) == 1


def count_wrong_answer(tx: Transaction, id: str) -> None:
    tx.run(_COUNT_WRONG, id=id)


def void_all(tx: Transaction, account_id: str) -> None:
    """Remove every link and challenge of an account."""
    tx.run(_VOID_ALL, account_id=account_id)


def forget_old(tx: Transaction, now: datetime) -> int:
    """Remove what has expired; one batch."""
    return tx.run(_FORGET_OLD, now=now, limit=BATCH_ROWS)
