"""The guide's record: what it is called and where its parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchboard.kernel.app import App, MigrationChain, Schedule

if TYPE_CHECKING:
    import sqlalchemy as sa
    import typer
    from fastapi import APIRouter

    from switchboard.kernel.channels.channel import Handler
    from switchboard.kernel.channels.webchat.page import ChatPage
    from switchboard.kernel.console.page import Section
    from switchboard.kernel.platform import Platform


def _tables() -> sa.MetaData:
    from switchboard.apps.guide.models import Base

    return Base.metadata


def _service(platform: Platform) -> Any:
    from switchboard.apps.guide.service import Guide

    return Guide(platform)


def _routes() -> APIRouter:
    from switchboard.apps.guide.routes import router

    return router


def _commands() -> typer.Typer:
    from switchboard.apps.guide.commands import commands

    return commands


def _schedules() -> tuple[Schedule, ...]:
    from switchboard.apps.guide.jobs import SCHEDULES

    return SCHEDULES


def _pages() -> Section:
    from switchboard.apps.guide.pages import SECTION

    return SECTION


def _chat(service: Any) -> Handler:
    from switchboard.apps.guide.chat import GuideChat

    return GuideChat(service)


def _chat_page(service: Any) -> ChatPage:
    from switchboard.apps.guide.chat import GuidePage

    return GuidePage(service)


GUIDE = App(
    name="guide",
    title="Guide",
    summary="Walk people through a supportive session, and notice when they are in danger.",
    migrations=(MigrationChain("switchboard.apps.guide.migrations", "alembic_version"),),
    tables=_tables,
    service=_service,
    routes=_routes,
    commands=_commands,
    schedules=_schedules,
    pages=_pages,
    chat=_chat,
    chat_page=_chat_page,
)
