"""What a traced server did to its database files and whom it answered, in order, from `strace` output.

A call that another thread interrupts is printed in two halves. What counts is the earliest moment at which
an answer may have left, and the latest moment at which a write or a sync may have ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

CALLS = (
    "openat",
    "pwrite64",
    "write",
    "writev",
    "sendto",
    "sendmsg",
    "fsync",
    "fdatasync",
    "ftruncate",
    "unlink",
    "rename",
)


class Written(NamedTuple):
    """Bytes handed to the file system."""

    name: str
    data: bytes
    offset: int


class Truncated(NamedTuple):
    """A file cut, or grown with zeroes, to `size` bytes."""

    name: str
    size: int


class Created(NamedTuple):
    """A file opened such that it exists from then on, if it did not already."""

    name: str


class Removed(NamedTuple):
    """A file unlinked."""

    name: str


class Synced(NamedTuple):
    """A sync that ended well. It covers the events before number `covers`: what had ended as it began."""

    name: str
    covers: int


class FolderSynced(NamedTuple):
    """A sync of the data folder, which keeps the names created and removed before number `covers`."""

    covers: int


class Acknowledged(NamedTuple):
    """A turn whose answer began to leave: from here on a client may rely on it."""

    session_id: str
    turn: int


Event = Written | Truncated | Created | Removed | Synced | FolderSynced | Acknowledged


class UnknownCall(ValueError):
    """The server did something to a database file that the disk model cannot replay."""


class _Call(NamedTuple):
    name: str
    arguments: str
    result: int


_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)", re.DOTALL)
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"\d+<((?:\\x[0-9a-f]{2})*)>")
_ANSWER = re.compile(rb'"session_id":"([^"]+)".*"turn_count":(\d+)', re.DOTALL)
_SOCKET = "<" + "".join(f"\\x{byte:02x}" for byte in b"socket:")
_ANSWERING = ("write(", "writev(", "sendto(", "sendmsg(")


def read_events(lines: Iterable[str], folder: Path, names: Iterable[str]) -> list[Event]:
    """The events of a trace made with `-f -y -xx`: of the files `names` in `folder`, and the answers."""
    return _Reader(folder, frozenset(names)).read(lines)


class _Reader:
    def __init__(self, folder: Path, names: frozenset[str]) -> None:
        self._folder = str(folder)
        self._names = names
        self._marker = "".join(f"\\x{byte:02x}" for byte in self._folder.encode())
        self._halves: dict[str, tuple[str, int]] = {}
        self._events: list[Event] = []

    def read(self, lines: Iterable[str]) -> list[Event]:
        for line in lines:
            found = _LINE.match(line.rstrip("\n"))
            if found is not None:
                self._read_line(*found.groups())
        return self._events

    def _read_line(self, thread: str, text: str) -> None:
        began = len(self._events)
        resumed = _RESUMED.match(text)
        if resumed is not None:
            head, began = self._halves.pop(thread, ("", began))
            text = head + resumed[1]
        else:
            # The first half of a call decides: the client may have the answer before the call returns.
            self._events += _answers(text)
            if text.endswith(_UNFINISHED):
                self._halves[thread] = (text.removesuffix(_UNFINISHED), began)
                return
        if self._marker in text:
            call = _CALL.match(text)
            if call is not None and call[3] not in ("?", "-1"):
                self._events += self._changes(_Call(call[1], call[2], int(call[3])), began)

    def _changes(self, call: _Call, began: int) -> Iterator[Event]:
        if call.name in ("openat", "unlink", "rename"):
            yield from self._name_changes(call)
            return
        descriptor = _DESCRIPTOR.match(call.arguments)
        path = "" if descriptor is None else _decode(descriptor[1]).decode()
        if path == self._folder and call.name in ("fsync", "fdatasync"):
            yield FolderSynced(began)
        name = self._ours(path)
        if name is None:
            return
        if call.name in ("fsync", "fdatasync"):
            yield Synced(name, began)
        elif call.name == "ftruncate":
            yield Truncated(name, int(call.arguments.rpartition(", ")[2]))
        elif call.name == "pwrite64":
            offset = int(call.arguments.rpartition(", ")[2])
            yield Written(name, _quoted(call.arguments)[: call.result], offset)
        else:
            raise UnknownCall(f"{call.name} on {name}: the trace does not say where it wrote.")

    def _name_changes(self, call: _Call) -> Iterator[Event]:
        for path in (_decode(text).decode() for text in _QUOTED.findall(call.arguments)):
            name = self._ours(path)
            if name is None:
                continue
            if call.name == "rename":
                raise UnknownCall(f"rename of {name}: the disk model does not know renames.")
            if call.name == "unlink":
                yield Removed(name)
                continue
            if "O_CREAT" in call.arguments:
                yield Created(name)
            if "O_TRUNC" in call.arguments:
                yield Truncated(name, 0)

    def _ours(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        return name if folder == self._folder and name in self._names else None


def _answers(text: str) -> Iterator[Acknowledged]:
    if text.startswith(_ANSWERING) and _SOCKET in text:
        found = _ANSWER.search(_quoted(text))
        if found is not None:
            yield Acknowledged(found[1].decode(), int(found[2]))


def _quoted(text: str) -> bytes:
    return b"".join(_decode(part) for part in _QUOTED.findall(text))


def _decode(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
