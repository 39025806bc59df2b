"""What the figures were taken on: cores, file system, and how long the disk takes to make a write durable."""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

_SYNCS = 200
_MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})


@dataclass(frozen=True)
class Cores:
    """Which core serves and which one sends; everything that is part of a server shares the first."""

    server: int
    load: int


@dataclass(frozen=True)
class Machine:
    python: str
    processor: str
    cores: int
    file_system: str
    sync_ms: float

    @property
    def is_in_memory(self) -> bool:
        """Whether a sync costs nothing here, so that durable and careless writes look alike."""
        return self.file_system in _MEMORY_FILE_SYSTEMS


def find_cores() -> Cores | None:
    """Two cores this process may use, or None where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(server=allowed[0], load=allowed[1]) if len(allowed) > 1 else None


def describe(directory: Path) -> Machine:
    return Machine(
        python=platform.python_version(),
        processor=platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        file_system=_file_system(directory),
        sync_ms=_sync_ms(directory),
    )


def _file_system(directory: Path) -> str:
    """The type of the mount that holds the directory."""
    place = directory.resolve()
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(point, kind) for point, kind in mounts if place.is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]


def _sync_ms(directory: Path) -> float:
    """Median of appending one page and syncing it."""
    probe = directory / "sync-probe"
    page = b"\0" * 4096
    spans: list[float] = []
    with probe.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            started = time.perf_counter()
            file.write(page)
            os.fdatasync(file.fileno())
            spans.append(time.perf_counter() - started)
    probe.unlink()
    return round(statistics.median(spans) * 1000, 3)
