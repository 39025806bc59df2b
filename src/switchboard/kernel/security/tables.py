"""The platform's tables: API keys, rate limits, audit. Tables, nothing else."""

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
