"""API keys: shown once, kept hashed, scoped, expiring, revoked at once here and soon elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from switchboard.apps import APPS
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Forbidden, Invalid, NotFound
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings

ME = command_caller()


async def test_a_key_opens_the_apps_it_was_made_for_and_no_other(platform: Platform) -> None:
    _, token = platform.keys.create("one", ["honeypot"], ME)
    _, all_apps = platform.keys.create("all", ["*"], ME)
    key = await platform.keys.authenticate(token)
    assert key.opens("honeypot")
    assert not key.opens("desk")
    assert (await platform.keys.authenticate(all_apps)).opens("desk")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_secret_is_nowhere_in_the_files(platform: Platform, settings: Settings) -> None:
    _, token = platform.keys.create("one", ["honeypot"], ME)
    platform.close()
    for file in settings.data_dir.iterdir():
        assert token.encode() not in file.read_bytes()
        assert token.rpartition("_")[2].encode() not in file.read_bytes()


async def test_an_expired_key_is_told_that_it_expired(platform: Platform, clock: FixedClock) -> None:
    _, token = platform.keys.create("short", ["honeypot"], ME, lifetime=timedelta(days=1))
    clock.advance(timedelta(hours=23))
    await platform.keys.authenticate(token)
    clock.advance(timedelta(hours=1))
    with pytest.raises(Forbidden, match="expired") as refused:
        await platform.keys.authenticate(token)
    assert refused.value.status == 401


async def test_a_revoked_key_is_refused_at_once_here_and_after_a_refresh_elsewhere(
    platform: Platform, settings: Settings
) -> None:
    key, token = platform.keys.create("one", ["honeypot"], ME)
    elsewhere = Platform(settings, APPS)
    await elsewhere.keys.authenticate(token)

    platform.keys.revoke(key.prefix, ME)
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
    _, token = elsewhere.keys.create("new", ["honeypot"], ME)
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


async def test_when_a_key_was_last_used_is_written(platform: Platform, clock: FixedClock) -> None:
    _, token = platform.keys.create("one", ["honeypot"], ME)
    clock.advance(timedelta(minutes=7))
    await platform.keys.authenticate(token)
    await platform.keys.write_last_used()
    assert [key.last_used_at for key in platform.keys.list_keys()] == [clock.now()]


def test_keys_are_revoked_by_prefix_or_by_a_name_that_only_one_has(platform: Platform) -> None:
    first, _ = platform.keys.create("twin", ["honeypot"], ME)
    platform.keys.create("twin", ["honeypot"], ME)
    with pytest.raises(Invalid, match="2 keys"):
        platform.keys.revoke("twin", ME)
    platform.keys.revoke(first.prefix, ME)
    platform.keys.revoke("twin", ME)
    with pytest.raises(NotFound):
        platform.keys.revoke("twin", ME)
    assert all(key.revoked_at for key in platform.keys.list_keys())


@pytest.mark.parametrize(("name", "apps"), [("", ["honeypot"]), ("x" * 101, ["honeypot"]), ("ok", [])])
def test_a_key_without_a_name_or_an_app_is_refused(platform: Platform, name: str, apps: list[str]) -> None:
    with pytest.raises(Invalid):
        platform.keys.create(name, apps, ME)
    assert platform.keys.list_keys() == []


def test_making_and_revoking_stand_in_the_audit_without_the_secret(
    platform: Platform, make_settings: Callable[..., Settings]
) -> None:
    from switchboard.kernel.database.statement import Statement

    key, token = platform.keys.create("one", ["honeypot"], ME)
    platform.keys.revoke(key.prefix, ME)
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
