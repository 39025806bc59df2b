"""A disk that may lose whatever was not synced: which files a power cut leaves, drawn by chance.

Kept for certain: what was written before the last sync of its file began, and the names of files created or
removed before the last sync of the folder began. Of the rest, each file on its own: nothing, a prefix, a
random subset, or a prefix whose last write is torn at a sector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

from tests.faults.trace import Created, Event, FolderSynced, Removed, Synced, Truncated, Written

SECTOR = 512

Change = Written | Truncated


class _Waiting(NamedTuple):
    number: int
    change: Change


class _File:
    def __init__(self, content: bytes = b"") -> None:
        self.synced = bytearray(content)
        self.waiting: list[_Waiting] = []

    def sync(self, covers: int) -> None:
        for number, change in self.waiting:
            if number < covers:
                _apply(self.synced, change)
        self.waiting = [each for each in self.waiting if each.number >= covers]

    def after_power_cut(self, chance: Random) -> bytes:
        content = bytearray(self.synced)
        for change in survivors([each.change for each in self.waiting], chance):
            _apply(content, change)
        return bytes(content)


class _Entry(NamedTuple):
    """What a name of the folder stands for since event `number`; None for no file."""

    number: int
    file: _File | None


class Disk:
    """The files of one folder, with `content` on disk for certain at the start."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self._number = 0
        self._names = {name: [_Entry(-1, _File(given))] for name, given in content.items()}

    def replay(self, event: Event) -> None:
        """Let the next event of the trace happen. Events are numbered from 0 in the order given."""
        match event:
            case Created(name):
                if self._file(name) is None:
                    self._link(name, _File())
            case Removed(name):
                self._link(name, None)
            case Written(name) | Truncated(name):
                file = self._file(name)
                if file is not None:
                    file.waiting.append(_Waiting(self._number, event))
            case Synced(name, covers):
                file = self._file(name)
                if file is not None:
                    file.sync(covers)
            case FolderSynced(covers):
                self._names = {name: _settled(entries, covers) for name, entries in self._names.items()}
        self._number += 1

    def after_power_cut(self, chance: Random) -> dict[str, bytes]:
        """The files found after a power cut at this moment, drawn by `chance`."""
        drawn = {name: chance.choice(entries).file for name, entries in self._names.items()}
        return {name: file.after_power_cut(chance) for name, file in drawn.items() if file is not None}

    def _file(self, name: str) -> _File | None:
        entries = self._names.get(name)
        return None if entries is None else entries[-1].file

    def _link(self, name: str, file: _File | None) -> None:
        self._names.setdefault(name, [_Entry(-1, None)]).append(_Entry(self._number, file))


def survivors(waiting: Sequence[Change], chance: Random) -> list[Change]:
    """Which of the unsynced changes of one file reached the disk."""
    kept = list(waiting[: chance.randint(0, len(waiting))])
    match chance.choice(("none", "prefix", "subset", "torn")):
        case "none":
            return []
        case "subset":
            return [change for change in waiting if chance.random() < 0.5]
        case "torn" if kept:
            return [*kept[:-1], *_torn(kept[-1], chance)]
    return kept


def _torn(change: Change, chance: Random) -> list[Change]:
    if isinstance(change, Truncated):
        return []
    first = (change.offset // SECTOR + 1) * SECTOR
    ends = range(first, change.offset + len(change.data), SECTOR)
    if not ends:
        return []
    return [change._replace(data=change.data[: chance.choice(ends) - change.offset])]


def _settled(entries: list[_Entry], covers: int) -> list[_Entry]:
    certain = max(place for place, entry in enumerate(entries) if entry.number < covers)
    return entries[certain:]


def _apply(content: bytearray, change: Change) -> None:
    """Change `content` in place; a gap before a write and growth by truncation read as zeroes."""
    if isinstance(change, Truncated):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    end = change.offset + len(change.data)
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : end] = change.data
