"""The guide's plain SQL, beside the models it serves. What writes is used by `repository` alone."""

from __future__ import annotations

from functools import cache

from switchboard.kernel.database.statement import Statement

_SESSION = (
    "session_id, fsm_state, created_at, last_activity, completed, completion_time, flow_id, flow_version, language,"
    " country, channel, place_json, turn_count, history_removed_at"
)
DOCUMENT_STEPS = ("support_people", "strengths", "worries", "goals")

SAVE_SESSION = Statement(
    "INSERT INTO {sessions} (session_id, fsm_state, created_at, last_activity, completed, completion_time, flow_id,"
    " flow_version, language, country, channel, place_json, turn_count)"
    " VALUES (:session_id, :fsm_state, :created_at, :last_activity, :completed, :completion_time, :flow_id,"
    " :flow_version, :language, :country, :channel, :place, :turn_count)"
    " ON CONFLICT (session_id) DO UPDATE SET fsm_state = excluded.fsm_state, last_activity = excluded.last_activity,"
    " completed = excluded.completed, completion_time = excluded.completion_time, country = excluded.country,"
    " language = excluded.language, place_json = excluded.place_json, turn_count = excluded.turn_count"
)
FIND_SESSION = Statement(f"SELECT {_SESSION} FROM {{sessions}} WHERE session_id = :session_id")
LOCK_SESSION = Statement(f"SELECT {_SESSION} FROM {{sessions}} WHERE session_id = :session_id", lock=True)
LIST_RESPONSES = Statement(
    "SELECT step, response, attempt_count, created_at, outcome, updated_at FROM {user_responses}"
    " WHERE session_id = :session_id UNION ALL"
    " SELECT step, response, attempt_count, created_at, outcome, updated_at FROM {other_responses}"
    " WHERE session_id = :session_id"
)
_RESPONSE = (
    "(session_id, step, response, attempt_count, created_at, outcome, updated_at)"
    " VALUES (:session_id, :step, :response, :attempt_count, :now, :outcome, :now)"
    " ON CONFLICT (session_id, step) DO UPDATE SET attempt_count = excluded.attempt_count,"
    " updated_at = excluded.updated_at"
)
_WITH_ANSWER = ", response = excluded.response, outcome = excluded.outcome"
SAVE_ATTEMPT = Statement(f"INSERT INTO {{user_responses}} {_RESPONSE}")
SAVE_RESPONSE = Statement(f"INSERT INTO {{user_responses}} {_RESPONSE}{_WITH_ANSWER}")
SAVE_OTHER_ATTEMPT = Statement(f"INSERT INTO {{other_responses}} {_RESPONSE}")
SAVE_OTHER_RESPONSE = Statement(f"INSERT INTO {{other_responses}} {_RESPONSE}{_WITH_ANSWER}")
INSERT_LINE = Statement(
    "INSERT INTO {chat_history} (session_id, role, message, ts, turn)"
    " VALUES (:session_id, :role, :message, :now, :turn)"
)
LIST_LINES = Statement(
    "SELECT id, role, message, ts, turn FROM {chat_history}"
    " WHERE session_id = :session_id AND id > :after ORDER BY id LIMIT :limit"
)
INSERT_RISK = Statement(
    "INSERT INTO {risk_detections} (session_id, trigger_phrase, user_message, detected_at, resources_shown, category,"
    " confidence, method, is_about_other, step, country, turn) VALUES (:session_id, :trigger_phrase, :user_message,"
    " :now, :resources_shown, :category, :confidence, :method, :is_about_other, :step, :country, :turn)"
)
INSERT_SUMMARY = Statement(
    "INSERT INTO {session_summaries} (session_id, summary_type, summary_data, generated_at)"
    " VALUES (:session_id, :summary_type, :summary_data, :now)"
)
FIND_SUMMARY = Statement(
    "SELECT summary_type, summary_data, generated_at FROM {session_summaries}"
    " WHERE session_id = :session_id ORDER BY id DESC LIMIT 1"
)
INSERT_EVENT = Statement(
    "INSERT INTO {analytics} (event_type, event_data, session_count, timestamp)"
    " VALUES (:event_type, :event_data, :session_count, :timestamp)"
)
INSERT_INTENT = Statement(
    "INSERT INTO {intent_classifications} (session_id, user_message, classified_intent, confidence, method, fsm_state,"
    " created_at, engine) VALUES (:session_id, :user_message, :intent, :confidence, :method, :fsm_state, :now, :engine)"
)

