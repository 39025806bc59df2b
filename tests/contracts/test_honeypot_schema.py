"""The honeypot's schema document, held against the migrated databases themselves.

The tables of facts below are typed in from the document; nothing is read from our models or migrations,
except in the tests of the models.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from switchboard.apps.honeypot.models import IntelligenceModel, MessageModel, SessionModel
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.platform import Platform


class Fact(NamedTuple):
    """A column of the document: its name, its type there, whether it may be empty."""

    name: str
    type: str
    is_nullable: bool


DOCUMENT = {
    "sessions": [
        Fact("id", "VARCHAR(36)", False),
        Fact("scam_type", "VARCHAR(50)", True),
        Fact("persona_id", "VARCHAR(50)", False),
        Fact("status", "VARCHAR(20)", False),
        Fact("is_scam", "BOOLEAN", False),
        Fact("source_type", "VARCHAR(20)", True),
        Fact("turn_count", "INTEGER", False),
        Fact("metadata_json", "JSON", True),
        Fact("started_at", "TIMESTAMP", False),
        Fact("ended_at", "TIMESTAMP", True),
        Fact("created_at", "TIMESTAMP", False),
        Fact("updated_at", "TIMESTAMP", False),
    ],
    "messages": [
        Fact("id", "VARCHAR(36)", False),
        Fact("session_id", "VARCHAR(36)", False),
        Fact("role", "VARCHAR(20)", False),
        Fact("content", "TEXT", False),
        Fact("turn_number", "INTEGER", False),
        Fact("metadata_json", "JSON", True),
        Fact("created_at", "TIMESTAMP", False),
    ],
    "extracted_intelligence": [
        Fact("id", "VARCHAR(36)", False),
        Fact("session_id", "VARCHAR(36)", False),
        Fact("bank_accounts_json", "JSON", True),
        Fact("upi_ids_json", "JSON", True),
        Fact("phone_numbers_json", "JSON", True),
        Fact("phishing_links_json", "JSON", True),
        Fact("other_intel_json", "JSON", True),
        Fact("created_at", "TIMESTAMP", False),
        Fact("updated_at", "TIMESTAMP", False),
    ],
}
INDEXES = {
    ("sessions", "ix_sessions_status"): ["status"],
    ("sessions", "ix_sessions_scam_type"): ["scam_type"],
    ("sessions", "ix_sessions_created_at"): ["created_at"],
    ("messages", "ix_messages_session_id"): ["session_id"],
    ("messages", "ix_messages_turn_number"): ["turn_number"],
}
LISTS = (
    "bank_accounts_json",
    "upi_ids_json",
    "phone_numbers_json",
    "phishing_links_json",
    "other_intel_json",
)
EMPTY_LISTS: dict[str, list[object]] = {name: [] for name in LISTS}

FORBIDDEN = {
    "INSERT INTO {sessions} (id, persona_id) VALUES ('x', NULL)": "(?i)null",
    "INSERT INTO {sessions} (id, status) VALUES ('x', NULL)": "(?i)null",
    "INSERT INTO {sessions} (id, created_at) VALUES ('x', NULL)": "(?i)null",
    "INSERT INTO {sessions} (scam_type) VALUES ('no id')": "(?i)null",
    "INSERT INTO {sessions} (id) VALUES ('s')": "(?i)unique",
    "INSERT INTO {messages} (id, session_id, content, turn_number) VALUES ('x', 's', '', 1)": "(?i)null",
    "INSERT INTO {messages} (id, session_id, role, turn_number) VALUES ('x', 's', 'agent', 1)": "(?i)null",
    "INSERT INTO {messages} (id, session_id, role, content) VALUES ('x', 's', 'agent', '')": "(?i)null",
    "INSERT INTO {messages} (id, session_id, role, content, turn_number)"
    " VALUES ('x', 'nobody', 'agent', '', 1)": "(?i)foreign key",
    "INSERT INTO {extracted_intelligence} (id) VALUES ('x')": "(?i)null",
    "INSERT INTO {extracted_intelligence} (id, session_id) VALUES ('x', 'nobody')": "(?i)foreign key",
}

# One time type: DATETIME on SQLite, timestamptz on PostgreSQL. The other names are the engines' own.
ON_SQLITE = {"TIMESTAMP": "DATETIME"}
ON_POSTGRESQL = {
    "VARCHAR(20)": "character varying(20)",
    "VARCHAR(36)": "character varying(36)",
    "VARCHAR(50)": "character varying(50)",
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "TEXT": "text",
    "JSON": "json",
    "TIMESTAMP": "timestamp with time zone",
}

COLUMNS = Statement(
    'SELECT name, type, "notnull" = 0 AS is_nullable FROM pragma_table_info(:table) ORDER BY cid',
    postgresql="SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS is_nullable"
    " FROM pg_attribute WHERE attrelid = ('honeypot.' || :table)::regclass AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attnum",
)
ADD_SESSION = Statement("INSERT INTO {sessions} (id) VALUES (:id)")
ADD_MESSAGE = Statement(
    "INSERT INTO {messages} (id, session_id, role, content, turn_number)"
    " VALUES (:id, :session_id, 'scammer', 'hello', 1)"
)
ADD_INTELLIGENCE = Statement(
    "INSERT INTO {extracted_intelligence} (id, session_id) VALUES (:id, :session_id)"
)


@pytest.fixture
def honeypot(platform: Platform) -> Iterator[Database]:
    """The honeypot's database, migrated and empty."""
    return platform.database("honeypot")


