"""Channels: where an app can be reached, who talks to it there, and what was said."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "channel_accounts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("settings_json", sa.JSON, nullable=False),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("updated_at", Moment, nullable=False, server_default=now()),
        sa.Column("disabled_at", Moment),
        sa.UniqueConstraint("channel", "name", name="uq_channel_accounts_name"),
    )
    op.create_table(
        "channel_conversations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "channel_account_id",
            sa.String(36),
            sa.ForeignKey("channel_accounts.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("app_session_id", sa.String(36)),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("last_message_at", Moment, nullable=False, server_default=now()),
        sa.Column("ended_at", Moment),
        sa.UniqueConstraint("token_hash", name="uq_channel_conversations_token_hash"),
    )
    op.create_index("ix_channel_conversations_app_session_id", "channel_conversations", ["app_session_id"])
    op.create_table(
        "channel_messages",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "conversation_id",
            sa.String(36),
            sa.ForeignKey("channel_conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("client_message_id", sa.String(100), nullable=False),
        sa.Column("app_session_id", sa.String(36)),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.UniqueConstraint("conversation_id", "position", name="uq_channel_messages_position"),
        sa.UniqueConstraint(
            "conversation_id", "client_message_id", "direction", name="uq_channel_messages_client_message_id"
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name="ck_channel_messages_direction"),
    )
    op.create_index("ix_channel_messages_app_session_id", "channel_messages", ["app_session_id"])
