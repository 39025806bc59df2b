"""The nightly upkeep: deleted content leaves the files to the last byte, and searches stay right and quick."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from switchboard.kernel import upkeep
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.language import search
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import command_caller

ME = command_caller()
LATER = timedelta(hours=24)
PIECES = Statement("SELECT count(DISTINCT segid) AS pieces FROM search_text_idx")
DEEDS = Statement("SELECT actor, object_id FROM {audit} WHERE action = 'compact'")


def delete_something(platform: Platform) -> None:
    at, id = platform.clock.now(), platform.ids.new()
    platform.database("honeypot").write_now(
        lambda tx: audit.record(tx, ME, "delete", "session", "s", id=id, at=at)
    )


def test_a_database_is_written_anew_once_after_something_was_deleted(
    platform: Platform, clock: FixedClock
) -> None:
    assert upkeep.tidy(platform, ME) == []
    delete_something(platform)
    clock.advance(LATER)
    assert upkeep.tidy(platform, ME) == ["honeypot"]
    clock.advance(LATER)
    assert upkeep.tidy(platform, ME) == []
    delete_something(platform)
    assert upkeep.tidy(platform, ME) == ["honeypot"]
    deeds = platform.database("honeypot").read_now(lambda tx: tx.rows(DEEDS))
    assert deeds == [{"actor": ME.actor, "object_id": "honeypot"}] * 2


def test_a_merged_index_finds_what_it_found_before(platform: Platform) -> None:
    database = platform.database("honeypot")
    for number in range(40):
        database.write_now(
            search.add, f"document-{number}", f"owner-{number}", f"parrot number{number} squawks"
        )
    for number in range(0, 40, 2):
        database.write_now(search.remove, f"owner-{number}")

    def found(query: str) -> list[str]:
        return [hit.document_id for hit in database.read_now(search.find, query).hits]

    before = found("parrot squawks")
    assert len(before) == 20
    search.tidy(database)
    assert found("parrot squawks") == before
    assert found("number7") == ["document-7"]
    assert found("number8") == []
    if database.dialect == "sqlite":
        assert database.read_now(lambda tx: tx.rows(PIECES))[0]["pieces"] == 1


async def test_turns_wait_for_the_upkeep_and_are_all_kept(platform: Platform) -> None:
    database = platform.database("honeypot")

    def add(tx: Transaction, number: int) -> int:
        search.add(tx, f"document-{number}", "owner", "a parrot squawks")
        return number

    delete_something(platform)
    adding = [asyncio.ensure_future(database.write(add, number)) for number in range(300)]
    tidying = asyncio.create_task(asyncio.to_thread(upkeep.tidy, platform, ME))
    adding += [asyncio.ensure_future(database.write(add, number)) for number in range(300, 600)]
    assert await asyncio.gather(*adding) == list(range(600))
    assert await tidying == ["honeypot"]
    assert len(database.read_now(search.find, "parrot", limit=1_000).hits) == 600
