"""The honeypot's record: what it is called and where its parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchboard.kernel.app import App, MigrationChain, Schedule

if TYPE_CHECKING:
    import sqlalchemy as sa
    import typer
    from fastapi import APIRouter

    from switchboard.kernel.channels.channel import Handler
    from switchboard.kernel.console.page import Section
    from switchboard.kernel.platform import Platform


def _tables() -> sa.MetaData:
    from switchboard.apps.honeypot.models import Base

    return Base.metadata


def _service(platform: Platform) -> Any:
    from switchboard.apps.honeypot.service import Honeypot

    return Honeypot(platform)


def _routes() -> APIRouter:
    from switchboard.apps.honeypot.routes import router

    return router


def _commands() -> typer.Typer:
    from switchboard.apps.honeypot.commands import commands

    return commands


def _schedules() -> tuple[Schedule, ...]:
    from switchboard.apps.honeypot.jobs import SCHEDULES

    return SCHEDULES


def _pages() -> Section:
    from switchboard.apps.honeypot.pages import SECTION

    return SECTION


def _chat(service: Any) -> Handler:
    from switchboard.apps.honeypot.chat import HoneypotChat

    return HoneypotChat(service)


HONEYPOT = App(
    name="honeypot",
    title="Honeypot",
    summary="Keep scammers talking and collect what identifies them.",
    migrations=(MigrationChain("switchboard.apps.honeypot.migrations", "alembic_version"),),
    tables=_tables,
    service=_service,
    routes=_routes,
    commands=_commands,
    schedules=_schedules,
    pages=_pages,
    chat=_chat,
)
