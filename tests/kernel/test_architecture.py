"""Who may import what, who may ask the machine for time and chance, and which SQLite a process loads."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "switchboard"
APP_FOLDERS = sorted(path for path in (SOURCE / "apps").iterdir() if (path / "app.py").exists())

LIBRARY = SOURCE / "kernel" / "database" / "library.py"
CLOCK = SOURCE / "kernel" / "clock.py"
TELLS_THE_TIME = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
}
MAKES_CHANCE = {"uuid.uuid1", "uuid.uuid4", "uuid1", "uuid4", "os.urandom", "secrets.randbits"}
# The schema document gives its models a uuid4 of their own; a turn that is run again pauses a little longer
# or shorter than its rival.
MAY_MAKE_CHANCE = {
    "kernel/ids.py",
    "kernel/outbound/signatures.py",
    "apps/honeypot/models.py",
    "kernel/database/postgresql.py",
}
REACHES_OUT = ("socket", "ssl", "http.client", "urllib.request", "subprocess", "threading", "asyncio")


def list_modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported_names(path: Path, *, when_run: bool = False) -> Iterator[str]:
    """Every module that a file imports, wherever in the file; `when_run` leaves out TYPE_CHECKING blocks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = [tree]
    while unseen:
        node = unseen.pop()
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif when_run and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            unseen.extend(node.orelse)
        else:
            unseen.extend(ast.iter_child_nodes(node))


def called_names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("folder", ["src", "tests"])
def test_one_module_alone_imports_a_sqlite_library(folder: str) -> None:
    """Two of them on one file in one process drop each other's locks and lose committed rows."""
    importers = {
        path
        for path in list_modules(ROOT / folder)
        for name in imported_names(path)
        if name.partition(".")[0] in ("sqlite3", "_sqlite3", "pysqlite3", "aiosqlite", "apsw")
    }
    assert importers <= {LIBRARY}


def test_the_kernel_imports_no_app_and_no_way_in() -> None:
    outside = ("switchboard.apps", "switchboard.cli", "switchboard.server", "switchboard.worker")
    found = {
        (str(path.relative_to(SOURCE)), name)
        for path in list_modules(SOURCE / "kernel")
        for name in imported_names(path)
        if any(is_within(name, each) for each in outside)
    }
    assert found == set()


@pytest.mark.parametrize("app", APP_FOLDERS, ids=lambda app: app.name)
def test_an_app_imports_no_other_app_and_no_way_in(app: Path) -> None:
    outside = ("switchboard.apps", "switchboard.cli", "switchboard.server", "switchboard.worker")
    found = {
        (str(path.relative_to(SOURCE)), name)
        for path in list_modules(app)
        for name in imported_names(path, when_run=True)
        if any(is_within(name, each) for each in outside)
        and not is_within(name, f"switchboard.apps.{app.name}")
    }
    assert found == set()


@pytest.mark.parametrize("app", APP_FOLDERS, ids=lambda app: app.name)
def test_rules_import_the_standard_library_and_each_other_alone(app: Path) -> None:
    files = [*list_modules(app / "rules"), *app.glob("rules.py")]
    assert files, f"{app.name} has no rules"
    found = {
        (str(path.relative_to(SOURCE)), name)
        for path in files
        for name in imported_names(path)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not is_within(name, f"switchboard.apps.{app.name}.rules")
    }
    assert found == set()


@pytest.mark.parametrize("app", APP_FOLDERS, ids=lambda app: app.name)
def test_rules_read_no_clock_no_chance_and_no_network(app: Path) -> None:
    """The same question has the same answer: what varies is handed in."""
    for path in [*list_modules(app / "rules"), *app.glob("rules.py")]:
        calls = called_names(path)
        assert not calls & (TELLS_THE_TIME | MAKES_CHANCE), path
        assert not {call for call in calls if call.startswith("random.")} - {"random.Random"}, path
        reached = {
            name for name in imported_names(path) if any(is_within(name, each) for each in REACHES_OUT)
        }
        assert not reached, path


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    found = {
        (str(path.relative_to(SOURCE)), call)
        for path in list_modules(SOURCE)
        if path != CLOCK
        for call in called_names(path) & TELLS_THE_TIME
    }
    assert found == set()


def test_chance_and_ids_come_through_their_ports() -> None:
    found = {
        (str(path.relative_to(SOURCE)), call)
        for path in list_modules(SOURCE)
        for call in called_names(path)
        if (call in MAKES_CHANCE or (call.startswith("random.") and call != "random.Random"))
        and not is_within(str(path.relative_to(SOURCE)).replace("/", "."), "kernel.security")
        and str(path.relative_to(SOURCE)) not in MAY_MAKE_CHANCE
    }
    assert found == set()


def run_python(code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_reading_the_tuple_of_apps_imports_nothing_heavy() -> None:
    """`switchboard --help` waits for it."""
    heavy = "alembic dbos fastapi httpx psycopg pydantic pysqlite3 rich sqlalchemy starlette structlog typer uvicorn"
    code = f"""
import sys
from switchboard.apps import APPS
print([app.name for app in APPS])
print(*sorted(set("{heavy}".split()) & set(sys.modules)))
"""
    names, loaded = run_python(code).splitlines()
    assert names.startswith("['honeypot'")
    assert loaded == ""


def test_server_migration_and_job_engine_load_no_second_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("pysqlite3") is None:
        pytest.skip("not run: without the pysqlite3 wheel the standard library's own SQLite serves")
    monkeypatch.setenv("SWITCHBOARD_DATABASE_URL", "")
    code = """
import sys

def is_clean(place):
    print(place, "_sqlite3" in sys.modules)

import switchboard.server
is_clean("server")
from switchboard.apps import APPS
from switchboard.kernel.jobs import Jobs
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import load_settings
platform = Platform(load_settings(), APPS)
assert platform.migrate()
switchboard.server.create_app(platform)
platform.database("honeypot").engine.connect().close()
is_clean("migration")
jobs = Jobs(platform)
jobs.start()
is_clean("jobs")
assert [each.name for each in jobs.list_schedules()]
jobs.stop()
platform.close()
is_clean("end")
"""
    lines = run_python(code).splitlines()
    assert [line for line in lines if line.endswith((" True", " False"))] == [
        "server False",
        "migration False",
        "jobs False",
        "end False",
    ]
