"""Every refusal over HTTP: its status, its one form in words, and nothing of the inside in it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from tests.asgi import JSON, client

from switchboard.apps import APPS
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.library import library
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings

ROOT = Path(__file__).parents[3]
SESSIONS = "/api/honeypot/sessions"
OPENING = {"message": "Your KYC has expired, call 98765 43210 now"}


def said(answer: httpx.Response) -> dict[str, str]:
    """The error in an answer, which has the one form that every error has."""
    body = answer.json()
    assert set(body) == {"error"}
    error: dict[str, str] = body["error"]
    assert set(error) == {"code", "message", "hint", "correlation_id"}
    assert error["message"]
    assert error["hint"]
    assert answer.headers["x-correlation-id"] == error["correlation_id"]
    return error


CODES = {
    400: "invalid",
    401: "forbidden",
    403: "forbidden",
    404: "not_found",
    405: "invalid",
    409: "conflict",
    413: "invalid",
    415: "invalid",
    422: "invalid",
    429: "unavailable",
    503: "unavailable",
}


async def test_every_refusal_has_one_form_its_code_and_the_callers_correlation_id(platform: Platform) -> None:
    _, other = platform.keys.create(command_caller(), "other", ["desk"])
    _, slow = platform.keys.create(command_caller(), "slow", ["honeypot"], rate_limit_per_minute=1)
    seen = set()

    async def refused(asked: httpx.AsyncClient, method: str, path: str, **given: Any) -> httpx.Response:
        given["headers"] = {"X-Correlation-ID": "ticket-4711", **given.get("headers", {})}
        answer = await asked.request(method, path, **given)
        error = said(answer)
        assert error["correlation_id"] == "ticket-4711"
        assert error["code"] == CODES[answer.status_code]
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        seen.add(answer.status_code)
        return answer

    async with client(platform) as asked:
        named = {**OPENING, "client_message_id": "one"}
        assert (await asked.post(SESSIONS, json=named)).status_code == 201
        await refused(asked, "POST", SESSIONS, content=b"{", headers=JSON)
        await refused(asked, "GET", SESSIONS, headers={"Authorization": "Bearer no"})
        await refused(asked, "GET", SESSIONS, headers={"Authorization": f"Bearer {other}"})
        await refused(asked, "GET", f"{SESSIONS}/none")
        await refused(asked, "PATCH", SESSIONS)
        await refused(asked, "POST", SESSIONS, json={**named, "message": "something else"})
        await refused(asked, "POST", SESSIONS, content=b" " * 300_000, headers=JSON)
        await refused(asked, "POST", SESSIONS, content=b"a=b", headers={"Content-Type": "text/plain"})
        await refused(asked, "POST", SESSIONS, json={})
        hasty = {"Authorization": f"Bearer {slow}"}
        assert (await asked.get(SESSIONS, headers=hasty)).status_code == 200
        limited = await refused(asked, "GET", SESSIONS, headers=hasty)
        platform.database("honeypot").close()
        down = await refused(asked, "POST", SESSIONS, json=OPENING)
        await refused(asked, "GET", "/health/ready")
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in (limited, down))
    assert seen == set(CODES)


BAD_BODIES: list[tuple[bytes, int]] = [
    (b"{", 400),
    (b"", 400),
    (b'{"message": "\\ud800"}', 400),
    (b"[]", 422),
    (b'{"message": 7}', 422),
    (b'{"message": ""}', 422),
    (b'{"message": "   \\n"}', 422),
    (b'{"message": "a\\u0000b"}', 422),
    (json.dumps({"message": "x" * 8_001}).encode(), 422),
    (b'{"message": "x", "mesage": "typo"}', 422),
    (b'{"message": "x", "source_type": "S M S"}', 422),
    (b'{"message": "x", "persona_id": "nobody_at_all"}', 422),
    (b'{"message": "x", "client_message_id": "../../etc"}', 422),
    (b'{"message": "x", "metadata": {"n": 1e999}}', 422),
    (b'{"message": "x", "metadata": {"n": 99999999999999999999999}}', 422),
    (b'{"message": "x", "metadata": {"t": "a\\u0000"}}', 422),
    (json.dumps({"message": "x", "metadata": {"t": "y" * 20_000}}).encode(), 422),
    (b'{"message": "x", "metadata": ' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}", 422),
    (b"[" * 100_000, 422),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422),
    (b'{"message": "' + b"\\\\[" * 50_000, 400),
    (b"null", 422),
    (b"\xff\xfe{\x00}\x00", 400),
    (b'{"message": "\xff"}', 400),
    (b'{"message": NaN}', 422),
    (b'{"message": "x", "metadata": {"n": NaN}}', 422),
    (b'{"message": "x", "metadata": {"n": ' + b"9" * 5_000 + b"}}", 400),
    (b'{"message": "x", "\\ud800": 1}', 400),
]


async def test_a_bad_body_is_refused_in_words_and_stores_nothing(platform: Platform) -> None:
    async with client(platform) as asked:
        for body, status in BAD_BODIES:
            answer = await asked.post(SESSIONS, content=body, headers=JSON)
            assert answer.status_code == status, body[:80]
            assert said(answer)["code"] == "invalid"
        assert (await asked.get(SESSIONS)).json()["items"] == []


async def test_a_refusal_names_the_field_but_does_not_send_back_a_flood(platform: Platform) -> None:
    async with client(platform) as asked:
        typo = await asked.post(SESSIONS, json={"message": "x", "mesage": "y"})
        assert "mesage" in said(typo)["message"]
        flood = await asked.post(SESSIONS, json={"message": "x", "k" * 100_000: 1})
        assert flood.status_code == 422
        assert len(flood.content) < 2_000


PLACES = [
    ("GET", f"{SESSIONS}/%00", (404, 422)),
    ("GET", f"{SESSIONS}/%FF", (404, 422)),
    ("GET", f"{SESSIONS}/{'x' * 5_000}", (404, 422)),
    ("GET", f"{SESSIONS}/%00/messages", (404, 422)),
    ("POST", f"{SESSIONS}/%00/messages", (404, 422)),
    ("DELETE", f"{SESSIONS}/%00", (404, 422)),
    ("GET", f"{SESSIONS}?scam_type=%00", (200, 422)),
    ("GET", f"{SESSIONS}?source_type=%00", (200, 422)),
    ("GET", f"{SESSIONS}?persona_id=%00", (200, 422)),
    ("GET", "/api/honeypot/search?q=%00", (422,)),
    ("GET", f"{SESSIONS}?limit={'9' * 30}", (422,)),
    ("GET", f"{SESSIONS}?cursor=%00", (422,)),
    ("GET", f"{SESSIONS}?since=2026-01-01T00:00:00", (422,)),
    ("GET", f"{SESSIONS}?since=0001-01-01T00:00:00%2B14:00", (422,)),
    ("GET", f"{SESSIONS}?until=9999-12-31T23:59:59-14:00", (422,)),
]


async def test_a_hostile_address_is_never_a_defect(platform: Platform) -> None:
    wrong = {}
    # A defect's traceback, drawn for a terminal, would take seconds.
    with structlog.testing.capture_logs():
        async with client(platform) as asked:
            for method, path, statuses in PLACES:
                answer = await asked.request(method, path, json=OPENING if method == "POST" else None)
                if answer.status_code not in statuses:
                    wrong[f"{method} {path}"] = answer.status_code
                if answer.is_error:
                    said(answer)
    assert wrong == {}


async def test_a_message_of_8_000_characters_of_any_script_is_taken(platform: Platform) -> None:
    async with client(platform) as asked:
        for sign in ("x", "न", "😀", "\u200f"):
            text = (sign * 8_000)[:7_999] + "x"
            answer = await asked.post(SESSIONS, json={"message": text})
            assert answer.status_code == 201


async def test_a_body_that_is_not_json_by_its_type_is_refused(platform: Platform) -> None:
    async with client(platform) as asked:
        answer = await asked.post(SESSIONS, content=b"message=x", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 415
        said(answer)


async def test_a_body_that_is_too_large_is_refused_declared_or_not(platform: Platform) -> None:
    async def endless() -> Any:
        for _ in range(10):
            yield b" " * 65_536

    async with client(platform) as asked:
        declared = await asked.post(SESSIONS, content=b" " * 300_000, headers=JSON)
        streamed = await asked.post(SESSIONS, content=endless(), headers=JSON)
        for answer in (declared, streamed):
            assert answer.status_code == 413
            said(answer)


async def test_nobody_without_a_working_key_gets_in_and_all_hear_the_same(
    platform: Platform, clock: FixedClock
) -> None:
    revoked, token = platform.keys.create(command_caller(), "old", ["honeypot"])
    platform.keys.revoke(command_caller(), revoked.prefix)
    unknown = "sb_00000000_" + "A" * 43
    async with client(platform, key="") as asked:
        heard = set()
        for key in (token, unknown, "nonsense", "é" * 10):
            answer = await asked.get(SESSIONS, headers={"Authorization": f"Bearer {key}".encode()})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            error = said(answer)
            assert token not in answer.text
            heard.add((error["code"], error["message"], error["hint"]))
        assert len(heard) == 1
        for header in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}):
            answer = await asked.get(SESSIONS, headers=header)
            assert answer.status_code == 401
            assert said(answer)["message"] == "This needs an API key."


async def test_a_key_of_another_app_may_not_come_in(platform: Platform) -> None:
    _, token = platform.keys.create(command_caller(), "other", ["desk"])
    async with client(platform, key=token) as asked:
        answer = await asked.get(SESSIONS)
        assert answer.status_code == 403
        assert said(answer)["code"] == "forbidden"


async def test_unknown_paths_and_methods_are_answered_in_words(platform: Platform) -> None:
    async with client(platform) as asked:
        missing = await asked.get("/api/honeypot/nothing")
        assert missing.status_code == 404
        said(missing)
        elsewhere = await asked.get("/nothing")
        assert elsewhere.status_code == 404
        said(elsewhere)
        wrong = await asked.put(SESSIONS, json={})
        assert wrong.status_code == 405
        assert set(wrong.headers["allow"].split(", ")) == {"GET", "POST"}
        said(wrong)


async def test_an_expired_key_is_told_so_and_how_to_go_on(platform: Platform, clock: FixedClock) -> None:
    _, token = platform.keys.create(command_caller(), "day", ["honeypot"], lifetime=timedelta(days=1))
    async with client(platform, key=token) as asked:
        assert (await asked.get(SESSIONS)).status_code == 200
        clock.advance(timedelta(days=1))
        answer = await asked.get(SESSIONS)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "expired" in said(answer)["message"]
    assert "keys create" in said(answer)["hint"]


async def test_nothing_of_a_body_is_read_before_the_key_is_known(platform: Platform) -> None:
    async def unread() -> Any:
        raise AssertionError("the body was read")
        yield b""

    async with client(platform, key="") as asked:
        assert (await asked.post(SESSIONS, content=unread(), headers=JSON)).status_code == 401


DEFECT = """
import asyncio, sys
from switchboard.apps import APPS
from switchboard.kernel import logging
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import Settings
from switchboard.server import create_app
from tests.asgi import client

