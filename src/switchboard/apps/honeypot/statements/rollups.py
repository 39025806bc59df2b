"""The daily figures: changed by each turn, added up by each page that shows them."""

from __future__ import annotations

from switchboard.apps.honeypot.rules.analytics import BENIGN, COUNTS
from switchboard.kernel.database.statement import Statement

_NAMES = ", ".join(COUNTS)
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in COUNTS)
_RANGE = "WHERE day >= :since AND day < :until"

CHANGE_ROLLUP = Statement(
    f"INSERT INTO {{daily_rollups}} AS kept (day, scam_type, persona_id, source_type, shard, {_NAMES})"
    f" VALUES (:day, :scam_type, :persona_id, :source_type, :shard, {', '.join(f':{name}' for name in COUNTS)})"
    " ON CONFLICT (day, scam_type, persona_id, source_type, shard) DO UPDATE SET "
    + ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in COUNTS)
)
SUM_BY = {
    name: Statement(f"SELECT {name} AS group_key, {_SUMS} FROM {{daily_rollups}} {_RANGE} GROUP BY {name}")
    for name in ("day", "scam_type", "persona_id", "source_type")
}
CHANGE_VALUE_COUNT = Statement(
    "INSERT INTO {value_counts} AS kept (kind, shard, known, shared) VALUES (:kind, :shard, :known, :shared)"
    " ON CONFLICT (kind, shard) DO UPDATE SET known = kept.known + excluded.known,"
    " shared = kept.shared + excluded.shared"
)
COUNT_VALUES = Statement(
    'SELECT kind, sum(known) AS "values", sum(shared) AS shared FROM {value_counts}'
    " GROUP BY kind HAVING sum(known) > 0 ORDER BY kind"
)
CLEAR_VALUE_COUNTS = Statement("DELETE FROM {value_counts}")
RECOUNT_VALUES = Statement(
    "INSERT INTO {value_counts} (kind, shard, known, shared) SELECT kind, 0, count(*),"
    " sum(CASE WHEN session_count > 1 THEN 1 ELSE 0 END) FROM {linked_values} GROUP BY kind"
)
COUNT_CAMPAIGNS = Statement("SELECT count(*) AS campaigns FROM {campaigns}")

CLEAR_DAY = Statement("DELETE FROM {daily_rollups} WHERE day = :day")
COUNT_DAY = Statement(
    f"INSERT INTO {{daily_rollups}} (day, scam_type, persona_id, source_type, shard, {_NAMES})"
    " SELECT :day, scam_key, persona_id, source_key, 0, count(*), sum(scam), sum(took_off), sum(disclosed),"
    " sum(disclosed * coalesce(first_disclosure_turn, 0)), sum(turn_count), "
    + ", ".join(
        f"sum(CASE WHEN status = '{name.upper()}' THEN 1 ELSE 0 END)"
        for name in COUNTS[COUNTS.index("ongoing") :]
    )
    + " FROM (SELECT s.*,"
    f" CASE WHEN is_scam THEN coalesce(scam_type, 'UNKNOWN') ELSE '{BENIGN}' END AS scam_key,"
    " coalesce(source_type, 'unknown') AS source_key,"
    " CASE WHEN is_scam THEN 1 ELSE 0 END AS scam,"
    " CASE WHEN is_scam AND turn_count >= 2 THEN 1 ELSE 0 END AS took_off,"
    " CASE WHEN is_scam AND first_disclosure_turn IS NOT NULL THEN 1 ELSE 0 END AS disclosed"
    " FROM {sessions} s WHERE created_at >= :day AND created_at < :next) counted"
    " GROUP BY scam_key, persona_id, source_key"
)
LIST_DAYS = Statement("SELECT DISTINCT day FROM {daily_rollups} ORDER BY day")
NEXT_SESSION_AT = Statement(
    "SELECT created_at FROM {sessions} WHERE created_at >= :since ORDER BY created_at LIMIT 1"
)
