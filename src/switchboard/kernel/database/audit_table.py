"""The audit table, which the platform's database and every app's share, and what keeps it as it was written.

The triggers refuse whoever works through this program or with its login. Whoever owns the database can still drop
them, so they guard against mistakes and defects, not against the owner. A migration that rebuilds the table on
SQLite has to make them anew.
"""

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


def keep_audit_as_written() -> None:
    """Let the database refuse to change or delete what stands in the audit."""
    statements = _ON_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _ON_SQLITE
    for statement in statements:
        op.execute(statement)


_REFUSAL = "What stands in the audit is neither changed nor deleted."
_ON_SQLITE = (
    f"CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    f"CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    # INSERT OR REPLACE deletes the row in its way without waking the trigger on DELETE.
    "CREATE TRIGGER audit_keeps_places BEFORE INSERT ON audit"
    " WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id OR rowid = NEW.rowid)"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
)
_ON_POSTGRESQL = (
    "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$",
    "CREATE TRIGGER audit_keeps_as_written BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
)
