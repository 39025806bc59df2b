"""The plain SQL of conversations through the web chat."""

from __future__ import annotations

from switchboard.kernel.database.statement import Statement

_CONVERSATION = "id, channel_account_id, app_session_id, created_at, last_message_at, ended_at"
_MESSAGE = "id, position, direction, text, extras_json, client_message_id, created_at"

INSERT_CONVERSATION = Statement(
    "INSERT INTO {channel_conversations} (id, channel_account_id, token_hash, created_at, last_message_at)"
    " VALUES (:id, :channel_account_id, :token_hash, :now, :now)"
)
FIND_CONVERSATION = Statement(
    f"SELECT {_CONVERSATION} FROM {{channel_conversations}} WHERE token_hash = :token_hash AND ended_at IS NULL"
)
LOCK_CONVERSATION = Statement(
    f"SELECT {_CONVERSATION} FROM {{channel_conversations}} WHERE id = :id AND ended_at IS NULL", lock=True
)
FIND_SESSION = Statement("SELECT app_session_id FROM {channel_conversations} WHERE id = :id")
TOUCH = Statement(
    "UPDATE {channel_conversations} SET last_message_at = :now,"
    " app_session_id = coalesce(:app_session_id, app_session_id) WHERE id = :id"
)
END = Statement(
    "UPDATE {channel_conversations} SET ended_at = :now WHERE token_hash = :token_hash AND ended_at IS NULL"
)
FIND_SAID = Statement(
    f"SELECT {_MESSAGE} FROM {{channel_messages}} WHERE conversation_id = :conversation_id"
    " AND client_message_id = :client_message_id AND direction = :direction"
)
LAST_POSITION = Statement(
    "SELECT coalesce(max(position), 0) AS position FROM {channel_messages} WHERE conversation_id = :conversation_id"
)
INSERT_MESSAGE = Statement(
    "INSERT INTO {channel_messages} (id, conversation_id, position, direction, text, extras_json, client_message_id,"
    " created_at) VALUES (:id, :conversation_id, :position, :direction, :text, :extras, :client_message_id, :now)"
)
LIST_AFTER = Statement(
    f"SELECT {_MESSAGE} FROM {{channel_messages}} WHERE conversation_id = :conversation_id AND position > :after"
    " ORDER BY position LIMIT :limit"
)
BELONG = Statement(
    "UPDATE {channel_messages} SET app_session_id = :app_session_id"
    " WHERE conversation_id = :conversation_id AND client_message_id = :client_message_id"
)
FORGET_MESSAGES = Statement("DELETE FROM {channel_messages} WHERE app_session_id = :app_session_id")
FORGET_SESSION = Statement(
    "UPDATE {channel_conversations} SET app_session_id = NULL WHERE app_session_id = :app_session_id"
)

LIST_STILL = Statement(
    "SELECT id FROM {channel_conversations} WHERE last_message_at <= :cutoff ORDER BY last_message_at, id LIMIT :limit"
)
_LISTED = "(SELECT value FROM json_each(:ids))"
_LISTED_ON_POSTGRESQL = "(SELECT json_array_elements_text(:ids::json))"
DELETE_LINES_OF = Statement(
    f"DELETE FROM {{channel_messages}} WHERE conversation_id IN {_LISTED}",
    postgresql=f"DELETE FROM {{channel_messages}} WHERE conversation_id IN {_LISTED_ON_POSTGRESQL}",
)
DELETE_CONVERSATIONS = Statement(
    f"DELETE FROM {{channel_conversations}} WHERE id IN {_LISTED}",
    postgresql=f"DELETE FROM {{channel_conversations}} WHERE id IN {_LISTED_ON_POSTGRESQL}",
)
