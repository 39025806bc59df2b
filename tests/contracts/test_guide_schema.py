"""The guide's schema document, held against the migrated databases themselves.

The tables of facts below are typed in from the document; nothing is read from our models or migrations.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

import switchboard
from switchboard.apps.guide import repository
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.platform import Platform


class Fact(NamedTuple):
    """A column of the document: its name, its type there, whether it may be empty."""

    name: str
    type: str
    is_nullable: bool


_ID = Fact("id", "INTEGER", False)
_SESSION = Fact("session_id", "TEXT", False)
DOCUMENT = {
    "chat_history": [
        _ID,
        _SESSION,
        Fact("role", "TEXT", False),
        Fact("message", "TEXT", False),
        Fact("ts", "DATETIME", True),
    ],
    "sessions": [
        _SESSION,
        Fact("fsm_state", "TEXT", False),
        Fact("created_at", "DATETIME", True),
        Fact("last_activity", "DATETIME", True),
        Fact("completed", "BOOLEAN", True),
        Fact("completion_time", "DATETIME", True),
    ],
    "user_responses": [
        _ID,
        _SESSION,
        Fact("step", "TEXT", False),
        Fact("response", "TEXT", True),
        Fact("attempt_count", "INTEGER", True),
        Fact("created_at", "DATETIME", True),
    ],
    "risk_detections": [
        _ID,
        _SESSION,
        Fact("trigger_phrase", "TEXT", False),
        Fact("user_message", "TEXT", False),
        Fact("detected_at", "DATETIME", True),
        Fact("resources_shown", "BOOLEAN", True),
    ],
    "session_summaries": [
        _ID,
        _SESSION,
        Fact("summary_type", "TEXT", False),
        Fact("summary_data", "TEXT", False),
        Fact("generated_at", "DATETIME", True),
    ],
    "analytics": [
        _ID,
        Fact("event_type", "TEXT", False),
        Fact("event_data", "TEXT", True),
        Fact("session_count", "INTEGER", True),
        Fact("timestamp", "DATETIME", True),
    ],
    "intent_classifications": [
        _ID,
        _SESSION,
        Fact("user_message", "TEXT", False),
        Fact("classified_intent", "TEXT", False),
        Fact("confidence", "REAL", True),
        Fact("method", "TEXT", False),
        Fact("fsm_state", "TEXT", True),
        Fact("created_at", "DATETIME", True),
    ],
}
INDEXES = {
    ("chat_history", "idx_chat_session_ts"): ["session_id", "ts"],
    ("sessions", "idx_sessions_last_activity"): ["last_activity"],
    ("user_responses", "idx_user_responses_session"): ["session_id"],
    ("risk_detections", "idx_risk_detections_session"): ["session_id"],
    ("risk_detections", "idx_risk_detections_date"): ["detected_at"],
    ("session_summaries", "idx_summaries_session"): ["session_id"],
    ("analytics", "idx_analytics_timestamp"): ["timestamp"],
    ("analytics", "idx_analytics_event_type"): ["event_type"],
    ("intent_classifications", "idx_intent_session"): ["session_id"],
}
FUNCTIONS = (
    "save_session",
    "get_session_data",
    "save_user_response",
    "save_risk_detection",
    "save_summary",
    "save_analytics_event",
)
ON_POSTGRESQL = {
    "TEXT": "text",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "REAL": "real",
    "DATETIME": "timestamp with time zone",
}
COLUMNS = Statement(
    'SELECT name, type, "notnull" = 0 AS is_nullable, pk FROM pragma_table_info(:table) ORDER BY cid',
    postgresql="SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS is_nullable, 0 AS pk"
    " FROM pg_attribute WHERE attrelid = ('guide.' || :table)::regclass AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attnum",
)
SESSION = "INSERT INTO {sessions} (session_id) VALUES ('s')"
FORBIDDEN = {
    "INSERT INTO {chat_history} (session_id, role, message) VALUES ('s', 'system', '')": "(?i)check",
    "INSERT INTO {chat_history} (session_id, role) VALUES ('s', 'user')": "(?i)null",
    "INSERT INTO {sessions} (session_id) VALUES ('s')": "(?i)unique",
    "INSERT INTO {sessions} (session_id, fsm_state) VALUES ('t', NULL)": "(?i)null",
    "INSERT INTO {user_responses} (session_id, step) VALUES ('s', 'welcome')": "(?i)check",
    "INSERT INTO {user_responses} (session_id, step) VALUES ('nobody', 'goals')": "(?i)foreign key",
    "INSERT INTO {user_responses} (session_id, step) VALUES ('s', 'worries')": "(?i)unique",
    "INSERT INTO {risk_detections} (session_id, trigger_phrase, user_message) VALUES ('nobody', '', '')": "(?i)foreign key",
    "INSERT INTO {risk_detections} (session_id, user_message) VALUES ('s', '')": "(?i)null",
    "INSERT INTO {session_summaries} (session_id, summary_type, summary_data) VALUES ('s', 'llm', '{}')": "(?i)check",
    "INSERT INTO {session_summaries} (session_id, summary_type, summary_data) VALUES ('nobody', 'partial', '{}')": "(?i)foreign key",
    "INSERT INTO {analytics} (session_count) VALUES (1)": "(?i)null",
    "INSERT INTO {intent_classifications} (session_id, user_message, classified_intent, method)"
    " VALUES ('s', '', 'greeting', 'roberta')": "(?i)check",
    "INSERT INTO {intent_classifications} (session_id, user_message, classified_intent, method)"
    " VALUES ('nobody', '', 'greeting', 'hybrid')": "(?i)foreign key",
    "DELETE FROM {sessions} WHERE session_id = 's'": "(?i)foreign key",
}


@pytest.fixture
def guide(platform: Platform) -> Database:
    """The guide's database, migrated and empty."""
    return platform.database("guide")


