"""The web chat over HTTP: begun, talked, read again, ended; nothing lost, nothing doubled, nobody let in."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from tests.asgi import client

from switchboard.apps import APPS
from switchboard.apps.honeypot.service import Honeypot
from switchboard.kernel.channels.accounts import ChannelAccounts
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Invalid
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.server import create_app

ME = command_caller()
SCAM = "Your KYC has expired, call 98765 43210 now"
LINES = Statement("SELECT direction, text, app_session_id FROM {channel_messages} ORDER BY position")


class Visitor:
    """Somebody at the chat page."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.token = ""
        self.count = 0

    async def begin(self) -> Visitor:
        answer = await self.http.post("/chat/honeypot/conversations")
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]
        return self

    async def say(self, text: Any, name: Any = None, **given: Any) -> httpx.Response:
        self.count += 1
        body = {"text": text, "client_message_id": name or f"message-{self.count:04}"}
        return await self.http.post("/chat/honeypot/messages", json=body, headers=self.headers(**given))

    async def read(self, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        answer = await self.http.get(
            "/chat/honeypot/messages", params={"after": after, "wait": wait}, headers=self.headers()
        )
        assert answer.status_code == 200, answer.text
        lines: list[dict[str, Any]] = answer.json()["lines"]
        return lines

    def headers(self, **given: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **given}


@pytest.fixture
def open_platform(platform: Platform) -> Platform:
    """A platform whose honeypot the public can talk to."""
    platform.settings = platform.settings.model_copy(update={"webchat_apps": "honeypot"})
    return platform


@pytest.fixture
async def http(open_platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with client(open_platform, key="") as asked:
        yield asked


async def test_a_chat_is_closed_until_the_setting_opens_it(platform: Platform) -> None:
    async with client(platform, key="") as asked:
        assert (await asked.get("/chat/honeypot")).status_code == 404
        assert (await asked.post("/chat/honeypot/conversations")).status_code == 404


async def test_a_visitor_talks_and_finds_everything_again(
    http: httpx.AsyncClient, open_platform: Platform
) -> None:
    visitor = await Visitor(http).begin()
    said = (await visitor.say(SCAM)).json()["lines"]
    assert [line["mine"] for line in said] == [True, False]
    await visitor.say("Are you there?")
    lines = await visitor.read()
    assert [line["position"] for line in lines] == [1, 2, 3, 4]
    assert lines[:2] == said
    [session] = await Honeypot(open_platform).list_sessions(ME, {}, None, 5)
    assert (session["turn_count"], session["source_type"]) == (2, "webchat")


async def test_the_same_message_again_is_one_turn_and_one_answer(
    http: httpx.AsyncClient, open_platform: Platform
) -> None:
    visitor = await Visitor(http).begin()
    answers = await asyncio.gather(*(visitor.say(SCAM, "the-same-name") for _ in range(5)))
    assert len({answer.text for answer in answers}) == 1
    assert len(await visitor.read()) == 2
    [session] = await Honeypot(open_platform).list_sessions(ME, {}, None, 5)
    assert session["turn_count"] == 1
    other = await visitor.say("Something else", "the-same-name")
    assert other.status_code == 409


async def test_a_message_whose_answer_was_lost_on_the_way_is_answered_once(
    http: httpx.AsyncClient, open_platform: Platform
) -> None:
    visitor = await Visitor(http).begin()
    first = (await visitor.say(SCAM, "lost-answer")).json()
    # As after a crash between the app's answer and its storing in the channel.
    open_platform.database("honeypot").write_now(
        lambda tx: tx.run(Statement("DELETE FROM {channel_messages} WHERE direction = 'out'"))
    )
    open_platform.database("honeypot").write_now(
        lambda tx: tx.run(Statement("UPDATE {channel_conversations} SET app_session_id = NULL"))
    )
    again = (await visitor.say(SCAM, "lost-answer")).json()
    assert [line["text"] for line in again["lines"]] == [line["text"] for line in first["lines"]]
    [session] = await Honeypot(open_platform).list_sessions(ME, {}, None, 5)
    assert session["turn_count"] == 1


async def test_who_writes_after_the_end_begins_another_session(
    http: httpx.AsyncClient, open_platform: Platform
) -> None:
    visitor = await Visitor(http).begin()
    await visitor.say(SCAM)
    honeypot = Honeypot(open_platform)
    [session] = await honeypot.list_sessions(ME, {}, None, 5)
    await honeypot.end_session(ME, session["id"], None)
    assert (await visitor.say("Hello again")).status_code == 200
    assert len(await honeypot.list_sessions(ME, {}, None, 5)) == 2


async def test_a_new_line_comes_to_who_waits_for_it(http: httpx.AsyncClient) -> None:
    visitor = await Visitor(http).begin()
    waiting = asyncio.create_task(visitor.read(after=1, wait=20))
    await visitor.say(SCAM)
    assert [line["mine"] for line in await waiting] == [False]


async def test_a_server_that_stops_lets_go_who_waits(open_platform: Platform) -> None:
    app = create_app(open_platform)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://switchboard") as asked,
    ):
        visitor = await Visitor(asked).begin()
        waiting = asyncio.create_task(visitor.read(wait=20))
        await visitor.read()
        app.state.chats.stop_waiting()
        assert await asyncio.wait_for(waiting, 10) == []


@pytest.mark.parametrize("token", ["", "nothing", "A" * 43, "A" * 200, "ü"])
async def test_no_other_token_opens_a_conversation(http: httpx.AsyncClient, token: str) -> None:
    await (await Visitor(http).begin()).say(SCAM)
    stranger = Visitor(http)
    stranger.token = token
    headers = {"Authorization": f"Bearer {token}".encode()}
    assert (await http.get("/chat/honeypot/messages", headers=headers)).status_code == 401


async def test_an_ended_conversation_opens_no_more(http: httpx.AsyncClient) -> None:
    visitor = await Visitor(http).begin()
    await visitor.say(SCAM)
    assert (await http.delete("/chat/honeypot/conversations", headers=visitor.headers())).status_code == 204
    assert (await visitor.say("more")).status_code == 401
    assert (await http.get("/chat/honeypot/messages", headers=visitor.headers())).status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"text": "x"}', "application/json", 422),
        (b'{"text": "", "client_message_id": "message-1"}', "application/json", 422),
        (b'{"text": "a\\u0000b", "client_message_id": "message-1"}', "application/json", 422),
        (b'{"text": "a\\ud800b", "client_message_id": "message-1"}', "application/json", 422),
        (b'{"text": 5, "client_message_id": "message-1"}', "application/json", 422),
        (b'{"text": "x", "client_message_id": "short"}', "application/json", 422),
        (b'{"text": "x", "client_message_id": "message-1"}', "text/plain", 415),
        (b'{"text": "' + b"x" * 2_001 + b'", "client_message_id": "message-1"}', "application/json", 422),
        (b"[" * 5_000 + b"]" * 5_000, "application/json", 400),
    ],
)
async def test_what_is_no_message_is_refused_and_stored_nowhere(
    http: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    visitor = await Visitor(http).begin()
    answer = await http.post(
        "/chat/honeypot/messages", content=body, headers=visitor.headers(**{"Content-Type": kind})
    )
    assert answer.status_code in (status, 422), answer.text
    assert await visitor.read() == []


async def test_a_page_of_another_site_can_make_nobody_write(http: httpx.AsyncClient) -> None:
    visitor = await Visitor(http).begin()
    for site in ("cross-site", "same-site"):
        refused = await visitor.say(SCAM, **{"Sec-Fetch-Site": site})
        assert refused.status_code == 403
    for path in ("/chat/honeypot", "/chat/honeypot/widget.js", "/chat/honeypot/messages"):
        answer = await http.get(path, headers={"Origin": "https://evil.example", **visitor.headers()})
        assert "access-control-allow-origin" not in answer.headers


async def test_the_page_may_be_shown_by_allowed_sites_alone(
    http: httpx.AsyncClient, open_platform: Platform
) -> None:
    page = await http.get("/chat/honeypot")
    assert page.headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert "x-frame-options" not in page.headers
    await ChannelAccounts(open_platform, "honeypot").change_account(
        ME, "webchat", allowed_origins=["https://Shop.example/", "http://localhost:3000"], title="<b>Help</b>"
    )
    page = await http.get("/chat/honeypot")
    assert page.headers["content-security-policy"].endswith(
        "'self' https://shop.example http://localhost:3000"
    )
    assert "<b>Help</b>" not in page.text
    await ChannelAccounts(open_platform, "honeypot").change_account(ME, "webchat", is_enabled=False)
    assert (await http.get("/chat/honeypot")).status_code == 404


@pytest.mark.parametrize(
    "origin",
    ["*", "shop.example", "https://", "https://a b", "https://x; script-src *", "https://x/path", "https://u@x", "data:", "https://[", "'self'"],
)  # fmt: skip
async def test_what_is_no_site_cannot_be_allowed(
    http: httpx.AsyncClient, open_platform: Platform, origin: str
) -> None:
    with pytest.raises(Invalid):
        await ChannelAccounts(open_platform, "honeypot").change_account(
            ME, "webchat", allowed_origins=[origin]
        )


async def test_a_flood_is_held_off_and_passes(http: httpx.AsyncClient, clock: FixedClock) -> None:
    visitor = await Visitor(http).begin()
    statuses = [(await visitor.say("hello")).status_code for _ in range(25)]
    assert statuses.count(200) == 20
    assert statuses[-1] == 429
    answers = [await http.post("/chat/honeypot/conversations") for _ in range(40)]
    assert [answer.status_code for answer in answers].count(201) == 29
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_secret_stands_in_no_channel_and_a_deleted_session_leaves_no_line(
    http: httpx.AsyncClient, open_platform: Platform
) -> None:
    visitor = await Visitor(http).begin()
    await visitor.say("My PAN is ABCPE1234F, your KYC has expired")
    database = open_platform.database("honeypot")
    lines = database.read_now(lambda tx: tx.rows(LINES))
    assert "ABCPE1234F" not in lines[0]["text"]
    assert all(line["app_session_id"] for line in lines)
    honeypot = Honeypot(open_platform)
    [session] = await honeypot.list_sessions(ME, {}, None, 5)
    await honeypot.delete_session(ME, session["id"])
    assert database.read_now(lambda tx: tx.rows(LINES)) == []
    assert (await visitor.say("Hello again")).status_code == 200


async def test_a_chat_of_an_app_that_has_none_does_not_start(
    make_settings: Callable[..., Any], postgresql_url: str
) -> None:
    platform = Platform(make_settings(webchat_apps="nobody", database_url=SecretStr(postgresql_url)), APPS)
    with pytest.raises(Invalid, match="nobody"):
        create_app(platform)
    platform.close()


def test_the_chat_is_small_enough_for_a_slow_phone() -> None:
    folder = files("switchboard.kernel.channels.webchat").joinpath("assets")
    compressed = sum(len(gzip.compress(each.read_bytes())) for each in folder.iterdir() if each.is_file())
    assert compressed < 15_000
