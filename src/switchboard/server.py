"""The HTTP way in: what the apps offer, put together, and the server that carries it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from switchboard import __version__
from switchboard.kernel import logging
from switchboard.kernel.console.gate import Gate
from switchboard.kernel.database import library
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.server_lock import ServerLock
from switchboard.kernel.errors import Conflict, Invalid, SwitchboardError
from switchboard.kernel.http import docs, health
from switchboard.kernel.http.edge import Edge
from switchboard.kernel.http.errors import ERROR_RESPONSES, install_error_handlers
from switchboard.kernel.platform import PLATFORM, Platform, make_data_dir
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.security.keys import ALL_APPS
from switchboard.kernel.security.rate_limits import RateLimits
from switchboard.worker import Worker

if TYPE_CHECKING:
    from switchboard.kernel.channels.webchat.routes import ChatPages

_LAST_USED_SECONDS = 30.0

# Whoever reads a file or a pipe needs the first key as soon as one at a terminal.
_say = partial(print, flush=True)

log = structlog.get_logger("switchboard.server")


def create_app(platform: Platform) -> FastAPI:
    """The application over one platform, whose databases are migrated."""
    rate_limits = RateLimits(
        platform.database(PLATFORM), platform.clock, platform.settings.rate_limit_per_minute
    )

    announced = (PLATFORM, *platform.app_names) if platform.settings.is_postgresql else ()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await rate_limits.load()
        await _call_where_known(app.state.services.values(), "begin")
        if chats is not None:
            await chats.open()
        await platform.keys.refresh()
        async with _in_background(
            (platform.keys.refresh, platform.keys.REFRESH_SECONDS),
            (rate_limits.write_behind, 1.0),
            (platform.keys.write_last_used, _LAST_USED_SECONDS),
            (platform.error_log.write_behind, 1.0),
            *((partial(_announce, platform.database(name)), 0.1) for name in announced),
        ):
            yield
            await _call_where_known(app.state.services.values(), "close")
        await platform.close_model()
        for write in (
            rate_limits.write_behind,
            platform.keys.write_last_used,
            platform.error_log.write_behind,
        ):
            try:
                await write()
            except SwitchboardError as error:
                log.warning("not written at the end", task=write.__qualname__, error=error.message)

    app = FastAPI(
        title="Switchboard",
        version=__version__,
        description="A self-hosted platform for conversational systems.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.platform = platform
    app.state.gate = None
    app.state.services = {each.name: each.service(platform) for each in platform.apps}
    app.include_router(health.router)
    app.include_router(docs.router)
    for each in platform.apps:
        app.include_router(each.routes(), prefix=f"/api/{each.name}")
    chats = app.state.chats = _open_chats(app, platform)
    install_error_handlers(app)
    if platform.settings.console:
        app.state.gate = Gate(platform, app.state.services)
        # It answers what no route does; a mount would also take the methods that a route refuses.
        app.router.default = app.state.gate
    gate: Gate | None = app.state.gate
    app.add_middleware(
        Edge,
        platform=platform,
        rate_limits=rate_limits,
        takes_upload=gate.takes_upload if gate is not None else _takes_none,
    )
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def serve(platform: Platform, *, say: Callable[[str], None] = _say) -> None:
    """Serve until told to stop. Raises Conflict when another server holds the same SQLite files."""
    settings = platform.settings
    logging.configure(settings)
    lock = ServerLock(settings.data_dir)
    if not settings.is_postgresql:
        make_data_dir(settings)
        lock.acquire()
        if warning := library.warning():
            log.warning(warning)
    # uvicorn raises the signal that stopped it once more; the default would end the process before its
    # databases are closed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        for applied in platform.migrate():
            log.info("migrated", step=applied)
        # Unusable keys are said now, not when the first secret is needed.
        assert platform.vault.key_ids
        _Server(platform, say, lock).run([_listen(settings.host, settings.port)])
    finally:
        platform.close()
        lock.release()


class _Server(uvicorn.Server):
    """A server that says where it is once it is ready, and only then starts the worker."""

    def __init__(self, platform: Platform, say: Callable[[str], None], lock: ServerLock) -> None:
        settings = platform.settings
        app = create_app(platform)
        self._gate: Gate | None = app.state.gate
        self._chats: ChatPages | None = app.state.chats
        self._opening: asyncio.Task[None] | None = None
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop" if sys.platform != "win32" else "asyncio",
                http="httptools",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                # No header may say who the client is until an operator names the proxy that sets it.
                proxy_headers=bool(settings.proxies.strip()),
                forwarded_allow_ips=settings.proxies.replace(" ", "") or None,
                timeout_graceful_shutdown=int(settings.shutdown_seconds),
            )
        )
        self._platform = platform
        self._say = say
        self._lock = lock
        self._worker: Worker | None = None

    async def startup(self, sockets: Any = None) -> None:
        first_key = await asyncio.to_thread(self._make_first_key)
        await super().startup(sockets)
        if self.should_exit:
            return
        self._lock.say_address(self._address())
        setup_token = await asyncio.to_thread(self._make_setup_token)
        self._announce(first_key, setup_token)
        if self._gate is not None:
            self._opening = asyncio.create_task(self._open_console(self._gate))
        if self._platform.settings.runs_worker_inside:
            self._worker = Worker(self._platform)
            self._worker.start()

    async def shutdown(self, sockets: Any = None) -> None:
        if self._opening is not None:
            await self._opening
        if self._gate is not None:
            await self._gate.close()
        if self._chats is not None:
            self._chats.stop_waiting()
        if self._worker is not None:
            await self._worker.stop()
        await super().shutdown(sockets)

    async def _open_console(self, gate: Gate) -> None:
        try:
            await gate.load()
        except Exception:
            log.exception("the console did not open; the API serves without it")

    def _make_setup_token(self) -> str | None:
        """A link for the first administrator, as long as nobody has an account."""
        if self._gate is None or not self._platform.accounts.is_first_start():
            return None
        return self._platform.accounts.make_setup_token()

    def _make_first_key(self) -> str | None:
        if not self._platform.keys.is_first_start():
            return None
        _, token = self._platform.keys.create(command_caller(), "first key", [ALL_APPS])
        return token

    def _announce(self, first_key: str | None, setup_token: str | None) -> None:
        address = self._platform.settings.public_url or self._address()
        lines = [f"Switchboard {__version__} is ready: {address}", f"The API is described at {address}/docs"]
        if self._chats is not None:
            lines += [f"People can write at {address}/chat/{name}" for name in self._chats.names]
        if setup_token is not None:
            lines += [
                "",
                "Nobody has an account yet. Make the first one here; the link works once, for a day:",
                "",
                f"    {address}/setup/{setup_token}",
            ]
        if first_key is not None:
            lines += [
                "",
                "This is your API key. It is shown this once:",
                "",
                f"    {first_key}",
                "",
                "Say something to the honeypot:",
                "",
                f"    curl -s {address}/api/honeypot/sessions -H 'Authorization: Bearer {first_key}' \\",
                "      -H 'Content-Type: application/json' \\",
                """      -d '{"message": "Dear customer, your KYC has expired. Call 98765 43210 now."}'""",
            ]
        if self._platform.vault_was_made:
            lines += [
                "",
                f"Back up {self._platform.vault_file}: without it no stored secret can be read again.",
            ]
        self._say("\n".join(lines))

    def _address(self) -> str:
        port = self.servers[0].sockets[0].getsockname()[1]
        host = self.config.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def handle_exit(self, sig: int, frame: Any) -> None:
        # A second Ctrl-C must not cut off what was accepted: uvicorn would stop at once.
        if sig == signal.SIGINT and self.should_exit:
            return
        super().handle_exit(sig, frame)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Conflict in words where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Conflict(
            f"The address {host}:{port} cannot be listened on: {why}.",
            hint="Stop what uses it, or choose another: `switchboard serve --port 8001`.",
        ) from error


@asynccontextmanager
async def _in_background(*tasks: tuple[Callable[[], Any], float]) -> AsyncIterator[None]:
    """Repeat each task with its pause for as long as the block runs."""
    running = [asyncio.create_task(_repeat(task, seconds)) for task, seconds in tasks]
    try:
        yield
    finally:
        for each in running:
            each.cancel()
        for each in running:
            with suppress(asyncio.CancelledError):
                await each


def _open_chats(app: FastAPI, platform: Platform) -> ChatPages | None:
    """The chat pages of the apps that the setting names. Raises Invalid for one that nobody can talk to."""
    names = platform.settings.open_webchats
    if not names:
        return None
    from switchboard.kernel.channels.webchat.routes import ChatPages

    able = {each.name: each.chat for each in platform.apps if each.chat is not None}
    if unknown := [name for name in names if name not in able]:
        raise Invalid(
            f"SWITCHBOARD_WEBCHAT_APPS names {unknown[0]!r}, which nobody can talk to.",
            hint=f"Name some of: {', '.join(able)}.",
        )
    services = app.state.services
    own = {each.name: each.chat_page for each in platform.apps if each.name in names and each.chat_page}
    pages = ChatPages(
        platform,
        {name: able[name](services[name]) for name in names},
        {name: make(services[name]) for name, make in own.items()},
    )
    app.include_router(pages.router())
    return pages


async def _call_where_known(services: Iterable[Any], name: str) -> None:
    """Services with work of their own beside requests take it up at the start, and leave it at the end."""
    for service in services:
        if (method := getattr(service, name, None)) is not None:
            await method()


def _takes_none(_path: str) -> bool:
    return False


async def _announce(database: Database) -> None:
    await asyncio.to_thread(database.announce)


async def _repeat(task: Callable[[], Any], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await task()
        except SwitchboardError as error:
            log.warning("background task failed", task=_name_of(task), error=error.message)
        except Exception:
            log.exception("background task failed", task=_name_of(task))


def _name_of(task: Callable[[], Any]) -> str:
    return getattr(task, "__qualname__", repr(task))


def _describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the API key that the edge asks for and the errors it can give."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        document.setdefault("components", {})["securitySchemes"] = {
            "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key"}
        }
        for path, operations in document["paths"].items():
            for operation in operations.values():
                if path.startswith("/api/"):
                    operation["security"] = [{"apiKey": []}]
        app.openapi_schema = document
    return app.openapi_schema


__all__ = ["ERROR_RESPONSES", "create_app", "serve"]
