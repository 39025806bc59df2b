"""A new user's first hour, with real processes: start, talk, kill, start again, find everything."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.served import Served, run

KEY = re.compile(r"^\s+(sb_[0-9a-f]{8}_\S{43})$", re.MULTILINE)
SCAM = "Dear customer, your KYC has expired. Call 98765 43210 now."


@pytest.fixture
def environment(tmp_path: Path, database_url: str | None) -> Iterator[dict[str, str]]:
    yield {
        **os.environ,
        "SWITCHBOARD_DATA_DIR": str(tmp_path / "data"),
        "SWITCHBOARD_DATABASE_URL": database_url or "",
    }


def test_a_new_user_talks_kills_the_server_and_finds_everything(
    environment: dict[str, str], tmp_path: Path
) -> None:
    server = Served(environment)
    found = KEY.search(server.printed)
    assert found, server.printed
    headers = {"Authorization": f"Bearer {found[1]}"}
    with httpx.Client(base_url=server.address, headers=headers, timeout=30) as asked:
        opened = asked.post("/api/honeypot/sessions", json={"message": SCAM})
        assert opened.status_code == 201
        session = f"/api/honeypot/sessions/{opened.json()['session_id']}"
        replied = asked.post(f"{session}/messages", json={"message": "Pay to helper@ybl"})
        assert replied.json()["turn_count"] == 2
    assert server.end(signal.SIGKILL) == -signal.SIGKILL

    again = Served(environment)
    assert not KEY.search(again.printed), "the key is shown once"
    with httpx.Client(base_url=again.address, headers=headers, timeout=30) as asked:
        lines = asked.get(f"{session}/messages").json()["items"]
        assert [line["content"] for line in lines] == [
            SCAM,
            opened.json()["reply"],
            "Pay to helper@ybl",
            replied.json()["reply"],
        ]
        found_values = asked.get("/api/honeypot/search", params={"q": "+91 98765-43210"}).json()["values"]
        assert [value["value"] for value in found_values] == ["+919876543210"]

        chat = run(environment, "honeypot", "chat", said="Share the OTP now\nPay to second@ybl\n")
        assert chat.returncode == 0, chat.stderr
        assert "second@ybl" in chat.stdout
        report = tmp_path / "report.json"
        replay = run(
            environment,
            "honeypot",
            "replay",
            "samples/scam_messages.jsonl",
            "--limit",
            "20",
            "--report",
            str(report),
        )
        assert replay.returncode == 0, replay.stderr
        assert report.exists()
        assert len(json.loads(report.read_text())["rows"]) == 20

        made = run(environment, "keys", "create", "--app", "honeypot", "--quiet").stdout.strip()
        second = {"Authorization": f"Bearer {made}"}
        assert asked.get("/api/honeypot/sessions", headers=second).status_code == 200
        run(environment, "keys", "revoke", made[3:11])
        until = time.monotonic() + 30
        while asked.get("/api/honeypot/sessions", headers=second).status_code != 401:
            assert time.monotonic() < until, "a revoked key is refused soon"
            time.sleep(0.05)
    assert again.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_second_server_on_the_same_data_is_refused_and_names_the_first(environment: dict[str, str]) -> None:
    server = Served(environment)
    second = run(environment, "serve", "--port", "0")
    assert second.returncode == 1
    assert f"process {server.process.pid}" in second.stderr
    doctor = run(environment, "doctor")
    assert f"process {server.process.pid}" in doctor.stdout
    assert doctor.returncode == 0, doctor.stdout
    assert server.end(signal.SIGTERM) == 0
    assert not list(Path(environment["SWITCHBOARD_DATA_DIR"]).glob("*-wal"))
