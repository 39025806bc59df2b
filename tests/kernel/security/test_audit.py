"""The audit: read by whoever administers, a page or a file at a time, and kept as it was written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.asgi import client
from typer.testing import CliRunner

from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.cli import cli
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.database import BATCH_ROWS
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Forbidden, Invalid
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.audit import AuditLog
from switchboard.kernel.security.caller import Caller, command_caller
from switchboard.kernel.settings import Settings

ME = command_caller()
DESK = Caller("person:Asha of the Desk", "person:1", address="10.1.2.3", roles={"honeypot": "administrator"})


def keep(platform: Platform, database: str, number: int, caller: Caller = ME, **said: Any) -> None:
    """Deeds in the order they were done, several of them at the same moment."""

    def turn(tx: Transaction) -> None:
        for each in range(number):
            at = platform.clock.now() + timedelta(seconds=each // 3)
            audit.record(tx, caller, "poke", "thing", f"t{each}", id=platform.ids.new(), at=at, **said)

    platform.database(database).write_now(turn)


async def test_pages_lead_through_every_deed_once_the_newest_first(platform: Platform) -> None:
    keep(platform, "honeypot", 20)
    log, seen, place = AuditLog(platform), [], None
    while page := await log.list_deeds(DESK, "honeypot", {}, place, 7):
        seen += page
        place = (page[-1]["at"], page[-1]["id"])
        keep(platform, "honeypot", 0)
    assert [row["object_id"] for row in seen] == [f"t{number}" for number in reversed(range(20))]


async def test_one_page_leads_through_every_database_that_the_caller_administers(platform: Platform) -> None:
    keep(platform, "honeypot", 5)
    keep(platform, "platform", 4)
    log, seen, place = AuditLog(platform), [], None
    while page := await log.list_deeds_everywhere(ME, {"action": "poke"}, place, 4):
        seen += page
        place = (page[-1]["at"], page[-1]["id"])
    assert sorted(row["database"] for row in seen) == ["honeypot"] * 5 + ["platform"] * 4
    assert [(row["at"], row["id"]) for row in seen] == sorted(
        ((row["at"], row["id"]) for row in seen), reverse=True
    )
    of_the_desk = await log.list_deeds_everywhere(DESK, {}, None, 50)
    assert {row["database"] for row in of_the_desk} == {"honeypot"}


async def test_filters_meet_who_what_when_and_to_which_object(platform: Platform, clock: FixedClock) -> None:
    keep(platform, "honeypot", 2, DESK)
    honeypot = Honeypot(platform)
    clock.advance(timedelta(days=1))
    opened = await honeypot.open_session(ME, Opening("Pay to a@ybl now", "sms", None, None, None))
    await honeypot.end_session(ME, opened["session_id"], None)
    log, today = AuditLog(platform), clock.now()

    async def found(**filters: Any) -> list[str]:
        return [row["action"] for row in await log.list_deeds(ME, "honeypot", filters, None, 50)]

    assert await found() == ["end", "poke", "poke"]
    assert await found(actor="asha of") == ["poke", "poke"]
    assert await found(actor="%") == []
    assert await found(action="end", object_type="session") == ["end"]
    assert await found(object_id="t1") == ["poke"]
    assert await found(object_id=opened["session_id"], actor="command:") == ["end"]
    assert await found(since=today) == ["end"]
    assert await found(until=today) == ["poke", "poke"]
    assert await log.list_deeds(ME, "platform", {}, None, 50) == []
    for database, filters in (("honeypott", {}), ("honeypot", {"colour": "red"})):
        with pytest.raises(Invalid):
            await log.list_deeds(ME, database, filters, None, 50)


async def test_an_administrator_of_an_app_reads_its_audit_and_no_other(platform: Platform) -> None:
    log = AuditLog(platform)
    assert await log.list_deeds(DESK, "honeypot", {}, None, 5) == []
    with pytest.raises(Forbidden):
        await log.list_deeds(DESK, "platform", {}, None, 5)
    analyst = DESK._replace(roles={"honeypot": "analyst"})
    with pytest.raises(Forbidden):
        log.export_deeds(analyst, "honeypot", {})


def test_an_export_reads_more_than_a_batch_whole_and_in_order(platform: Platform) -> None:
    keep(platform, "platform", BATCH_ROWS + 5)
    exported = [row["object_id"] for row in AuditLog(platform).export_deeds(ME, "platform", {})]
    assert exported == [f"t{number}" for number in reversed(range(BATCH_ROWS + 5))]


@pytest.mark.parametrize("database", ["platform", "honeypot"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {audit} SET actor = 'nobody'",
        "UPDATE {audit} SET at = at WHERE id = 'no such row'",
        "DELETE FROM {audit}",
        "DELETE FROM {audit} WHERE object_id = 't1'",
    ],
)
def test_the_database_refuses_to_change_or_delete_what_was_written(
    platform: Platform, database: str, sql: str
) -> None:
    keep(platform, database, 2)
    rows = Statement("SELECT * FROM {audit} ORDER BY at, id")
    before = platform.database(database).read_now(lambda tx: tx.rows(rows))
    touches_a_row = "no such" not in sql
    if touches_a_row or platform.database(database).dialect == "postgresql":
        with pytest.raises(Exception, match="neither changed nor deleted"):
            platform.database(database).write_now(lambda tx: tx.run(Statement(sql)))
    assert platform.database(database).read_now(lambda tx: tx.rows(rows)) == before
    keep(platform, database, 1)
    assert len(platform.database(database).read_now(lambda tx: tx.rows(rows))) == 3


def test_no_row_takes_the_place_of_another_and_no_table_is_emptied(platform: Platform) -> None:
    keep(platform, "honeypot", 1)
    database = platform.database("honeypot")
    [row] = database.read_now(lambda tx: tx.rows(Statement("SELECT id FROM {audit}")))
    columns = "at, actor, action, object_type) VALUES"
    said = "'2026-01-01 00:00:00.000000', 'nobody', 'a', 'b')"
    attempts = (
        [
            f"INSERT OR REPLACE INTO {{audit}} (id, {columns} ('{row['id']}', {said}",
            f"INSERT OR REPLACE INTO {{audit}} (rowid, id, {columns} (1, 'another', {said}",
            f"INSERT INTO {{audit}} (id, {columns} ('{row['id']}', {said} ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        ]
        if database.dialect == "sqlite"
        else ["TRUNCATE {audit}"]
    )
    for sql in attempts:
        with pytest.raises(Exception, match="neither changed nor deleted"):
            database.write_now(lambda tx, sql=sql: tx.run(Statement(sql)))  # type: ignore[misc]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run `switchboard audit …` over the same database; what it prints."""
    if settings.database_url is not None:
        monkeypatch.setenv("SWITCHBOARD_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> str:
        ran = CliRunner().invoke(cli, ["audit", *words])
        if ran.exception is not None:
            raise ran.exception
        return ran.stdout

    return run


async def test_a_deed_over_http_is_listed_with_the_key_that_did_it(platform: Platform) -> None:
    async with client(platform) as asked:
        opened = (await asked.post("/api/honeypot/sessions", json={"message": "Pay now"})).json()
        await asked.delete(f"/api/honeypot/sessions/{opened['session_id']}")
    [deed] = await AuditLog(platform).list_deeds(ME, "honeypot", {}, None, 5)
    [key] = platform.keys.list_keys(ME)
    assert (deed["action"], deed["object_id"]) == ("delete", opened["session_id"])
    assert deed["actor"] == f"key:{key.prefix} test"


def test_the_list_shows_the_newest_deeds_that_meet_the_options(
    platform: Platform, command: Callable[..., str]
) -> None:
    assert command("list") == "Nothing was done yet.\n"
    key, _ = platform.keys.create(ME, "one", ["honeypot"], role="viewer")
    platform.keys.revoke(ME, key.prefix)
    lines = command("list").splitlines()
    assert ["revoke" in line for line in lines[1:]] == [True, False]
    assert '"role":"viewer"' in lines[2]
    assert len(command("list", "--action", "create", "--since", "2026-02-04").splitlines()) == 2
    assert command("list", "--until", "2026-02-04") == "No deed is like that.\n"
    assert command("list", "--database", "honeypot", "--actor", "nobody") == "No deed is like that.\n"
    with pytest.raises(Invalid, match="honeypott"):
        command("list", "--database", "honeypott")


def test_an_export_is_csv_that_no_spreadsheet_computes_or_json_lines(
    platform: Platform, command: Callable[..., str], tmp_path: Path
) -> None:
    formula = Caller("=cmd()", "x", correlation_id="corr-1234", address="10.1.2.3")
    keep(platform, "honeypot", 2, formula, details={"name": 'a "quoted", thing'})
    rows = list(csv.DictReader(io.StringIO(command("export", "--database", "honeypot"))))
    assert [row["object_id"] for row in rows] == ["t1", "t0"]
    assert rows[0]["actor"] == "'=cmd()"
    assert json.loads(rows[0]["details"]) == {"name": 'a "quoted", thing'}
    out = tmp_path / "deeds.jsonl"
    assert "Wrote" in command("export", "--database", "honeypot", "--format", "jsonl", "--out", str(out))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["at"] for line in lines] == ["2026-02-04T10:00:00.000000Z"] * 2
    assert (lines[1]["actor"], lines[1]["address"], lines[1]["object_id"]) == ("=cmd()", "10.1.2.3", "t0")
    with pytest.raises(Invalid, match="xml"):
        command("export", "--format", "xml")