def find_columns(database: Database, table: str) -> list[Fact]:
    rows = database.read_now(lambda tx: tx.rows(COLUMNS, table=table))
    # A primary key is never empty, whatever SQLite's table says of it.
    return [Fact(row["name"], row["type"], bool(row["is_nullable"]) and not row["pk"]) for row in rows]


def test_every_column_has_its_name_type_and_nullability(guide: Database) -> None:
    for table, facts in DOCUMENT.items():
        promised = facts
        if guide.dialect == "postgresql":
            promised = [fact._replace(type=ON_POSTGRESQL[fact.type]) for fact in facts]
        assert (table, find_columns(guide, table)[: len(facts)]) == (table, promised)


def test_every_added_column_may_be_empty(guide: Database) -> None:
    for table, facts in DOCUMENT.items():
        assert all(column.is_nullable for column in find_columns(guide, table)[len(facts) :]), table


def test_the_named_indexes_stand_on_their_columns(guide: Database) -> None:
    schema = "guide" if guide.dialect == "postgresql" else None
    found = {
        (table, each["name"]): each["column_names"]
        for table in DOCUMENT
        for each in sa.inspect(guide.engine).get_indexes(table, schema=schema)
    }
    assert {index: found.get(index) for index in INDEXES} == INDEXES


def test_rows_of_only_what_is_needed_get_every_default_from_the_database(guide: Database) -> None:
    before = datetime.now(UTC)
    inserts = (
        SESSION,
        "INSERT INTO {chat_history} (session_id, role, message) VALUES ('s', 'user', 'hi')",
        "INSERT INTO {user_responses} (session_id, step) VALUES ('s', 'goals')",
        "INSERT INTO {risk_detections} (session_id, trigger_phrase, user_message) VALUES ('s', 'a', 'b')",
        "INSERT INTO {session_summaries} (session_id, summary_type, summary_data) VALUES ('s', 'partial', '{}')",
        "INSERT INTO {analytics} (event_type) VALUES ('x')",
        "INSERT INTO {intent_classifications} (session_id, user_message, classified_intent, method)"
        " VALUES ('s', 'hi', 'greeting', 'rule_based')",
    )
    guide.write_now(lambda tx: [tx.run(Statement(insert)) for insert in inserts] and None)
    moments = {
        "sessions": ("created_at", "last_activity"),
        "chat_history": ("ts",),
        "user_responses": ("created_at",),
        "risk_detections": ("detected_at",),
        "session_summaries": ("generated_at",),
        "analytics": ("timestamp",),
        "intent_classifications": ("created_at",),
    }
    for table, names in moments.items():
        row = guide.read_now(lambda tx, table=table: tx.find(Statement(f"SELECT * FROM {{{table}}}")))
        assert row is not None
        for name in names:
            assert row[name].utcoffset() == timedelta(0)
            assert abs(row[name] - before) < timedelta(minutes=1)
        wanted = {
            "sessions": {"fsm_state": "welcome", "completed": False, "completion_time": None},
            "user_responses": {"attempt_count": 0, "response": None},
            "risk_detections": {"resources_shown": True},
            "analytics": {"session_count": 0},
        }.get(table, {})
        assert {name: row[name] for name in wanted} == wanted


