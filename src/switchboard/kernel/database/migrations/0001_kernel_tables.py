"""Receipts, outbox, audit and search: the kernel's tables in every app's database."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.audit_table import create_audit_table
from switchboard.kernel.database.columns import Moment, now

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_audit_table()
    _create_receipts()
    _create_outbox()
    _create_search()


def _create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("scope", sa.String(80), primary_key=True),
        sa.Column("client_message_id", sa.String(100), primary_key=True),
        sa.Column("object_id", sa.String(36), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("answer_json", sa.JSON, nullable=False),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
    )
    op.create_index("ix_receipts_object_id", "receipts", ["object_id"])


def _create_outbox() -> None:
    op.create_table(
        "outbox_endpoints",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("disabled_at", Moment),
        sa.Column("disabled_reason", sa.Text),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "endpoint_id",
            sa.String(36),
            sa.ForeignKey("outbox_endpoints.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("topic", sa.String(50), nullable=False),
        sa.Column("object_id", sa.String(36), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default="PENDING"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("next_attempt_at", Moment, nullable=False, server_default=now()),
        sa.Column("last_status_code", sa.Integer),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", Moment, nullable=False, server_default=now()),
        sa.Column("sent_at", Moment),
    )
    op.create_index("ix_outbox_endpoint_id", "outbox", ["endpoint_id"])
    op.create_index("ix_outbox_due", "outbox", ["status", "next_attempt_at"])
    op.create_index("ix_outbox_object_id", "outbox", ["object_id"])


def _create_search() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    words = sa.dialects.postgresql.TSVECTOR() if on_postgresql else sa.Text()
    op.create_table(
        "search_documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("document_id", sa.String(36), nullable=False, unique=True),
        sa.Column("owner_id", sa.String(36), nullable=False),
        sa.Column("words", words, nullable=False),
    )
    op.create_index("ix_search_documents_owner_id", "search_documents", ["owner_id"])
    if on_postgresql:
        op.create_index("ix_search_documents_words", "search_documents", ["words"], postgresql_using="gin")
        return
    # Without positions the index is a third of the size; a search checks what it finds against the text.
    op.execute(
        "CREATE VIRTUAL TABLE search_text USING fts5"
        "(words, content='search_documents', content_rowid='id', tokenize='trigram', detail='none', columnsize=0)"
    )
    # Deleted text leaves the index at once instead of lying in it until some later merge. Older SQLite
    # libraries, which serve only as a warned fallback, do not know the option.
    if tuple(map(int, op.get_bind().exec_driver_sql("SELECT sqlite_version()").scalar_one().split("."))) >= (
        3,
        42,
    ):
        op.execute("INSERT INTO search_text (search_text, rank) VALUES ('secure-delete', 1)")
