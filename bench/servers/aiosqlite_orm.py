"""The same turn written the usual way: FastAPI, SQLAlchemy's async ORM, aiosqlite; WAL and synchronous=FULL.

Done with care, as a rival deserves: transactions begin IMMEDIATE, so that no lock is upgraded halfway, and the
pool is of the size that measured best.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import JSON, Connection, ForeignKey, String, Text, event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.servers.turn import About, directory, introduce, reply_to, session_ids

POOL_SIZE = 4
_BUSY_SECONDS = 30


class Base(DeclarativeBase):
    pass


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid4())


class SessionModel(Base):
    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_new_id)
    scam_type: Mapped[str | None] = mapped_column(String(50), index=True)
    persona_id: Mapped[str] = mapped_column(String(50), default="elderly_victim")
    status: Mapped[str] = mapped_column(String(20), default="ONGOING", index=True)
    is_scam: Mapped[bool] = mapped_column(default=True)
    source_type: Mapped[str | None] = mapped_column(String(20))
    turn_count: Mapped[int] = mapped_column(default=0)
    metadata_json: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(default=_now)
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=_now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now)


class MessageModel(Base):
    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text)
    turn_number: Mapped[int] = mapped_column(index=True)
    metadata_json: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=_now)


class IncomingMessage(BaseModel):
    message: str = Field(min_length=1, max_length=4000)


class Reply(BaseModel):
    reply: str
    turn: int


def create_engine() -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{directory() / 'turns.db'}",
        connect_args={"timeout": _BUSY_SECONDS},
        pool_size=POOL_SIZE,
        max_overflow=0,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def create_app() -> FastAPI:
    engine = create_engine()
    open_session = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with open_session.begin() as database:
            database.add_all(SessionModel(id=session_id) for session_id in session_ids())
        introduce(About(settings=await _settings(engine)))
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/sessions/{session_id}/messages")
    async def take_turn(session_id: str, incoming: IncomingMessage) -> Reply:
        async with open_session.begin() as database:
            session = await database.get(SessionModel, session_id)
            if session is None:
                raise HTTPException(404, "no such session")
            turn = session.turn_count + 1
            reply = reply_to(incoming.message)
            database.add_all(
                [
                    MessageModel(
                        session_id=session_id, role="scammer", content=incoming.message, turn_number=turn
                    ),
                    MessageModel(session_id=session_id, role="agent", content=reply, turn_number=turn),
                ]
            )
            session.turn_count = turn
            session.updated_at = _now()
        return Reply(reply=reply, turn=turn)

    return app


async def _settings(engine: AsyncEngine) -> dict[str, str]:
    """As a connection of the pool reports them."""
    async with engine.connect() as connection:
        return {
            name: str((await connection.exec_driver_sql(f"PRAGMA {name}")).scalar())
            for name in ("journal_mode", "synchronous")
        }
