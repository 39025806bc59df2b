"""The honeypot's hot statements, beside the models they serve: plain SQL, prepared once by each engine.

Sessions, lines and what one session gave away are here; `linking` and `rollups` hold what spans sessions.
"""

from __future__ import annotations

from functools import cache

from switchboard.kernel.database.statement import Statement

_SESSION = (
    "id, scam_type, persona_id, status, is_scam, source_type, turn_count, metadata_json, started_at, ended_at,"
    " created_at, updated_at, source_identifier, scam_confidence, reasons_json, intelligence_score, last_message_at,"
    " ended_reason, first_disclosure_turn, campaign_id"
)
_INTELLIGENCE = "bank_accounts_json, upi_ids_json, phone_numbers_json, phishing_links_json, other_intel_json"

INSERT_SESSION = Statement(
    "INSERT INTO {sessions} (id, persona_id, source_type, source_identifier, metadata_json, turn_count, status,"
    " ended_at, ended_reason, is_scam, scam_type, scam_confidence, reasons_json, intelligence_score,"
    " first_disclosure_turn, started_at, last_message_at, created_at, updated_at)"
    " VALUES (:id, :persona_id, :source_type, :source_identifier, :metadata, :turn_count, :status, :ended_at,"
    " :ended_reason, :is_scam, :scam_type, :scam_confidence, :reasons, :intelligence_score,"
    " :first_disclosure_turn, :now, :now, :now, :now)"
)
FIND_SESSION = Statement(f"SELECT {_SESSION} FROM {{sessions}} WHERE id = :id")
LOCK_SESSION = Statement(
    "SELECT id, status, turn_count, persona_id, source_type, is_scam, scam_type, scam_confidence, reasons_json,"
    " started_at, last_message_at, first_disclosure_turn, campaign_id FROM {sessions} WHERE id = :id",
    lock=True,
)
RECORD_TURN = Statement(
    "UPDATE {sessions} SET turn_count = :turn_count, status = :status, ended_at = :ended_at,"
    " ended_reason = :ended_reason, is_scam = :is_scam, scam_type = :scam_type,"
    " scam_confidence = :scam_confidence, reasons_json = :reasons, intelligence_score = :intelligence_score,"
    " first_disclosure_turn = :first_disclosure_turn, last_message_at = :now, updated_at = :now WHERE id = :id"
)
END_SESSION = Statement(
    "UPDATE {sessions} SET status = :status, ended_at = :now, ended_reason = :reason, updated_at = :now"
    " WHERE id = :id AND status = 'ONGOING'"
)
DELETE_SESSION = Statement("DELETE FROM {sessions} WHERE id = :id")
LIST_SILENT = Statement(
    f"SELECT {_SESSION} FROM {{sessions}} WHERE status = 'ONGOING' AND last_message_at <= :cutoff"
    " ORDER BY last_message_at, id LIMIT :limit",
    postgresql=f"SELECT {_SESSION} FROM {{sessions}} WHERE status = 'ONGOING' AND last_message_at <= :cutoff"
    " ORDER BY last_message_at, id LIMIT :limit FOR UPDATE SKIP LOCKED",
)

INSERT_LINES = Statement(
    "INSERT INTO {messages} (id, session_id, role, content, turn_number, metadata_json, created_at)"
    " VALUES (:heard_id, :session_id, 'scammer', :heard, :turn_number, :heard_metadata, :now),"
    " (:reply_id, :session_id, 'agent', :reply, :turn_number, NULL, :now)"
)
MARK_REPLY = Statement("UPDATE {messages} SET metadata_json = :metadata WHERE id = :id")
LIST_MESSAGES = Statement(
    "SELECT id, role, content, turn_number, metadata_json, created_at FROM {messages}"
    " WHERE session_id = :session_id AND (created_at, id) > (:after_at, :after_id)"
    " ORDER BY created_at, id LIMIT :limit"
)
FIND_MESSAGES = Statement(
    "SELECT id, session_id, role, content, turn_number, created_at FROM {messages}"
    " WHERE id IN (SELECT value FROM json_each(:ids))",
    postgresql="SELECT id, session_id, role, content, turn_number, created_at FROM {messages}"
    " WHERE id IN (SELECT json_array_elements_text(:ids::json))",
)
LIST_MESSAGES_OF = Statement(
    "SELECT id, session_id, role, content, turn_number, created_at FROM {messages}"
    " WHERE session_id IN (SELECT value FROM json_each(:ids)) ORDER BY session_id, created_at, id",
    postgresql="SELECT id, session_id, role, content, turn_number, created_at FROM {messages}"
    " WHERE session_id IN (SELECT json_array_elements_text(:ids::json)) ORDER BY session_id, created_at, id",
)
LIST_SPOKEN = Statement(
    "SELECT role, content FROM {messages} WHERE session_id = :session_id ORDER BY turn_number"
)
LIST_OPENINGS = Statement(
    "SELECT session_id, content FROM {messages} WHERE turn_number = 1 AND role = 'scammer'"
    " AND session_id IN (SELECT value FROM json_each(:ids))",
    postgresql="SELECT session_id, content FROM {messages} WHERE turn_number = 1 AND role = 'scammer'"
    " AND session_id IN (SELECT json_array_elements_text(:ids::json))",
)
LIST_MESSAGES_FROM = Statement(
    "SELECT id, session_id, content FROM {messages} WHERE id > :after ORDER BY id LIMIT :limit"
)

