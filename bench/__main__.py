"""Every measured claim, one after another: `python -m bench`."""

from __future__ import annotations

import subprocess
import sys

BENCHES = (
    "bench.startup",
    "bench.turns",
    "bench.reads",
    "bench.console",
    "bench.detection",
    "bench.extraction",
    "bench.guide",
    "bench.scammer",
)


def main() -> None:
    failed = 0
    for name in BENCHES:
        print(f"\n== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-W", "ignore", "-m", name], check=False).returncode != 0
    sys.exit(1 if failed else 0)


main()
