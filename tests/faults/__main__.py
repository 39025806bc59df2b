"""All proofs, then each sabotage, which has to turn its proof red: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import disk_full, kill, locked, postgresql_killed, power
from tests.faults.outcome import Outcome


def _sabotaged(sabotage: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.faults.sabotaged_server", sabotage)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, for a first look")
    parser.add_argument("--only", nargs="*", help="names of proofs and sabotages")
    parser.add_argument("--report", type=Path, default=Path("build/faults.json"))
    options = parser.parse_args()
    few = options.quick
    proofs: dict[str, Callable[[], Outcome]] = {
        "kill": lambda: kill.run(10 if few else 200),
        "power": lambda: power.run(100 if few else 500),
        "disk-full": disk_full.run,
        "locked": locked.run,
        "postgresql": lambda: postgresql_killed.run(2 if few else 10),
    }
    sabotages: dict[str, Callable[[], Outcome]] = {
        "synchronous_off": lambda: power.run(100, serve=_sabotaged("synchronous_off")),
        "synchronous_normal": lambda: power.run(100, serve=_sabotaged("synchronous_normal")),
        "answer_before_commit": lambda: power.run(100, serve=_sabotaged("answer_before_commit")),
        "receipts_forgotten": lambda: kill.run(3, _sabotaged("receipts_forgotten")),
    }
    lines, failed = [], 0
    for name, proof in proofs.items():
        if options.only and name not in options.only:
            continue
        outcome, seconds = _timed(proof)
        failed += outcome.word == "FAIL"
        lines.append(f"{outcome.word:8} {outcome.name}: {outcome.text} ({seconds:.0f} s)")
        print(lines[-1], flush=True)
    for name, sabotage in sabotages.items():
        if options.only and name not in options.only:
            continue
        outcome, seconds = _timed(sabotage)
        word = {"FAIL": "PASS", "PASS": "FAIL", "not run": "not run"}[outcome.word]
        failed += word == "FAIL"
        turned = {"PASS": "turned the proof red", "FAIL": "stayed green", "not run": ""}[word]
        lines.append(f"{word:8} sabotage {name} {turned}: {outcome.text} ({seconds:.0f} s)")
        print(lines[-1], flush=True)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(lines, indent=2))
    sys.exit(1 if failed else 0)


def _timed(proof: Callable[[], Outcome]) -> tuple[Outcome, float]:
    started = time.monotonic()
    return proof(), time.monotonic() - started


main()
