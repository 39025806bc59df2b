"""The product under attack: a real server process on loopback, which can be killed and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tests.faults.load import Client

ROOT = Path(__file__).resolve().parents[2]
SERVE = (sys.executable, "-m", "switchboard", "serve")
_READY_SECONDS = 60.0
_STOP_SECONDS = 30.0
_ENGINE_SECONDS = 30.0
_ENGINE_RUNS = b"schedules are running"
_READY = re.compile(rb"is ready: http://127\.0\.0\.1:(\d+)\n")
# Without compiled modules a start takes twice as long, and the kill proof starts two hundred times.
_LEFT_OUT = ("PYTHONDONTWRITEBYTECODE",)


class DidNotStart(RuntimeError):
    """The server ended, or was not ready in time; its log says why. No verdict on what it stored."""


def environment(data_dir: Path, database_url: str = "", **more: str) -> dict[str, str]:
    """Settings for a server and the commands beside it: any port, no limits, no job engine."""
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SWITCHBOARD_") and name not in _LEFT_OUT
        },
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "PYTHONUNBUFFERED": "1",
        "SWITCHBOARD_DATA_DIR": str(data_dir),
        "SWITCHBOARD_DATABASE_URL": database_url,
        "SWITCHBOARD_PORT": "0",
        "SWITCHBOARD_RATE_LIMIT_PER_MINUTE": "0",
        "SWITCHBOARD_WORKER_INSIDE": "never",
        "SWITCHBOARD_HONEYPOT_MAX_TURNS": "50",
        "SWITCHBOARD_HONEYPOT_GOAL_SCORE": "3",
        **more,
    }


def with_engine(settings: dict[str, str]) -> dict[str, str]:
    """The same settings for a server that also runs the job engine, and says so in its log."""
    return settings | {"SWITCHBOARD_WORKER_INSIDE": "always", "SWITCHBOARD_LOG_LEVEL": "debug"}


def make_key(settings: dict[str, str], app: str = "honeypot") -> str:
    """An API key for one app, by the command that a person would use. It also makes the databases."""
    made = subprocess.run(
        [sys.executable, "-m", "switchboard", "keys", "create", "--app", app, "--quiet"],
        env=settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise DidNotStart(made.stderr[-2000:])
    return made.stdout.strip()


class Server:
    """One server over one data folder; `start` again after `kill`, on whatever port is then free."""

    def __init__(self, settings: dict[str, str], program: Sequence[str] = SERVE) -> None:
        self.port = 0
        self._settings = settings
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it says that it is ready. Raises DidNotStart with its log when it ends instead."""
        # A file and not a pipe: nobody has to read along for the server to go on.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            self._program,
            env=self._settings,
            cwd=ROOT,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        give_up_at = time.monotonic() + _READY_SECONDS
        while (found := _READY.search(self.log)) is None:
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                self.kill()
                raise DidNotStart(self.log.decode(errors="replace")[-2000:])
            time.sleep(0.01)
        self.port = int(found[1])

    def kill(self) -> None:
        """SIGKILL to the server and whatever it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end, and see to it that it does."""
        self._end(signal.SIGTERM)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> bytes:
        """What it has written since it was started last."""
        if self._log is None:
            return b""
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0)

    def comes_to_run_schedules(self) -> bool:
        """Whether the job engine starts, within some seconds; for a server under `with_engine` settings."""
        give_up_at = time.monotonic() + _ENGINE_SECONDS
        while _ENGINE_RUNS not in self.log and time.monotonic() < give_up_at:
            time.sleep(0.1)
        return _ENGINE_RUNS in self.log

    def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, number)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_alive(port: int) -> bool:
    """Whether the process answers, whatever its databases do."""
    client = Client(port, "")
    try:
        return client.ask("GET", "/health").status == 200
    finally:
        client.close()
