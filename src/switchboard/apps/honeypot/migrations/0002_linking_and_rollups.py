"""Values across sessions, campaigns, daily figures; a link is of the kind `url` from here on."""

import sqlalchemy as sa
from alembic import op

from switchboard.kernel.database.columns import Moment

revision = "0002"
down_revision = "0001"

_COUNTS = (
    "sessions",
    "scams",
    "took_off",
    "disclosed",
    "disclosure_turns",
    "turns",
    "ongoing",
    "completed",
    "terminated",
    "max_turns_reached",
    "safety_exit",
)


def upgrade() -> None:
    op.add_column("sessions", sa.Column("ended_reason", sa.String(200)))
    op.add_column("sessions", sa.Column("first_disclosure_turn", sa.Integer))
    op.add_column("sessions", sa.Column("campaign_id", sa.String(36)))
    op.create_index("ix_sessions_campaign_id", "sessions", ["campaign_id"])
    op.add_column("intelligence_values", sa.Column("shown", sa.String(512)))
    op.drop_index("ix_intelligence_values_last_seen_at", "intelligence_values")
    op.drop_index("ix_intelligence_values_value", "intelligence_values")
    op.create_index(
        "ix_intelligence_values_value", "intelligence_values", ["value", "kind", "last_seen_at", "id"]
    )
    _rename_links()
    _create_linked_values()
    _create_value_counts()
    _create_campaigns()
    _create_daily_rollups()


def _rename_links() -> None:
    """Links are looked up without their scheme: `http` and `https` lead to the same place."""
    values = sa.table(
        "intelligence_values", sa.column("kind"), sa.column("value", sa.String), sa.column("shown", sa.String)
    )
    bare = sa.case(
        (values.c.value.like("https://%"), sa.func.substr(values.c.value, 9)),
        (values.c.value.like("http://%"), sa.func.substr(values.c.value, 8)),
        else_=values.c.value,
    )
    op.execute(
        sa.update(values).where(values.c.kind == "link").values(kind="url", shown=values.c.value, value=bare)
    )


def _create_linked_values() -> None:
    op.create_table(
        "linked_values",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.String(512), nullable=False),
        sa.Column("shown", sa.String(512)),
        sa.Column("bank_name", sa.String(100)),
        sa.Column("details_json", sa.JSON),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("session_count", sa.Integer, nullable=False),
        sa.Column("occurrences", sa.Integer, nullable=False),
        sa.Column("first_seen_at", Moment, nullable=False),
        sa.Column("last_seen_at", Moment, nullable=False),
        sa.UniqueConstraint("value", "kind", name="uq_linked_values_value"),
    )
    op.create_index("ix_linked_values_last_seen_at", "linked_values", ["last_seen_at", "id"])
    op.create_index("ix_linked_values_kind", "linked_values", ["kind", "last_seen_at", "id"])
    op.create_index("ix_linked_values_bank_name", "linked_values", ["bank_name", "last_seen_at", "id"])


def _create_value_counts() -> None:
    op.create_table(
        "value_counts",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        *(
            sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))
            for name in ("known", "shared")
        ),
    )


def _create_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(100)),
        sa.Column("session_count", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("last_seen_at", Moment, nullable=False),
    )
    op.create_index("ix_campaigns_last_seen_at", "campaigns", ["last_seen_at", "id"])


def _create_daily_rollups() -> None:
    op.create_table(
        "daily_rollups",
        sa.Column("day", Moment, primary_key=True),
        sa.Column("scam_type", sa.String(50), primary_key=True),
        sa.Column("persona_id", sa.String(50), primary_key=True),
        sa.Column("source_type", sa.String(20), primary_key=True),
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0")) for name in _COUNTS),
    )
