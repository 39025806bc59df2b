"""Values across sessions, and the campaigns they tie sessions into."""

from __future__ import annotations

from functools import cache

from switchboard.kernel.database.statement import Statement

_LINKED = (
    "id, kind, value, coalesce(shown, value) AS shown, bank_name, details_json, confidence, session_count, occurrences,"
    " first_seen_at, last_seen_at"
)
_CAMPAIGN = "id, name, session_count, created_at, last_seen_at"

RECORD_VALUE = Statement(
    "INSERT INTO {intelligence_values} AS known (id, session_id, kind, value, shown, confidence, occurrences,"
    " first_turn, last_turn, first_seen_at, last_seen_at)"
    " VALUES (:id, :session_id, :kind, :value, :shown, :confidence, 1, :turn, :turn, :now, :now)"
    " ON CONFLICT (session_id, kind, value) DO UPDATE SET confidence = excluded.confidence,"
    " occurrences = known.occurrences + 1, last_turn = excluded.last_turn,"
    " last_seen_at = excluded.last_seen_at"
    " RETURNING occurrences"
)
LOOK_UP_VALUE = Statement(
    "SELECT kind, value, coalesce(shown, value) AS shown, session_id, confidence, occurrences, first_turn, last_turn, first_seen_at,"
    " last_seen_at FROM {intelligence_values} WHERE value = :value AND kind = :kind"
    " ORDER BY last_seen_at DESC, id DESC LIMIT :limit"
)
LINK_VALUE = Statement(
    "INSERT INTO {linked_values} AS known (id, kind, value, shown, bank_name, details_json, confidence,"
    " session_count, occurrences, first_seen_at, last_seen_at)"
    " VALUES (:id, :kind, :value, :shown, :bank_name, :details, :confidence, 1, 1, :now, :now)"
    " ON CONFLICT (value, kind) DO UPDATE SET session_count = known.session_count + :is_new,"
    " occurrences = known.occurrences + 1,"
    " confidence = CASE WHEN known.confidence > excluded.confidence THEN known.confidence"
    "  ELSE excluded.confidence END,"
    " bank_name = coalesce(known.bank_name, excluded.bank_name),"
    " details_json = coalesce(known.details_json, excluded.details_json),"
    " last_seen_at = CASE WHEN known.last_seen_at > excluded.last_seen_at THEN known.last_seen_at"
    "  ELSE excluded.last_seen_at END"
    " RETURNING session_count"
)
FIND_NEIGHBOUR = Statement(
    "SELECT s.id, s.campaign_id FROM {intelligence_values} v JOIN {sessions} s ON s.id = v.session_id"
    " WHERE v.value = :value AND v.kind = :kind AND v.session_id <> :session_id AND v.confidence >= :least LIMIT 1"
)
ADD_CAMPAIGN = Statement(
    "INSERT INTO {campaigns} (id, session_count, created_at, last_seen_at) VALUES (:id, 0, :now, :now)"
)
LOCK_CAMPAIGN = Statement(f"SELECT {_CAMPAIGN} FROM {{campaigns}} WHERE id = :id", lock=True)
FIND_CAMPAIGN = Statement(f"SELECT {_CAMPAIGN} FROM {{campaigns}} WHERE id = :id")
# A session that another turn has put into a campaign meanwhile is left there: the caller looks again.
JOIN_CAMPAIGN = Statement(
    "UPDATE {sessions} SET campaign_id = :campaign_id WHERE id = :id AND campaign_id IS NULL"
)
MOVE_CAMPAIGN = Statement("UPDATE {sessions} SET campaign_id = :campaign_id WHERE campaign_id = :old_id")
PUT_INTO_CAMPAIGN = Statement("UPDATE {sessions} SET campaign_id = :campaign_id WHERE id = :id")
GROW_CAMPAIGN = Statement(
    "UPDATE {campaigns} SET session_count = session_count + :count, name = coalesce(name, :name),"
    " last_seen_at = CASE WHEN last_seen_at > :now THEN last_seen_at ELSE :now END WHERE id = :id"
)
SET_CAMPAIGN_COUNT = Statement("UPDATE {campaigns} SET session_count = :count WHERE id = :id")
DELETE_CAMPAIGN = Statement("DELETE FROM {campaigns} WHERE id = :id")
NAME_CAMPAIGN = Statement("UPDATE {campaigns} SET name = :name WHERE id = :id")
FIND_SESSION_CAMPAIGN = Statement("SELECT campaign_id FROM {sessions} WHERE id = :id")
LIST_MEMBERS = Statement("SELECT id FROM {sessions} WHERE campaign_id = :campaign_id")
LIST_SHARED = Statement(
    "SELECT v.kind, v.value, v.confidence, v.session_id FROM {intelligence_values} v"
    " JOIN {sessions} s ON s.id = v.session_id WHERE s.campaign_id = :campaign_id"
)
LIST_TIES = Statement(
    "SELECT t.campaign_id, l.id, l.kind, coalesce(l.shown, l.value) AS shown, l.bank_name, t.sessions FROM"
    " (SELECT s.campaign_id, v.value, v.kind, count(*) AS sessions"
    "  FROM {sessions} s JOIN {intelligence_values} v ON v.session_id = s.id"
    "  WHERE s.campaign_id IN (SELECT value FROM json_each(:ids)) AND s.created_at >= :since"
    "  GROUP BY s.campaign_id, v.value, v.kind HAVING count(*) > 1) t"
    " JOIN {linked_values} l ON l.value = t.value AND l.kind = t.kind ORDER BY t.sessions DESC, l.id",
    postgresql="SELECT t.campaign_id, l.id, l.kind, coalesce(l.shown, l.value) AS shown, l.bank_name, t.sessions"
    " FROM (SELECT s.campaign_id, v.value, v.kind, count(*) AS sessions"
    "  FROM {sessions} s JOIN {intelligence_values} v ON v.session_id = s.id"
    "  WHERE s.campaign_id IN (SELECT json_array_elements_text(:ids::json)) AND s.created_at >= :since"
    "  GROUP BY s.campaign_id, v.value, v.kind HAVING count(*) > 1) t"
    " JOIN {linked_values} l ON l.value = t.value AND l.kind = t.kind ORDER BY t.sessions DESC, l.id",
)
COUNT_CAMPAIGN_TYPES = Statement(
    "SELECT campaign_id, scam_type, count(*) AS sessions FROM {sessions}"
    " WHERE campaign_id IN (SELECT value FROM json_each(:ids)) AND created_at >= :since AND is_scam"
    " GROUP BY campaign_id, scam_type ORDER BY sessions DESC, scam_type",
    postgresql="SELECT campaign_id, scam_type, count(*) AS sessions FROM {sessions}"
    " WHERE campaign_id IN (SELECT json_array_elements_text(:ids::json)) AND created_at >= :since AND is_scam"
    " GROUP BY campaign_id, scam_type ORDER BY sessions DESC, scam_type",
)