def count(database: Database, table: str) -> int:
    row = database.read_now(lambda tx: tx.find(Statement(f"SELECT count(*) AS rows FROM {{{table}}}")))
    assert row is not None
    return int(row["rows"])


def find_columns(database: Database, table: str) -> list[Fact]:
    rows = database.read_now(lambda tx: tx.rows(COLUMNS, table=table))
    return [Fact(row["name"], row["type"], bool(row["is_nullable"])) for row in rows]


def find_index_columns(database: Database, table: str) -> dict[str | None, list[str | None]]:
    schema = "honeypot" if database.dialect == "postgresql" else None
    found = sa.inspect(database.engine).get_indexes(table, schema=schema)
    return {each["name"]: each["column_names"] for each in found if not each["unique"]}


def test_every_column_has_its_name_type_length_and_nullability(honeypot: Database) -> None:
    names = ON_SQLITE if honeypot.dialect == "sqlite" else ON_POSTGRESQL
    for table, facts in DOCUMENT.items():
        promised = [fact._replace(type=names.get(fact.type, fact.type)) for fact in facts]
        assert (table, find_columns(honeypot, table)[: len(facts)]) == (table, promised)


def test_every_added_column_may_be_empty(honeypot: Database) -> None:
    """A program that knows only the document must still be able to insert."""
    for table, facts in DOCUMENT.items():
        assert all(column.is_nullable for column in find_columns(honeypot, table)[len(facts) :])


def test_the_id_is_the_primary_key(honeypot: Database) -> None:
    schema = "honeypot" if honeypot.dialect == "postgresql" else None
    inspector = sa.inspect(honeypot.engine)
    for table in DOCUMENT:
        assert inspector.get_pk_constraint(table, schema=schema)["constrained_columns"] == ["id"]


def test_the_five_named_indexes_stand_on_their_columns(honeypot: Database) -> None:
    found = {
        (table, name): columns
        for table in DOCUMENT
        for name, columns in find_index_columns(honeypot, table).items()
    }
    assert {index: found.get(index) for index in INDEXES} == INDEXES


def test_a_session_of_only_an_id_gets_every_default_from_the_database(honeypot: Database) -> None:
    before = datetime.now(UTC)
    honeypot.write_now(lambda tx: tx.run(ADD_SESSION, id="s"))
    row = honeypot.read_now(lambda tx: tx.find(Statement("SELECT * FROM {sessions}")))
    assert row is not None
    moments = [row.pop(name) for name in ("started_at", "created_at", "updated_at")]
    wanted = {
        "id": "s",
        "scam_type": None,
        "persona_id": "elderly_victim",
        "status": "ONGOING",
        "is_scam": True,
        "source_type": None,
        "turn_count": 0,
        "metadata_json": None,
        "ended_at": None,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["is_scam"] is True
    for moment in moments:
        assert moment.utcoffset() == timedelta(0)
        assert abs(moment - before) < timedelta(minutes=1)


def test_a_message_gets_its_moment_from_the_database(honeypot: Database) -> None:
    before = datetime.now(UTC)
    honeypot.write_now(lambda tx: (tx.run(ADD_SESSION, id="s"), tx.run(ADD_MESSAGE, id="m", session_id="s")))
    row = honeypot.read_now(lambda tx: tx.find(Statement("SELECT * FROM {messages}")))
    assert row is not None
    moment = row.pop("created_at")
    assert row == {
        "id": "m",
        "session_id": "s",
        "role": "scammer",
        "content": "hello",
        "turn_number": 1,
        "metadata_json": None,
    }
    assert moment.utcoffset() == timedelta(0)
    assert abs(moment - before) < timedelta(minutes=1)


def test_intelligence_gets_empty_lists_from_the_database(honeypot: Database) -> None:
    before = datetime.now(UTC)
    honeypot.write_now(
        lambda tx: (tx.run(ADD_SESSION, id="s"), tx.run(ADD_INTELLIGENCE, id="i", session_id="s"))
    )
    row = honeypot.read_now(lambda tx: tx.find(Statement("SELECT * FROM {extracted_intelligence}")))
    assert row is not None
    assert {name: row[name] for name in LISTS} == EMPTY_LISTS
    assert all(abs(row[name] - before) < timedelta(minutes=1) for name in ("created_at", "updated_at"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_default_moment_is_stored_as_wide_as_every_other(honeypot: Database) -> None:
    """Text sorts as time only while every text has one width."""
    honeypot.write_now(lambda tx: tx.run(ADD_SESSION, id="s"))
    text = Statement("SELECT created_at || '' AS text, typeof(created_at) AS type FROM {sessions}")
    row = honeypot.read_now(lambda tx: tx.find(text))
    assert row is not None
    assert row["type"] == "text"
    assert len(row["text"]) == len("2026-02-04 10:00:00.000000")
    assert datetime.strptime(row["text"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC) <= datetime.now(UTC)


def test_what_the_document_forbids_is_refused(honeypot: Database) -> None:
    honeypot.write_now(lambda tx: tx.run(ADD_SESSION, id="s"))
    for insert, complaint in FORBIDDEN.items():
        with pytest.raises(Exception, match=complaint):
            honeypot.write_now(lambda tx, sql=insert: tx.run(Statement(sql)))
    assert {table: count(honeypot, table) for table in DOCUMENT} == {
        "sessions": 1,
        "messages": 0,
        "extracted_intelligence": 0,
    }


def test_a_session_has_one_intelligence_row(honeypot: Database) -> None:
    honeypot.write_now(
        lambda tx: (tx.run(ADD_SESSION, id="s"), tx.run(ADD_INTELLIGENCE, id="i", session_id="s"))
    )
    with pytest.raises(Exception, match=r"(?i)unique"):
        honeypot.write_now(lambda tx: tx.run(ADD_INTELLIGENCE, id="another", session_id="s"))
    assert count(honeypot, "extracted_intelligence") == 1


def _fill(tx: Transaction) -> None:
    for id in ("gone", "kept"):
        tx.run(ADD_SESSION, id=id)
        tx.run(ADD_INTELLIGENCE, id=f"i {id}", session_id=id)
        for number in range(3):
            tx.run(ADD_MESSAGE, id=f"m {id} {number}", session_id=id)
        tx.run(
            Statement(
                "INSERT INTO {intelligence_values} (id, session_id, kind, value, confidence, occurrences,"
                " first_turn, last_turn, first_seen_at, last_seen_at)"
                " VALUES (:id, :session_id, 'upi_id', 'a@ybl', 0.9, 1, 1, 1, :now, :now)"
            ),
            id=f"v {id}",
            session_id=id,
            now=datetime.now(UTC),
        )


def test_deleting_a_session_takes_its_messages_intelligence_and_values_along(honeypot: Database) -> None:
    honeypot.write_now(_fill)
    honeypot.write_now(lambda tx: tx.run(Statement("DELETE FROM {sessions} WHERE id = 'gone'")))
    left = {table: count(honeypot, table) for table in (*DOCUMENT, "intelligence_values")}
    assert left == {"sessions": 1, "messages": 3, "extracted_intelligence": 1, "intelligence_values": 1}


def test_deleting_a_session_through_the_models_takes_its_rows_along(honeypot: Database) -> None:
    honeypot.write_now(_fill)
    with Session(honeypot.engine) as session:
        gone = session.get_one(SessionModel, "gone")
        assert len(gone.messages) == 3
        session.delete(gone)
        session.commit()
    left = {table: count(honeypot, table) for table in (*DOCUMENT, "intelligence_values")}
    assert left == {"sessions": 1, "messages": 3, "extracted_intelligence": 1, "intelligence_values": 1}


def test_the_models_carry_the_names_of_the_document() -> None:
    models: dict[str, Any] = {
        "sessions": SessionModel,
        "messages": MessageModel,
        "extracted_intelligence": IntelligenceModel,
    }
    for table, model in models.items():
        assert model.__tablename__ == table
        assert [fact.name for fact in DOCUMENT[table]] == list(model.__table__.columns.keys())[
            : len(DOCUMENT[table])
        ]


def test_the_relationships_of_the_document_work_in_both_directions(honeypot: Database) -> None:
    with Session(honeypot.engine) as session:
        opened = SessionModel()
        opened.messages = [
            MessageModel(role="scammer", content="Your KYC has expired", turn_number=1),
            MessageModel(role="agent", content="Who is this, beta?", turn_number=1),
        ]
        opened.intelligence = IntelligenceModel(upi_ids_json=[{"id": "scammer@ybl", "confidence": 0.98}])
        session.add(opened)
        session.commit()
        session_id = opened.id
    with Session(honeypot.engine) as session:
        found = session.get_one(SessionModel, session_id)
        assert {message.role for message in found.messages} == {"scammer", "agent"}
        assert found.messages[0].session is found
        assert found.intelligence is not None
        assert found.intelligence.session is found
        assert found.intelligence.upi_ids_json == [{"id": "scammer@ybl", "confidence": 0.98}]


def test_the_application_sets_every_default_itself(honeypot: Database) -> None:
    """Between flush and commit nothing is read back: what the objects hold, the application has set."""
    before = datetime.now(UTC)
    with Session(honeypot.engine, expire_on_commit=False) as session:
        opened = SessionModel(intelligence=IntelligenceModel())
        session.add(opened)
        session.flush()
        held = {**vars(opened)}
        known = {**vars(opened.intelligence)}
        session.commit()
    assert (held["persona_id"], held["status"], held["is_scam"], held["turn_count"]) == (
        "elderly_victim",
        "ONGOING",
        True,
        0,
    )
    assert (len(held["id"]), len(known["id"])) == (36, 36)
    assert {name: known[name] for name in LISTS} == EMPTY_LISTS
    for moment in (held["started_at"], held["created_at"], held["updated_at"], known["created_at"]):
        assert before <= moment <= datetime.now(UTC)


def test_a_change_moves_updated_at_and_leaves_created_at(honeypot: Database) -> None:
    with Session(honeypot.engine) as session:
        session.add(SessionModel(id="s"))
        session.commit()
        opened = session.get_one(SessionModel, "s")
        created_at, updated_at = opened.created_at, opened.updated_at
        opened.status = "COMPLETED"
        session.commit()
        assert opened.updated_at > updated_at
        assert opened.created_at == created_at


def test_the_statuses_of_the_document_fit_their_column(honeypot: Database) -> None:
    statuses = ["INITIAL", "ONGOING", "COMPLETED", "TERMINATED", "MAX_TURNS_REACHED", "SAFETY_EXIT"]
    add = Statement("INSERT INTO {sessions} (id, status) VALUES (:status, :status)")
    honeypot.write_now(lambda tx: tx.run_many(add, [{"status": status} for status in statuses]))
    assert count(honeypot, "sessions") == 6