# What belongs to a session, children first: no key of the document cascades.
DELETE_CHILDREN = tuple(
    Statement(f"DELETE FROM {{{table}}} WHERE session_id = :session_id")
    for table in (
        "chat_history",
        "user_responses",
        "other_responses",
        "risk_detections",
        "session_summaries",
        "intent_classifications",
        "resume_links",
    )
)
DELETE_SESSION = Statement("DELETE FROM {sessions} WHERE session_id = :session_id")
REMOVE_WORDS = (
    Statement("DELETE FROM {chat_history} WHERE session_id = :session_id"),
    Statement("UPDATE {risk_detections} SET user_message = '' WHERE session_id = :session_id"),
    Statement("UPDATE {intent_classifications} SET user_message = '' WHERE session_id = :session_id"),
)
NOTE_REMOVAL = Statement(
    "UPDATE {sessions} SET history_removed_at = :now, place_json = :place WHERE session_id = :session_id"
)
LIST_EXPIRED = Statement(
    f"SELECT {_SESSION} FROM {{sessions}} WHERE last_activity <= :cutoff ORDER BY last_activity, session_id LIMIT :limit",
    postgresql=f"SELECT {_SESSION} FROM {{sessions}} WHERE last_activity <= :cutoff"
    " ORDER BY last_activity, session_id LIMIT :limit FOR UPDATE SKIP LOCKED",
)
LIST_FINISHED_WITH_WORDS = Statement(
    f"SELECT {_SESSION} FROM {{sessions}} WHERE completed AND history_removed_at IS NULL"
    " AND completion_time <= :cutoff ORDER BY completion_time, session_id LIMIT :limit",
)
COUNT_EXPIRED = Statement("SELECT count(*) AS sessions FROM {sessions} WHERE last_activity <= :cutoff")
COUNT_FINISHED_WITH_WORDS = Statement(
    "SELECT count(*) AS sessions FROM {sessions} WHERE completed AND history_removed_at IS NULL"
    " AND completion_time <= :cutoff AND last_activity > :expired"
)

INSERT_FLOW = Statement(
    "INSERT INTO {flow_versions} (flow_id, version, digest, document_json, created_at)"
    " VALUES (:flow_id, :version, :digest, :document, :now) ON CONFLICT (flow_id, version) DO NOTHING"
)
LIST_FLOWS = Statement(
    "SELECT flow_id, version, digest, document_json, created_at FROM {flow_versions} ORDER BY flow_id, version"
)
# Changes whenever a flow, a wording or a line does; the tables are small.
LIBRARY_MARK = Statement(
    "SELECT (SELECT count(*) FROM {flow_versions}) AS flows, (SELECT sum(version) FROM {crisis_resources}) AS lines,"
    " (SELECT count(*) FROM {content_versions}) AS contents,"
    " (SELECT count(reviewed_at) FROM {content_versions}) AS reviews,"
    " (SELECT max(reviewed_at) FROM {content_versions}) AS reviewed_at"
)
INSERT_LINK = Statement(
    "INSERT INTO {resume_links} (token_hash, session_id, created_at, expires_at)"
    " VALUES (:token_hash, :session_id, :now, :expires_at)"
)
FIND_LINK = Statement(
    "SELECT session_id, expires_at FROM {resume_links} WHERE token_hash = :token_hash AND expires_at > :now"
)
DELETE_LINKS = Statement("DELETE FROM {resume_links} WHERE session_id = :session_id")
DELETE_EXPIRED_LINKS = Statement("DELETE FROM {resume_links} WHERE expires_at <= :now")

_RESOURCE = (
    "id, country, position, kind, name, number, dial, text_number, text_keyword, url, hours, languages_json, audience,"
    " categories_json, note, source, verified_at, verified_by, is_shown, version, updated_at"
)
_RESOURCE_FIELDS = _RESOURCE.split(", ")
INSERT_RESOURCE = Statement(
    f"INSERT INTO {{crisis_resources}} ({_RESOURCE}) VALUES ({', '.join(f':{name}' for name in _RESOURCE_FIELDS)})"
    " ON CONFLICT (id) DO NOTHING"
)
CHANGE_RESOURCE = Statement(
    "UPDATE {crisis_resources} SET "
    + ", ".join(f"{name} = :{name}" for name in _RESOURCE_FIELDS if name != "id")
    + " WHERE id = :id"
)
LIST_RESOURCES = Statement(f"SELECT {_RESOURCE} FROM {{crisis_resources}} ORDER BY country, position, id")
FIND_RESOURCE = Statement(f"SELECT {_RESOURCE} FROM {{crisis_resources}} WHERE id = :id")
LOCK_RESOURCE = Statement(f"SELECT {_RESOURCE} FROM {{crisis_resources}} WHERE id = :id", lock=True)

