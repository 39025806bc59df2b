"""What the edge does to every request: names it, admits it, reads its body within limits, words its errors."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.asgi import JSON, client

from switchboard.apps import APPS
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.library import library
from switchboard.kernel.errors import Invalid
from switchboard.kernel.http.edge import DEPTH_LIMIT, check_json
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
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
async def test_a_bad_body_is_refused_in_words_and_stores_nothing(
    platform: Platform, body: bytes, status: int
) -> None:
    async with client(platform) as asked:
        answer = await asked.post(SESSIONS, content=body, headers=JSON)
        assert answer.status_code == status
        assert said(answer)["code"] == "invalid"
        assert (await asked.get(SESSIONS)).json()["items"] == []


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
    revoked, token = platform.keys.create("old", ["honeypot"], command_caller())
    platform.keys.revoke(revoked.prefix, command_caller())
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
    _, token = platform.keys.create("other", ["desk"], command_caller())
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
        assert set(wrong.headers["allow"].split(", ")) & {"GET", "POST"}
        said(wrong)


async def test_a_sane_correlation_id_is_kept_and_any_other_replaced(platform: Platform) -> None:
    async with client(platform) as asked:
        kept = await asked.get("/health", headers={"X-Correlation-ID": "ticket-4711.a_b"})
        assert kept.headers["x-correlation-id"] == "ticket-4711.a_b"
        for insane in ("short", "x" * 65, "a b c d e f g h", "line\tfeed-12345"):
            answer = await asked.get("/health", headers={"X-Correlation-ID": insane})
            assert answer.headers["x-correlation-id"] != insane


async def test_every_answer_carries_the_security_headers_and_none_opens_to_other_sites(
    platform: Platform,
) -> None:
    async with client(platform) as asked:
        for path in ("/health", "/nothing", SESSIONS, "/docs", "/metrics"):
            answer = await asked.get(path, headers={"Origin": "https://elsewhere.example"})
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert "default-src" in answer.headers["content-security-policy"]
            assert "unsafe-eval" not in answer.headers["content-security-policy"]
            assert "access-control-allow-origin" not in answer.headers


async def test_the_page_of_the_api_loads_nothing_from_elsewhere(platform: Platform) -> None:
    async with client(platform, key="") as asked:
        page = (await asked.get("/docs")).text
        assert "http://" not in page
        assert "https://" not in page
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js", "favicon-32x32.png"):
            assert (await asked.get(f"/docs/{name}")).status_code == 200


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


async def test_a_header_about_the_client_is_not_believed(platform: Platform) -> None:
    async with client(platform) as asked:
        session = (await asked.post(SESSIONS, json=OPENING)).json()["session_id"]
        await asked.delete(f"{SESSIONS}/{session}", headers={"X-Forwarded-For": "203.0.113.99"})
    from switchboard.kernel.database.statement import Statement

    rows = platform.database("honeypot").read_now(
        lambda tx: tx.rows(Statement("SELECT action, actor, address, correlation_id FROM {audit}"))
    )
    assert [(row["action"], row["address"]) for row in rows] == [("delete", "127.0.0.1")]
    assert rows[0]["actor"].startswith("key:")
    assert rows[0]["correlation_id"]


async def test_metrics_count_by_route_and_never_by_what_was_asked_for(platform: Platform) -> None:
    async with client(platform) as asked:
        await asked.get(f"{SESSIONS}/some-secret-id")
        page = (await asked.get("/metrics")).text
    assert 'path="/api/honeypot/sessions/{session_id}"' in page
    assert "some-secret-id" not in page
    assert 'switchboard_outbox_messages{database="honeypot",status="FAILED"}' in page


@given(
    st.recursive(st.text(max_size=5), lambda inner: st.lists(inner, min_size=1, max_size=2), max_leaves=60)
)
def test_nesting_is_measured_past_brackets_in_texts(value: object) -> None:
    def depth(part: object) -> int:
        return 1 + max(map(depth, part)) if isinstance(part, list) else 0

    text = json.dumps([value, "[" * 100, '\\"[[[['], ensure_ascii=False).encode()
    if depth([value, ""]) > DEPTH_LIMIT:
        with pytest.raises(Invalid):
            check_json(text, b"application/json")
    else:
        check_json(text, b"application/json; charset=utf-8")
