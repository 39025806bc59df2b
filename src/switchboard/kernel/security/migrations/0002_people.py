"""People who sign in: accounts, sessions, known devices and networks, one-time tokens, failures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment, now

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("folded_name", sa.String(200), nullable=False, unique=True),
        sa.Column("display_name", sa.String(100)),
        sa.Column("roles_json", sa.JSON, nullable=False),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("sealed_totp", sa.Text),
        sa.Column("sealed_new_totp", sa.Text),
        sa.Column("totp_last_step", sa.BigInteger),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("last_signed_in_at", Moment),
        sa.Column("disabled_at", Moment),
    )
    _create_what_signing_in_leaves()
    op.create_table(
        "one_time_tokens",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        _account_id(nullable=True, index=True),
        sa.Column("device_id", sa.String(36)),
        sa.Column("bound_to", sa.String(64)),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("wrong_answers", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("expires_at", Moment, nullable=False, index=True),
    )
    op.create_table(
        "recovery_codes",
        _account_id(primary_key=True),
        sa.Column("code_hash", sa.String(64), primary_key=True),
    )
    op.create_table(
        "failure_buckets",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("failed_at_json", sa.JSON, nullable=False),
        sa.Column("expires_at", Moment, nullable=False, index=True),
    )


def _create_what_signing_in_leaves() -> None:
    op.create_table(
        "account_sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        _account_id(nullable=False, index=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("signed_in_at", Moment, nullable=False),
        sa.Column("last_seen_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False, index=True),
        sa.Column("address", sa.String(45)),
        sa.Column("user_agent", sa.String(200)),
    )
    op.create_table(
        "account_devices",
        sa.Column("id", sa.String(36), primary_key=True),
        _account_id(nullable=False, index=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("expires_at", Moment, nullable=False, index=True),
    )
    op.create_table(
        "account_networks",
        _account_id(primary_key=True),
        sa.Column("network", sa.String(64), primary_key=True),
        sa.Column("last_signed_in_at", Moment, nullable=False, index=True),
    )


def _account_id(*, nullable: bool = False, index: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "account_id",
        sa.String(36),
        sa.ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=nullable,
        index=index,
        primary_key=primary_key,
    )
