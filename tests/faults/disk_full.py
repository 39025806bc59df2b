"""A full disk under load: a small file system of its own, filled up and freed again.

Who may not mount here may still do so in a name space of his own, in which this proof then runs again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.audit import audit_everything, audit_file, audit_repeats, audit_turns
from tests.faults.load import Client, Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.refusals import explain_refusals
from tests.faults.server import ROOT, SERVE, Server, environment, is_alive, make_key

_NAME = "disk-full"
_DISK_MIB = 64
_ROUNDS = 3
_TALK_SECONDS = 0.7
_FULL_SECONDS = 2.0
_RECOVERY_SECONDS = 10.0


class _NoMount(Exception):
    """No right to mount here."""


def run(program: Sequence[str] = SERVE) -> Outcome:
    """Fill the data disk while clients talk, look, free it while they talk, look again."""
    with tempfile.TemporaryDirectory(prefix="switchboard-full-") as folder:
        try:
            with _small_disk(Path(folder)) as disk:
                return _attack(disk, program)
        except _NoMount as error:
            return _run_in_own_name_space(program, str(error))


def _attack(disk: Path, program: Sequence[str]) -> Outcome:
    settings = environment(disk / "data")
    key = make_key(settings)
    server, ledger = Server(settings, program), Ledger()
    server.start()
    problems: list[str] = []
    try:
        for _ in range(_ROUNDS):
            problems += _fill_and_free(server, key, ledger, disk / "ballast")
        found = audit_everything(Client(server.port, key), ledger)
        found += audit_repeats(Client(server.port, key), ledger, [])
        found += audit_turns(Client(server.port, key), ledger.acknowledged)
        if not server.is_running:
            problems.append("the server ended")
    finally:
        server.stop()
    found += audit_file(disk / "data" / "honeypot.db")
    problems += explain_refusals(ledger)
    text = (
        f"disk of {_DISK_MIB} MiB filled {_ROUNDS} times under load, {len(ledger.acknowledged):,} acknowledged"
        f" turns, {ledger.statuses[503]:,} refused with 503, read while full: {found}"
    )
    return Outcome(
        _NAME,
        "PASS" if found.is_clean and not problems else "FAIL",
        "; ".join([text, *dict.fromkeys(problems)]),
    )


def _fill_and_free(server: Server, key: str, ledger: Ledger, ballast: Path) -> list[str]:
    """One full disk from beginning to end, under load throughout; what went wrong."""
    problems = []
    with Load(server.port, key, ledger, clients=4):
        time.sleep(_TALK_SECONDS)
        refused = ledger.statuses[503]
        _fill(ballast)
        time.sleep(_FULL_SECONDS)
        if ledger.statuses[503] == refused:
            problems.append("nothing was refused on a full disk")
        if not is_alive(server.port):
            problems.append("/health did not answer on a full disk")
        if not _reads_well(server, key, ledger):
            problems.append("reading failed on a full disk")
        ballast.unlink()
        acknowledged = len(ledger.acknowledged)
        give_up_at = time.monotonic() + _RECOVERY_SECONDS
        while len(ledger.acknowledged) < acknowledged + 20 and time.monotonic() < give_up_at:
            time.sleep(0.1)
    if len(ledger.acknowledged) == acknowledged:
        problems.append("no recovery after space was freed")
    return problems


def _reads_well(server: Server, key: str, ledger: Ledger) -> bool:
    turns = list(ledger.acknowledged)[-50:]
    return audit_turns(Client(server.port, key), turns).lost == 0


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
    mount = shutil.which("mount")
    if mount is None:
        raise _NoMount("there is no mount command")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise _NoMount(mounted.stderr.strip().partition("\n")[0])
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


_INSIDE = "TESTS_FAULTS_IN_OWN_NAME_SPACE"
_OWN_NAME_SPACE = ("unshare", "--user", "--map-root-user", "--mount")


def _run_in_own_name_space(program: Sequence[str], hindrance: str) -> Outcome:
    if os.environ.get(_INSIDE) or not _may_mount_in_own_name_space():
        return Outcome(_NAME, "not run", f"no right to mount a small file system here ({hindrance})")
    ran = subprocess.run(
        [*_OWN_NAME_SPACE, sys.executable, "-m", __name__, *program],
        env={**os.environ, _INSIDE: "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Outcome(*json.loads(ran.stdout))


def _may_mount_in_own_name_space() -> bool:
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="switchboard-full-") as folder:
        tried = subprocess.run(
            [*_OWN_NAME_SPACE, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False
        )
        return tried.returncode == 0


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:])))
