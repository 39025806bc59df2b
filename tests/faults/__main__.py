"""All proofs, then each sabotage, which has to turn its proof red: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults import disk_full, guide_kill, kill, locked, postgresql_killed, power
from tests.faults.outcome import Outcome

Run = Callable[[], Outcome]

_LOST = re.compile(r"[1-9][\d,]* lost|cuts lost")
_DOUBLED = re.compile(r"[1-9][\d,]* doubled")
_SILENT = re.compile(r"were silent")


class Sabotage(NamedTuple):
    """A proof run on the product broken on purpose, and the harm that it has to find there."""

    run: Run
    harm: re.Pattern[str]


class Line(NamedTuple):
    """One line of the report."""

    name: str
    word: str
    text: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.word:8} {self.name}: {self.text} ({self.seconds:.0f} s)"


def main() -> None:
    proofs, sabotages = _proofs(True, 0), _sabotages(0)
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, for a first look")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=[*proofs, *sabotages],
        help=", ".join([*proofs, *sabotages]),
    )
    parser.add_argument(
        "--sabotage",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run each proof against the product broken on purpose as well",
    )
    parser.add_argument("--seed", type=int, help="draw the same again; printed by every run")
    parser.add_argument("--report", type=Path, default=Path("build/faults.json"), metavar="FILE.json")
    options = parser.parse_args()
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    print(f"Proofs of durability, seed {seed}. All processes and all data are temporary.", flush=True)
    report = _run_all(options, seed)
    _print_table(report)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(
        json.dumps({"seed": seed, "lines": [line._asdict() for line in report]}, indent=2)
    )
    sys.exit(any(line.word == "FAIL" for line in report))


def _proofs(quick: bool, seed: int) -> dict[str, Run]:
    return {
        "kill": lambda: kill.run(10 if quick else 200, seed=seed),
        "guide": lambda: guide_kill.run(10 if quick else 40, seed=seed),
        "power": lambda: power.run(100 if quick else 500, seed=seed),
        "disk-full": disk_full.run,
        "locked": locked.run,
        "postgresql": lambda: postgresql_killed.run(2 if quick else 10),
    }


def _sabotages(seed: int) -> dict[str, Sabotage]:
    def broken(sabotage: str) -> Sequence[str]:
        return (sys.executable, "-m", "tests.faults.sabotaged_server", sabotage)

    def power_cut(sabotage: str) -> Sabotage:
        return Sabotage(lambda: power.run(100, seed, broken(sabotage)), _LOST)

    return {
        "synchronous_off": power_cut("synchronous_off"),
        "synchronous_normal": power_cut("synchronous_normal"),
        "answer_before_commit": power_cut("answer_before_commit"),
        "answer_before_commit_on_a_full_disk": Sabotage(
            lambda: disk_full.run(broken("answer_before_commit")), _LOST
        ),
        "receipts_forgotten": Sabotage(lambda: kill.run(3, broken("receipts_forgotten"), seed), _DOUBLED),
        "receipts_forgotten_in_guided_sessions": Sabotage(
            lambda: guide_kill.run(3, broken("receipts_forgotten"), seed), _DOUBLED
        ),
        "turns_in_the_event_loop": Sabotage(lambda: locked.run(broken("turns_in_the_event_loop")), _SILENT),
        "synchronous_commit_off": Sabotage(
            lambda: postgresql_killed.run(2, broken("synchronous_commit_off")), _LOST
        ),
        "unique_key_dropped": Sabotage(
            lambda: postgresql_killed.run(2, broken("unique_key_dropped")), _DOUBLED
        ),
    }


def _run_all(options: Any, seed: int) -> list[Line]:
    report: list[Line] = []

    def add(line: Line) -> None:
        report.append(line)
        print(line, flush=True)

    for name, run in _proofs(options.quick, seed).items():
        if options.only is None or name in options.only:
            outcome, seconds = _carry_out(run)
            word, text = ("FAIL", "it broke off") if outcome is None else (outcome.word, outcome.text)
            add(Line(name, word, text, seconds))
    for name, sabotage in _sabotages(seed).items():
        if options.sabotage if options.only is None else name in options.only:
            outcome, seconds = _carry_out(sabotage.run)
            add(Line(f"sabotage {name}", *_judge_sabotage(outcome, sabotage.harm), seconds))
    return report


def _carry_out(run: Run) -> tuple[Outcome | None, float]:
    """The outcome, or None for a proof that broke off, whose trace is printed; the seconds it took."""
    started = time.monotonic()
    try:
        return run(), time.monotonic() - started
    except Exception:
        traceback.print_exc()
        return None, time.monotonic() - started


def _judge_sabotage(outcome: Outcome | None, harm: re.Pattern[str]) -> tuple[str, str]:
    """A sabotage passes when its proof found just the harm that it does."""
    if outcome is None:
        return "FAIL", "the proof broke off"
    if outcome.word == "not run":
        return "not run", outcome.text
    if outcome.word == "PASS":
        return "FAIL", f"{outcome.name} stayed green: {outcome.text}"
    if harm.search(outcome.text) is None:
        return "FAIL", f"{outcome.name} turned red for another reason: {outcome.text}"
    return "PASS", f"{outcome.name} turned red: {outcome.text}"


def _print_table(report: Sequence[Line]) -> None:
    print("\nverdict   seconds  what")
    for line in report:
        print(f"{line.word:8}  {line.seconds:7.0f}  {line.name}")
    words = [line.word for line in report]
    print(f"\n{words.count('PASS')} passed, {words.count('FAIL')} failed, {words.count('not run')} not run")


if __name__ == "__main__":
    main()
