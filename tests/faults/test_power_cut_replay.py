"""The power-cut proof's own parts: a trace is read as it happened, a disk loses only what it may."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.faults.disk_model import SECTOR, Disk, survivors
from tests.faults.power import Examined, examine
from tests.faults.trace import (
    Acknowledged,
    Created,
    Event,
    FolderSynced,
    Removed,
    Synced,
    Truncated,
    UnknownCall,
    Written,
    read_events,
)

from switchboard.kernel.database.connections import connect

FOLDER = Path("/srv/data")
DB = "honeypot.db"
WAL = "honeypot.db-wal"


def hexed(content: bytes | str) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return "".join(f"\\x{byte:02x}" for byte in raw)


def opened(name: str, number: int = 7) -> str:
    return f"{number}<{hexed(f'{FOLDER}/{name}')}>"


def events(*lines: str) -> list[Event]:
    return read_events([f"{line}\n" for line in lines], FOLDER, (DB, WAL))


SOCKET = f"9<{hexed('socket:[4711]')}>"
BODY = '{"session_id":"s-1","reply":"Yes, \\"beta\\"","turn_count":3,"intelligence_score":0.0}'


def test_a_write_is_read_with_its_bytes_and_its_place() -> None:
    line = f'100 pwrite64({opened(WAL)}, "{hexed(b"ab")}", 2, 4096) = 2'

    assert events(line) == [Written(WAL, b"ab", 4096)]


def test_a_short_write_counts_only_what_was_taken() -> None:
    line = f'100 pwrite64({opened(DB)}, "{hexed(b"abcd")}", 4, 0) = 3'

    assert events(line) == [Written(DB, b"abc", 0)]


def test_calls_on_other_files_and_failed_calls_are_no_events() -> None:
    assert not events(
        f'100 pwrite64({opened("honeypot.db-shm")}, "{hexed(b"a")}", 1, 0) = 1',
        f'100 pwrite64(7<{hexed("/elsewhere/honeypot.db")}>, "{hexed(b"a")}", 1, 0) = 1',
        f"100 fsync({opened(DB)}) = -1 EIO (Input/output error)",
        f"100 fsync({opened(DB)}) = ?",
        "100 +++ killed by SIGKILL +++",
    )


def test_a_sync_covers_only_the_writes_that_had_ended_when_it_began() -> None:
    assert events(
        f'100 pwrite64({opened(WAL)}, "{hexed(b"a")}", 1, 0) = 1',
        f"100 fsync({opened(WAL)} <unfinished ...>",
        f'101 pwrite64({opened(WAL)}, "{hexed(b"b")}", 1, 1) = 1',
        "100 <... fsync resumed>) = 0",
    ) == [Written(WAL, b"a", 0), Written(WAL, b"b", 1), Synced(WAL, covers=1)]


def test_an_answer_counts_from_the_moment_it_begins_to_leave() -> None:
    assert events(
        f'100 write({SOCKET}, "{hexed(BODY)}", {len(BODY)} <unfinished ...>',
        f"101 fdatasync({opened(WAL)}) = 0",
        f"100 <... write resumed>) = {len(BODY)}",
    ) == [Acknowledged("s-1", 3), Synced(WAL, covers=1)]


@pytest.mark.parametrize(
    "call",
    [
        f'writev({SOCKET}, [{{iov_base="{hexed("HTTP/1.1 200 OK")}", iov_len=15}}, '
        f'{{iov_base="{hexed(BODY)}", iov_len={len(BODY)}}}], 2) = 99',
        f'sendto({SOCKET}, "{hexed("HTTP/1.1 201 Created" + BODY)}", 99, 0, NULL, 0) = 99',
        f'sendmsg({SOCKET}, {{msg_name=NULL, msg_iov=[{{iov_base="{hexed(BODY)}", iov_len=9}}], '
        f"msg_iovlen=1}}, 0) = 9",
    ],
)
def test_an_answer_is_found_in_every_call_that_sends(call: str) -> None:
    assert events(f"100 {call}") == [Acknowledged("s-1", 3)]


def test_names_that_come_and_go_are_events() -> None:
    path = hexed(f"{FOLDER}/{WAL}")

    assert events(
        f'100 openat(AT_FDCWD, "{path}", O_RDWR|O_CREAT, 0644) = {opened(WAL)}',
        f"100 fsync(8<{hexed(str(FOLDER))}>) = 0",
        f"100 ftruncate({opened(WAL)}, 32) = 0",
        f'100 unlink("{path}") = 0',
    ) == [Created(WAL), FolderSynced(covers=1), Truncated(WAL, 32), Removed(WAL)]


@pytest.mark.parametrize(
    "call",
    [
        f'write({opened(DB)}, "{hexed(b"a")}", 1) = 1',
        f'rename("{hexed(f"{FOLDER}/{DB}")}", "{hexed(f"{FOLDER}/old")}") = 0',
    ],
)
def test_what_the_disk_model_cannot_replay_is_refused_loudly(call: str) -> None:
    with pytest.raises(UnknownCall):
        events(f"100 {call}")


changes = st.lists(
    st.one_of(
        st.builds(Written, st.just(DB), st.binary(min_size=1, max_size=1500), st.integers(0, 3000)),
        st.builds(Truncated, st.just(DB), st.integers(0, 3000)),
    ),
    max_size=12,
)


def after_all(start: bytes, made: list[Written | Truncated]) -> bytes:
    """The file as a disk without power cuts would hold it, byte by byte."""
    content = dict(enumerate(start))
    size = len(start)
    for change in made:
        if isinstance(change, Truncated):
            size = change.size
            content = {place: byte for place, byte in content.items() if place < size}
        else:
            content.update(enumerate(change.data, change.offset))
            size = max(size, change.offset + len(change.data))
    return bytes(content.get(place, 0) for place in range(size))


@given(changes, st.integers(0, 2**32))
def test_what_was_synced_survives_every_cut(made: list[Written | Truncated], seed: int) -> None:
    disk = Disk({DB: b"start"})
    for change in made:
        disk.replay(change)
    disk.replay(Synced(DB, covers=len(made)))

    assert disk.after_power_cut(Random(seed)) == {DB: after_all(b"start", made)}


@given(changes, st.integers(0, 2**32))
def test_what_survives_is_what_was_written_in_order_and_torn_only_at_a_sector(
    made: list[Written | Truncated], seed: int
) -> None:
    kept = survivors(made, Random(seed))

    rest = iter(made)
    for change in kept:
        assert any(_is_whole_or_torn(change, original) for original in rest)


def _is_whole_or_torn(kept: Written | Truncated, original: Written | Truncated) -> bool:
    if kept == original:
        return True
    if isinstance(kept, Truncated) or isinstance(original, Truncated):
        return False
    at_sector = (kept.offset + len(kept.data)) % SECTOR == 0
    return kept.offset == original.offset and original.data.startswith(kept.data) and at_sector


def left_by_any_cut(disk: Disk) -> set[frozenset[tuple[str, bytes]]]:
    return {frozenset(disk.after_power_cut(Random(seed)).items()) for seed in range(200)}


def test_an_unsynced_write_may_be_kept_lost_or_torn() -> None:
    disk = Disk({DB: b""})
    disk.replay(Written(DB, b"x" * 1000, 0))

    assert left_by_any_cut(disk) == {
        frozenset({(DB, b"")}),
        frozenset({(DB, b"x" * SECTOR)}),
        frozenset({(DB, b"x" * 1000)}),
    }


def test_of_two_unsynced_writes_the_later_may_survive_alone() -> None:
    disk = Disk({DB: b"--"})
    disk.replay(Written(DB, b"a", 0))
    disk.replay(Written(DB, b"b", 1))

    assert left_by_any_cut(disk) == {frozenset({(DB, end)}) for end in (b"--", b"a-", b"-b", b"ab")}


def test_a_new_file_may_be_missing_until_its_folder_is_synced() -> None:
    disk = Disk({DB: b"old"})
    disk.replay(Created(WAL))
    disk.replay(Written(WAL, b"new", 0))
    disk.replay(Synced(WAL, covers=2))
    there, missing = frozenset({(DB, b"old"), (WAL, b"new")}), frozenset({(DB, b"old")})

    assert left_by_any_cut(disk) == {there, missing}
    disk.replay(FolderSynced(covers=3))
    assert left_by_any_cut(disk) == {there}


def test_a_removed_file_may_come_back_until_its_folder_is_synced() -> None:
    disk = Disk({WAL: b"log"})
    disk.replay(Removed(WAL))

    assert left_by_any_cut(disk) == {frozenset(), frozenset({(WAL, b"log")})}
    disk.replay(FolderSynced(covers=1))
    assert left_by_any_cut(disk) == {frozenset()}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one whole turn, as the honeypot stores it."""
    path = tmp_path / DB
    connection = connect(path)
    connection.execute("CREATE TABLE sessions (id TEXT PRIMARY KEY, turn_count INTEGER)")
    connection.execute(
        "CREATE TABLE messages (session_id TEXT REFERENCES sessions(id), turn_number INTEGER, role TEXT)"
    )
    connection.execute("INSERT INTO sessions VALUES ('s', 1)")
    connection.execute("INSERT INTO messages VALUES ('s', 1, 'scammer'), ('s', 1, 'agent')")
    connection.close()
    return path


def test_a_turn_that_was_promised_and_is_there_is_no_loss(database: Path) -> None:
    assert examine(database, [Acknowledged("s", 1)]) == Examined()


def test_a_turn_that_was_promised_and_is_not_there_is_a_loss(database: Path) -> None:
    assert examine(database, [Acknowledged("s", 1), Acknowledged("s", 2)]) == Examined(lost=1)


def test_half_a_turn_is_found(database: Path) -> None:
    connection = connect(database)
    connection.execute("INSERT INTO messages VALUES ('s', 2, 'scammer')")
    connection.close()

    assert examine(database, []).halved


def test_a_file_that_is_no_database_is_broken(database: Path) -> None:
    database.write_bytes(b"nonsense" * 1000)

    assert examine(database, []) == Examined(is_broken=True)


def test_a_line_without_its_session_is_broken(database: Path) -> None:
    connection = connect(database)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("DELETE FROM sessions")
    connection.close()

    assert examine(database, []).is_broken
