"""How fast the product is there: `python -m bench.startup`.

The help page beside an empty typer application's, in turn; the API from start to ready, twice: on a data
folder that stands, and on none.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.servers.server import ROOT, free_port

HELP_BAR = 1.3
READY_BAR_SECONDS = 3.0
_ROUNDS = 15
_EMPTY = (
    "import typer; app = typer.Typer(help='Nothing.')\n"
    "@app.command()\ndef one(): 'Do it.'\n@app.command()\ndef two(): 'Do it too.'\napp()"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, default=Path("build/bench/startup.json"))
    options = parser.parse_args()
    ours, empty = _help_seconds()
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, empty, strict=True))
    print(
        f"switchboard --help {statistics.median(ours) * 1000:.0f} ms, an empty typer app {statistics.median(empty) * 1000:.0f} ms"
    )
    print(_verdict(ratio <= HELP_BAR, f"--help <= {HELP_BAR} x an empty typer app's: {ratio:.2f} x"))
    with tempfile.TemporaryDirectory(prefix="switchboard-startup-") as folder:
        first = _ready_seconds(Path(folder))
        later = statistics.median(_ready_seconds(Path(folder)) for _ in range(5))
    print(f"ready after {first:.2f} s on an empty data folder, {later:.2f} s afterwards")
    print(
        _verdict(
            later <= READY_BAR_SECONDS,
            f"API ready within {READY_BAR_SECONDS:.0f} s when installed: {later:.2f} s",
        )
    )
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(
        json.dumps({"help_ratio": ratio, "ready_first": first, "ready": later}, indent=2)
    )


def _verdict(holds: bool, claim: str) -> str:
    return f"{'PASS' if holds else 'FAIL':8} {claim}"


def _help_seconds() -> tuple[list[float], list[float]]:
    """Seconds of each round, ours and the empty app's in turn, after one round that warms the disk cache."""
    ours, empty = [], []
    for _ in range(_ROUNDS + 1):
        ours.append(_run(["-c", "from switchboard.cli import main; main()", "--help"]))
        empty.append(_run(["-c", _EMPTY, "--help"]))
    return ours[1:], empty[1:]


def _run(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def _ready_seconds(folder: Path) -> float:
    """From the start of the process to the first 200 of /health/ready."""
    port = free_port()
    environment = os.environ | {
        "SWITCHBOARD_DATA_DIR": str(folder / "data"),
        "SWITCHBOARD_DATABASE_URL": "",
        "SWITCHBOARD_PORT": str(port),
        "PYTHONPATH": str(ROOT / "src"),
    }
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "switchboard", "serve"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _is_ready(port):
            if child.poll() is not None or time.perf_counter() - started > 60:
                raise SystemExit("the server did not become ready")
            time.sleep(0.02)
        return time.perf_counter() - started
    finally:
        child.terminate()
        child.wait(30)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
