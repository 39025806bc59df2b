"""The honeypot's tables, nothing else. The first three follow the schema document."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from switchboard.kernel.clock import SystemClock
from switchboard.kernel.database.columns import Moment, now

_clock = SystemClock()


def _new_id() -> str:
    return str(uuid4())


class Base(DeclarativeBase):
    """The honeypot's own tables."""


class SessionModel(Base):
    """One conversation with a sender. Columns from `source_identifier` on are additions to the document."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.Index("ix_sessions_status", "status"),
        sa.Index("ix_sessions_scam_type", "scam_type"),
        sa.Index("ix_sessions_created_at", "created_at"),
        sa.Index(
            "ix_sessions_open_last_message_at",
            "last_message_at",
            sqlite_where=sa.text("status = 'ONGOING'"),
            postgresql_where=sa.text("status = 'ONGOING'"),
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    scam_type: Mapped[str | None] = mapped_column(sa.String(50))
    persona_id: Mapped[str] = mapped_column(
        sa.String(50), default="elderly_victim", server_default="elderly_victim"
    )
    status: Mapped[str] = mapped_column(sa.String(20), default="ONGOING", server_default="ONGOING")
    is_scam: Mapped[bool] = mapped_column(sa.Boolean, default=True, server_default=sa.true())
    source_type: Mapped[str | None] = mapped_column(sa.String(20))
    turn_count: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    metadata_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    started_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    updated_at: Mapped[datetime] = mapped_column(
        Moment, default=_clock.now, onupdate=_clock.now, server_default=now()
    )
    source_identifier: Mapped[str | None] = mapped_column(sa.String(255))
    scam_confidence: Mapped[float | None] = mapped_column(sa.Float)
    reasons_json: Mapped[list[str] | None] = mapped_column(sa.JSON)
    intelligence_score: Mapped[float | None] = mapped_column(sa.Float)
    last_message_at: Mapped[datetime | None] = mapped_column(Moment)

    messages: Mapped[list[MessageModel]] = relationship(
        back_populates="session", cascade="all, delete", passive_deletes=True
    )
    intelligence: Mapped[IntelligenceModel | None] = relationship(
        back_populates="session", cascade="all, delete", passive_deletes=True
    )


class MessageModel(Base):
    """One line said by the scammer or by the persona; both lines of a turn carry its number."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.Index("ix_messages_session_id", "session_id"),
        sa.Index("ix_messages_turn_number", "turn_number"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    session_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(sa.String(20))
    content: Mapped[str] = mapped_column(sa.Text)
    turn_number: Mapped[int] = mapped_column(sa.Integer)
    metadata_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())

    session: Mapped[SessionModel] = relationship(back_populates="messages")


class IntelligenceModel(Base):
    """What one session gave away: exactly one row per session."""

    __tablename__ = "extracted_intelligence"
    __table_args__ = (sa.UniqueConstraint("session_id", name="uq_extracted_intelligence_session_id"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    session_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"))
    bank_accounts_json: Mapped[list[Any] | None] = mapped_column(sa.JSON, default=list, server_default="[]")
    upi_ids_json: Mapped[list[Any] | None] = mapped_column(sa.JSON, default=list, server_default="[]")
    phone_numbers_json: Mapped[list[Any] | None] = mapped_column(sa.JSON, default=list, server_default="[]")
    phishing_links_json: Mapped[list[Any] | None] = mapped_column(sa.JSON, default=list, server_default="[]")
    other_intel_json: Mapped[list[Any] | None] = mapped_column(sa.JSON, default=list, server_default="[]")
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    updated_at: Mapped[datetime] = mapped_column(
        Moment, default=_clock.now, onupdate=_clock.now, server_default=now()
    )

    session: Mapped[SessionModel] = relationship(back_populates="intelligence")


class IntelligenceValueModel(Base):
    """One normalised value of one session, indexed so that any written form of it can be looked up."""

    __tablename__ = "intelligence_values"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "kind", "value", name="uq_intelligence_values_session"),
        sa.Index("ix_intelligence_values_value", "value", "kind"),
        sa.Index("ix_intelligence_values_last_seen_at", "last_seen_at", "id"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    session_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(20))
    value: Mapped[str] = mapped_column(sa.String(512))
    confidence: Mapped[float] = mapped_column(sa.Float)
    occurrences: Mapped[int] = mapped_column(sa.Integer)
    first_turn: Mapped[int] = mapped_column(sa.Integer)
    last_turn: Mapped[int] = mapped_column(sa.Integer)
    first_seen_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
