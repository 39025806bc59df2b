"""A second server is kept off the same files, and only a second server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from switchboard.kernel.database.server_lock import ServerLock
from switchboard.kernel.database.sqlite import SqliteDatabase
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Conflict

_OTHER_SERVER = """
import sys
from pathlib import Path
from switchboard.kernel.database.server_lock import ServerLock
lock = ServerLock(Path(sys.argv[1]))
lock.acquire()
print("serving", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _OTHER_SERVER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "serving\n"
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_a_second_server_is_told_who_serves_already_and_what_to_do(
    tmp_path: Path, other_server: subprocess.Popen[str]
) -> None:
    with pytest.raises(Conflict, match=f"process {other_server.pid}\\)") as caught:
        ServerLock(tmp_path).acquire()
    assert "SWITCHBOARD_DATA_DIR" in caught.value.hint


def test_the_lock_ends_with_the_server_however_it_ends(
    tmp_path: Path, other_server: subprocess.Popen[str]
) -> None:
    other_server.kill()
    other_server.wait(10)
    lock = ServerLock(tmp_path)
    lock.acquire()
    assert lock.path.read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_command_opens_the_files_beside_a_server(
    tmp_path: Path, other_server: subprocess.Popen[str]
) -> None:
    database = SqliteDatabase("notes", tmp_path / "notes.db")
    database.write_now(lambda tx: tx.run(Statement("CREATE TABLE {notes} (id TEXT PRIMARY KEY)")))
    assert database.read_now(lambda tx: tx.rows(Statement("SELECT id FROM {notes}"))) == []
    database.close()
    assert other_server.poll() is None


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(3):
        lock = ServerLock(tmp_path)
        lock.acquire()
        with pytest.raises(Conflict):
            ServerLock(tmp_path).acquire()
        lock.release()
        lock.release()


def test_two_data_folders_have_two_servers(tmp_path: Path) -> None:
    locks = [ServerLock(tmp_path / name) for name in ("one", "two")]
    for lock in locks:
        lock.path.parent.mkdir()
        lock.acquire()
    for lock in locks:
        lock.release()
