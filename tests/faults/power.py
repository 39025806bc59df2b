"""Power cuts: every state that the disk may be left in keeps every turn acknowledged before the cut.

The real server runs once under `strace`, with a real load. Its writes and syncs are then replayed against a
disk that loses what was not synced, cut at many points, and each state left is opened and examined.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.faults.disk_model import Disk
from tests.faults.load import Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.server import SERVE, Server, environment, make_key
from tests.faults.trace import CALLS, Acknowledged, Event, read_events

from switchboard.kernel.database.library import library

_NAME = "power"
_DATABASE = "honeypot.db"
_FILES = (_DATABASE, f"{_DATABASE}-wal")
_STRACE = ("strace", "--seccomp-bpf", "-f")
# Between two bursts the writer folds its log into the file, so that cuts fall into that as well.
_BURSTS = 3
_BURST_SECONDS = 0.7
_PAUSE_SECONDS = 0.9


class Examined(NamedTuple):
    """What was wrong with one state of the disk."""

    lost: int = 0
    halved: int = 0
    is_broken: bool = False


class _Recording(NamedTuple):
    before: dict[str, bytes]
    events: list[Event]
    unseen: int


def run(cuts: int = 500, seed: int | None = None, serve: Sequence[str] = SERVE) -> Outcome:
    """Trace `serve` under load, cut the power `cuts` times, and say what was lost or broken.

    Raises UnknownCall when the server did what the disk model cannot replay, DidNotStart when it ended.
    """
    hindrance = _hindrance()
    if hindrance is not None:
        return Outcome(_NAME, "not run", hindrance)
    seed = Random().randrange(1_000_000) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="switchboard-power-") as folder:
        place = Path(folder).resolve()
        recording = _record(place, serve)
        found = _cut(recording, cuts, Random(seed), place)
    return _judge(recording, found, seed)


def _hindrance() -> str | None:
    """Why nothing can be traced on this machine; None when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        [*_STRACE, "-o", "/dev/null", sys.executable, "-c", ""], capture_output=True, text=True, check=False
    )
    return None if tried.returncode == 0 else f"strace cannot trace here: {tried.stderr.strip()[-200:]}"


def _record(place: Path, serve: Sequence[str]) -> _Recording:
    """Run the server under load and give what it did."""
    data, trace = place / "data", place / "trace"
    settings = environment(data)
    key = make_key(settings)
    before = {name: (data / name).read_bytes() for name in _FILES if (data / name).exists()}
    calls = f"trace={','.join(CALLS)}"
    options = ("-y", "-xx", "-s", "1000000", "-o", str(trace), "-e", calls, "-e", "signal=none")
    server = Server(settings, (*_STRACE, *options, *serve))
    ledger = Ledger()
    server.start()
    try:
        for _ in range(_BURSTS):
            load = Load(server.port, key, ledger)
            load.start()
            time.sleep(_BURST_SECONDS)
            load.stop()
            time.sleep(_PAUSE_SECONDS)
    finally:
        server.stop()
    with trace.open() as lines:
        events = read_events(lines, data, _FILES)
    traced = {event for event in events if isinstance(event, Acknowledged)}
    seen = {Acknowledged(turn.session_id, turn.turn) for turn in ledger.acknowledged}
    return _Recording(before, events, len(seen - traced))


def _cut(recording: _Recording, cuts: int, chance: Random, place: Path) -> list[Examined]:
    """Replay once, from the first cut to the last, and examine what each leaves."""
    disk = Disk(recording.before)
    promised: set[Acknowledged] = set()
    found, done = [], 0
    for point in _points(recording.events, cuts, chance):
        for event in recording.events[done:point]:
            disk.replay(event)
            if isinstance(event, Acknowledged):
                promised.add(event)
        done = point
        left = place / "left"
        left.mkdir()
        for name, content in disk.after_power_cut(chance).items():
            (left / name).write_bytes(content)
        found.append(examine(left / _DATABASE, promised))
        shutil.rmtree(left)
    return found


def _points(events: Sequence[Event], cuts: int, chance: Random) -> list[int]:
    """Where to cut, in order: half of them anywhere, half just after an answer has left."""
    answered = [number + 1 for number, event in enumerate(events) if isinstance(event, Acknowledged)]
    sharp = chance.choices(answered, k=cuts // 2) if answered else []
    return sorted([*sharp, *(chance.randint(0, len(events)) for _ in range(cuts - len(sharp)))])


def examine(path: Path, promised: Iterable[Acknowledged]) -> Examined:
    """Open a database as found after a cut and hold it to what was promised before."""
    connection = library.connect(str(path), isolation_level=None)
    try:
        # Nothing here has to last; without a shared index the log is still recovered as after any cut.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA synchronous=OFF")
        return _examine(connection, promised)
    except library.DatabaseError:
        return Examined(is_broken=True)
    finally:
        connection.close()


def _examine(connection: Any, promised: Iterable[Acknowledged]) -> Examined:
    sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    counts = dict(connection.execute("SELECT id, turn_count FROM sessions"))
    turns = {
        Acknowledged(session, turn): (lines, roles)
        for session, turn, lines, roles in connection.execute(
            "SELECT session_id, turn_number, count(*), count(DISTINCT role)"
            " FROM messages GROUP BY session_id, turn_number"
        )
    }
    whole = {place for place, lines in turns.items() if lines == (2, 2)}
    lost = sum(each not in whole or counts.get(each.session_id, 0) < each.turn for each in promised)
    halved = len(turns) - len(whole) + abs(sum(counts.values()) - len(turns))
    return Examined(lost, halved, is_broken=not sound or bool(orphans))


def _judge(recording: _Recording, found: list[Examined], seed: int) -> Outcome:
    acknowledged = len({event for event in recording.events if isinstance(event, Acknowledged)})
    losing = sum(each.lost > 0 for each in found)
    worst = max((each.lost for each in found), default=0)
    halved = sum(each.halved > 0 for each in found)
    broken = sum(each.is_broken for each in found)
    text = (
        f"{len(found)} power cuts (seed {seed}), {acknowledged} acknowledged turns at the last: "
        + (f"{losing} cuts lost up to {worst}" if losing else "0 lost")
        + f", {halved} with half a turn, {broken} broken databases"
    )
    if recording.unseen:
        text += f"; the trace misses {recording.unseen} answers that clients saw"
    clean = acknowledged > 0 and not (losing or halved or broken or recording.unseen)
    return Outcome(_NAME, "PASS" if clean else "FAIL", text)
