"""Moments go in aware and come out in UTC; a naive one is refused wherever somebody tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from switchboard.kernel.database.columns import Moment
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.moments import decode_moment, encode_moment
from switchboard.kernel.database.postgresql import PostgresqlDatabase
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction

ADD = Statement("INSERT INTO {notes} (id, body, at) VALUES (:id, '', :at)")
CLEAR = Statement("DELETE FROM {notes}")
BY_TIME = Statement("SELECT id, at FROM {notes} ORDER BY at, id")
SINCE = Statement("SELECT id FROM {notes} WHERE at >= :since ORDER BY at, id")

INDIA = timezone(timedelta(hours=5, minutes=30))
NOON = datetime(2026, 2, 4, 12, 0, 0, 123456, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(NAIVE.replace(year=1), NAIVE.replace(year=9999), timezones=ZONES)


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    body: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime | None] = mapped_column(Moment)


def store_alone(tx: Transaction, moments: list[datetime]) -> list[dict[str, Any]]:
    tx.run(CLEAR)
    tx.run_many(ADD, ({"id": f"{number:04}", "at": moment} for number, moment in enumerate(moments)))
    return tx.rows(BY_TIME)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(MOMENTS, min_size=1, max_size=12))
def test_every_moment_comes_back_in_utc_to_the_microsecond_and_sorts_as_time(
    notes: Database, moments: list[datetime]
) -> None:
    rows = notes.write_now(store_alone, moments)
    expected = sorted((moment.astimezone(UTC), f"{number:04}") for number, moment in enumerate(moments))
    assert [(row["at"], row["id"]) for row in rows] == expected
    assert all(row["at"].utcoffset() == timedelta(0) for row in rows)


@given(one=MOMENTS, other=MOMENTS)
def test_the_stored_text_has_one_width_and_sorts_as_time(one: datetime, other: datetime) -> None:
    assert len(encode_moment(one)) == 26
    assert (encode_moment(one) < encode_moment(other)) == (one < other)
    assert decode_moment(encode_moment(one)) == one


def test_moments_of_other_zones_are_compared_as_moments(notes: Database) -> None:
    notes.write_now(store_alone, [NOON.astimezone(INDIA), NOON - timedelta(seconds=1)])
    found = notes.read_now(lambda tx: tx.rows(SINCE, since=NOON.astimezone(INDIA)))
    assert found == [{"id": "0000"}]


def test_equal_moments_are_ordered_by_id(notes: Database) -> None:
    rows = [{"id": id, "at": NOON.astimezone(INDIA) if id == "b" else NOON} for id in ("c", "a", "d", "b")]
    notes.write_now(lambda tx: tx.run_many(ADD, rows))
    assert [row["id"] for row in notes.read_now(lambda tx: tx.rows(BY_TIME))] == ["a", "b", "c", "d"]


def test_no_moment_stays_no_moment(notes: Database) -> None:
    notes.write_now(lambda tx: tx.run(ADD, id="a", at=None))
    assert notes.read_now(lambda tx: tx.find(BY_TIME)) == {"id": "a", "at": None}


@pytest.mark.parametrize("naive", [NAIVE, NAIVE.replace(microsecond=0)])
def test_a_naive_moment_is_refused_by_a_statement(notes: Database, naive: datetime) -> None:
    for turn in (
        lambda tx: tx.run(ADD, id="naive", at=naive),
        lambda tx: tx.run_many(ADD, [{"id": "aware", "at": NOON}, {"id": "naive", "at": naive}]),
        lambda tx: tx.rows(SINCE, since=naive),
    ):
        with pytest.raises(ValueError, match="time zone"):
            notes.write_now(turn)
    assert notes.read_now(lambda tx: tx.rows(BY_TIME)) == []


def test_a_naive_moment_is_refused_even_after_aware_ones(notes: Database) -> None:
    """psycopg remembers how it wrote a type the last time."""
    notes.write_now(lambda tx: tx.run(ADD, id="aware", at=NOON))
    with pytest.raises(ValueError, match="time zone"):
        notes.write_now(lambda tx: tx.run(ADD, id="naive", at=NAIVE))
    assert len(notes.read_now(lambda tx: tx.rows(BY_TIME))) == 1


def test_a_naive_moment_is_refused_by_the_models(notes: Database) -> None:
    with Session(notes.engine) as session, pytest.raises(Exception, match="time zone") as caught:
        session.add(Note(id="naive", at=NAIVE))
        session.commit()
    assert isinstance(caught.value, ValueError | sa.exc.StatementError)
    with Session(notes.engine) as session, pytest.raises(Exception, match="time zone"):
        session.scalars(sa.select(Note).where(Note.at >= NAIVE)).all()
    assert notes.read_now(lambda tx: tx.rows(BY_TIME)) == []


def test_models_and_statements_read_each_others_moments(notes: Database) -> None:
    with Session(notes.engine) as session:
        session.add(Note(id="by model", at=NOON.astimezone(INDIA)))
        session.commit()
    notes.write_now(lambda tx: tx.run(ADD, id="by statement", at=NOON.astimezone(INDIA)))
    rows = notes.read_now(lambda tx: tx.rows(BY_TIME))
    assert rows == [{"id": "by model", "at": NOON}, {"id": "by statement", "at": NOON}]
    with Session(notes.engine) as session:
        found = session.scalars(
            sa.select(Note).where(Note.at == NOON.astimezone(INDIA)).order_by(Note.id)
        ).all()
        assert [(note.id, note.at, note.at.tzinfo) for note in found if note.at] == [
            ("by model", NOON, UTC),
            ("by statement", NOON, UTC),
        ]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"])
def test_moments_are_utc_whatever_zone_the_server_is_set_to(postgresql_url: str, zone: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone = '{zone}'")
        connection.execute("CREATE SCHEMA notes")
    database = PostgresqlDatabase("notes", postgresql_url)
    database.write_now(
        lambda tx: tx.run(Statement("CREATE TABLE {notes} (id TEXT PRIMARY KEY, body TEXT, at TIMESTAMPTZ)"))
    )
    database.write_now(lambda tx: tx.run(ADD, id="one", at=NOON.astimezone(INDIA)))
    row = database.read_now(lambda tx: tx.find(BY_TIME))
    assert row == {"id": "one", "at": NOON}
    assert row["at"].tzinfo is UTC
    with Session(database.engine) as session:
        note = session.scalars(sa.select(Note)).one()
        assert (note.at, note.at.tzinfo if note.at else None) == (NOON, UTC)
    database.close()
