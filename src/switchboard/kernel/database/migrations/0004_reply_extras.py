"""What a reply has beside its text: answers to tap, links, how far the conversation has come."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("channel_messages", sa.Column("extras_json", sa.JSON))
    op.create_index(
        "ix_channel_conversations_last_message_at", "channel_conversations", ["last_message_at", "id"]
    )
