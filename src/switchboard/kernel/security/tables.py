"""The platform's tables: API keys, rate limits, people and their sessions, audit. Tables, nothing else."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchboard.kernel.database.columns import Moment, now
from switchboard.kernel.database.tables import AuditMixin


class PlatformBase(DeclarativeBase):
    """The tables of the `platform` database, which belongs to no app."""


class Audit(AuditMixin, PlatformBase):
    __tablename__ = "audit"
    __table_args__ = (
        sa.Index("ix_audit_at", "at", "id"),
        sa.Index("ix_audit_object", "object_type", "object_id"),
    )


class ApiKey(PlatformBase):
    """A key that a program signs in with; only the hash of its secret is kept."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    prefix: Mapped[str] = mapped_column(sa.String(16), unique=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    apps_json: Mapped[list[str]] = mapped_column(sa.JSON)
    role: Mapped[str | None] = mapped_column(sa.String(20))
    rate_limit_per_minute: Mapped[int | None] = mapped_column(sa.Integer)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class RateBucket(PlatformBase):
    """What is left of a key's rate limit, written behind once a second."""

    __tablename__ = "rate_buckets"

    key_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
    )
    tokens: Mapped[float] = mapped_column(sa.Float)
    at: Mapped[datetime] = mapped_column(Moment)


class Failure(PlatformBase):
    """A failure that an operator has to know of: where and of what kind, never what somebody wrote."""

    __tablename__ = "errors"
    __table_args__ = (sa.Index("ix_errors_at", "at", "id"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    place: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(200))
    correlation_id: Mapped[str | None] = mapped_column(sa.String(64))


class Account(PlatformBase):
    """Somebody who may sign in. Without a password nobody can, until a one-time link set one."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    folded_name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    display_name: Mapped[str | None] = mapped_column(sa.String(100))
    roles_json: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    sealed_totp: Mapped[str | None] = mapped_column(sa.Text)
    sealed_new_totp: Mapped[str | None] = mapped_column(sa.Text)
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    last_signed_in_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


def _account_id() -> Mapped[str]:
    return mapped_column(sa.String(36), sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


class AccountSession(PlatformBase):
    """One browser that is signed in; only the hash of its token is kept."""

    __tablename__ = "account_sessions"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    account_id: Mapped[str] = _account_id()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    signed_in_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    address: Mapped[str | None] = mapped_column(sa.String(45))
    user_agent: Mapped[str | None] = mapped_column(sa.String(200))


class AccountDevice(PlatformBase):
    """A browser that an account signed in from; what strangers use up is not taken from it."""

    __tablename__ = "account_devices"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    account_id: Mapped[str] = _account_id()
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class AccountNetwork(PlatformBase):
    """A network that an account signed in from, as an unreadable key."""

    __tablename__ = "account_networks"

    account_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    network: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    last_signed_in_at: Mapped[datetime] = mapped_column(Moment, index=True)


class OneTimeToken(PlatformBase):
    """A link or challenge that works once. `account_id` is empty for the setup of the first account."""

    __tablename__ = "one_time_tokens"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    account_id: Mapped[str | None] = mapped_column(
        sa.String(36), sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    device_id: Mapped[str | None] = mapped_column(sa.String(36))
    bound_to: Mapped[str | None] = mapped_column(sa.String(64))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    wrong_answers: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("0"))
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class RecoveryCode(PlatformBase):
    """A code that stands in once for a lost second factor, hashed; removed when it is used."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)


class FailureBucket(PlatformBase):
    """The latest failures to sign in that count against one network, name or device."""

    __tablename__ = "failure_buckets"

    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    failed_at_json: Mapped[list[float]] = mapped_column(sa.JSON)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
