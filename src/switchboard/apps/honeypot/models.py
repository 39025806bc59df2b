"""The honeypot's tables and their hot statements. The first three tables follow the schema document."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from switchboard.kernel.clock import SystemClock
from switchboard.kernel.database.moments import Moment, now
from switchboard.kernel.database.statement import Statement

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


# The hot statements follow: plain SQL, prepared once by each engine.

_SESSION = (
    "id, scam_type, persona_id, status, is_scam, source_type, turn_count, metadata_json, started_at, ended_at,"
    " created_at, updated_at, source_identifier, scam_confidence, reasons_json, intelligence_score, last_message_at"
)
_INTELLIGENCE = "bank_accounts_json, upi_ids_json, phone_numbers_json, phishing_links_json, other_intel_json"

INSERT_SESSION = Statement(
    "INSERT INTO {sessions} (id, persona_id, status, is_scam, turn_count, source_type, source_identifier,"
    " metadata_json, started_at, created_at, updated_at)"
    " VALUES (:id, :persona_id, 'ONGOING', :is_scam, 0, :source_type, :source_identifier,"
    " :metadata, :now, :now, :now)"
)
FIND_SESSION = Statement(f"SELECT {_SESSION} FROM {{sessions}} WHERE id = :id")
LOCK_SESSION = Statement(
    "SELECT status, turn_count, persona_id, is_scam, scam_type, scam_confidence, reasons_json"
    " FROM {sessions} WHERE id = :id",
    lock=True,
)
RECORD_TURN = Statement(
    "UPDATE {sessions} SET turn_count = :turn_count, status = :status, ended_at = :ended_at, is_scam = :is_scam,"
    " scam_type = :scam_type, scam_confidence = :scam_confidence, reasons_json = :reasons,"
    " intelligence_score = :intelligence_score, last_message_at = :now, updated_at = :now WHERE id = :id"
)
END_SESSION = Statement(
    "UPDATE {sessions} SET status = :status, ended_at = :now, updated_at = :now WHERE id = :id AND status = 'ONGOING'"
)
DELETE_SESSION = Statement("DELETE FROM {sessions} WHERE id = :id")
LIST_SILENT = Statement(
    f"SELECT {_SESSION} FROM {{sessions}} WHERE status = 'ONGOING' AND last_message_at <= :cutoff"
    " ORDER BY last_message_at, id LIMIT :limit",
    postgresql=f"SELECT {_SESSION} FROM {{sessions}} WHERE status = 'ONGOING' AND last_message_at <= :cutoff"
    " ORDER BY last_message_at, id LIMIT :limit FOR UPDATE SKIP LOCKED",
)

INSERT_LINES = Statement(
    "INSERT INTO {messages} (id, session_id, role, content, turn_number, metadata_json, created_at)"
    " VALUES (:heard_id, :session_id, 'scammer', :heard, :turn_number, :heard_metadata, :now),"
    " (:reply_id, :session_id, 'agent', :reply, :turn_number, NULL, :now)"
)
LIST_MESSAGES = Statement(
    "SELECT id, role, content, turn_number, metadata_json, created_at FROM {messages}"
    " WHERE session_id = :session_id AND (created_at, id) > (:after_at, :after_id)"
    " ORDER BY created_at, id LIMIT :limit"
)
FIND_MESSAGES = Statement(
    "SELECT id, session_id, role, content, turn_number, created_at FROM {messages}"
    " WHERE id IN (SELECT value FROM json_each(:ids))",
    postgresql="SELECT id, session_id, role, content, turn_number, created_at FROM {messages}"
    " WHERE id IN (SELECT json_array_elements_text(:ids::json))",
)
LIST_SAID = Statement("SELECT content FROM {messages} WHERE session_id = :session_id AND role = 'agent'")
LIST_MESSAGES_FROM = Statement(
    "SELECT id, session_id, content FROM {messages} WHERE id > :after ORDER BY id LIMIT :limit"
)

INSERT_INTELLIGENCE = Statement(
    "INSERT INTO {extracted_intelligence} (id, session_id, created_at, updated_at)"
    " VALUES (:id, :session_id, :now, :now)"
)
FIND_INTELLIGENCE = Statement(
    f"SELECT {_INTELLIGENCE}, updated_at FROM {{extracted_intelligence}} WHERE session_id = :session_id"
)
RECORD_INTELLIGENCE = Statement(
    "UPDATE {extracted_intelligence} SET bank_accounts_json = :bank_accounts_json, upi_ids_json = :upi_ids_json,"
    " phone_numbers_json = :phone_numbers_json, phishing_links_json = :phishing_links_json,"
    " other_intel_json = :other_intel_json, updated_at = :now WHERE session_id = :session_id"
)

RECORD_VALUE = Statement(
    "INSERT INTO {intelligence_values} AS known (id, session_id, kind, value, confidence, occurrences,"
    " first_turn, last_turn, first_seen_at, last_seen_at)"
    " VALUES (:id, :session_id, :kind, :value, :confidence, 1, :turn, :turn, :now, :now)"
    " ON CONFLICT (session_id, kind, value) DO UPDATE SET confidence = excluded.confidence,"
    " occurrences = known.occurrences + 1, last_turn = excluded.last_turn,"
    " last_seen_at = excluded.last_seen_at"
)
LOOK_UP_VALUE = Statement(
    "SELECT kind, value, session_id, confidence, occurrences, first_turn, last_turn, first_seen_at, last_seen_at"
    " FROM {intelligence_values} WHERE value = :value ORDER BY last_seen_at DESC, id DESC LIMIT :limit"
)


@cache
def list_sessions(filters: frozenset[str]) -> Statement:
    """The statement that lists sessions newest first by these filters; made once for each set of them."""
    conditions = ["(created_at, id) < (:before_at, :before_id)"]
    conditions.extend(_FILTERS[name] for name in sorted(filters))
    return Statement(
        f"SELECT {_SESSION} FROM {{sessions}} WHERE {' AND '.join(conditions)}"
        " ORDER BY created_at DESC, id DESC LIMIT :limit"
    )


_FILTERS = {
    "status": "status = :status",
    "scam_type": "scam_type = :scam_type",
    "is_scam": "is_scam = :is_scam",
    "source_type": "source_type = :source_type",
    "persona_id": "persona_id = :persona_id",
    "since": "created_at >= :since",
    "until": "created_at < :until",
}
