"""A key holds a role in its apps; without one it counts as an analyst."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("role", sa.String(20)))
