"""Reading with 10,000 sessions and 500,000 messages, through HTTP: `python -m bench.reads`.

Each kind of question is asked many times with other content, on four connections; the bar is the 99th
percentile. The server and everything it starts keep to one core.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bench.loading import COMMON_WORD, MESSAGES, RARE_WORD, SESSIONS, START, Load, fill
from bench.machine import find_cores
from bench.servers.server import ROOT, free_port
from switchboard.apps import APPS
from switchboard.kernel.language import search
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings

BAR_MS = 50.0
CONNECTIONS = 4
_READY_SECONDS = 60.0
_SETTLE_SECONDS = 4.0

Ask = Callable[[random.Random, list[str]], str]

KINDS: dict[str, Ask] = {
    "get": lambda draw, ids: f"sessions/{draw.choice(ids)}",
    "history": lambda draw, ids: f"sessions/{draw.choice(ids)}/messages?limit=100",
    "list": lambda draw, ids: "sessions?limit=50",
    "filter": lambda draw, ids: (
        f"sessions?status={draw.choice(['ONGOING', 'COMPLETED'])}&scam_type=OTP_THEFT&source_type=sms"
        f"&since=2026-0{draw.randint(1, 4)}-01T00:00:00Z&limit=50"
    ),
    "search a common word": lambda draw, ids: f"search?q={COMMON_WORD}&limit=50",
    "search a rare word": lambda draw, ids: f"search?q={RARE_WORD}&limit=50",
    "search an absent word": lambda draw, ids: f"search?q=zzyx{draw.randint(0, 999)}&limit=50",
    "search common and rare": lambda draw, ids: f"search?q={quote(f'{COMMON_WORD} {RARE_WORD}')}&limit=50",
    "search two usual words": lambda draw, ids: (
        f"search?q={quote(' '.join(draw.sample(_usual_words(), 2)))}&limit=50"
    ),
    "sessions that say": lambda draw, ids: f"sessions?q={draw.choice(_usual_words())}&limit=50",
    "intelligence by type and bank": lambda draw, ids: (
        f"intelligence?type=bank_account&bank={quote(f'Bank {draw.randrange(40)}')}&limit=50"
    ),
    "intelligence by value": lambda draw, ids: f"intelligence?value={quote(_written(draw))}",
    "intelligence in several sessions": lambda draw, ids: "intelligence?type=phone&least_sessions=2&limit=50",
    "campaigns": lambda draw, ids: "campaigns?limit=50",
    "analytics": lambda draw, ids: (
        f"analytics?since=2026-0{draw.randint(1, 4)}-01T00:00:00Z&until=2026-0{draw.randint(5, 6)}-01T00:00:00Z"
    ),
    "look up a number": lambda draw, ids: f"search?q={quote(_written(draw))}&limit=50",
}


def _usual_words() -> list[str]:
    return _LOAD.words[:300]


def _written(draw: random.Random) -> str:
    number = _LOAD.phone(draw.randrange(SESSIONS))
    return f"{number[:3]} {number[3:8]} {number[8:]}"


_LOAD = Load()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--requests", type=int, default=400, help="of each kind")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--report", type=Path, default=Path("build/bench/reads.json"))
    options = parser.parse_args()
    console = Console(width=140)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for engine in ("sqlite", "postgresql"):
        if options.only in (None, engine):
            figures[engine] = _measure(engine, options.sessions, options.requests, console)
    console.print(_table(figures))
    for line in verdicts(figures):
        console.print(line)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(figures, indent=2))
    console.print(f"report: {options.report}")


def verdicts(figures: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """The bar, for each engine, in words."""
    lines = []
    for engine in ("sqlite", "postgresql"):
        if engine not in figures:
            lines.append(f"not run  reads on {engine}: left out by --only")
            continue
        worst = max(figures[engine], key=lambda kind: figures[engine][kind]["p99_ms"])
        p99 = figures[engine][worst]["p99_ms"]
        word = "PASS" if p99 <= BAR_MS else "FAIL"
        beside = "" if engine == "sqlite" else " (beside)"
        lines.append(
            f"{word:8} every read on {engine}{beside}: p99 <= {BAR_MS:.0f} ms; the worst is '{worst}', {p99:.1f} ms"
        )
    return lines


def _measure(engine: str, sessions: int, requests: int, console: Console) -> dict[str, dict[str, float]]:
    with (
        tempfile.TemporaryDirectory(prefix="switchboard-reads-") as folder,
        _address(engine, Path(folder)) as url,
    ):
        settings = Settings(
            data_dir=Path(folder), database_url=SecretStr(url) if url else None, rate_limit_per_minute=0
        )
        platform = Platform(settings, APPS)
        ids = load(platform, sessions, console, engine)
        _, token = platform.keys.create(command_caller(), "bench", ["honeypot"])
        platform.close()
        with serving(settings, url) as port:
            return {kind: _ask_many(port, token, ask, ids, requests) for kind, ask in KINDS.items()}


def load(
    platform: Platform, sessions: int, console: Console, engine: str, start: datetime = START
) -> list[str]:
    """Migrate, load the sessions and leave all as a night's upkeep would; their ids, oldest first."""
    platform.migrate()
    started = time.perf_counter()
    ids = fill(platform, sessions, start)
    # What the product does every night; a day's messages on top change little.
    search.tidy(platform.database("honeypot"))
    if engine == "postgresql":
        with platform.database("honeypot").engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    console.print(
        f"{engine}: {sessions:,} sessions and {sessions * MESSAGES // SESSIONS:,} messages loaded in"
        f" {time.perf_counter() - started:.0f} s"
    )
    return ids


