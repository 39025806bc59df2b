"""Make this checkout importable in the environment that runs this file, and its command callable.

Nothing is built: a build would fetch its backend without the lock's hashes.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

COMMAND = """#!{python}
from switchboard.cli import main

main()
"""


def main() -> None:
    Path(sysconfig.get_path("purelib"), "switchboard.pth").write_text(f"{ROOT / 'src'}\n")
    command = Path(sysconfig.get_path("scripts"), "switchboard")
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)


main()
