"""Failures that an operator has to know of."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "errors",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("at", Moment, nullable=False, server_default=now()),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(200), nullable=False),
        sa.Column("correlation_id", sa.String(64)),
    )
    op.create_index("ix_errors_at", "errors", ["at", "id"])
