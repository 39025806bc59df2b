"""The tables of the schema document, and what stands beside them: versions, links, lines."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_conversations()
    _create_answers()
    _create_records()
    _create_contents()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, Moment, nullable=nullable, server_default=now())


def _session(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "session_id", sa.Text, sa.ForeignKey("sessions.session_id"), nullable=False, primary_key=primary_key
    )


def _create_conversations() -> None:
    op.create_table(
        "chat_history",
        _id(),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        _moment("ts"),
        sa.Column("turn", sa.Integer),
        sa.CheckConstraint("role IN ('user','bot')", name="ck_chat_history_role"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_chat_session_ts", "chat_history", ["session_id", "ts"])
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, primary_key=True),
        sa.Column("fsm_state", sa.Text, nullable=False, server_default="welcome"),
        _moment("created_at"),
        _moment("last_activity"),
        sa.Column("completed", sa.Boolean, server_default=sa.false()),
        sa.Column("completion_time", Moment),
        sa.Column("flow_id", sa.Text),
        sa.Column("flow_version", sa.Integer),
        sa.Column("language", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("place_json", sa.JSON),
        sa.Column("turn_count", sa.Integer),
        sa.Column("history_removed_at", Moment),
    )
    op.create_index("idx_sessions_last_activity", "sessions", ["last_activity"])
    op.create_index("idx_sessions_created_at", "sessions", ["created_at", "session_id"])


def _create_answers() -> None:
    op.create_table(
        "user_responses",
        _id(),
        _session(),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("response", sa.Text),
        sa.Column("attempt_count", sa.Integer, server_default=sa.text("0")),
        _moment("created_at"),
        sa.Column("outcome", sa.Text),
        sa.Column("updated_at", Moment),
        sa.CheckConstraint(
            "step IN ('support_people','strengths','worries','goals')", name="ck_user_responses_step"
        ),
        sa.UniqueConstraint("session_id", "step", name="uq_user_responses_session_step"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_user_responses_session", "user_responses", ["session_id"])
    op.create_table(
        "other_responses",
        _session(primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("response", sa.Text),
        sa.Column("attempt_count", sa.Integer, nullable=False, server_default=sa.text("0")),
        _moment("created_at", nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("updated_at", Moment),
    )


def _create_records() -> None:
    op.create_table(
        "risk_detections",
        _id(),
        _session(),
        sa.Column("trigger_phrase", sa.Text, nullable=False),
        sa.Column("user_message", sa.Text, nullable=False),
        _moment("detected_at"),
        sa.Column("resources_shown", sa.Boolean, server_default=sa.true()),
        sa.Column("category", sa.Text),
        sa.Column("confidence", sa.Float),
        sa.Column("method", sa.Text),
        sa.Column("is_about_other", sa.Boolean),
        sa.Column("step", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("turn", sa.Integer),
        sa.Column("acknowledged_at", Moment),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("note", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_risk_detections_session", "risk_detections", ["session_id"])
    op.create_index("idx_risk_detections_date", "risk_detections", ["detected_at"])
    is_open = sa.text("acknowledged_at IS NULL")
    op.create_index(
        "idx_risk_detections_open",
        "risk_detections",
        ["detected_at", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "session_summaries",
        _id(),
        _session(),
        sa.Column("summary_type", sa.Text, nullable=False),
        sa.Column("summary_data", sa.Text, nullable=False),
        _moment("generated_at"),
        sa.CheckConstraint("summary_type IN ('partial','complete')", name="ck_session_summaries_type"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_summaries_session", "session_summaries", ["session_id"])
    op.create_table(
        "analytics",
        _id(),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("event_data", sa.Text),
        sa.Column("session_count", sa.Integer, server_default=sa.text("0")),
        _moment("timestamp"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_analytics_timestamp", "analytics", ["timestamp"])
    op.create_index("idx_analytics_event_type", "analytics", ["event_type"])
    op.create_table(
        "intent_classifications",
        _id(),
        _session(),
        sa.Column("user_message", sa.Text, nullable=False),
        sa.Column("classified_intent", sa.Text, nullable=False),
        sa.Column("confidence", sa.REAL),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("fsm_state", sa.Text),
        _moment("created_at"),
        sa.Column("engine", sa.Text),
        sa.CheckConstraint(
            "method IN ('distilbert','rule_based','hybrid')", name="ck_intent_classifications_method"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_intent_session", "intent_classifications", ["session_id"])


def _create_contents() -> None:
    op.create_table(
        "flow_versions",
        sa.Column("flow_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("document_json", sa.JSON, nullable=False),
        _moment("created_at", nullable=False),
    )
    op.create_table(
        "resume_links",
        sa.Column("token_hash", sa.Text, primary_key=True),
        _session(),
        _moment("created_at", nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
    )
    op.create_index("idx_resume_links_session", "resume_links", ["session_id"])
    texts = ("name", "number", "dial", "text_number", "text_keyword", "url", "hours")
    op.create_table(
        "crisis_resources",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("languages_json", sa.JSON, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("categories_json", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("verified_at", Moment),
        sa.Column("verified_by", sa.Text),
        sa.Column("is_shown", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        _moment("updated_at", nullable=False),
        sa.CheckConstraint("kind IN ('emergency','line')", name="ck_crisis_resources_kind"),
    )
    op.create_index("idx_crisis_resources_country", "crisis_resources", ["country", "position"])
    op.create_table(
        "content_versions",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body_json", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        _moment("created_at", nullable=False),
        sa.Column("reviewed_by", sa.Text),
        sa.Column("reviewed_at", Moment),
    )
