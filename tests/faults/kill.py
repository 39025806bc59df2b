"""kill -9 of the server under load, again and again, through HTTP."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults.audit import Found, audit_everything, audit_file, audit_repeats, audit_turns
from tests.faults.load import Acknowledged, Client, Ledger, Load
from tests.faults.outcome import Outcome
from tests.faults.server import SERVE, Server, environment, make_key, with_engine

_LONGEST_SECONDS = 900.0
_REPEATS_PER_CYCLE = 5
_FILE_EVERY = 20
# The job engine takes the processor for a second at each start, so that it is killed less often.
_ENGINE_EVERY = 10


def run(cycles: int = 200, program: Sequence[str] = SERVE, seed: int | None = None) -> Outcome:
    """Kill the server `cycles` times while eight clients talk to it; audit after each start and at the end."""
    seed = random.randrange(10**6) if seed is None else seed
    draw, ledger, found = random.Random(seed), Ledger(), Found()
    give_up_at = time.monotonic() + _LONGEST_SECONDS
    done = unanswered = 0
    with tempfile.TemporaryDirectory(prefix="switchboard-kill-") as folder:
        file = Path(folder) / "honeypot.db"
        settings = environment(Path(folder))
        key = make_key(settings)
        server = Server(settings, program)
        server.start()
        try:
            while done < cycles and time.monotonic() < give_up_at:
                before = len(ledger.acknowledged)
                with Load(server.port, key, ledger):
                    time.sleep(draw.uniform(0.05, 0.5))
                    server.kill()
                done += 1
                is_with_engine = done == cycles or done % _ENGINE_EVERY == 0
                server = Server(with_engine(settings) if is_with_engine else settings, program)
                server.start()
                unanswered += len(ledger.unsettled)
                found += _audit(server, key, ledger, ledger.acknowledged[before:], draw)
                if done % _FILE_EVERY == 0:
                    found += audit_file(file)
            found += audit_everything(Client(server.port, key), ledger)
            engine_runs = done < cycles or server.comes_to_run_schedules()
        finally:
            server.stop()
        found += audit_file(file)
    return Outcome(
        "kill",
        "PASS" if found.is_clean and ledger.acknowledged and engine_runs else "FAIL",
        f"{done} of {cycles} times kill -9 under load (seed {seed}), {len(ledger.acknowledged):,} acknowledged"
        f" turns, {unanswered:,} cut off and sent again: {found}"
        + ("" if engine_runs else "; the job engine did not start again"),
    )


def _audit(server: Server, key: str, ledger: Ledger, fresh: list[Acknowledged], draw: random.Random) -> Found:
    client = Client(server.port, key)
    try:
        found = audit_turns(client, fresh)
        repeated = draw.sample(fresh, min(len(fresh), _REPEATS_PER_CYCLE))
        return found + audit_repeats(client, ledger, repeated)
    finally:
        client.close()
