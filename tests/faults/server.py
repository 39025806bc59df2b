"""The product under attack: a real server process on loopback, which can be killed and started again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVE = (sys.executable, "-m", "switchboard", "serve")
_READY_SECONDS = 40.0


def environment(data_dir: Path, database_url: str = "", **more: str) -> dict[str, str]:
    """Settings for a server and the commands beside it: no limits, no job engine."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SWITCHBOARD_")},
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "SWITCHBOARD_DATA_DIR": str(data_dir),
        "SWITCHBOARD_DATABASE_URL": database_url,
        "SWITCHBOARD_RATE_LIMIT_PER_MINUTE": "0",
        "SWITCHBOARD_WORKER_INSIDE": "never",
        "SWITCHBOARD_HONEYPOT_MAX_TURNS": "50",
        **more,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(settings: dict[str, str]) -> str:
    """An API key for the honeypot, by the command that a person would use."""
    made = subprocess.run(
        [sys.executable, "-m", "switchboard", "keys", "create", "--app", "honeypot", "--quiet"],
        env=settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


class Server:
    """One server over one data folder; `start` again after `kill`."""

    def __init__(self, settings: dict[str, str], program: Sequence[str] = SERVE) -> None:
        self.port = free_port()
        self._settings = settings | {"SWITCHBOARD_PORT": str(self.port)}
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it is ready. Raises RuntimeError with its log when it ends instead."""
        self._process = subprocess.Popen(
            self._program,
            env=self._settings,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        give_up_at = time.monotonic() + _READY_SECONDS
        while not is_ready(self.port):
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                self.kill()
                assert self._process.stderr is not None
                raise RuntimeError(self._process.stderr.read().decode(errors="replace")[-2000:])
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL to the server and whatever it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
