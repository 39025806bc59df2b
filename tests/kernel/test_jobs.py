"""Schedules on the durable engine, on both databases, in processes of their own: the engine is one per process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from switchboard.apps.honeypot.jobs import end_silent_sessions
from switchboard.apps.honeypot.service import SWEEP_LIMIT, Honeypot, Opening
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.library import library
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.outbound.addresses import AddressPolicy
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

ROOT = Path(__file__).parents[2]

PROGRAM = """
import os, sys, time
from dataclasses import replace
from pathlib import Path
from switchboard.apps.honeypot.app import HONEYPOT
from switchboard.kernel.app import Schedule
from switchboard.kernel.jobs import Jobs
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import load_settings

mode, log = sys.argv[1], Path(sys.argv[2])

def work(platform):
    first = not log.exists()
    with log.open("a") as lines:
        lines.write(f"begun by {os.getpid()}\\n")
    if mode == "fail" and first:
        raise ConnectionError("the first time fails")
    if mode == "die":
        time.sleep(60)
    with log.open("a") as lines:
        lines.write(f"done by {os.getpid()}\\n")
    return 1

cron = "* * * * * *" if mode != "later" else "0 0 1 1 *"
app = replace(HONEYPOT, schedules=lambda: (Schedule("test-work", cron, work),))
platform = Platform(load_settings(), (app,))
jobs = Jobs(platform)
jobs.start()
print([each.name for each in jobs.list_schedules()], "_sqlite3" in sys.modules, flush=True)
until = time.monotonic() + 40
wanted = "begun" if mode == "die" else "done by"
while time.monotonic() < until and not (log.exists() and wanted in log.read_text()):
    time.sleep(0.05)
if mode == "die":
    time.sleep(60)
jobs.stop()
platform.close()
print("stopped", flush=True)
"""


@pytest.fixture
def environment(tmp_path: Path, database_url: str | None) -> dict[str, str]:
    return {
        **os.environ,
        "SWITCHBOARD_DATA_DIR": str(tmp_path / "data"),
        "SWITCHBOARD_DATABASE_URL": database_url or "",
    }


def start(environment: dict[str, str], mode: str, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, mode, str(log)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_due_work_is_done_though_it_failed_before_and_the_engine_lets_the_process_end(
    environment: dict[str, str], tmp_path: Path
) -> None:
    worker = start(environment, "fail", tmp_path / "log")
    printed, _ = worker.communicate(timeout=90)
    assert worker.returncode == 0
    lines = printed.splitlines()
    assert lines[0] == f"['nightly-upkeep', 'test-work'] {not library.__name__.startswith('pysqlite3')}"
    assert lines[-1] == "stopped"
    log = (tmp_path / "log").read_text()
    assert log.startswith(f"begun by {worker.pid}\nbegun by {worker.pid}\n")
    assert f"done by {worker.pid}" in log


def test_work_whose_worker_was_killed_is_done_by_the_next(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    dying = start(environment, "die", log)
    until = time.monotonic() + 60
    while not log.exists():
        assert time.monotonic() < until
        assert dying.poll() is None
        time.sleep(0.05)
    dying.send_signal(signal.SIGKILL)
    dying.communicate()
    before = log.read_text()

    # The next worker's schedule is months away: what it does now is what the dead one left.
    next_worker = start(environment, "later", log)
    next_worker.communicate(timeout=90)
    assert next_worker.returncode == 0
    assert f"done by {next_worker.pid}" in log.read_text().removeprefix(before)


async def test_the_silence_sweep_ends_more_sessions_than_one_batch_holds_and_each_once(
    platform: Platform, clock: FixedClock
) -> None:
    me, honeypot, box = command_caller(), Honeypot(platform), platform.outbox("honeypot")
    box.add_endpoint("http://127.0.0.1:1/closed", me, AddressPolicy(["127.0.0.0/8"]))
    hello = Opening("Hello", "sms", None, None, None)
    count = SWEEP_LIMIT + 5
    await asyncio.gather(*(honeypot.open_session(me, hello) for _ in range(count)))
    clock.advance(timedelta(minutes=30))
    talking = (await honeypot.open_session(me, hello))["session_id"]

    assert await asyncio.to_thread(end_silent_sessions, platform) == count
    assert await asyncio.to_thread(end_silent_sessions, platform) == 0
    ended = await honeypot.list_sessions(command_caller(), {"status": "TERMINATED"}, None, count + 1)
    assert {session["ended_at"] for session in ended} == {clock.now()}
    assert len(ended) == count
    assert (await honeypot.get_session(command_caller(), talking))["status"] == "ONGOING"
    ids = sorted(session["id"] for session in ended)
    assert sorted(row["object_id"] for row in box.list_results(limit=1_000)) == ids
    deeds = platform.database("honeypot").read_now(
        lambda tx: tx.rows(Statement("SELECT actor, object_id FROM {audit} WHERE action = 'end'"))
    )
    assert {deed["actor"] for deed in deeds} == {"schedule:silence sweep"}
    assert sorted(deed["object_id"] for deed in deeds) == ids
