"""A key holds a role in its apps, where none stands it counts as an analyst; the audit is append-only."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.audit_table import keep_audit_as_written

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("role", sa.String(20)))
    keep_audit_as_written()
