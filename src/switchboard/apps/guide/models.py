"""The guide's tables, nothing else. The first seven follow the schema document; columns it does not name may be empty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchboard.kernel.clock import SystemClock
from switchboard.kernel.database.columns import Moment, now

_clock = SystemClock()


class Base(DeclarativeBase):
    """The guide's own tables."""


def _session() -> Mapped[str]:
    return mapped_column(sa.Text, sa.ForeignKey("sessions.session_id"))


class ChatHistory(Base):
    """One line of a conversation. Lines are read in the order of `id`: two may share a moment."""

    __tablename__ = "chat_history"
    __table_args__ = (
        sa.CheckConstraint("role IN ('user','bot')", name="ck_chat_history_role"),
        sa.Index("idx_chat_session_ts", "session_id", "ts"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    session_id: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.Text)
    message: Mapped[str] = mapped_column(sa.Text)
    ts: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())
    turn: Mapped[int | None] = mapped_column(sa.Integer)


class SessionModel(Base):
    """One guided session. Its id is random and names nobody; `place_json` is where it stands within its state."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.Index("idx_sessions_last_activity", "last_activity"),
        sa.Index("idx_sessions_created_at", "created_at", "session_id"),
    )

    session_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    fsm_state: Mapped[str] = mapped_column(sa.Text, default="welcome", server_default="welcome")
    created_at: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())
    last_activity: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())
    completed: Mapped[bool | None] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    completion_time: Mapped[datetime | None] = mapped_column(Moment)
    flow_id: Mapped[str | None] = mapped_column(sa.Text)
    flow_version: Mapped[int | None] = mapped_column(sa.Integer)
    language: Mapped[str | None] = mapped_column(sa.Text)
    country: Mapped[str | None] = mapped_column(sa.Text)
    channel: Mapped[str | None] = mapped_column(sa.Text)
    place_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    turn_count: Mapped[int | None] = mapped_column(sa.Integer)
    history_removed_at: Mapped[datetime | None] = mapped_column(Moment)


class UserResponse(Base):
    """The answer to one of the document's four questions, in the person's exact words.

    `response` is empty where there is none; `outcome` says how the question was left.
    """

    __tablename__ = "user_responses"
    __table_args__ = (
        sa.CheckConstraint(
            "step IN ('support_people','strengths','worries','goals')", name="ck_user_responses_step"
        ),
        sa.UniqueConstraint("session_id", "step", name="uq_user_responses_session_step"),
        sa.Index("idx_user_responses_session", "session_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    session_id: Mapped[str] = _session()
    step: Mapped[str] = mapped_column(sa.Text)
    response: Mapped[str | None] = mapped_column(sa.Text)
    attempt_count: Mapped[int | None] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    created_at: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    updated_at: Mapped[datetime | None] = mapped_column(Moment)


class OtherResponse(Base):
    """The answer to a question that only a flow knows: the document's table takes four names and no other."""

    __tablename__ = "other_responses"

    session_id: Mapped[str] = mapped_column(sa.Text, sa.ForeignKey("sessions.session_id"), primary_key=True)
    step: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    response: Mapped[str | None] = mapped_column(sa.Text)
    attempt_count: Mapped[int] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    updated_at: Mapped[datetime | None] = mapped_column(Moment)


