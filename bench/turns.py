"""The speed of a durable turn beside its rivals: `python -m bench.turns`, from the root of the repository.

Every round starts each server afresh, one after another, so that a noisy minute hits all alike; ratios are
taken within a round and their median counts. This process and all it starts keep to one core, the load
generator keeps to another.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.bars import BARS, Figures, Round, Verdict, judge
from bench.load import Report, Scenario
from bench.machine import Cores, Machine, describe, find_cores
from bench.servers import SERVERS
from bench.servers.server import ROOT, DidNotStart, Place, Server, free_port, running
from bench.servers.turn import MESSAGE, session_ids

CONNECTIONS = 16
_LOAD_SPARE_SECONDS = 30.0
_SYNCHRONOUS = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}


@dataclass
class Run:
    """What has been measured so far."""

    rounds: list[Round] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    seconds: float
    warm_up_seconds: float
    rounds: int
    budget_seconds: float
    only: tuple[str, ...]
    directory: Path | None
    report: Path


def main() -> None:
    options = _options()
    # Asked to end, leave through the blocks that end the servers and remove their files.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(width=None if sys.stdout.isatty() else 150)
    cores = find_cores()
    if cores is None:
        for bar in BARS:
            console.print(f"not run  {bar.claim} (needs two cores: one to serve, one to send)", markup=False)
        return
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.directory) as directory:
        # A server that gives up root must still reach its files.
        Path(directory).chmod(0o755)
        machine = describe(Path(directory))
        console.print(_machine_line(machine), soft_wrap=True, highlight=False)
        os.sched_setaffinity(0, {cores.server})
        run = measure(options, cores, Path(directory), console)
    verdicts = [judge(bar, run.rounds, run.absent) for bar in BARS]
    console.print(_figures_table(run))
    console.print(_load_line(run), soft_wrap=True, highlight=False)
    for server in SERVERS:
        if server.name in run.absent:
            console.print(f"not run  {server.title}: {run.absent[server.name]}", soft_wrap=True, markup=False)
    for verdict in verdicts:
        console.print(_verdict_line(verdict), soft_wrap=True, highlight=False, markup=False)
    _write_report(options, machine, run, verdicts)
    console.print(f"report: {options.report}", soft_wrap=True)


def measure(options: Options, cores: Cores, directory: Path, console: Console) -> Run:
    """All rounds; fewer where the budget would not hold another."""
    run = Run()
    wanted = [server for server in SERVERS if not options.only or server.name in options.only]
    for server in SERVERS:
        if server not in wanted:
            run.absent[server.name] = "left out by --only"
        elif why := server.why_not():
            run.absent[server.name] = why
    started = time.monotonic()
    with ExitStack() as stack:
        database_url = _postgresql(stack, directory, wanted, run)
        for number in range(options.rounds):
            spent = time.monotonic() - started
            if number and spent + spent / number > options.budget_seconds:
                console.print(
                    f"stopped after {number} rounds: the budget is {options.budget_seconds:.0f} seconds"
                )
                break
            run.rounds.append(_round(number, wanted, run, options, cores, directory, database_url))
    return run


def _postgresql(stack: ExitStack, directory: Path, wanted: Sequence[Server], run: Run) -> str | None:
    """The address of a PostgreSQL server for those that want one; None when nobody does."""
    if not any(server.on_postgresql and server.name not in run.absent for server in wanted):
        return None
    from bench.servers import postgresql

    try:
        return stack.enter_context(postgresql.cluster(directory / "postgresql"))
    except (OSError, RuntimeError, subprocess.SubprocessError) as failure:
        for server in wanted:
            if server.on_postgresql:
                run.absent[server.name] = f"PostgreSQL did not start: {failure}"
        return None


def _round(
    number: int,
    wanted: Sequence[Server],
    run: Run,
    options: Options,
    cores: Cores,
    directory: Path,
    database_url: str | None,
) -> Round:
    figures: dict[str, Figures] = {}
    for server in wanted:
        if server.name in run.absent:
            continue
        place = _place(directory / f"{server.name}-{number}", server, database_url)
        try:
            figures[server.name] = _measure_one(server, place, run, options, cores)
        except DidNotStart as failure:
            run.absent[server.name] = f"did not start: {failure}"
    return figures


def _place(directory: Path, server: Server, database_url: str | None) -> Place:
    """An empty directory, a free port and, where wanted, an empty database."""
    directory.mkdir()
    url = None
    if server.on_postgresql:
        from bench.servers import postgresql

        assert database_url is not None
        url = postgresql.fresh_database(database_url, directory.name)
    return Place(directory, free_port(), url)


def _measure_one(server: Server, place: Place, run: Run, options: Options, cores: Cores) -> Figures:
    with running(server, place):
        about = server.about(place)
        run.settings[server.name] = about.settings
        scenario = Scenario(
            port=place.port,
            path=server.path,
            message=MESSAGE,
            sessions=session_ids(),
            headers=about.headers,
            connections=CONNECTIONS,
            warm_up_seconds=options.warm_up_seconds,
            seconds=options.seconds,
        )
        report = send(scenario, cores)
    return Figures(
        rate=report.rate,
        p50_ms=report.p50_ms,
        p99_ms=report.p99_ms,
        accepted=report.accepted,
        rejected=report.rejected,
        broken=report.broken,
        first_bad=report.first_bad,
        load_busy=report.busy,
        expected_rows=report.accepted * server.rows_per_request,
        stored_rows=server.stored_rows(place) if server.stored_rows else None,
    )


def send(scenario: Scenario, cores: Cores) -> Report:
    """Run the load generator as a process of its own."""
    load = subprocess.run(
        [sys.executable, "-m", "bench.load", "--core", str(cores.load)],
        input=json.dumps(asdict(scenario)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=scenario.warm_up_seconds + scenario.seconds + _LOAD_SPARE_SECONDS,
        check=False,
    )
    if load.returncode:
        raise RuntimeError(f"the load generator failed:\n{load.stderr[-2000:]}")
    return Report(**json.loads(load.stdout))


def _machine_line(machine: Machine) -> str:
    memory = (
        " (in memory: syncing is free here, so take these figures for nothing)"
        if machine.is_in_memory
        else ""
    )
    return (
        f"Python {machine.python} on {machine.processor}, {machine.cores} cores; {machine.file_system}{memory}, "
        f"a durable page takes {machine.sync_ms} ms; {CONNECTIONS} connections"
    )


def _load_line(run: Run) -> str:
    busy = max((figures.load_busy for each in run.rounds for figures in each.values()), default=0.0)
    return f"the load generator used {busy:.0%} of its core at most"


def _figures_table(run: Run) -> Table:
    table = Table(title="medians of the rounds")
    for heading in ("server", "database settings"):
        table.add_column(heading)
    for heading in ("turns/s", "lowest-highest", "p50 ms", "p99 ms", "rows stored / answered for"):
        table.add_column(heading, justify="right")
    for server in SERVERS:
        measured = [each[server.name] for each in run.rounds if server.name in each]
        if not measured:
            continue
        rates = [each.rate for each in measured]
        table.add_row(
            server.title,
            _settings_cell(run.settings[server.name]),
            f"{statistics.median(rates):,.0f}",
            f"{min(rates):,.0f}-{max(rates):,.0f}",
            f"{statistics.median(each.p50_ms for each in measured):.2f}",
            f"{statistics.median(each.p99_ms for each in measured):.2f}",
            _rows_cell(server, measured),
        )
    return table


def _settings_cell(settings: Mapping[str, str]) -> str:
    """SQLite reports `synchronous` as a number; people know the words."""
    words = {
        name: _SYNCHRONOUS.get(value, value) if name == "synchronous" else value
        for name, value in settings.items()
    }
    return ", ".join(f"{name} {value}" for name, value in words.items())


def _rows_cell(server: Server, measured: Sequence[Figures]) -> str:
    faults = [fault for each in measured if (fault := each.fault())]
    if faults:
        return faults[0]
    if not server.rows_per_request:
        return "none"
    stored = sum(each.stored_rows or 0 for each in measured)
    return f"{stored:,} / {sum(each.expected_rows for each in measured):,}"


def _verdict_line(verdict: Verdict) -> str:
    figure = "" if verdict.ratio is None else f": {verdict.ratio:.2f} x"
    return f"{verdict.word:8} {verdict.claim}{figure}{f' ({verdict.why})' if verdict.why else ''}"


def _write_report(options: Options, machine: Machine, run: Run, verdicts: Sequence[Verdict]) -> None:
    options.report.parent.mkdir(parents=True, exist_ok=True)
    rounds = [{name: asdict(figures) for name, figures in each.items()} for each in run.rounds]
    content = {
        "machine": asdict(machine),
        "seconds": options.seconds,
        "connections": CONNECTIONS,
        "settings": run.settings,
        "absent": run.absent,
        "rounds": rounds,
        "verdicts": [asdict(verdict) for verdict in verdicts],
    }
    options.report.write_text(json.dumps(content, indent=2) + "\n")


def _options() -> Options:
    parser = argparse.ArgumentParser(description="The speed of a durable turn beside its rivals.")
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time of one server in one round")
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds of load before that")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=240.0, help="seconds after which no round begins")
    parser.add_argument("--only", nargs="+", default=[], choices=[server.name for server in SERVERS])
    parser.add_argument("--directory", type=Path, help="where the databases lie during the run: a real disk")
    parser.add_argument("--report", type=Path, default=Path("build/bench/turns.json"))
    given = parser.parse_args()
    return Options(
        seconds=given.seconds,
        warm_up_seconds=given.warm_up,
        rounds=max(1, given.rounds),
        budget_seconds=given.budget,
        only=tuple(given.only),
        directory=given.directory,
        report=given.report,
    )


if __name__ == "__main__":
    main()
