"""A real server in a process of its own, as an operator starts it, with what it has printed so far."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
READY = re.compile(r"is ready: (http://\S+)$", re.MULTILINE)
SETUP = re.compile(r"^\s+(http://\S+/setup/\S+)$", re.MULTILINE)


class Served:
    """A server process with what it has printed so far."""

    def __init__(self, environment: dict[str, str], *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "switchboard", "serve", "--port", "0", *options],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.printed = ""
        self.address = self._wait_for(READY)

    def _wait_for(self, sought: re.Pattern[str]) -> str:
        assert self.process.stdout is not None
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if select.select([self.process.stdout], [], [], 0.05)[0]:
                self.printed += os.read(self.process.stdout.fileno(), 65_536).decode()
            if (found := sought.search(self.printed)) and self.printed.endswith("\n"):
                return found[1]
            assert self.process.poll() is None, self.printed
        raise AssertionError(self.printed)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    @property
    def setup_link(self) -> str:
        """The link for the first administrator, which a server without accounts prints."""
        return self._wait_for(SETUP)


def run(environment: dict[str, str], *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """A command beside the server, over the same data."""
    return subprocess.run(
        [sys.executable, "-m", "switchboard", *words],
        env=environment,
        cwd=ROOT,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )
