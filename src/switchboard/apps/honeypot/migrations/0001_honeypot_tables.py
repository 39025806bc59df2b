"""The three tables of the schema document, and the index of normalised values."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now

revision = "0001"
down_revision = None


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, Moment, nullable=False, server_default=now())


def upgrade() -> None:
    _create_sessions()
    _create_messages()
    _create_intelligence()
    _create_values()


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("scam_type", sa.String(50)),
        sa.Column("persona_id", sa.String(50), nullable=False, server_default="elderly_victim"),
        sa.Column("status", sa.String(20), nullable=False, server_default="ONGOING"),
        sa.Column("is_scam", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("source_type", sa.String(20)),
        sa.Column("turn_count", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("metadata_json", sa.JSON),
        _moment("started_at"),
        sa.Column("ended_at", Moment),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("source_identifier", sa.String(255)),
        sa.Column("scam_confidence", sa.Float),
        sa.Column("reasons_json", sa.JSON),
        sa.Column("intelligence_score", sa.Float),
        sa.Column("last_message_at", Moment),
    )
    op.create_index("ix_sessions_status", "sessions", ["status"])
    op.create_index("ix_sessions_scam_type", "sessions", ["scam_type"])
    op.create_index("ix_sessions_created_at", "sessions", ["created_at"])
    still_open = sa.text("status = 'ONGOING'")
    op.create_index(
        "ix_sessions_open_last_message_at",
        "sessions",
        ["last_message_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _session_id() -> sa.Column[str]:
    return sa.Column(
        "session_id", sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(36), primary_key=True),
        _session_id(),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("turn_number", sa.Integer, nullable=False),
        sa.Column("metadata_json", sa.JSON),
        _moment("created_at"),
    )
    op.create_index("ix_messages_session_id", "messages", ["session_id"])
    op.create_index("ix_messages_turn_number", "messages", ["turn_number"])


def _create_intelligence() -> None:
    lists = ("bank_accounts", "upi_ids", "phone_numbers", "phishing_links", "other_intel")
    op.create_table(
        "extracted_intelligence",
        sa.Column("id", sa.String(36), primary_key=True),
        _session_id(),
        *(sa.Column(f"{name}_json", sa.JSON, server_default="[]") for name in lists),
        _moment("created_at"),
        _moment("updated_at"),
        sa.UniqueConstraint("session_id", name="uq_extracted_intelligence_session_id"),
    )


def _create_values() -> None:
    op.create_table(
        "intelligence_values",
        sa.Column("id", sa.String(36), primary_key=True),
        _session_id(),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.String(512), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("occurrences", sa.Integer, nullable=False),
        sa.Column("first_turn", sa.Integer, nullable=False),
        sa.Column("last_turn", sa.Integer, nullable=False),
        sa.Column("first_seen_at", Moment, nullable=False),
        sa.Column("last_seen_at", Moment, nullable=False),
        sa.UniqueConstraint("session_id", "kind", "value", name="uq_intelligence_values_session"),
    )
    op.create_index("ix_intelligence_values_value", "intelligence_values", ["value", "kind"])
    op.create_index("ix_intelligence_values_last_seen_at", "intelligence_values", ["last_seen_at", "id"])
