"""Ours, whole: the product's own application, each request a new session with the honeypot's whole turn.

Detection, extraction, persona, links between sessions, figures, search and receipts all run. Every message
names the same two values, so that every session joins one campaign: the most that linking can have to do.
"""

from __future__ import annotations

from fastapi import FastAPI

from bench.servers.turn import About, directory, introduce
from switchboard.apps import APPS
from switchboard.kernel import logging
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings
from switchboard.server import create_app as create_product


def create_app() -> FastAPI:
    """The product behind its own edge: API key, rate limit, body limits, metrics, security headers."""
    settings = Settings(data_dir=directory(), rate_limit_per_minute=1_000_000)
    logging.configure(settings)
    platform = Platform(settings, APPS)
    platform.migrate()
    _, token = platform.keys.create(command_caller(), "bench", ["honeypot"])
    health = platform.database("honeypot").health()
    introduce(
        About(
            headers={"Authorization": f"Bearer {token}"},
            settings={name: str(health[name]) for name in ("engine", "journal_mode", "synchronous")},
        )
    )
    return create_product(platform)
