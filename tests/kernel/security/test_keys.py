"""API keys: shown once, kept hashed, scoped, expiring, revoked at once here and soon elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.asgi import client
from typer.testing import CliRunner

from switchboard.apps import APPS
from switchboard.cli import cli
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Forbidden, Invalid, NotFound, Unavailable
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import Caller, command_caller
from switchboard.kernel.settings import Settings

ME = command_caller()


async def test_a_key_opens_the_apps_it_was_made_for_and_no_other(platform: Platform) -> None:
    _, token = platform.keys.create(ME, "one", ["honeypot"])
    _, all_apps = platform.keys.create(ME, "all", ["*"])
    key = await platform.keys.authenticate(token)
    assert key.opens("honeypot")
    assert not key.opens("desk")
    assert (await platform.keys.authenticate(all_apps)).opens("desk")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_secret_is_nowhere_in_the_files_neither_open_nor_closed(
    platform: Platform, settings: Settings
) -> None:
    key, token = platform.keys.create(ME, "one", ["honeypot"])
    for _ in ("open", "closed"):
        stored = b"".join(file.read_bytes() for file in settings.data_dir.iterdir())
        assert key.prefix.encode() in stored
        assert token.split("_", 2)[2].encode() not in stored
        platform.close()


async def test_an_expired_key_is_told_that_it_expired(platform: Platform, clock: FixedClock) -> None:
    _, token = platform.keys.create(ME, "short", ["honeypot"], lifetime=timedelta(days=1))
    clock.advance(timedelta(hours=23))
    await platform.keys.authenticate(token)
    clock.advance(timedelta(hours=1))
    with pytest.raises(Forbidden, match="expired") as refused:
        await platform.keys.authenticate(token)
    assert refused.value.status == 401


async def test_a_revoked_key_is_refused_at_once_here_and_after_a_refresh_elsewhere(
    platform: Platform, settings: Settings
) -> None:
    key, token = platform.keys.create(ME, "one", ["honeypot"])
    elsewhere = Platform(settings, APPS)
    await elsewhere.keys.authenticate(token)

    platform.keys.revoke(ME, key.prefix)
    with pytest.raises(Forbidden):
        await platform.keys.authenticate(token)
    await elsewhere.keys.refresh()
    with pytest.raises(Forbidden):
        await elsewhere.keys.authenticate(token)
    elsewhere.close()


async def test_a_key_made_by_another_process_works_before_the_next_refresh(
    platform: Platform, settings: Settings
) -> None:
    await platform.keys.refresh()
    elsewhere = Platform(settings, APPS)
    _, token = elsewhere.keys.create(ME, "new", ["honeypot"])
    assert (await platform.keys.authenticate(token)).name == "new"
    elsewhere.close()


async def test_guessing_causes_no_more_than_a_few_reads_between_refreshes(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await platform.keys.refresh()
    reads = 0
    read = platform.database("platform").read

    async def counted(*args: object) -> object:
        nonlocal reads
        reads += 1
        return await read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(platform.database("platform"), "read", counted)
    for number in range(200):
        with pytest.raises(Forbidden):
            await platform.keys.authenticate(f"sb_{number:08x}_" + "A" * 43)
    assert reads <= 20


async def test_many_guessing_at_once_cause_no_more_reads_than_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await platform.keys.refresh()
    reads = 0
    read = platform.database("platform").read

    async def counted(*args: object) -> object:
        nonlocal reads
        reads += 1
        return await read(*args)  # type: ignore[arg-type]

    async def guess(who: int) -> None:
        for number in range(20):
            with pytest.raises(Forbidden):
                await platform.keys.authenticate(f"sb_{who * 100 + number:08x}_" + "A" * 43)
            await asyncio.sleep(0)

    monkeypatch.setattr(platform.database("platform"), "read", counted)
    await asyncio.gather(*(guess(who) for who in range(30)))
    assert reads <= 20


async def test_a_revocation_outlives_a_refresh_that_had_read_before_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, token = platform.keys.create(ME, "one", ["honeypot"])
    read = platform.database("platform").read

    async def overtaken(*args: object) -> object:
        rows = await read(*args)  # type: ignore[arg-type]
        with suppress(NotFound):
            platform.keys.revoke(ME, key.prefix)
        return rows

    monkeypatch.setattr(platform.database("platform"), "read", overtaken)
    await platform.keys.refresh()
    with pytest.raises(Forbidden):
        await platform.keys.authenticate(token)


async def test_a_revoked_key_is_refused_at_once_over_http(platform: Platform) -> None:
    key, token = platform.keys.create(ME, "one", ["honeypot"])
    async with client(platform, key=token) as asked:
        assert (await asked.get("/api/honeypot/sessions")).status_code == 200
        platform.keys.revoke(ME, key.prefix)
        assert (await asked.get("/api/honeypot/sessions")).status_code == 401


async def test_known_keys_open_while_the_database_is_away_and_unknown_ones_are_put_off(
    platform: Platform,
) -> None:
    _, token = platform.keys.create(ME, "one", ["honeypot"])
    platform.database("platform").close()
    assert (await platform.keys.authenticate(token)).name == "one"
    with pytest.raises(Unavailable):
        await platform.keys.authenticate("sb_00000000_" + "A" * 43)


async def test_when_a_key_was_last_used_is_written(platform: Platform, clock: FixedClock) -> None:
    _, token = platform.keys.create(ME, "one", ["honeypot"])
    clock.advance(timedelta(minutes=7))
    await platform.keys.authenticate(token)
    await platform.keys.write_last_used()
    assert [key.last_used_at for key in platform.keys.list_keys(ME)] == [clock.now()]


def test_the_database_keeps_a_hash_and_no_part_of_the_secret(platform: Platform) -> None:
    key, token = platform.keys.create(ME, "one", ["honeypot"])
    platform.keys.revoke(ME, key.prefix)
    kept = platform.database("platform").read_now(
        lambda tx: str([tx.rows(Statement(f"SELECT * FROM {{{table}}}")) for table in ("api_keys", "audit")])
    )
    assert key.prefix in kept
    assert hashlib.sha256(token.encode()).hexdigest() in kept
    assert token.split("_", 2)[2] not in kept


def test_keys_are_revoked_by_prefix_or_by_a_name_that_only_one_has(platform: Platform) -> None:
    first, _ = platform.keys.create(ME, "twin", ["honeypot"])
    platform.keys.create(ME, "twin", ["honeypot"])
    with pytest.raises(Invalid, match="2 keys"):
        platform.keys.revoke(ME, "twin")
    platform.keys.revoke(ME, first.prefix)
    platform.keys.revoke(ME, "twin")
    with pytest.raises(NotFound):
        platform.keys.revoke(ME, "twin")
    assert all(key.revoked_at for key in platform.keys.list_keys(ME))


def test_a_key_without_a_name_or_an_app_is_refused(platform: Platform) -> None:
    for name, apps in (("", ["honeypot"]), ("  ", ["honeypot"]), ("x" * 101, ["honeypot"]), ("ok", [])):
        with pytest.raises(Invalid):
            platform.keys.create(ME, name, apps)
    assert platform.keys.list_keys(ME) == []


def test_making_and_revoking_stand_in_the_audit_without_the_secret(
    platform: Platform, make_settings: Callable[..., Settings]
) -> None:
    key, token = platform.keys.create(ME, "one", ["honeypot"])
    platform.keys.revoke(ME, key.prefix)
    rows = platform.database("platform").read_now(
        lambda tx: tx.rows(
            Statement("SELECT action, object_id, actor, details_json FROM {audit} ORDER BY at, id")
        )
    )
    assert [(row["action"], row["object_id"], row["actor"]) for row in rows] == [
        ("create", key.id, ME.actor),
        ("revoke", key.id, ME.actor),
    ]
    assert token not in str(rows)


def administrator_of(*apps: str) -> Caller:
    return Caller("person:Asha", "person:1", roles=dict.fromkeys(apps, "administrator"))


async def test_a_key_carries_its_role_into_each_of_its_apps(platform: Platform) -> None:
    _, token = platform.keys.create(ME, "look", ["honeypot", "desk"], role="viewer")
    key = await platform.keys.authenticate(token)
    assert (key.role, key.roles) == ("viewer", {"honeypot": "viewer", "desk": "viewer"})
    _, token = platform.keys.create(ME, "usual", ["*"])
    assert (await platform.keys.authenticate(token)).roles == {"*": "analyst"}
    with pytest.raises(Invalid, match="king"):
        platform.keys.create(ME, "crown", ["*"], role="king")  # type: ignore[arg-type]


async def test_a_key_from_before_there_were_roles_counts_as_an_analyst(platform: Platform) -> None:
    key, token = platform.keys.create(ME, "old", ["honeypot"], role="administrator")
    platform.database("platform").write_now(
        lambda tx: tx.run(Statement("UPDATE {api_keys} SET role = NULL WHERE id = :id"), id=key.id)
    )
    await platform.keys.refresh()
    assert (await platform.keys.authenticate(token)).role == "analyst"
    async with client(platform, key=token) as asked:
        opened = await asked.post("/api/honeypot/sessions", json={"message": "Pay now"})
        assert opened.status_code == 201


async def test_a_viewers_key_reads_and_changes_nothing(platform: Platform) -> None:
    _, token = platform.keys.create(ME, "look", ["honeypot"], role="viewer")
    async with client(platform, key=token) as asked:
        assert (await asked.get("/api/honeypot/sessions")).status_code == 200
        refused = await asked.post("/api/honeypot/sessions", json={"message": "Pay now"})
        assert refused.status_code == 403
        assert "analyst" in refused.json()["error"]["hint"]
        assert (await asked.get("/api/honeypot/sessions")).json()["items"] == []


def test_an_administrator_of_an_app_makes_sees_and_revokes_its_keys_and_no_others(platform: Platform) -> None:
    asha = administrator_of("honeypot")
    mine, _ = platform.keys.create(asha, "twin", ["honeypot"])
    shared, _ = platform.keys.create(ME, "twin", ["honeypot", "desk"])
    everything, _ = platform.keys.create(ME, "all", ["*"])
    for apps in (["desk"], ["honeypot", "desk"], ["*"]):
        with pytest.raises(Forbidden):
            platform.keys.create(asha, "too much", apps)
    assert [key.id for key in platform.keys.list_keys(asha)] == [mine.id]
    for prefix in (shared.prefix, everything.prefix):
        with pytest.raises(Forbidden):
            platform.keys.revoke(asha, prefix)
    # A key that she may not touch does not make a name of hers ambiguous.
    assert platform.keys.revoke(asha, "twin").id == mine.id
    assert [key.id for key in platform.keys.list_keys(administrator_of("honeypot", "desk"))] == [
        mine.id,
        shared.id,
    ]
    assert len(platform.keys.list_keys(administrator_of("platform"))) == 3


def test_an_analyst_of_everything_has_no_say_about_keys(platform: Platform) -> None:
    key, _ = platform.keys.create(ME, "one", ["honeypot"])
    analyst = Caller("person:Ravi", "person:2", roles={"*": "analyst"})
    for attempt in (
        lambda: platform.keys.create(analyst, "mine", ["honeypot"]),
        lambda: platform.keys.list_keys(analyst),
        lambda: platform.keys.revoke(analyst, key.prefix),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert [each.revoked_at for each in platform.keys.list_keys(ME)] == [None]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run `switchboard keys …` over the same database; what it prints."""
    if settings.database_url is not None:
        monkeypatch.setenv("SWITCHBOARD_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> str:
        ran = CliRunner().invoke(cli, ["keys", *words])
        if ran.exception is not None:
            raise ran.exception
        return ran.stdout

    return run


async def test_a_key_made_at_the_command_line_opens_a_running_server_until_it_is_revoked_there(
    platform: Platform, command: Callable[..., str]
) -> None:
    async with client(platform, key="") as asked:
        token = command("create", "--app", "honeypot", "--name", "cron", "--quiet").strip()
        signed = {"Authorization": f"Bearer {token}"}
        assert (await asked.get("/api/honeypot/sessions", headers=signed)).status_code == 200
        assert "Revoked" in command("revoke", "cron")
        await platform.keys.refresh()
        assert (await asked.get("/api/honeypot/sessions", headers=signed)).status_code == 401


def test_a_made_key_is_shown_once_with_how_to_send_and_revoke_it(
    platform: Platform, command: Callable[..., str]
) -> None:
    shown = command(
        "create", "--app", "all", "--name", "desk job", "--days", "30", "--rate", "90", "--role", "viewer"
    )
    [key] = platform.keys.list_keys(ME)
    assert key.role == "viewer"
    assert "viewer" in command("list")
    assert (key.name, key.apps, key.rate_limit_per_minute) == ("desk job", frozenset("*"), 90)
    assert key.expires_at == key.created_at + timedelta(days=30)
    assert "Authorization: Bearer" in shown
    assert f"switchboard keys revoke {key.prefix}" in shown


def test_the_list_tells_working_expired_and_revoked_keys_apart_without_a_secret(
    platform: Platform, command: Callable[..., str]
) -> None:
    assert "keys create" in command("list")
    # The platform's clock stands in the past, so that a day's key of it has expired by the command's clock.
    _, expired = platform.keys.create(ME, "over", ["honeypot"], lifetime=timedelta(days=1))
    revoked = command("create", "--app", "honeypot", "--name", "gone", "--quiet").strip()
    works = command("create", "--app", "honeypot", "--name", "fine", "--quiet").strip()
    command("revoke", revoked[3:11])
    listed = command("list")
    for token, name, state in (
        (expired, "over", "expired"),
        (revoked, "gone", "revoked"),
        (works, "fine", "works"),
    ):
        [line] = [line for line in listed.splitlines() if token[3:11] in line]
        assert name in line
        assert state in line
        assert token not in listed


def test_the_command_line_refuses_an_unknown_app_and_an_unknown_key(command: Callable[..., str]) -> None:
    with pytest.raises(Invalid, match="honeypott"):
        command("create", "--app", "honeypott")
    with pytest.raises(Invalid, match="king"):
        command("create", "--app", "honeypot", "--role", "king")
    with pytest.raises(NotFound):
        command("revoke", "nothing")
