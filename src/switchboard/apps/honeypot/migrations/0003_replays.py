"""Files of messages that people play through the honeypot."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "replays",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("rows_total", sa.Integer, nullable=False),
        sa.Column("rows_done", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("rows_refused", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("sessions_opened", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("report_json", sa.JSON),
        sa.Column("error", sa.String(300)),
        sa.Column("started_by", sa.String(100), nullable=False),
        sa.Column("player", sa.String(36)),
        sa.Column("alive_until", Moment),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("started_at", Moment),
        sa.Column("ended_at", Moment),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED')", name="ck_replays_state"
        ),
    )
    op.create_index("ix_replays_created_at", "replays", ["created_at", "id"])
    op.create_table(
        "replay_files",
        sa.Column(
            "replay_id", sa.String(36), sa.ForeignKey("replays.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
