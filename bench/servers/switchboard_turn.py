"""Ours: the kernel's durable turn with trivial rules, through HTTP, plain and behind the product's own edge.

The turn runs on the honeypot's own tables, with its own statements; only the rules are trivial.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field, SecretStr

from bench.rows import session_row
from bench.servers.turn import DATABASE_URL, About, directory, introduce, reply_to, session_ids
from switchboard.apps import APPS
from switchboard.apps.honeypot import statements
from switchboard.kernel import logging
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.http.direct import DirectRoute
from switchboard.kernel.http.edge import Edge
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.rate_limits import RateLimits
from switchboard.kernel.settings import Settings

_COUNT_TURN = Statement("UPDATE {sessions} SET turn_count = :turn_count, updated_at = :now WHERE id = :id")


class IncomingMessage(BaseModel):
    message: str = Field(min_length=1, max_length=4000)


class Reply(BaseModel):
    reply: str
    turn: int


def create_app() -> FastAPI:
    """The turn alone, as the echo it is compared with has no authentication either."""
    return _create_app(_platform(), prefix="")


def create_app_with_keys() -> FastAPI:
    """The turn behind the product's edge: API key, rate limit, body limits, metrics, security headers."""
    platform = _platform()
    return _create_app(platform, prefix="/api/honeypot", edge=True)


def _platform() -> Platform:
    url = os.environ.get(DATABASE_URL) or None
    settings = Settings(
        data_dir=directory(), database_url=SecretStr(url) if url else None, rate_limit_per_minute=1_000_000
    )
    logging.configure(settings)
    return Platform(settings, APPS)


def _create_app(platform: Platform, *, prefix: str, edge: bool = False) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        platform.migrate()
        platform.database("honeypot").write_now(open_sessions, platform.clock.now())
        introduce(About(headers=_headers(platform) if edge else {}, settings=_settings(platform)))
        yield
        platform.close()

    app = FastAPI(lifespan=lifespan)
    database, ids, clock = platform.database("honeypot"), platform.ids, platform.clock

    turns = APIRouter(route_class=DirectRoute)

    @turns.post("/sessions/{session_id}/messages")
    async def take_turn(session_id: str, asked: IncomingMessage, request: Request) -> Reply:
        reply = reply_to(asked.message)
        turn = await database.write(
            _turn, session_id, asked.message, reply, (ids.new(), ids.new()), clock.now()
        )
        if turn is None:
            raise HTTPException(404)
        return Reply(reply=reply, turn=turn)

    app.include_router(turns, prefix=prefix)
    if edge:
        limits = RateLimits(platform.database(PLATFORM), clock, platform.settings.rate_limit_per_minute)
        app.add_middleware(Edge, platform=platform, rate_limits=limits)
    return app


def _turn(
    tx: Transaction, session_id: str, message: str, reply: str, ids: tuple[str, str], now: datetime
) -> int | None:
    session = tx.find(statements.LOCK_SESSION, id=session_id)
    if session is None:
        return None
    turn: int = session["turn_count"] + 1
    tx.run(
        statements.INSERT_LINES,
        heard_id=ids[0],
        reply_id=ids[1],
        session_id=session_id,
        turn_number=turn,
        heard=message,
        heard_metadata=None,
        reply=reply,
        now=now,
    )
    tx.run(_COUNT_TURN, id=session_id, turn_count=turn, now=now)
    return turn


def open_sessions(tx: Transaction, now: datetime) -> None:
    rows = [session_row(id, now) for id in session_ids()]
    tx.run_many(statements.INSERT_SESSION, rows)


def _headers(platform: Platform) -> dict[str, str]:
    _, token = platform.keys.create(command_caller(), "bench", ["honeypot"])
    return {"Authorization": f"Bearer {token}"}


def _settings(platform: Platform) -> dict[str, str]:
    asked: dict[str, Any] = platform.database("honeypot").health()
    return {name: str(asked[name]) for name in ("engine", "journal_mode", "synchronous") if name in asked}