FIND_NEWEST_OF_CAMPAIGN = Statement(
    "SELECT created_at FROM {sessions} WHERE campaign_id = :campaign_id"
    " ORDER BY created_at DESC LIMIT 1 OFFSET :offset"
)
LIST_OWN_VALUES = Statement(
    "SELECT kind, value, coalesce(shown, value) AS shown, confidence, occurrences, first_turn, last_turn, first_seen_at, last_seen_at"
    " FROM {intelligence_values} WHERE session_id = :session_id ORDER BY first_seen_at, id"
)
_EVIDENCE_VALUES = (
    "SELECT v.session_id, v.kind, v.value, coalesce(v.shown, v.value) AS shown, v.confidence, v.occurrences, v.first_turn,"
    " v.last_turn, v.first_seen_at, v.last_seen_at, l.details_json, l.confidence AS all_confidence,"
    " l.first_seen_at AS all_first_seen_at, l.last_seen_at AS all_last_seen_at"
    " FROM {{intelligence_values}} v LEFT JOIN {{linked_values}} l ON l.value = v.value AND l.kind = v.kind"
    " WHERE v.session_id IN ({}) ORDER BY v.session_id, v.first_seen_at, v.id"
)
LIST_EVIDENCE_VALUES = Statement(
    _EVIDENCE_VALUES.format("SELECT value FROM json_each(:ids)"),
    postgresql=_EVIDENCE_VALUES.format("SELECT json_array_elements_text(:ids::json)"),
)
_CAMPAIGNS_OF = (
    f"SELECT {_CAMPAIGN} FROM {{{{campaigns}}}} WHERE id IN"
    " (SELECT campaign_id FROM {{sessions}} WHERE id IN ({}))"
)
LIST_CAMPAIGNS_OF = Statement(
    _CAMPAIGNS_OF.format("SELECT value FROM json_each(:ids)"),
    postgresql=_CAMPAIGNS_OF.format("SELECT json_array_elements_text(:ids::json)"),
)
DROP_LONELY_VALUE = Statement(
    "DELETE FROM {linked_values} WHERE value = :value AND kind = :kind AND NOT EXISTS"
    " (SELECT 1 FROM {intelligence_values} v WHERE v.value = :value AND v.kind = :kind)"
)
FIND_LINKED = Statement(f"SELECT {_LINKED} FROM {{linked_values}} WHERE id = :id")
FIND_LINKED_BY_VALUE = Statement(
    f"SELECT {_LINKED} FROM {{linked_values}} WHERE value = :value ORDER BY kind"
)
FIND_LINKED_VALUE = Statement(
    f"SELECT {_LINKED} FROM {{linked_values}} WHERE value = :value AND kind = :kind"
)
LIST_WHO_NAMED = Statement(
    "SELECT s.id, s.status, s.scam_type, s.is_scam, s.source_type, s.campaign_id, v.confidence, v.occurrences,"
    " v.first_turn, v.last_turn, v.first_seen_at, v.last_seen_at, v.id AS place_id"
    " FROM {intelligence_values} v JOIN {sessions} s ON s.id = v.session_id"
    " WHERE v.value = :value AND v.kind = :kind AND (v.last_seen_at, v.id) < (:before_at, :before_id)"
    " ORDER BY v.last_seen_at DESC, v.id DESC LIMIT :limit"
)

