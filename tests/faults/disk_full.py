"""A full disk under load: a small file system of its own, filled up and freed again."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.audit import audit_file, audit_sessions
from tests.faults.load import Client, Ledger, Load
from tests.faults.locked import check_refusals
from tests.faults.outcome import Outcome
from tests.faults.server import Server, environment, make_key

_DISK_MIB = 24


class _NoMount(Exception):
    """No right to mount here."""


def run() -> Outcome:
    """Fill the data disk while clients talk, look, free it, look again."""
    with tempfile.TemporaryDirectory(prefix="switchboard-full-") as folder:
        try:
            with _small_disk(Path(folder)) as disk:
                problems = _attack(disk)
        except _NoMount as error:
            return Outcome("disk full", "not run", f"no right to mount a small file system here: {error}")
    return Outcome(
        "disk full",
        "FAIL" if problems else "PASS",
        "; ".join(problems)
        or "refused with 503 while full, reading goes on, nothing acknowledged lost, works again once freed",
    )


def _attack(disk: Path) -> list[str]:
    settings = environment(disk / "data")
    key = make_key(settings)
    server = Server(settings)
    server.start()
    problems = []
    try:
        before, full, after = Ledger(), Ledger(), Ledger()
        _talk(server, key, before, 1.0)
        ballast = disk / "ballast"
        _fill(ballast)
        _talk(server, key, full, 3.0)
        if not full.statuses[503] or set(full.statuses) - {200, 201, 503}:
            problems.append(f"a full disk was not refused with 503: {dict(full.statuses)}")
        problems.extend(check_refusals(full))
        client = Client(server.port, key)
        found = audit_sessions(client, before.acknowledged)
        if not found.is_clean:
            problems.append(f"reading failed while the disk was full: {found}")
        ballast.unlink()
        _talk(server, key, after, 1.0)
        if not after.acknowledged:
            problems.append(f"no recovery after space was freed: {dict(after.statuses)}")
        found = audit_sessions(client, before.acknowledged + full.acknowledged + after.acknowledged)
        if not found.is_clean:
            problems.append(str(found))
    finally:
        server.stop()
    if not audit_file(disk / "data" / "honeypot.db").is_clean:
        problems.append("the database is broken")
    return problems


def _talk(server: Server, key: str, ledger: Ledger, seconds: float) -> None:
    load = Load(server.port, key, ledger, clients=4)
    load.start()
    time.sleep(seconds)
    load.stop()


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                continue


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise _NoMount(mounted.stderr.strip())
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)
