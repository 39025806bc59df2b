"""What the edge does to every request, in this process and at the socket of a real server."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.asgi import client

from switchboard.apps import APPS
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Invalid
from switchboard.kernel.http.edge import DEPTH_LIMIT, check_json
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import Settings

ROOT = Path(__file__).parents[3]
SESSIONS = "/api/honeypot/sessions"
OPENING = {"message": "Your KYC has expired, call 98765 43210 now"}


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


async def test_a_header_about_the_client_is_not_believed(platform: Platform) -> None:
    async with client(platform) as asked:
        session = (await asked.post(SESSIONS, json=OPENING)).json()["session_id"]
        await asked.delete(f"{SESSIONS}/{session}", headers={"X-Forwarded-For": "203.0.113.99"})
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


async def test_a_server_whose_database_went_away_still_stops_in_order(platform: Platform) -> None:
    async with client(platform) as asked:
        assert (await asked.get(SESSIONS)).status_code == 200
        platform.close()


class Server:
    """A server process, asked byte by byte."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self._printed = folder / "printed"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHBOARD_")}
        self._environment = {
            **kept,
            "SWITCHBOARD_DATA_DIR": str(self.data_dir),
            "SWITCHBOARD_REQUEST_TIMEOUT_SECONDS": "0.3",
        }
        with self._printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "switchboard", "serve", "--port", "0"],
                env=self._environment,
                cwd=ROOT,
                stdout=printed,
                stderr=subprocess.DEVNULL,
            )
        self.port = int(self._wait_for(r"is ready: http://127\.0\.0\.1:(\d+)$"))
        self.key = self._wait_for(r"^ +(sb_\S{52})$")

    def _wait_for(self, sought: str) -> str:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            if found := re.search(sought, self._printed.read_text(), re.MULTILINE):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(self._printed.read_text())

    def head(self, start: str, *lines: str) -> bytes:
        """The head of a request by somebody with a key, with these lines more."""
        host = f"Host: 127.0.0.1:{self.port}"
        signed = f"Authorization: Bearer {self.key}"
        kind = "Content-Type: application/json"
        return "\r\n".join([f"{start} HTTP/1.1", host, signed, kind, *lines, "", ""]).encode()

    def answer(self, *parts: bytes) -> str:
        """What comes back until the server closes the connection, which it has to do."""
        heard = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            # A server that has heard enough may close while more is on its way.
            with suppress(ConnectionResetError, BrokenPipeError):
                for part in parts:
                    connection.sendall(part)
            with suppress(ConnectionResetError):
                while heard_now := connection.recv(65_536):
                    heard += heard_now
        return heard.decode()

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "switchboard", *words]
        ran = subprocess.run(
            command, env=self._environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        return ran.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.process.terminate()
    assert server.process.wait(60) == 0


def test_a_body_that_is_sent_too_slowly_is_given_up_and_its_connection_closed(server: Server) -> None:
    heard = server.answer(server.head(f"POST {SESSIONS}", "Content-Length: 100"), b'{"message":')
    assert heard.startswith("HTTP/1.1 400 ")
    assert "did not arrive" in heard
    assert "connection: close" in heard


def test_a_body_without_a_length_is_read_no_further_than_the_limit(server: Server) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    heard = server.answer(server.head(f"POST {SESSIONS}", "Transfer-Encoding: chunked"), *[chunk] * 5)
    assert heard.startswith("HTTP/1.1 413 ")
    assert "connection: close" in heard
    assert '"code": "invalid"' in heard


def test_a_declared_length_is_refused_before_a_client_that_asks_first_has_sent_it(server: Server) -> None:
    heard = server.answer(
        server.head(f"POST {SESSIONS}", "Expect: 100-continue", "Content-Length: 999999999")
    )
    assert heard.startswith("HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "lengths",
    [
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
        ("Content-Length: 3", "Content-Length: 15"),
        ("Content-Length: -1",),
        ("Content-Length: " + "9" * 30,),
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused_and_stores_nothing(
    server: Server, lengths: tuple[str, ...]
) -> None:
    body = b"f\r\n" + b'{"message":"x"}' + b"\r\n0\r\n\r\n"
    heard = server.answer(server.head(f"POST {SESSIONS}", *lengths), body)
    assert heard.startswith("HTTP/1.1 400 ")
    assert heard.count("HTTP/1.1 ") == 1
    listed = server.answer(server.head(f"GET {SESSIONS}", "Connection: close"))
    assert '"items":[]' in listed


def test_a_key_revoked_at_the_command_line_is_soon_refused_by_a_running_server(server: Server) -> None:
    token = server.run("keys", "create", "--app", "honeypot", "--quiet").strip()
    address = f"http://127.0.0.1:{server.port}{SESSIONS}"
    signed = {"Authorization": f"Bearer {token}"}
    assert httpx.get(address, headers=signed).status_code == 200
    server.run("keys", "revoke", token[3:11])
    until = time.monotonic() + 20
    while httpx.get(address, headers=signed).status_code != 401:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_second_server_on_the_same_files_is_refused_with_a_next_step(server: Server) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        server.run("serve", "--port", "0")
    assert refused.value.returncode == 1
    assert str(server.data_dir) in refused.value.stderr
    assert "Traceback" not in refused.value.stderr


def test_a_real_server_believes_no_header_about_the_client(server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}{SESSIONS}"
    forged = {
        "Authorization": f"Bearer {server.key}",
        "X-Forwarded-For": "203.0.113.99",
        "Forwarded": "for=203.0.113.99",
    }
    opened = httpx.post(address, headers=forged, json={"message": "x"}).json()
    assert httpx.delete(f"{address}/{opened['session_id']}", headers=forged).status_code == 204
    platform = Platform(Settings(data_dir=server.data_dir), APPS)
    rows = platform.database("honeypot").read_now(
        lambda tx: tx.rows(Statement("SELECT address FROM {audit}"))
    )
    platform.close()
    assert [row["address"] for row in rows] == ["127.0.0.1"]


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
