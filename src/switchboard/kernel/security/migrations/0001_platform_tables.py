"""API keys, their rate limits' state, and the audit of both."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.audit_table import create_audit_table
from switchboard.kernel.database.columns import Moment, now

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_audit_table()
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False, unique=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("apps_json", sa.JSON, nullable=False),
        sa.Column("rate_limit_per_minute", sa.Integer),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("expires_at", Moment),
        sa.Column("last_used_at", Moment),
        sa.Column("revoked_at", Moment),
    )
    op.create_table(
        "rate_buckets",
        sa.Column(
            "key_id", sa.String(36), sa.ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("tokens", sa.Float, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