class RiskDetection(Base):
    """A message that told of danger. Addresses and numbers in it are masked: workers see words, not who wrote them."""

    __tablename__ = "risk_detections"
    __table_args__ = (
        sa.Index("idx_risk_detections_session", "session_id"),
        sa.Index("idx_risk_detections_date", "detected_at"),
        sa.Index(
            "idx_risk_detections_open",
            "detected_at",
            "id",
            sqlite_where=sa.text("acknowledged_at IS NULL"),
            postgresql_where=sa.text("acknowledged_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    session_id: Mapped[str] = _session()
    trigger_phrase: Mapped[str] = mapped_column(sa.Text)
    user_message: Mapped[str] = mapped_column(sa.Text)
    detected_at: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())
    resources_shown: Mapped[bool | None] = mapped_column(sa.Boolean, default=True, server_default=sa.true())
    category: Mapped[str | None] = mapped_column(sa.Text)
    confidence: Mapped[float | None] = mapped_column(sa.Float)
    method: Mapped[str | None] = mapped_column(sa.Text)
    is_about_other: Mapped[bool | None] = mapped_column(sa.Boolean)
    step: Mapped[str | None] = mapped_column(sa.Text)
    country: Mapped[str | None] = mapped_column(sa.Text)
    turn: Mapped[int | None] = mapped_column(sa.Integer)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str | None] = mapped_column(sa.Text)
    note: Mapped[str | None] = mapped_column(sa.Text)


class SessionSummary(Base):
    """What a session came to: partial at any time, complete at its end."""

    __tablename__ = "session_summaries"
    __table_args__ = (
        sa.CheckConstraint("summary_type IN ('partial','complete')", name="ck_session_summaries_type"),
        sa.Index("idx_summaries_session", "session_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    session_id: Mapped[str] = _session()
    summary_type: Mapped[str] = mapped_column(sa.Text)
    summary_data: Mapped[str] = mapped_column(sa.Text)
    generated_at: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())


class Analytics(Base):
    """Something that happened, counted; `session_count` is how many sessions a row stands for.

    A row of the running week stands for one. Of weeks that are over there are rows `weekly.<event>`, which stand
    for all, and no others. No row names a session, and moments are whole hours.
    """

    __tablename__ = "analytics"
    __table_args__ = (
        sa.Index("idx_analytics_timestamp", "timestamp"),
        sa.Index("idx_analytics_event_type", "event_type"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    event_type: Mapped[str] = mapped_column(sa.Text)
    event_data: Mapped[str | None] = mapped_column(sa.Text)
    session_count: Mapped[int | None] = mapped_column(sa.Integer, default=0, server_default=sa.text("0"))
    timestamp: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())


class IntentClassification(Base):
    """What a message was held to be for, by the method that really ran; `engine` names it more closely."""

    __tablename__ = "intent_classifications"
    __table_args__ = (
        sa.CheckConstraint(
            "method IN ('distilbert','rule_based','hybrid')", name="ck_intent_classifications_method"
        ),
        sa.Index("idx_intent_session", "session_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    session_id: Mapped[str] = _session()
    user_message: Mapped[str] = mapped_column(sa.Text)
    classified_intent: Mapped[str] = mapped_column(sa.Text)
    confidence: Mapped[float | None] = mapped_column(sa.REAL)
    method: Mapped[str] = mapped_column(sa.Text)
    fsm_state: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime | None] = mapped_column(Moment, default=_clock.now, server_default=now())
    engine: Mapped[str | None] = mapped_column(sa.Text)


class FlowVersion(Base):
    """A flow as sessions began it: they finish on the version that they began, whatever its file says today."""

    __tablename__ = "flow_versions"

    flow_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(sa.Text)
    document_json: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())


class ResumeLink(Base):
    """A secret link that opens a session on another device; only its hash is stored."""

    __tablename__ = "resume_links"
    __table_args__ = (sa.Index("idx_resume_links_session", "session_id"),)

    token_hash: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    session_id: Mapped[str] = _session()
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    expires_at: Mapped[datetime] = mapped_column(Moment)


class CrisisResource(Base):
    """A line that people in danger can turn to. `verified_at` is empty until a person made sure of it."""

    __tablename__ = "crisis_resources"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('emergency','line')", name="ck_crisis_resources_kind"),
        sa.Index("idx_crisis_resources_country", "country", "position"),
    )

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    country: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int] = mapped_column(sa.Integer)
    kind: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[str] = mapped_column(sa.Text)
    dial: Mapped[str] = mapped_column(sa.Text)
    text_number: Mapped[str] = mapped_column(sa.Text)
    text_keyword: Mapped[str] = mapped_column(sa.Text)
    url: Mapped[str] = mapped_column(sa.Text)
    hours: Mapped[str] = mapped_column(sa.Text)
    languages_json: Mapped[list[str]] = mapped_column(sa.JSON)
    audience: Mapped[str] = mapped_column(sa.Text)
    categories_json: Mapped[list[str]] = mapped_column(sa.JSON)
    note: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[str] = mapped_column(sa.Text)
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    verified_by: Mapped[str | None] = mapped_column(sa.Text)
    is_shown: Mapped[bool] = mapped_column(sa.Boolean, default=True, server_default=sa.true())
    version: Mapped[int] = mapped_column(sa.Integer, default=1, server_default=sa.text("1"))
    updated_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())


class ContentVersion(Base):
    """A wording or a line as somebody left it, so that every change can be read and taken back.

    `kind` is 'crisis' or 'session' for a wording, whose `key` is a language, and 'resource' for a line.
    """

    __tablename__ = "content_versions"

    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    body_json: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    note: Mapped[str] = mapped_column(sa.Text)
    created_by: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=_clock.now, server_default=now())
    reviewed_by: Mapped[str | None] = mapped_column(sa.Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
