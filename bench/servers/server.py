"""A server under measurement: a record of how to start it, and the start and end of one as a child process.

It listens on a free loopback port, keeps its files in a directory of its own, and is ended by its own id.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers.turn import DATABASE_URL, DIRECTORY, About, read_introduction

ROOT = Path(__file__).parents[2]
_READY_SECONDS = 30.0
_STOP_SECONDS = 15.0
_LOG_TAIL_CHARS = 1200


class DidNotStart(Exception):
    """A server that could not be brought to answer; the message holds the end of its log."""


@dataclass(frozen=True)
class Place:
    """Where one start of a server lives."""

    directory: Path
    port: int
    database_url: str | None = None


Command = Callable[[Place], list[str]]


def _no_commands(_place: Place) -> list[list[str]]:
    return []


def _own_word(place: Place) -> About:
    return read_introduction(place.directory)


@dataclass(frozen=True)
class Server:
    """One line of the table. `path` may hold `{session}`."""

    name: str
    title: str
    command: Command
    path: str
    needs: tuple[str, ...] = ()
    """Modules that must be installed."""
    absent: str | None = None
    """Why it cannot run at all, where that is known beforehand."""
    before: Callable[[Place], list[list[str]]] = _no_commands
    """Commands that make its database ready, run to their end before the start."""
    about: Callable[[Place], About] = _own_word
    """Asked once it answers; by default what it left with `turn.introduce`."""
    stored_rows: Callable[[Place], int] | None = None
    """Counts what is on disk once it has stopped."""
    rows_per_request: int = 0
    on_postgresql: bool = False

    def why_not(self) -> str | None:
        """Why it cannot run, or None."""
        if self.absent:
            return self.absent
        missing = [module for module in self.needs if importlib.util.find_spec(module) is None]
        return f"not installed: {', '.join(missing)}" if missing else None


def uvicorn(module: str, factory: str = "create_app") -> Command:
    """One uvicorn process, uvloop and httptools, no access log, serving what the module's factory makes."""

    def command(place: Place) -> list[str]:
        return [
            *(sys.executable, "-m", "uvicorn", "--factory", f"{module}:{factory}"),
            *("--host", "127.0.0.1", "--port", str(place.port), "--workers", "1"),
            *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
        ]

    return command


def rows_in(file: str, table: str) -> Callable[[Place], int]:
    """Counts the rows of a table of an SQLite file in the server's directory."""

    def rows(place: Place) -> int:
        connection = sqlite3.connect(place.directory / file)
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        finally:
            connection.close()

    return rows


@contextmanager
def running(server: Server, place: Place) -> Iterator[None]:
    """The server, answering, from entry to exit. Raises DidNotStart."""
    log = place.directory / "server.log"
    environment = os.environ | {
        DIRECTORY: str(place.directory),
        DATABASE_URL: place.database_url or "",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }
    with log.open("wb") as output:
        for command in server.before(place):
            made = subprocess.run(
                command, env=environment, cwd=ROOT, stdout=output, stderr=output, check=False
            )
            if made.returncode:
                raise DidNotStart(_tail(log))
        child = subprocess.Popen(
            server.command(place), env=environment, cwd=ROOT, stdout=output, stderr=output
        )
    try:
        _wait_until_it_answers(child, place.port, log)
        yield
    finally:
        _end(child)


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Any answer will do, "not found" too: it shows that the application is loaded."""
    give_up_at = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up_at:
        if child.poll() is not None:
            raise DidNotStart(_tail(log))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise DidNotStart(f"no answer within {_READY_SECONDS:.0f} seconds. {_tail(log)}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_LOG_TAIL_CHARS:].strip()
