"""Rows come back typed, and whatever text, number or JSON went in comes out unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import as_json

ADD = Statement("INSERT INTO {notes} (id, body, is_read, payload) VALUES (:id, :body, :is_read, :payload)")
ALL = Statement("SELECT id, body, is_read, payload FROM {notes} ORDER BY id")
CLEAR = Statement("DELETE FROM {notes}")

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | TEXT,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXT, part, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=TEXT, payload=JSON, is_read=st.none() | st.booleans())
def test_what_goes_in_comes_out(notes: Database, body: str, payload: Any, is_read: bool | None) -> None:
    def store_and_load(tx: Any) -> Any:
        tx.run(CLEAR)
        tx.run(ADD, id="one", body=body, is_read=is_read, payload=as_json(payload))
        return tx.find(ALL)

    row = notes.write_now(store_and_load)
    assert row == {"id": "one", "body": body, "is_read": is_read, "payload": payload}
    assert type(row["is_read"]) is type(is_read)


@pytest.mark.parametrize(
    "body",
    [
        "'; DROP TABLE notes; --",
        "100%",
        "%s %(id)s",
        ":id ::text",
        "{notes}",
        'say "hello"',
        "नमस्ते 👋🏽",
        "a\\b\nc",
    ],
)
def test_text_that_looks_like_sql_stays_text(notes: Database, body: str) -> None:
    notes.write_now(
        lambda tx: tx.run(ADD, id="one", body=body, is_read=True, payload=as_json({"said": body}))
    )
    row = notes.read_now(lambda tx: tx.find(ALL))
    assert row == {"id": "one", "body": body, "is_read": True, "payload": {"said": body}}


def test_no_value_and_the_json_null_both_read_as_none(notes: Database) -> None:
    notes.write_now(lambda tx: tx.run(ADD, id="a", body="", is_read=None, payload=None))
    notes.write_now(lambda tx: tx.run(ADD, id="b", body="", is_read=False, payload="null"))
    rows = notes.read_now(lambda tx: tx.rows(ALL))
    assert [(row["is_read"], row["payload"]) for row in rows] == [(None, None), (False, None)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"deep": [float("-inf")]}])
def test_json_that_no_other_program_could_read_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_json(value)


def test_json_keeps_every_script_readable() -> None:
    assert as_json({"name": "राम", "n": 1}) == '{"name":"राम","n":1}'


def test_a_row_found_in_a_turn_can_be_changed_in_the_same_turn(notes: Database) -> None:
    """An unfinished SELECT would keep the savepoint open and the change from being released."""

    def find_then_change(tx: Any) -> int:
        tx.run_many(ADD, ({"id": str(n), "body": "", "is_read": False, "payload": None} for n in range(5)))
        changed = 0
        while row := tx.find(Statement("SELECT id FROM {notes} WHERE is_read = :no ORDER BY id"), no=False):
            changed += tx.run(
                Statement("UPDATE {notes} SET is_read = :yes WHERE id = :id"), yes=True, id=row["id"]
            )
        return changed

    assert notes.write_now(find_then_change) == 5
