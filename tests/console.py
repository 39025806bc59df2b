"""The console in this process, asked as a browser asks: with cookies, an origin, and forms that carry their token."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.passwords import PasswordKeeper
from switchboard.kernel.security.permissions import Role
from switchboard.server import create_app

ADDRESS = "http://switchboard"
PASSWORD = "seven green umbrellas"
PAGE = {"Accept": "text/html", "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
_TOKEN = re.compile(r'name="csrf" value="([0-9A-Za-z_=-]+)"')


class Browser:
    """Somebody's browser."""

    def __init__(self, app: FastAPI) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.7", 40_000)),
            base_url=ADDRESS,
            headers=PAGE,
        )

    async def get(self, path: str, **given: Any) -> httpx.Response:
        return await self.http.get(path, **given)

    async def post(self, path: str, fields: Mapping[str, str], **given: Any) -> httpx.Response:
        """Send a form as a page of ours would, with the token that the person's pages carry."""
        return await self.http.post(path, data={"csrf": await self.token(), **fields}, **given)

    async def token(self) -> str:
        found = _TOKEN.search((await self.get("/account")).text)
        return found[1] if found else ""

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post("/sign-in", data={"name": name, "password": password})


class House:
    """A server with its console open, and people to sign in."""

    def __init__(self, platform: Platform, app: FastAPI) -> None:
        self.platform = platform
        self.app = app

    def browser(self) -> Browser:
        return Browser(self.app)

    async def person(self, name: str, roles: Mapping[str, Role]) -> Browser:
        """Somebody with these roles, signed in."""
        await self.platform.accounts.create_account_with_password(command_caller(), name, roles, PASSWORD)
        browser = self.browser()
        assert (await browser.sign_in(name)).status_code == 303
        return browser


@asynccontextmanager
async def house(platform: Platform) -> AsyncIterator[House]:
    """The application over this platform, with its console loaded and its background tasks running."""
    # Hashing as slowly as passwords deserve would take most of these tests' time; its own tests do so.
    platform.accounts._keeper = PasswordKeeper(PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)))
    app = create_app(platform)
    async with app.router.lifespan_context(app):
        await app.state.gate.load()
        try:
            yield House(platform, app)
        finally:
            await app.state.gate.close()
