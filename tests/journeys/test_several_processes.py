"""One console beside other processes: what they write is seen in it at once, whichever of them it was."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from tests.served import Served, run

PASSWORD = "seven green umbrellas"
SCAM = "Dear customer, your KYC has expired. Call 98765 43210 now."
KEY = re.compile(r"^\s*(sb_[0-9a-f]{8}_\S{43})$", re.MULTILINE)


@contextmanager
def _served(environment: dict[str, str], *options: str) -> Iterator[Served]:
    served = Served(environment, *options)
    try:
        yield served
    finally:
        assert served.end(signal.SIGTERM) == 0


@contextmanager
def _watching(served: Served) -> Iterator[tuple[httpx.Client, Iterator[str]]]:
    """Somebody signed in who has the list of sessions open; the events that its page is sent."""
    headers = {"Origin": served.address, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    with httpx.Client(base_url=served.address, headers=headers, timeout=60) as http:
        signed_in = http.post("/sign-in", data={"name": "asha", "password": PASSWORD})
        assert signed_in.status_code == 303, signed_in.text
        # Signing in has waited for the console to be loaded, as any form does.
        page = http.get("/honeypot/sessions").text
        [address] = re.findall(r'data-live-from="([^"]+)"', page)
        with http.stream("GET", address) as stream:
            yield http, (line for line in stream.iter_lines() if line.startswith("event:"))


def _until_changed(events: Iterator[str]) -> None:
    # The stream itself ends the wait where nothing comes: the client gives up after a minute of silence.
    assert next(line for line in events if "changed" in line)


def _environment(folder: Path, **given: str) -> dict[str, str]:
    environment = {**os.environ, "SWITCHBOARD_DATA_DIR": str(folder), **given}
    words = ("accounts", "create", "asha", "--role", "administrator", "--with-password")
    made = run(environment, *words, said=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    return environment


def test_one_console_shows_what_several_api_processes_write(postgresql_url: str, tmp_path: Path) -> None:
    environment = _environment(tmp_path / "data", SWITCHBOARD_DATABASE_URL=postgresql_url)
    with ExitStack() as stack:
        console = stack.enter_context(_served(environment))
        apis = [stack.enter_context(_served(environment, "--no-console")) for _ in range(2)]
        [key] = KEY.findall(run(environment, "keys", "create", "--app", "honeypot", "--quiet").stdout)
        sent = {"Authorization": f"Bearer {key}"}
        for api in apis:
            assert httpx.get(f"{api.address}/honeypot/sessions").status_code == 404
        http, events = stack.enter_context(_watching(console))
        session = httpx.post(
            f"{apis[0].address}/api/honeypot/sessions", json={"message": SCAM}, headers=sent, timeout=60
        ).json()["session_id"]
        _until_changed(events)
        assert session in http.get("/honeypot/sessions").text
        said = httpx.post(
            f"{apis[1].address}/api/honeypot/sessions/{session}/messages",
            json={"message": "Pay to verify@okaxis within the hour"},
            headers=sent,
            timeout=60,
        )
        assert said.is_success, said.text
        _until_changed(events)
        assert "verify@okaxis" in http.get(f"/honeypot/sessions/{session}").text


def test_a_conversation_at_the_command_line_is_seen_in_the_console(tmp_path: Path) -> None:
    environment = _environment(tmp_path / "data")
    with _served(environment) as console, _watching(console) as (http, events):
        played = run(environment, "honeypot", "chat", said=f"{SCAM}\n/quit\n")
        assert played.returncode == 0, played.stderr
        _until_changed(events)
        assert "+919876543210" in http.get("/honeypot/intelligence").text
        # The server took a free port; a command beside it knows which.
        linked = run(environment, "accounts", "create", "ravi", "--role", "viewer")
        assert f"{console.address}/password/" in linked.stdout
