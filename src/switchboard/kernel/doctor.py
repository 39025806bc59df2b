"""What an operator asks first: what runs, where its data is, what is wrong. Looks, and changes nothing."""

from __future__ import annotations

import os
import platform as machine
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from switchboard import __version__
from switchboard.kernel.database import library
from switchboard.kernel.database.migrate import pending
from switchboard.kernel.database.server_lock import ServerLock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.settings import Settings

_LITTLE_DISK_BYTES = 1 << 30
_CLOCK_SLACK = timedelta(minutes=5)
_NEWEST = Statement("SELECT at FROM {audit} ORDER BY at DESC, id DESC LIMIT 1")
_FAILED = Statement("SELECT count(*) AS results FROM {outbox} WHERE status = 'FAILED'")
_OVERDUE = Statement(
    "SELECT count(*) AS results FROM {outbox} WHERE status = 'PENDING' AND next_attempt_at < :since"
)


class Finding(NamedTuple):
    """One thing found, in words. `next_step` says what to do about it, where there is something to do."""

    level: Literal["well", "note", "wrong"]
    text: str
    next_step: str = ""

    @property
    def mark(self) -> str:
        return {"well": "ok   ", "note": "note ", "wrong": "WRONG"}[self.level]

    @property
    def is_wrong(self) -> bool:
        return self.level == "wrong"


def examine(platform: Platform) -> list[Finding]:
    """Everything worth knowing, the general first."""
    findings = [
        Finding(
            "well", f"Switchboard {__version__} on Python {machine.python_version()}, {machine.system()}"
        ),
        Finding("well", f"The clock says {platform.clock.now():%Y-%m-%d %H:%M:%S} UTC"),
        *_examine_place(platform),
        *_examine_vault(platform),
        _examine_model(platform),
    ]
    findings.extend(_examine_environment())
    for name in (PLATFORM, *platform.app_names):
        try:
            findings.extend(_examine_database(platform, name))
        except SwitchboardError as error:
            findings.append(Finding("wrong", f"{name}: {error.message}", error.hint))
            if platform.settings.is_postgresql:
                break  # One server holds them all: asking it again only waits again.
    return findings


def _examine_place(platform: Platform) -> Iterator[Finding]:
    settings = platform.settings
    folder = settings.data_dir
    if settings.is_postgresql:
        yield Finding("well", "Data is kept on PostgreSQL, one schema for each app")
        yield Finding(
            "note",
            "Schedules and deliveries need a worker beside the servers",
            "" if settings.runs_worker_inside else "Keep `switchboard work` running on one machine.",
        )
        return
    if warning := library.warning():
        yield Finding("wrong", warning)
    else:
        yield Finding("well", f"Data is kept in SQLite files by {library.describe()}")
    if not folder.exists():
        yield Finding(
            "note", f"The data folder {folder.resolve()} does not exist yet", "`switchboard serve` makes it."
        )
        return
    yield from _examine_folder(folder)
    holder = ServerLock(folder).holder()
    yield Finding(
        "well", f"A server is running (process {holder})" if holder else "No server is running on this data"
    )


def _examine_folder(folder: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "wrong",
            f"You may not write to the data folder {folder.resolve()}",
            f"Run as its owner, or `chown` it: it belongs to user {folder.stat().st_uid}.",
        )
    elif mode & 0o077:
        yield Finding(
            "note",
            f"Others on this machine may look into the data folder {folder.resolve()}",
            f"Run `chmod 700 {folder}`.",
        )
    else:
        yield Finding("well", f"The data folder {folder.resolve()} is yours alone")
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_DISK_BYTES:
        yield Finding(
            "wrong",
            f"The data disk has {free / 2**20:,.0f} MiB left",
            "Free space: a full disk refuses every message (with 503) until there is some.",
        )
    else:
        yield Finding("well", f"The data disk has {free / 2**30:,.1f} GiB left")


def _examine_environment() -> Iterator[Finding]:
    known = {f"SWITCHBOARD_{name.upper()}" for name in Settings.model_fields} | {"SWITCHBOARD_BENCH_DATA"}
    for name in sorted(set(os.environ) - known):
        if name.startswith("SWITCHBOARD_"):
            yield Finding(
                "note", f"{name} is set, and no setting is called that", "docs/operate/settings.md lists all."
            )