INSERT_INTELLIGENCE = Statement(
    "INSERT INTO {extracted_intelligence} (id, session_id, bank_accounts_json, upi_ids_json,"
    " phone_numbers_json, phishing_links_json, other_intel_json, created_at, updated_at)"
    " VALUES (:id, :session_id, :bank_accounts_json, :upi_ids_json, :phone_numbers_json, :phishing_links_json,"
    " :other_intel_json, :now, :now)"
)
FIND_INTELLIGENCE = Statement(
    f"SELECT {_INTELLIGENCE}, updated_at FROM {{extracted_intelligence}} WHERE session_id = :session_id"
)
RECORD_INTELLIGENCE = Statement(
    "UPDATE {extracted_intelligence} SET bank_accounts_json = :bank_accounts_json, upi_ids_json = :upi_ids_json,"
    " phone_numbers_json = :phone_numbers_json, phishing_links_json = :phishing_links_json,"
    " other_intel_json = :other_intel_json, updated_at = :now WHERE session_id = :session_id"
)


# Told by name, because SQLite would otherwise look at every session that goes on, and sort them.
LIST_ONGOING = Statement(
    f"SELECT {_SESSION} FROM {{sessions}} INDEXED BY ix_sessions_open_last_message_at"
    " WHERE status = 'ONGOING' ORDER BY last_message_at DESC LIMIT :limit",
    postgresql=f"SELECT {_SESSION} FROM {{sessions}} WHERE status = 'ONGOING'"
    " ORDER BY last_message_at DESC NULLS LAST LIMIT :limit",
)


@cache
def list_sessions(filters: frozenset[str], column: str = "created_at", descending: bool = True) -> Statement:
    """The statement that lists sessions by these filters in an order; made once for each set of them."""
    ordered, comparison, direction = SESSION_ORDERS[column], *(("<", "DESC") if descending else (">", "ASC"))
    conditions = [f"({ordered}, id) {comparison} (:before_at, :before_id)"]
    conditions.extend(_FILTERS[name] for name in sorted(filters))
    listed = (
        f"SELECT {_SESSION} FROM {{sessions}} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {ordered} {direction}, id {direction} LIMIT :limit"
    )
    return Statement(listed, postgresql=listed.replace(_LISTED_IDS, _LISTED_IDS_ON_POSTGRESQL))


SESSION_ORDERS = {
    "created_at": "created_at",
    "last_message_at": "coalesce(last_message_at, created_at)",
    "turn_count": "turn_count",
    "intelligence_score": "coalesce(intelligence_score, 0)",
    "scam_confidence": "coalesce(scam_confidence, 0)",
}
_LISTED_IDS = "SELECT value FROM json_each(:ids)"
_LISTED_IDS_ON_POSTGRESQL = "SELECT json_array_elements_text(:ids::json)"
_FILTERS = {
    "status": "status = :status",
    "scam_type": "scam_type = :scam_type",
    "is_scam": "is_scam = :is_scam",
    "source_type": "source_type = :source_type",
    "persona_id": "persona_id = :persona_id",
    "since": "created_at >= :since",
    "until": "created_at < :until",
    "campaign_id": "campaign_id = :campaign_id",
    "ids": f"id IN ({_LISTED_IDS})",
}
