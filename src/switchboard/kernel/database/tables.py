"""The kernel's tables in every app's database: receipts, outbox, audit, search. Tables, nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchboard.kernel.database.columns import Moment, now


class KernelBase(DeclarativeBase):
    """The tables that each app's database holds beside its own."""


class AuditMixin:
    """Who did what to which object, when and from where; written in the deed's own transaction."""

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    actor: Mapped[str] = mapped_column(sa.String(100))
    action: Mapped[str] = mapped_column(sa.String(50))
    object_type: Mapped[str] = mapped_column(sa.String(50))
    object_id: Mapped[str | None] = mapped_column(sa.String(100))
    details_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    correlation_id: Mapped[str | None] = mapped_column(sa.String(64))
    address: Mapped[str | None] = mapped_column(sa.String(45))


class Audit(AuditMixin, KernelBase):
    __tablename__ = "audit"
    __table_args__ = (
        sa.Index("ix_audit_at", "at", "id"),
        sa.Index("ix_audit_object", "object_type", "object_id"),
    )


class Receipt(KernelBase):
    """The answer already given to a client's message id, so that asking twice has one effect."""

    __tablename__ = "receipts"
    __table_args__ = (sa.Index("ix_receipts_object_id", "object_id"),)

    scope: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    client_message_id: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    object_id: Mapped[str] = mapped_column(sa.String(36))
    request_digest: Mapped[str] = mapped_column(sa.String(64))
    answer_json: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())


class OutboxEndpoint(KernelBase):
    """Where an app's results are sent, with the secret that signs them, sealed by the vault."""

    __tablename__ = "outbox_endpoints"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    url: Mapped[str] = mapped_column(sa.Text)
    sealed_secret: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_reason: Mapped[str | None] = mapped_column(sa.Text)


class OutboxMessage(KernelBase):
    """One result for one endpoint, committed with the turn that caused it, sent at least once."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_due", "status", "next_attempt_at"),
        sa.Index("ix_outbox_object_id", "object_id"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("outbox_endpoints.id", ondelete="CASCADE"), index=True
    )
    topic: Mapped[str] = mapped_column(sa.String(50))
    object_id: Mapped[str] = mapped_column(sa.String(36))
    body: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.String(20), server_default="PENDING")
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default=sa.text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    last_status_code: Mapped[int | None] = mapped_column(sa.Integer)
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    sent_at: Mapped[datetime | None] = mapped_column(Moment)


class SearchDocument(KernelBase):
    """One searchable text, by the id of the row it belongs to and of that row's owner.

    `words` is the folded text on SQLite, where the full-text table `search_text` indexes it by `id`, and a
    tsvector of its words on PostgreSQL.
    """

    __tablename__ = "search_documents"
    __table_args__ = (
        sa.Index("ix_search_documents_owner_id", "owner_id"),
        sa.Index("ix_search_documents_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True
    )
    document_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    owner_id: Mapped[str] = mapped_column(sa.String(36))
    words: Mapped[str] = mapped_column(sa.Text().with_variant(TSVECTOR, "postgresql"))