def _examine_vault(platform: Platform) -> Iterator[Finding]:
    file = platform.vault_file
    if platform.settings.vault_keys is not None:
        yield Finding("well", "The vault takes its keys from SWITCHBOARD_VAULT_KEYS")
    elif not file.exists():
        yield Finding("note", "The vault has no key file yet", "It is made when the first secret is stored.")
    else:
        try:
            keys = platform.vault.key_ids
        except SwitchboardError as error:
            yield Finding("wrong", error.message, error.hint)
        else:
            yield Finding("well", f"The vault holds {len(keys)} key(s) in {file}: keep a copy elsewhere")


def _examine_model(platform: Platform) -> Finding:
    """What the settings say of a model; it is not called, because a call may cost money."""
    settings = platform.settings
    if settings.llm_url is None:
        return Finding("well", "No language model is configured: the rules word every reply")
    try:
        assert platform.model is not None
    except SwitchboardError as error:
        return Finding("wrong", error.message, error.hint)
    with_key = "with a key" if settings.llm_key else "without a key"
    host = urlsplit(settings.llm_url).netloc
    return Finding("well", f"Replies are worded by the model {settings.llm_model} at {host}, {with_key}")


def _examine_database(platform: Platform, name: str) -> Iterator[Finding]:
    if not platform.settings.is_postgresql and not (platform.settings.data_dir / f"{name}.db").exists():
        yield Finding("note", f"{name}: there is no database yet", "`switchboard db migrate` makes it.")
        return
    database = platform.database(name)
    if waiting := pending(database, platform.chains(name)):
        steps = ", ".join(f"{table} {revision}" for table, all_ in waiting.items() for revision in all_)
        yield Finding(
            "wrong", f"{name}: changes of shape wait to be applied ({steps})", "Run `switchboard db migrate`."
        )
        return
    figures = database.health()
    wal = f", {figures['wal_bytes'] / 2**20:,.1f} MiB of log" if "wal_bytes" in figures else ""
    sound = figures["synchronous"].lower().startswith(("full", "extra", "on, fsync on"))
    yield Finding(
        "well" if sound else "wrong",
        f"{name}: {figures['engine']}, {figures['size_bytes'] / 2**20:,.1f} MiB{wal}, sync mode {figures['synchronous']}",
        "" if sound else "Answered messages may be lost in a power cut: switch synchronous writing on.",
    )
    yield from _examine_clock(platform, name)
    if name != PLATFORM:
        yield from _examine_outbox(platform, name)


def _examine_clock(platform: Platform, name: str) -> Iterator[Finding]:
    newest = platform.database(name).read_now(lambda tx: tx.find(_NEWEST))
    if newest and newest["at"] > platform.clock.now() + _CLOCK_SLACK:
        yield Finding(
            "wrong",
            f"{name}: the newest record is from {newest['at']:%Y-%m-%d %H:%M} UTC, which this machine's clock"
            " calls the future",
            "Set the clock (`timedatectl`): silences and limits are counted by it.",
        )


def _examine_outbox(platform: Platform, name: str) -> Iterator[Finding]:
    since = platform.clock.now() - timedelta(minutes=2)

    def ask(tx: Transaction) -> tuple[int, int]:
        failed, overdue = tx.find(_FAILED), tx.find(_OVERDUE, since=since)
        return (failed["results"] if failed else 0), (overdue["results"] if overdue else 0)

    failed, overdue = platform.database(name).read_now(ask)
    if failed:
        yield Finding(
            "wrong",
            f"{name}: {failed} result(s) could not be delivered",
            f"`switchboard callbacks results --app {name} --status FAILED` shows why; `callbacks retry` offers them again.",
        )
    if overdue:
        yield Finding(
            "wrong",
            f"{name}: {overdue} result(s) are overdue for delivery",
            "Is a server (SQLite) or `switchboard work` (PostgreSQL) running?",
        )
