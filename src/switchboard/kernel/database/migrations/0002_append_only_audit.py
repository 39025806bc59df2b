"""The audit is append-only."""

from switchboard.kernel.database.audit_table import keep_audit_as_written

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    keep_audit_as_written()
