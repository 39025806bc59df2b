"""What an app is. The record holds names and import functions, so that reading it loads nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlalchemy as sa
    import typer
    from fastapi import APIRouter

    from switchboard.kernel.channels.channel import Handler
    from switchboard.kernel.channels.webchat.page import ChatPage
    from switchboard.kernel.console.page import Section
    from switchboard.kernel.platform import Platform


class MigrationChain(NamedTuple):
    """A linear run of migrations with a version table of its own."""

    package: str
    """The package that holds `0001_….py`, `0002_….py`, …"""
    version_table: str


class Schedule(NamedTuple):
    """Work that recurs. `run` is a durable step: it may be run again, and works in batches of its own."""

    name: str
    cron: str
    """Five fields: minute, hour, day, month, weekday, in UTC."""
    run: Callable[[Platform], int]
    """Returns how many things it dealt with."""


@dataclass(frozen=True, slots=True)
class App:
    """One app: everything the three ways in (server, worker, command line) need to offer it."""

    name: str
    """Its database, its route prefix and its command group."""
    title: str
    summary: str
    """One sentence, shown by `switchboard --help`."""
    migrations: tuple[MigrationChain, ...]
    tables: Callable[[], sa.MetaData]
    service: Callable[[Platform], Any]
    """Its use cases over one platform; its routes find it as `app.state.services[name]`."""
    routes: Callable[[], APIRouter]
    commands: Callable[[], typer.Typer]
    schedules: Callable[[], tuple[Schedule, ...]]
    pages: Callable[[], Section] | None = None
    """What it shows in the console."""
    chat: Callable[[Any], Handler] | None = None
    """What its service does with messages from channels; None for an app that nobody talks to."""
    chat_page: Callable[[Any], ChatPage] | None = None
    """What its chat page has beyond the conversation."""
