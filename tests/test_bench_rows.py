"""The benches store what the product stores: their rows fit its statements, and its service reads them."""

from __future__ import annotations

import asyncio

from bench.loading import fill
from bench.servers.switchboard_turn import open_sessions
from bench.servers.turn import session_ids

from switchboard.apps.honeypot.service import Honeypot
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller


def test_loaded_sessions_are_found_by_the_service(platform: Platform) -> None:
    ids = fill(platform, sessions=8)
    honeypot = Honeypot(platform)
    listed = asyncio.run(honeypot.list_sessions(command_caller(), {}, None, 50))
    assert {row["id"] for row in listed} == set(ids)
    assert {row["turn_count"] for row in listed} == {25}
    assert asyncio.run(honeypot.list_values(command_caller(), {}, None, None, 5))


def test_the_sessions_of_the_bench_of_turns_can_be_opened(platform: Platform) -> None:
    platform.database("honeypot").write_now(open_sessions, platform.clock.now())
    listed = asyncio.run(Honeypot(platform).list_sessions(command_caller(), {}, None, 200))
    assert {row["id"] for row in listed} <= set(session_ids())
    assert {row["status"] for row in listed} == {"INITIAL"}
