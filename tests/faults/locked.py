"""Another process holds the SQLite write lock: short holds are waited for, long ones refused in words."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.audit import audit_everything, audit_file, audit_repeats, audit_turns
from tests.faults.load import SESSIONS, Client, Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.refusals import explain_refusals
from tests.faults.server import SERVE, Server, environment, is_alive, make_key, with_engine

from switchboard.kernel.database.library import library

_SHORT_SECONDS = 1.0
_LONG_SECONDS = 8.0
_AFTERWARDS_SECONDS = 0.5
_TAKEN = frozenset({200, 201})
# A server that waits for the lock in its event loop is silent for as long as it waits, which is five seconds.
_SILENT_SECONDS = 2.0


def run(program: Sequence[str] = SERVE) -> Outcome:
    """Hold the app's file for one second, then for eight, under load; then the keys' and the job engine's."""
    with tempfile.TemporaryDirectory(prefix="switchboard-locked-") as folder:
        # A limit that nobody reaches: its spending is written into the platform's database all the time.
        settings = with_engine(environment(Path(folder), SWITCHBOARD_RATE_LIMIT_PER_MINUTE="1000000"))
        key = make_key(settings)
        server, whole = Server(settings, program), Ledger()
        server.start()
        try:
            server.comes_to_run_schedules()
            problems = _attack(server, key, Path(folder), whole)
            found = audit_everything(Client(server.port, key), whole)
            found += audit_repeats(Client(server.port, key), whole, [])
            found += audit_turns(Client(server.port, key), whole.acknowledged)
            problems += _start_beside_a_lock(server, Path(folder) / "jobs.db")
        finally:
            server.stop()
        found += audit_file(Path(folder) / "honeypot.db")
    problems += explain_refusals(whole)
    text = (
        f"lock held for {_SHORT_SECONDS:g} s and for {_LONG_SECONDS:g} s under load, {len(whole.acknowledged):,}"
        f" acknowledged turns, {whole.statuses[503]:,} refused with 503: {found}"
    )
    return Outcome(
        "locked", "PASS" if found.is_clean and not problems else "FAIL", "; ".join([text, *problems])
    )


def _attack(server: Server, key: str, folder: Path, ledger: Ledger) -> list[str]:
    """Each hold in turn; what went wrong. Silence of the server counts as wrong during all of them."""
    problems = []
    app, keys = folder / "honeypot.db", folder / "platform.db"
    for file, seconds, may_refuse in (
        (app, _SHORT_SECONDS, False),
        (app, _LONG_SECONDS, True),
        (app, 0.0, False),
        (keys, _LONG_SECONDS, False),
    ):
        before, taken = ledger.statuses.copy(), len(ledger.acknowledged)
        with _watched(server, key) as silences, Load(server.port, key, ledger, clients=4):
            with _held(file):
                time.sleep(seconds)
            time.sleep(_AFTERWARDS_SECONDS)
        answered = ledger.statuses - before
        what = f"while {file.name} was held for {seconds:g} s"
        if set(answered) - (_TAKEN | {503} if may_refuse else _TAKEN):
            problems.append(f"{what} answers were {dict(answered)}")
        if may_refuse and not answered[503]:
            problems.append(f"{what} nothing was refused")
        if not may_refuse and len(ledger.acknowledged) == taken:
            problems.append(f"{what} nothing was taken")
        if max(silences, default=_SILENT_SECONDS) >= _SILENT_SECONDS:
            problems.append(f"{what} /health and reading were silent for {max(silences, default=0):.1f} s")
    return problems


def _start_beside_a_lock(server: Server, jobs: Path) -> list[str]:
    """Start while the job engine's file is held: the engine has to start once it is let go."""
    server.kill()
    with _held(jobs):
        server.start()
        time.sleep(_LONG_SECONDS)
    if server.comes_to_run_schedules():
        return []
    return [f"after {jobs.name} was held at the start for {_LONG_SECONDS:g} s the job engine never started"]


@contextmanager
def _watched(server: Server, key: str) -> Iterator[list[float]]:
    """How long /health and a reading took together, in seconds, again and again while the block ran;
    infinite where one of them was not answered well."""
    stopping, silences = threading.Event(), list[float]()

    def watch() -> None:
        reader = Client(server.port, key)
        while not stopping.wait(0.1):
            asked_at = time.monotonic()
            answered = is_alive(server.port) and reader.ask("GET", f"{SESSIONS}?limit=5").status == 200
            silences.append(time.monotonic() - asked_at if answered else float("inf"))
        reader.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield silences
    finally:
        stopping.set()
        thread.join()


@contextmanager
def _held(file: Path) -> Iterator[None]:
    """Hold the file's write lock, in this process, which to the server is another."""
    connection = library.connect(str(file), timeout=30, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()
