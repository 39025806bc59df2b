"""Files that are replayed in the server: taken, played, watched, cancelled, and gone on with after a crash."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from switchboard.apps.honeypot.service import Honeypot
from switchboard.apps.honeypot.service.replays.player import Played, Players, Replay
from switchboard.apps.honeypot.service.replays.replays import Replays
from switchboard.apps.honeypot.service.replays.rows import conversations, read_content
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.errors import Conflict, Invalid, NotFound
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

ME = command_caller()
FILES_LEFT = Statement("SELECT count(*) AS files FROM {replay_files}")


def lines(count: int) -> bytes:
    return "\n".join(
        json.dumps({"message": f"Your KYC has expired, pay to desk{at}@ybl", "label": "scam"})
        for at in range(count)
    ).encode()


@pytest.fixture
async def replays(platform: Platform) -> AsyncIterator[Replays]:
    honeypot = Honeypot(platform)
    yield honeypot.replays
    await honeypot.close()


async def until(replays: Replays, replay_id: str, is_so: Callable[[Row], bool]) -> Row:
    """The replay as soon as it is so."""
    for _ in range(3_000):
        row = await replays.get_replay(ME, replay_id)
        if is_so(row):
            return row
        await asyncio.sleep(0.02)
    raise AssertionError(row)


async def done(replays: Replays, replay_id: str) -> Row:
    return await until(replays, replay_id, lambda row: row["state"] not in ("QUEUED", "RUNNING"))


async def test_a_file_played_at_the_command_line_is_known_when_it_is_uploaded(
    platform: Platform, replays: Replays, clock: FixedClock
) -> None:
    honeypot = Honeypot(platform)
    file = read_content(Path("messages.jsonl"), lines(3))
    turns = [[Played(row) for row in rows] for rows in conversations(file.rows)]
    await Players(honeypot, Replay(file, clock.now(), turns), ME, lambda _: None).play(2)
    clock.advance(timedelta(hours=1))
    started = await replays.start_replay(command_caller()._replace(scope="person:1"), "m.jsonl", lines(3))
    row = await done(replays, started["id"])
    assert row["state"] == "DONE"
    assert row["report_json"]["already_stored"] == 3
    assert len(await honeypot.list_sessions(ME, {}, None, 50)) == 3
    await honeypot.close()


async def test_a_file_is_played_and_its_report_says_what_was_found(
    platform: Platform, replays: Replays
) -> None:
    content = lines(3) + b'\n{"text": ""}\nno json'
    started = await replays.start_replay(ME, "C:\\mail\\messages.jsonl", content)
    row = await done(replays, started["id"])
    assert (row["file_name"], row["state"], row["rows_total"], row["rows_done"]) == (
        "messages.jsonl",
        "DONE",
        3,
        3,
    )
    report = row["report_json"]
    assert (report["scams"], report["sessions"], report["values"]) == (3, 3, 3)
    assert report["judged"]["recall"] == 1.0
    assert [each["line"] for each in report["refusals"]] == [4, 5]
    assert len(await Honeypot(platform).list_sessions(ME, {}, None, 10)) == 3
    assert platform.database("honeypot").read_now(lambda tx: tx.find(FILES_LEFT)) == {"files": 0}


async def test_the_same_file_again_stores_nothing_twice(platform: Platform, replays: Replays) -> None:
    for _ in range(2):
        row = await done(replays, (await replays.start_replay(ME, "a.jsonl", lines(4)))["id"])
    assert row["report_json"]["replies"] == 4
    assert len(await Honeypot(platform).list_sessions(ME, {}, None, 10)) == 4


async def test_files_wait_for_each_other_and_each_is_played(replays: Replays) -> None:
    started = [await replays.start_replay(ME, f"{at}.jsonl", lines(at + 2)) for at in range(3)]
    ended = [await done(replays, each["id"]) for each in started]
    assert [row["state"] for row in ended] == ["DONE"] * 3
    assert [row["id"] for row in await replays.list_replays(ME, None, 10)] == [
        row["id"] for row in reversed(started)
    ]


async def test_a_cancelled_replay_stops_and_keeps_what_it_played(
    platform: Platform, replays: Replays
) -> None:
    started = await replays.start_replay(ME, "long.jsonl", lines(2_000))
    await replays.cancel_replay(ME, started["id"])
    assert (await replays.get_replay(ME, started["id"]))["state"] == "CANCELLED"
    with pytest.raises(Conflict):
        await replays.cancel_replay(ME, started["id"])
    assert platform.database("honeypot").read_now(lambda tx: tx.find(FILES_LEFT)) == {"files": 0}


async def test_what_a_process_left_is_taken_up_by_the_next(platform: Platform, clock: FixedClock) -> None:
    first = Honeypot(platform)
    started = await first.replays.start_replay(ME, "long.jsonl", lines(300))
    await until(first.replays, started["id"], lambda row: row["rows_done"] > 0)
    await first.close()
    second = Honeypot(platform)
    await second.begin()
    row = await done(second.replays, started["id"])
    await second.close()
    assert (row["state"], row["rows_done"]) == ("DONE", 300)
    figures = await second.sum_figures(ME, None, None)
    assert figures["total"]["sessions"] == 300


async def test_a_replay_of_a_killed_process_is_taken_up_when_its_lease_has_run_out(
    platform: Platform, clock: FixedClock
) -> None:
    killed = Honeypot(platform)
    started = await killed.replays.start_replay(ME, "long.jsonl", lines(300))
    await until(killed.replays, started["id"], lambda row: row["rows_done"] > 0)
    assert killed.replays._runner is not None
    killed.replays._runner.cancel()
    platform.database("honeypot").write_now(
        lambda tx: tx.run(Statement("UPDATE {replays} SET state = 'RUNNING'"))
    )
    clock.advance(timedelta(minutes=1))
    heir = Honeypot(platform)
    await heir.begin()
    assert (await done(heir.replays, started["id"]))["state"] == "DONE"
    await heir.close()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"x"),
        ("a.jsonl", b""),
        ("a.jsonl", b"\xff\xfe\x00"),
        ("a.csv", b"nothing,here\n1,2"),
        ("a.jsonl", b"not json"),
        ("", b"x"),
        ("../../etc/passwd", b"x"),
        ("a.csv", b"message\n" + b"x\n" * 50_001),
        ("a.jsonl", b" " * 20_000_001),
    ],
)
async def test_a_file_of_no_use_is_refused_in_words_and_leaves_nothing(
    replays: Replays, name: str, content: bytes
) -> None:
    with pytest.raises(Invalid) as refused:
        await replays.start_replay(ME, name, content)
    assert refused.value.hint
    assert await replays.list_replays(ME, None, 5) == []


async def test_a_replay_that_is_none_is_not_found(replays: Replays) -> None:
    for id in ("nothing", "x" * 100, "\n"):
        with pytest.raises(NotFound):
            await replays.get_replay(ME, id)
