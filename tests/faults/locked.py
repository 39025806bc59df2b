"""Another program holds the SQLite write lock: short holds are waited for, long ones refused in words."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.audit import audit_sessions
from tests.faults.load import Client, Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.server import Server, environment, is_ready, make_key

from switchboard.kernel.database.library import library


def run() -> Outcome:
    """Hold the lock for one second, then for eight, under load; then let go."""
    with tempfile.TemporaryDirectory(prefix="switchboard-locked-") as folder:
        settings = environment(Path(folder))
        key = make_key(settings)
        server = Server(settings)
        server.start()
        try:
            problems = _run(server, key, Path(folder) / "honeypot.db")
        finally:
            server.stop()
    return Outcome(
        "locked",
        "FAIL" if problems else "PASS",
        "; ".join(problems)
        or "a lock held for 1 s delays, one held for 8 s is refused with 503, afterwards all is well",
    )


def _run(server: Server, key: str, file: Path) -> list[str]:
    problems = []
    short, long, after = Ledger(), Ledger(), Ledger()
    with _talking(server, key, short), _held(file):
        time.sleep(1)
    if set(short.statuses) - {200, 201}:
        problems.append(f"a short lock was not waited for: {dict(short.statuses)}")
    with _talking(server, key, long), _held(file):
        time.sleep(8)
        if not is_ready(server.port):
            problems.append("the server stopped answering while the file was locked")
    if not long.statuses[503] or set(long.statuses) - {200, 201, 503}:
        problems.append(f"a long lock was not refused with 503: {dict(long.statuses)}")
    problems.extend(check_refusals(long))
    with _talking(server, key, after):
        time.sleep(0.5)
    if not after.acknowledged or set(after.statuses) - {200, 201}:
        problems.append(f"no recovery after the lock: {dict(after.statuses)}")
    client = Client(server.port, key)
    turns = short.acknowledged + long.acknowledged + after.acknowledged
    found = audit_sessions(client, turns)
    if not found.is_clean:
        problems.append(str(found))
    return problems


def check_refusals(ledger: Ledger) -> list[str]:
    """Every 503 says in the product's own form what is wrong and when to come back."""
    problems = []
    for answer in ledger.refusals:
        error = answer.body.get("error", {})
        headers = {name.lower() for name in answer.headers}
        if answer.status == 503 and not (
            error.get("code") == "unavailable" and error.get("message") and error.get("hint")
        ):
            problems.append(f"a refusal without words: {answer.body}")
        if answer.status == 503 and "retry-after" not in headers:
            problems.append("a refusal without Retry-After")
        if problems:
            break
    return problems


@contextmanager
def _talking(server: Server, key: str, ledger: Ledger) -> Iterator[None]:
    load = Load(server.port, key, ledger, clients=4)
    load.start()
    try:
        yield
    finally:
        load.stop()


@contextmanager
def _held(file: Path) -> Iterator[None]:
    """Another connection in another thread stands for another program: SQLite's locks part connections."""
    let_go, holding = threading.Event(), threading.Event()

    def hold() -> None:
        connection = library.connect(str(file), timeout=30, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        holding.set()
        let_go.wait()
        connection.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait()
    try:
        yield
    finally:
        let_go.set()
        thread.join()
