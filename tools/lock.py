"""Pin the dependencies of pyproject.toml for every platform, with hashes and without index addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOCKS = {
    "requirements.lock": (),
    "requirements-dev.lock": ("--extra", "dev"),
    "requirements-bench.lock": ("--extra", "bench"),
    "requirements-distilbert-train.lock": ("--extra", "distilbert-train"),
}
OPTIONS = (
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--quiet"),
)


def main() -> None:
    for lock, extra in LOCKS.items():
        subprocess.run(
            [
                sys.executable,
                "-m",
                "uv",
                "pip",
                "compile",
                *OPTIONS,
                *extra,
                "pyproject.toml",
                "-o",
                lock,
                *sys.argv[1:],
            ],
            check=True,
        )
        if "://" in Path(lock).read_text():
            sys.exit(f"{lock} holds an address; it must name packages alone.")


main()
