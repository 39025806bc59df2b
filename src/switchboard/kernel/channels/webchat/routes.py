"""The web chat over HTTP: the page, the widget that a site embeds, and what both ask for.

The page is a frame of ours also where another site shows it, so it asks its own origin alone and nothing here is
opened to other origins. Which sites may show it stands in its content policy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import escape

from switchboard.kernel.channels.accounts import ChannelAccount, ChannelAccounts
from switchboard.kernel.channels.channel import Handler
from switchboard.kernel.channels.webchat.conversations import Line, WebChat
from switchboard.kernel.channels.webchat.page import ChatPage
from switchboard.kernel.channels.webchat.translating import load_words, translate
from switchboard.kernel.channels.webchat.visitor_limits import Buckets, network_of
from switchboard.kernel.clock import to_iso
from switchboard.kernel.errors import Forbidden, Invalid, NotFound
from switchboard.kernel.platform import Platform

_ASSETS = ("chat.css", "chat.js", "icon.svg", "widget.js")
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_LONGEST_WAIT_SECONDS = 25.0
_HOUR, _MINUTE = 3_600.0, 60.0
_LONGEST_SECRET = 100


class ChatPages:
    """The chats of all apps that have one."""

    def __init__(
        self, platform: Platform, handlers: Mapping[str, Handler], pages: Mapping[str, ChatPage]
    ) -> None:
        """`handlers` are what the apps do with messages, by app; `pages` what some add to their page."""
        settings = platform.settings
        self._platform = platform
        self._chats = {
            app: WebChat(platform.database(app), handler, platform.clock, platform.ids)
            for app, handler in handlers.items()
        }
        self._accounts = {app: ChannelAccounts(platform, app) for app in handlers}
        folder = files("switchboard.kernel.channels.webchat").joinpath("assets")
        self._assets = {name: folder.joinpath(name).read_bytes() for name in _ASSETS}
        self._pages = pages
        for app, page in pages.items():
            self._assets[f"{app}.js"], self._assets[f"{app}.css"] = page.script, page.style
        self._page = folder.joinpath("chat.html").read_text(encoding="utf-8")
        self._messages = Buckets(platform.clock, settings.webchat_messages_per_minute, _MINUTE)
        self._begun = Buckets(platform.clock, settings.webchat_conversations_per_hour, _HOUR)
        self._from_network = Buckets(platform.clock, settings.webchat_messages_per_minute * 10, _MINUTE)

    @property
    def names(self) -> tuple[str, ...]:
        """The apps whose chat has a page."""
        return tuple(self._chats)

    async def open(self) -> None:
        """Make the accounts of chats that are new."""
        titles = {app.name: app.title for app in self._platform.apps}
        for app, accounts in self._accounts.items():
            await accounts.ensure_webchat(titles[app], "")

    def stop_waiting(self) -> None:
        """Answer everybody who waits for news, so that a stopping server waits for none of them."""
        for chat in self._chats.values():
            chat.stop_waiting()

    def router(self) -> APIRouter:
        # Visitors are no programs: what they may ask is not part of the described API.
        router = APIRouter(prefix="/chat", include_in_schema=False)
        router.add_api_route("/assets/{name}", self.asset)
        router.add_api_route("/{app}", self.page)
        router.add_api_route("/{app}/widget.js", self.widget)
        router.add_api_route("/{app}/conversations", self.begin, methods=["POST"])
        router.add_api_route("/{app}/conversations", self.end, methods=["DELETE"])
        router.add_api_route("/{app}/resumed", self.resume, methods=["POST"])
        router.add_api_route("/{app}/answers/{what}", self.answer, methods=["POST"])
        router.add_api_route("/{app}/messages", self.receive, methods=["POST"])
        router.add_api_route("/{app}/messages", self.listen, methods=["GET"])
        return router

    async def page(self, app: str) -> Response:
        account = await self._require(app)
        own = self._pages.get(app)
        head = ""
        if own is not None:
            style, script = self._address(f"{app}.css"), self._address(f"{app}.js")
            head = f'<link rel="stylesheet" href="{style}">\n<script src="{script}" defer></script>'
        language = own.language if own else "en"
        words = load_words(__package__ or "", language)
        text = Template(translate(self._page, words)).substitute(
            app=escape(app),
            language=escape(language),
            words=escape(json.dumps({**words, **(own.words if own else {})}, ensure_ascii=False)),
            title=escape(account.title),
            greeting=escape(account.greeting or (own.greeting if own else "")),
            quick_replies=escape(json.dumps(own.quick_replies if own else [])),
            icon=self._address("icon.svg"),
            css=self._address("chat.css"),
            js=self._address("chat.js"),
            head=head,
            header=own.header if own else "",
            body=own.body if own else "",
        )
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": _policy(account)})

    async def widget(self, app: str) -> Response:
        """The script that other sites load: it may be read from everywhere, as scripts are."""
        await self._require(app)
        return Response(
            self._assets["widget.js"],
            media_type="text/javascript",
            headers={"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, max-age=300"},
        )

    async def asset(self, name: str, v: str = "") -> Response:
        if name not in self._assets or name == "widget.js":
            raise NotFound("There is nothing at this path.", hint="Check the address.")
        content = self._assets[name]
        kept = "public, max-age=31536000, immutable" if v == _digest(content) else "no-cache"
        kind = _TYPES[name.rpartition(".")[2]]
        return Response(content, media_type=kind, headers={"Cache-Control": kept})

    async def begin(self, app: str, request: Request) -> Response:
        account = await self._require(app)
        _require_same_origin(request)
        self._begun.spend(network_of(_address(request)))
        token = await self._chats[app].begin(account)
        return JSONResponse({"token": token}, 201)

    async def end(self, app: str, request: Request) -> Response:
        await self._require(app)
        _require_same_origin(request)
        await self._chats[app].end(_token(request))
        return Response(status_code=204)

    async def resume(self, app: str, request: Request) -> Response:
        account = await self._require(app)
        _require_same_origin(request)
        self._begun.spend(network_of(_address(request)))
        secret = (await _body(request)).get("secret")
        if app not in self._pages or not isinstance(secret, str) or len(secret) > _LONGEST_SECRET:
            raise NotFound("This link opens nothing.", hint="Begin a new conversation.")
        reply = await self._pages[app].resume(f"visitor:{app}", secret)
        return JSONResponse({"token": await self._chats[app].take_up(account, reply)}, 201)

    async def answer(self, app: str, what: str, request: Request) -> Response:
        await self._require(app)
        _require_same_origin(request)
        if app not in self._pages:
            raise NotFound("There is nothing at this path.", hint="Check the address.")
        conversation = await self._chats[app].require(_token(request))
        self._from_network.spend(network_of(_address(request)))
        self._messages.spend(conversation["id"])
        given = await _body(request)
        session = conversation["app_session_id"]
        return JSONResponse(
            await self._pages[app].answer(what, f"visitor:{conversation['id']}", session, given)
        )

    async def receive(self, app: str, request: Request) -> Response:
        await self._require(app)
        _require_same_origin(request)
        chat = self._chats[app]
        conversation = await chat.require(_token(request))
        self._from_network.spend(network_of(_address(request)))
        self._messages.spend(conversation["id"])
        lines = await chat.receive(conversation, await _body(request))
        return JSONResponse({"lines": [_shown(line) for line in lines]})

    async def listen(self, app: str, request: Request, after: int = 0, wait: float = 0.0) -> Response:
        await self._require(app)
        chat = self._chats[app]
        conversation = await chat.require(_token(request))
        position = max(0, min(after, 2**31 - 1))
        seconds = min(wait, _LONGEST_WAIT_SECONDS)
        lines = (
            await chat.wait_after(conversation, position, seconds)
            if seconds > 0
            else await chat.list_after(conversation, position)
        )
        return JSONResponse({"lines": [_shown(line) for line in lines]})

    async def _require(self, app: str) -> ChannelAccount:
        account = await self._accounts[app].find_webchat() if app in self._accounts else None
        if account is None:
            raise NotFound("There is no chat here.", hint="Check the address.")
        return account

    def _address(self, name: str) -> str:
        return f"/chat/assets/{name}?v={_digest(self._assets[name])}"


def _policy(account: ChannelAccount) -> str:
    shown_by = " ".join(("'self'", *account.allowed_origins))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none';"
        f" form-action 'none'; frame-ancestors {shown_by}"
    )


def _require_same_origin(request: Request) -> None:
    """A page of another site cannot read our answers; here it cannot even make a visitor say something."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden("This was not sent by the chat.", hint="Open the chat and write there.")


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token or len(token) > 100:
        raise Forbidden("No conversation is named.", hint="Begin one.", status=401)
    return token


async def _body(request: Request) -> Mapping[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Invalid("A message is sent as JSON.", hint="Send `Content-Type: application/json`.", status=415)
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise Invalid("This is no JSON.", hint="Check quotes and brackets.", status=400) from None
    if not isinstance(body, dict):
        raise Invalid("A message is a JSON object.", hint="Send text and client_message_id.")
    return body


def _shown(line: Line) -> dict[str, Any]:
    return {
        "position": line.position,
        "mine": line.is_mine,
        "text": line.text,
        "client_message_id": line.client_message_id,
        "at": to_iso(line.at),
        **(line.extras or {}),
    }


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
