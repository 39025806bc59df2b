"""The newest sessions of a campaign are found without looking at all of them."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index("ix_sessions_campaign_id", "sessions")
    op.create_index("ix_sessions_campaign_id", "sessions", ["campaign_id", "created_at"])