def test_what_the_document_forbids_is_refused(guide: Database) -> None:
    guide.write_now(lambda tx: tx.run(Statement(SESSION)))
    guide.write_now(
        lambda tx: tx.run(
            Statement("INSERT INTO {user_responses} (session_id, step) VALUES ('s', 'worries')")
        )
    )
    for insert, complaint in FORBIDDEN.items():
        with pytest.raises(Exception, match=complaint):
            guide.write_now(lambda tx, sql=insert: tx.run(Statement(sql)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ids_are_never_used_again(guide: Database) -> None:
    """AUTOINCREMENT: what was deleted leaves no number behind for another."""
    add = Statement("INSERT INTO {analytics} (event_type) VALUES ('x')")
    guide.write_now(lambda tx: tx.run(add))
    guide.write_now(lambda tx: tx.run(Statement("DELETE FROM {analytics}")))
    guide.write_now(lambda tx: tx.run(add))
    row = guide.read_now(lambda tx: tx.find(Statement("SELECT id FROM {analytics}")))
    assert row == {"id": 2}


def test_the_documents_functions_exist_and_nothing_else_writes_its_tables() -> None:
    assert all(callable(getattr(repository, name)) for name in FUNCTIONS)
    app = Path(switchboard.__file__).parent / "apps" / "guide"
    writes = re.compile(
        rf"(?:INSERT INTO|UPDATE|DELETE FROM) \{{+(?:{'|'.join(DOCUMENT)}|other_responses)\}}+"
    )
    written_in = {
        path.relative_to(app).as_posix()
        for path in app.rglob("*.py")
        if writes.search(path.read_text(encoding="utf-8"))
    }
    assert written_in == {"statements.py"}
    statements = (app / "statements.py").read_text(encoding="utf-8")
    assert statements
    named = re.findall(r"^([A-Z_]+) = (?:Statement\(|tuple\(|\()", statements, re.MULTILINE)
    texts = dict(
        zip(
            named,
            re.split(r"^[A-Z_]+ = (?:Statement\(|tuple\(|\()", statements, flags=re.MULTILINE)[1:],
            strict=True,
        )
    )
    writers = [
        name for name, text in texts.items() if writes.search(text) or "DELETE FROM {{{table}}}" in text
    ]
    assert writers
    for path in app.rglob("*.py"):
        if path.name in ("statements.py", "repository.py"):
            continue
        used = [name for name in writers if f"statements.{name}" in path.read_text(encoding="utf-8")]
        assert (path.name, used) == (path.name, [])