async def main():
    settings = Settings(log_format=sys.argv[1])
    logging.configure(settings)
    platform = Platform(settings, APPS)
    platform.migrate()
    app = create_app(platform)

    @app.get("/api/honeypot/defect")
    async def defect():
        what_somebody_wrote = "canary-7c1b"
        raise RuntimeError(what_somebody_wrote)

    async with client(platform, app=app) as asked:
        answer = await asked.get("/api/honeypot/defect")
    print(answer.status_code, answer.text)
    platform.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_defect_shows_nothing_of_the_inside_and_logs_where_it_was_but_no_text(form: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", DEFECT, form], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("500 ")
    assert "canary" not in ran.stdout + ran.stderr
    assert "RuntimeError" not in ran.stdout
    assert "RuntimeError" in ran.stderr
    assert "in defect" in ran.stderr


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_database_held_by_another_program_is_refused_for_now(
    platform: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.kernel.database.connections.BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr("switchboard.kernel.database.writer.BUSY_TIMEOUT_MS", 50)
    platform.database("honeypot").close()
    fresh = Platform(settings, APPS)
    async with client(fresh) as asked:
        holder = library.connect(str(settings.data_dir / "honeypot.db"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        answer = await asked.post(SESSIONS, json=OPENING)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert "Another program" in said(answer)["message"]
        holder.execute("ROLLBACK")
        holder.close()
        assert (await asked.post(SESSIONS, json=OPENING)).status_code == 201
    fresh.close()


async def test_a_body_that_never_comes_is_given_up(make_settings: Callable[..., Settings]) -> None:
    platform = Platform(make_settings(request_timeout_seconds=0.1), APPS)
    platform.migrate()

    async def stalling() -> Any:
        yield b'{"message":'
        await asyncio.sleep(30)

    async with client(platform) as asked:
        answer = await asked.post(SESSIONS, content=stalling(), headers=JSON)
    assert answer.status_code == 400
    assert "did not arrive" in said(answer)["message"]
    platform.close()
