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
        sa.Index("ix_sessions_campaign_id", "campaign_id", "created_at"),
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
    ended_reason: Mapped[str | None] = mapped_column(sa.String(200))
    first_disclosure_turn: Mapped[int | None] = mapped_column(sa.Integer)
    campaign_id: Mapped[str | None] = mapped_column(sa.String(36))

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
    """One value of one session, in the form in which it is linked and looked up.

    `shown` is what people see where that differs: a link with its scheme, a masked PAN or Aadhaar, whose
    `value` is a keyed hash.
    """

    __tablename__ = "intelligence_values"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "kind", "value", name="uq_intelligence_values_session"),
        sa.Index("ix_intelligence_values_value", "value", "kind", "last_seen_at", "id"),
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
    shown: Mapped[str | None] = mapped_column(sa.String(512))


class LinkedValueModel(Base):
    """One value across all sessions: how often and when it was seen, and in how many of them."""

    __tablename__ = "linked_values"
    __table_args__ = (
        sa.UniqueConstraint("value", "kind", name="uq_linked_values_value"),
        sa.Index("ix_linked_values_last_seen_at", "last_seen_at", "id"),
        sa.Index("ix_linked_values_kind", "kind", "last_seen_at", "id"),
        sa.Index("ix_linked_values_bank_name", "bank_name", "last_seen_at", "id"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    kind: Mapped[str] = mapped_column(sa.String(20))
    value: Mapped[str] = mapped_column(sa.String(512))
    shown: Mapped[str | None] = mapped_column(sa.String(512))
    bank_name: Mapped[str | None] = mapped_column(sa.String(100))
    details_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    confidence: Mapped[float] = mapped_column(sa.Float)
    session_count: Mapped[int] = mapped_column(sa.Integer)
    occurrences: Mapped[int] = mapped_column(sa.Integer)
    first_seen_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)


class ValueCountModel(Base):
    """How many values of a kind are known, and how many stand in several sessions; sharded as the rollups are."""

    __tablename__ = "value_counts"

    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    shard: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    known: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    shared: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))


class CampaignModel(Base):
    """Sessions that hang together through shared values; each session belongs to one at most."""

    __tablename__ = "campaigns"
    __table_args__ = (sa.Index("ix_campaigns_last_seen_at", "last_seen_at", "id"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    name: Mapped[str | None] = mapped_column(sa.String(100))
    session_count: Mapped[int] = mapped_column(sa.Integer)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)


class DailyRollupModel(Base):
    """What the sessions begun on one day came to, kept with every turn so that no page counts sessions.

    `shard` spreads the row over several on PostgreSQL, where turns of the same kind would wait for each other.
    """

    __tablename__ = "daily_rollups"

    day: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    scam_type: Mapped[str] = mapped_column(sa.String(50), primary_key=True)
    persona_id: Mapped[str] = mapped_column(sa.String(50), primary_key=True)
    source_type: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    shard: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    sessions: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    scams: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    took_off: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    disclosed: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    disclosure_turns: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    turns: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    ongoing: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    completed: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    terminated: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    max_turns_reached: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    safety_exit: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))


class ReplayModel(Base):
    """A file of messages that is played, was played, or waits for it."""

    __tablename__ = "replays"
    __table_args__ = (
        sa.Index("ix_replays_created_at", "created_at", "id"),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED')", name="ck_replays_state"
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True, default=_new_id)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[str] = mapped_column(sa.String(20))
    rows_total: Mapped[int] = mapped_column(sa.Integer)
    rows_done: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    rows_refused: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    sessions_opened: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    report_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    error: Mapped[str | None] = mapped_column(sa.String(300))
    started_by: Mapped[str] = mapped_column(sa.String(100))
    player: Mapped[str | None] = mapped_column(sa.String(36))
    alive_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class ReplayFileModel(Base):
    """What was uploaded, packed with gzip, until it is played."""

    __tablename__ = "replay_files"

    replay_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("replays.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