LIST_VALUES_AFTER = Statement(
    "SELECT DISTINCT value, kind FROM {intelligence_values} WHERE (value, kind) > (:value, :kind)"
    " ORDER BY value, kind LIMIT :limit"
)
RECOUNT_VALUE = Statement(
    "INSERT INTO {linked_values} (id, kind, value, shown, confidence, session_count, occurrences, first_seen_at,"
    " last_seen_at)"
    " SELECT :id, kind, value, max(shown), max(confidence), count(*), sum(occurrences), min(first_seen_at),"
    " max(last_seen_at) FROM {intelligence_values} WHERE value = :value AND kind = :kind GROUP BY kind, value"
    " ON CONFLICT (value, kind) DO UPDATE SET shown = excluded.shown, confidence = excluded.confidence,"
    " session_count = excluded.session_count, occurrences = excluded.occurrences,"
    " first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at"
)
DROP_UNKNOWN_VALUES = Statement(
    "DELETE FROM {linked_values} WHERE id IN (SELECT l.id FROM {linked_values} l WHERE NOT EXISTS"
    " (SELECT 1 FROM {intelligence_values} v WHERE v.value = l.value AND v.kind = l.kind) LIMIT :limit)"
)
LIST_CAMPAIGN_IDS = Statement("SELECT id FROM {campaigns} WHERE id > :after ORDER BY id LIMIT :limit")
LIST_SESSIONS_NAMING = Statement(
    "SELECT s.id, s.campaign_id FROM {intelligence_values} v JOIN {sessions} s ON s.id = v.session_id"
    " WHERE v.value = :value AND v.kind = :kind AND v.confidence >= :least ORDER BY s.id"
)


@cache
def list_values(filters: frozenset[str], column: str = "last_seen_at", descending: bool = True) -> Statement:
    """The statement that lists values across sessions by these filters in an order; made once for each set."""
    ordered, comparison, direction = VALUE_ORDERS[column], *(("<", "DESC") if descending else (">", "ASC"))
    conditions = [f"({ordered}, id) {comparison} (:before_at, :before_id)"]
    conditions.extend(_VALUE_FILTERS[name] for name in sorted(filters))
    return Statement(
        f"SELECT {_LINKED} FROM {{linked_values}} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {ordered} {direction}, id {direction} LIMIT :limit"
    )


@cache
def list_campaigns(filters: frozenset[str]) -> Statement:
    """The statement that lists campaigns, last seen first; made once for each set of filters."""
    conditions = ["(last_seen_at, id) < (:before_at, :before_id)"]
    conditions.extend(_CAMPAIGN_FILTERS[name] for name in sorted(filters))
    return Statement(
        f"SELECT {_CAMPAIGN} FROM {{campaigns}} WHERE {' AND '.join(conditions)}"
        " ORDER BY last_seen_at DESC, id DESC LIMIT :limit"
    )


LIST_EDGES = Statement(
    "SELECT s.id AS session_id, s.scam_type, s.created_at, l.id AS value_id, l.kind, coalesce(l.shown, l.value) AS shown,"
    " l.session_count FROM {sessions} s JOIN {intelligence_values} v ON v.session_id = s.id"
    " JOIN {linked_values} l ON l.value = v.value AND l.kind = v.kind"
    " WHERE s.campaign_id = :campaign_id AND l.session_count > 1"
    " ORDER BY l.session_count DESC, l.id, s.created_at DESC, s.id LIMIT :limit"
)
VALUE_ORDERS = {
    name: name for name in ("last_seen_at", "first_seen_at", "session_count", "occurrences", "confidence")
}
_VALUE_FILTERS = {
    "kind": "kind = :kind",
    "bank_name": "bank_name = :bank_name",
    "since": "last_seen_at >= :since",
    "least_sessions": "session_count >= :least_sessions",
}
_CAMPAIGN_FILTERS = {
    "since": "last_seen_at >= :since",
    "least_sessions": "session_count >= :least_sessions",
}
