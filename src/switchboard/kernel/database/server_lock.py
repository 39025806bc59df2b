"""One server per set of SQLite files: a lock file in the data directory, held for the server's life.

The kernel frees the lock when the process ends, however it ends. Commands beside a running server do not
take it: they open the files directly and wait their turn for a write.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from switchboard.kernel.errors import Conflict


class ServerLock:
    """Held from `acquire` to `release` or the end of the process."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "server.lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Raises Conflict, naming the process that serves already."""
        file = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.readline().strip() or "unknown"
            file.close()
            raise Conflict(
                f"Another Switchboard server (process {holder}) already serves the data in {self.path.parent}.",
                hint="Stop that server first, or give this one its own SWITCHBOARD_DATA_DIR. "
                "Several servers over one set of data need PostgreSQL: set SWITCHBOARD_DATABASE_URL.",
            ) from error
        self._file = file
        self._write(str(os.getpid()))

    def say_address(self, address: str) -> None:
        """Note where the server listens, for commands beside it that print links."""
        self._write(f"{os.getpid()}\n{address}")

    def address(self) -> str | None:
        """Where the server listens that serves now; None when none does or it has not said so yet."""
        if self.holder() is None:
            return None
        _, _, address = self.path.read_text(encoding="utf-8").strip().partition("\n")
        return address or None

    def holder(self) -> str | None:
        """The process that serves now, or None."""
        try:
            with self.path.open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except OSError:
            return self.path.read_text(encoding="utf-8").partition("\n")[0].strip() or "unknown"
        return None

    def _write(self, text: str) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(f"{text}\n")
            self._file.flush()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
