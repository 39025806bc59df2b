"""The plain SQL of replays: what was uploaded, how far it is, what came of it."""

from __future__ import annotations

from switchboard.kernel.database.statement import Statement

_REPLAY = (
    "id, file_name, digest, state, rows_total, rows_done, rows_refused, sessions_opened, report_json, error,"
    " started_by, created_at, started_at, ended_at"
)

INSERT = Statement(
    "INSERT INTO {replays} (id, file_name, digest, state, rows_total, rows_done, rows_refused, sessions_opened,"
    " started_by, created_at) VALUES (:id, :file_name, :digest, 'QUEUED', :rows_total, 0, 0, 0, :started_by, :now)"
)
INSERT_FILE = Statement("INSERT INTO {replay_files} (replay_id, content) VALUES (:replay_id, :content)")
FIND = Statement(f"SELECT {_REPLAY} FROM {{replays}} WHERE id = :id")
FIND_FILE = Statement("SELECT content FROM {replay_files} WHERE replay_id = :id")
LIST = Statement(
    f"SELECT {_REPLAY} FROM {{replays}} WHERE (created_at, id) < (:before_at, :before_id)"
    " ORDER BY created_at DESC, id DESC LIMIT :limit"
)
FIND_NEXT = Statement(
    "SELECT id FROM {replays} WHERE state = 'QUEUED' OR (state = 'RUNNING' AND alive_until < :now)"
    " ORDER BY created_at, id LIMIT 1",
    lock=True,
)
COUNT_OPEN = Statement("SELECT count(*) AS replays FROM {replays} WHERE state IN ('QUEUED', 'RUNNING')")
CLAIM = Statement(
    "UPDATE {replays} SET state = 'RUNNING', started_at = coalesce(started_at, :now), alive_until = :until,"
    " player = :player, rows_done = 0, rows_refused = 0, sessions_opened = 0 WHERE id = :id"
)
ADVANCE = Statement(
    "UPDATE {replays} SET rows_done = :rows_done, rows_refused = :rows_refused,"
    " sessions_opened = :sessions_opened, alive_until = :until"
    " WHERE id = :id AND state = 'RUNNING' AND player = :player"
)
RELEASE = Statement(
    "UPDATE {replays} SET state = 'QUEUED' WHERE id = :id AND state = 'RUNNING' AND player = :player"
)
FINISH = Statement(
    "UPDATE {replays} SET state = :state, rows_done = :rows_done, rows_refused = :rows_refused,"
    " sessions_opened = :sessions_opened, report_json = :report, error = :error, ended_at = :now"
    " WHERE id = :id AND state = 'RUNNING' AND player = :player"
)
CANCEL = Statement(
    "UPDATE {replays} SET state = 'CANCELLED', ended_at = :now WHERE id = :id AND state IN ('QUEUED', 'RUNNING')"
)
DELETE_FILE = Statement("DELETE FROM {replay_files} WHERE replay_id = :id")
