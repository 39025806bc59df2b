"""The tables of channels in every app's database: accounts, conversations, messages. Tables, nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from switchboard.kernel.database.columns import Moment, now
from switchboard.kernel.database.tables import KernelBase


class ChannelAccount(KernelBase):
    """One place in a channel where an app can be reached: a chat page, later a number or a page of a provider."""

    __tablename__ = "channel_accounts"
    __table_args__ = (sa.UniqueConstraint("channel", "name", name="uq_channel_accounts_name"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(100))
    settings_json: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


class ChannelConversation(KernelBase):
    """One person's conversation through a channel; the token that opens it is kept as a hash."""

    __tablename__ = "channel_conversations"
    __table_args__ = (
        sa.UniqueConstraint("token_hash", name="uq_channel_conversations_token_hash"),
        sa.Index("ix_channel_conversations_app_session_id", "app_session_id"),
        sa.Index("ix_channel_conversations_last_message_at", "last_message_at", "id"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    channel_account_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("channel_accounts.id", ondelete="CASCADE")
    )
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    app_session_id: Mapped[str | None] = mapped_column(sa.String(36))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    last_message_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class ChannelMessage(KernelBase):
    """One line of such a conversation. `client_message_id` is the visitor's name for it; a reply carries the same."""

    __tablename__ = "channel_messages"
    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "position", name="uq_channel_messages_position"),
        sa.UniqueConstraint(
            "conversation_id", "client_message_id", "direction", name="uq_channel_messages_client_message_id"
        ),
        sa.Index("ix_channel_messages_app_session_id", "app_session_id"),
        sa.CheckConstraint("direction IN ('in', 'out')", name="ck_channel_messages_direction"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey("channel_conversations.id", ondelete="CASCADE")
    )
    position: Mapped[int] = mapped_column(sa.Integer)
    direction: Mapped[str] = mapped_column(sa.String(3))
    text: Mapped[str] = mapped_column(sa.Text)
    extras_json: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    client_message_id: Mapped[str] = mapped_column(sa.String(100))
    app_session_id: Mapped[str | None] = mapped_column(sa.String(36))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=now())
