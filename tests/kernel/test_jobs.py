"""Schedules on the durable engine, on both databases, in processes of their own: the engine is one per process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from switchboard.kernel.database.library import library

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
    with log.open("a") as lines:
        lines.write(f"begun by {os.getpid()}\\n")
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


def test_due_work_is_done_and_the_engine_lets_the_process_end(
    environment: dict[str, str], tmp_path: Path
) -> None:
    worker = start(environment, "work", tmp_path / "log")
    printed, _ = worker.communicate(timeout=90)
    assert worker.returncode == 0
    lines = printed.splitlines()
    assert lines[0] == f"['test-work'] {not library.__name__.startswith('pysqlite3')}"
    assert lines[-1] == "stopped"
    assert "done by" in (tmp_path / "log").read_text()


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