@contextmanager
def _address(engine: str, folder: Path) -> Iterator[str | None]:
    if engine == "sqlite":
        yield None
        return
    from bench.servers.postgresql import cluster

    with cluster(folder / "postgresql") as url:
        yield url


@contextmanager
def serving(settings: Settings, url: str | None) -> Iterator[int]:
    """The product itself, on a loopback port of its own."""
    port, cores = free_port(), find_cores()
    environment = os.environ | {
        "SWITCHBOARD_DATA_DIR": str(settings.data_dir),
        "SWITCHBOARD_DATABASE_URL": url or "",
        "SWITCHBOARD_RATE_LIMIT_PER_MINUTE": "0",
        "SWITCHBOARD_PORT": str(port),
        "PYTHONPATH": str(ROOT / "src"),
    }
    pin = (lambda: os.sched_setaffinity(0, {cores.server})) if cores else None
    child = subprocess.Popen(
        [sys.executable, "-m", "switchboard", "serve"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=pin,
    )
    try:
        _wait(port)
        # The job engine loads once the API is ready; the questions are about the hours after that.
        time.sleep(_SETTLE_SECONDS)
        yield port
    finally:
        child.terminate()
        child.wait(30)


def _wait(port: int) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not become ready")


def _ask_many(port: int, token: str, ask: Ask, ids: list[str], requests: int) -> dict[str, float]:
    def ask_some(number: int) -> list[float]:
        draw = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        taken = []
        for _ in range(requests // CONNECTIONS + 5):
            path = ask(draw, ids)
            started = time.perf_counter()
            connection.request("GET", f"/api/honeypot/{path}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            body = answer.read()
            taken.append((time.perf_counter() - started) * 1000)
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {body[:200]!r}")
        # The first few warm the caches.
        return taken[5:]

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        taken = sorted(each for some in threads.map(ask_some, range(CONNECTIONS)) for each in some)
    return {
        "p50_ms": taken[len(taken) // 2],
        "p99_ms": taken[min(len(taken) - 1, int(len(taken) * 0.99))],
        "max_ms": taken[-1],
    }


def _table(figures: dict[str, dict[str, dict[str, float]]]) -> Table:
    table = Table(
        "question", *(f"{engine} {part} ms" for engine in figures for part in ("p50", "p99", "max"))
    )
    for kind in KINDS:
        table.add_row(
            kind,
            *(
                f"{figures[engine][kind][part]:.1f}"
                for engine in figures
                for part in ("p50_ms", "p99_ms", "max_ms")
            ),
        )
    return table


if __name__ == "__main__":
    main()
