"""kill -9 of the server under load, again and again, through HTTP."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults.audit import Found, audit_file, audit_repeats, audit_sessions
from tests.faults.load import Acknowledged, Client, Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.server import SERVE, Server, environment, make_key

_REPEATS_PER_CYCLE = 5


def run(cycles: int = 200, program: Sequence[str] = SERVE, seed: int | None = None) -> Outcome:
    """Kill the server `cycles` times while eight clients talk to it; audit after each start and at the end."""
    seed = random.randrange(10**6) if seed is None else seed
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="switchboard-kill-") as folder:
        settings = environment(Path(folder))
        key = make_key(settings)
        server, ledger, found = Server(settings, program), Ledger(), Found()
        server.start()
        audited = 0
        try:
            for _ in range(cycles):
                load = Load(server.port, key, ledger)
                load.start()
                time.sleep(draw.uniform(0.05, 0.5))
                server.kill()
                load.stop()
                server.start()
                client = Client(server.port, key)
                fresh = ledger.acknowledged[audited:]
                audited = len(ledger.acknowledged)
                found += audit_sessions(client, fresh)
                found += audit_repeats(client, ledger, _sample(draw, fresh))
                client.close()
            client = Client(server.port, key)
            found += audit_sessions(client, ledger.acknowledged)
            client.close()
        finally:
            server.stop()
        found += audit_file(Path(folder) / "honeypot.db")
    return Outcome(
        "kill",
        "PASS" if found.is_clean and ledger.acknowledged else "FAIL",
        f"{cycles} times kill -9 under load (seed {seed}), {len(ledger.acknowledged):,} acknowledged turns: {found}",
    )


def _sample(draw: random.Random, turns: list[Acknowledged]) -> list[Acknowledged]:
    return draw.sample(turns, min(len(turns), _REPEATS_PER_CYCLE))