INSERT_CONTENT = Statement(
    "INSERT INTO {content_versions} (kind, key, version, body_json, note, created_by, created_at, reviewed_by,"
    " reviewed_at) VALUES (:kind, :key, :version, :body, :note, :created_by, :now, :reviewed_by, :reviewed_at)"
)
REVIEW_CONTENT = Statement(
    "UPDATE {content_versions} SET reviewed_by = :reviewed_by, reviewed_at = :now"
    " WHERE kind = :kind AND key = :key AND version = :version"
)
_CONTENT = "kind, key, version, body_json, note, created_by, created_at, reviewed_by, reviewed_at"
LIST_CONTENTS = Statement(
    f"SELECT {_CONTENT} FROM {{content_versions}} WHERE kind = :kind AND key = :key ORDER BY version DESC"
)
LIST_NEWEST_WORDINGS = Statement(
    f"SELECT {_CONTENT} FROM {{content_versions}} AS newest WHERE kind IN ('crisis','session') AND version ="
    " (SELECT max(version) FROM {content_versions} AS other WHERE other.kind = newest.kind AND other.key = newest.key)"
)

# Live sessions, without what was said in them.
LIST_STATES = Statement(
    "SELECT flow_id, fsm_state, count(*) AS sessions FROM {sessions}"
    " WHERE last_activity > :since AND NOT completed GROUP BY flow_id, fsm_state"
)

_DETECTION = (
    "id, trigger_phrase, user_message, detected_at, resources_shown, category, method, is_about_other, step, country,"
    " acknowledged_at, acknowledged_by, note"
)
FIND_DETECTION = Statement(f"SELECT {_DETECTION} FROM {{risk_detections}} WHERE id = :id", lock=True)
ACKNOWLEDGE = Statement(
    "UPDATE {risk_detections} SET acknowledged_at = :now, acknowledged_by = :by, note = :note WHERE id = :id"
)
COUNT_OPEN_DETECTIONS = Statement(
    "SELECT count(*) AS waiting FROM {risk_detections} WHERE acknowledged_at IS NULL"
)


@cache
def list_detections(filters: frozenset[str]) -> Statement:
    """The statement that lists detections newest first, behind a place; made once for each set of filters."""
    conditions = ["(detected_at, id) < (:before_at, :before_id)"]
    conditions.extend(_DETECTION_FILTERS[name] for name in sorted(filters))
    return Statement(
        f"SELECT {_DETECTION} FROM {{risk_detections}} WHERE {' AND '.join(conditions)}"
        " ORDER BY detected_at DESC, id DESC LIMIT :limit"
    )


_DETECTION_FILTERS = {
    "waiting": "acknowledged_at IS NULL",
    "acknowledged": "acknowledged_at IS NOT NULL",
    "category": "category = :category",
    "since": "detected_at >= :since",
    "until": "detected_at < :until",
}


@cache
def list_sessions(filters: frozenset[str]) -> Statement:
    """The statement that lists sessions newest first, behind a place, without what was said in them."""
    conditions = ["(created_at, session_id) < (:before_at, :before_id)"]
    conditions.extend(_SESSION_FILTERS[name] for name in sorted(filters))
    return Statement(
        "SELECT session_id, fsm_state, created_at, last_activity, completed, completion_time, flow_id, flow_version,"
        " language, country, channel, turn_count, history_removed_at"
        f" FROM {{sessions}} WHERE {' AND '.join(conditions)} ORDER BY created_at DESC, session_id DESC LIMIT :limit"
    )


_SESSION_FILTERS = {
    "flow": "flow_id = :flow",
    "state": "fsm_state = :state",
    "completed": "completed = :completed",
    "since": "created_at >= :since",
    "until": "created_at < :until",
}

_SINGLE = "event_type NOT LIKE 'weekly.%'"
OLDEST_EVENT = Statement(
    f"SELECT timestamp FROM {{analytics}} WHERE {_SINGLE} AND timestamp < :until ORDER BY timestamp LIMIT 1"
)
COUNT_EVENTS = Statement(
    "SELECT event_type, event_data, sum(session_count) AS sessions FROM {analytics}"
    f" WHERE {_SINGLE} AND timestamp >= :since AND timestamp < :until"
    " GROUP BY event_type, event_data ORDER BY event_type, event_data"
)
DELETE_EVENTS = Statement(
    f"DELETE FROM {{analytics}} WHERE {_SINGLE} AND timestamp >= :since AND timestamp < :until"
)
LIST_WEEKS = Statement(
    "SELECT event_type, event_data, session_count FROM {analytics}"
    " WHERE event_type LIKE 'weekly.%' AND timestamp >= :since ORDER BY timestamp, id"
)
COUNT_INTENTS = Statement(
    "SELECT classified_intent, method, count(*) AS messages FROM {intent_classifications}"
    " GROUP BY classified_intent, method ORDER BY count(*) DESC, classified_intent"
)
