"""The audit table, which the platform's database and every app's share."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now


def create_audit_table() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("at", Moment, nullable=False, server_default=now()),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("object_type", sa.String(50), nullable=False),
        sa.Column("object_id", sa.String(100)),
        sa.Column("details_json", sa.JSON),
        sa.Column("correlation_id", sa.String(64)),
        sa.Column("address", sa.String(45)),
    )
    op.create_index("ix_audit_at", "audit", ["at", "id"])
    op.create_index("ix_audit_object", "audit", ["object_type", "object_id"])
