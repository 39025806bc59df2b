"""The application in this process, asked over HTTP as a client would, with its background tasks running."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.server import create_app

JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def client(
    platform: Platform, *, key: str | None = None, app: FastAPI | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application over this platform; signed in with a fresh key unless one is given."""
    served = app or create_app(platform)
    if key is None:
        _, key = platform.keys.create(command_caller(), "test", ["honeypot"])
    transport = httpx.ASGITransport(served, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        served.router.lifespan_context(served),
        httpx.AsyncClient(transport=transport, base_url="http://switchboard", headers=headers) as asked,
    ):
        yield asked
