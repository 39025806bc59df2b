"""Migrations are applied once, all or nothing, and never take rows with them."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from switchboard.apps import APPS
from switchboard.kernel.app import MigrationChain
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.migrate import MigrationFailed, migrate, pending, revisions
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.platform import PLATFORM, Platform
from switchboard.kernel.settings import Settings

FIRST = """
    import sqlalchemy as sa
    from alembic import op

    revision, down_revision = "0001", None


    def upgrade():
        op.create_table("parents", sa.Column("id", sa.String(36), primary_key=True), sa.Column("name", sa.String(10)))
        op.create_table(
            "children",
            sa.Column("id", sa.String(36), primary_key=True),
            sa.Column("parent_id", sa.String(36), sa.ForeignKey("parents.id", ondelete="CASCADE"), nullable=False),
        )
"""


def second(*lines: str) -> str:
    body = "\n".join(f"        {line}" for line in lines)
    return (
        "\n    import sqlalchemy as sa\n    from alembic import op\n\n"
        f'    revision, down_revision = "0002", "0001"\n\n\n    def upgrade():\n{body}\n'
    )


REBUILD = second(
    'with op.batch_alter_table("parents") as parents:',
    '    parents.alter_column("name", type_=sa.String(500), existing_type=sa.String(10))',
    '    parents.add_column(sa.Column("note", sa.Text))',
)
LOSE_A_ROW = second("op.execute(\"DELETE FROM parents WHERE id = 'p2'\")")
LOSE_A_TABLE = second('op.drop_table("children")')
ORPHAN_A_ROW = second("op.execute(\"UPDATE children SET parent_id = 'nobody'\")")
FAIL_HALFWAY = second(
    'op.create_table("half_done", sa.Column("id", sa.Integer, primary_key=True))',
    "op.execute(\"UPDATE parents SET name = 'changed'\")",
    'raise RuntimeError("the disk of the developer was full of bugs")',
)

PARENTS = Statement("SELECT id, name FROM {parents} ORDER BY id")
CHILDREN = Statement("SELECT id, parent_id FROM {children} ORDER BY id")
VERSION = Statement("SELECT version_num FROM {family_version}")
TABLES = Statement(
    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
    postgresql="SELECT tablename AS name FROM pg_tables WHERE schemaname = 'notes' ORDER BY tablename",
)

MakeChain = Callable[..., MigrationChain]


@pytest.fixture
def make_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeChain:
    """Writes a package of migrations, the first one by default, and names its chain."""
    monkeypatch.syspath_prepend(tmp_path)
    numbers = itertools.count(1)

    def make(*sources: str) -> MigrationChain:
        package = f"chain_{tmp_path.name}_{next(numbers)}"
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        for number, source in enumerate((FIRST, *sources), start=1):
            (folder / f"{number:04}_step.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return MigrationChain(package, "family_version")

    return make


@pytest.fixture
def family(open_database: Callable[[], Database], make_chain: MakeChain) -> Database:
    """A database at the first revision, with two parents of three children."""
    database = open_database()
    migrate(database, [make_chain()])

    def fill(tx: Transaction) -> None:
        for id in ("p1", "p2"):
            tx.run(Statement("INSERT INTO {parents} (id, name) VALUES (:id, :id)"), id=id)
        for id, parent in (("c1", "p1"), ("c2", "p1"), ("c3", "p2")):
            tx.run(Statement("INSERT INTO {children} VALUES (:id, :parent)"), id=id, parent=parent)

    database.write_now(fill)
    return database


def everything(database: Database) -> dict[str, list[object]]:
    return {
        "version": database.read_now(lambda tx: tx.rows(VERSION)),
        "tables": [row["name"] for row in database.read_now(lambda tx: tx.rows(TABLES))],
        "parents": database.read_now(lambda tx: tx.rows(PARENTS)),
        "children": database.read_now(lambda tx: tx.rows(CHILDREN)),
    }


def test_a_fresh_database_comes_to_the_newest_shape_and_stays_there(platform: Platform) -> None:
    for name in (PLATFORM, *platform.app_names):
        assert pending(platform.database(name), platform.chains(name)) == {}
    assert platform.migrate() == []


def test_every_step_that_was_applied_is_named(
    open_database: Callable[[], Database], make_chain: MakeChain
) -> None:
    database, chain = open_database(), make_chain(REBUILD)
    assert revisions(chain) == ["0001", "0002"]
    assert pending(database, [chain]) == {"family_version": ["0001", "0002"]}
    assert migrate(database, [chain]) == ["family_version:0001", "family_version:0002"]
    assert pending(database, [chain]) == {}
    assert migrate(database, [chain]) == []


def test_rebuilding_a_table_keeps_its_rows_and_their_children(
    family: Database, make_chain: MakeChain
) -> None:
    """On SQLite a rebuild drops the old table: with foreign keys on, the cascade would empty the children."""
    before = everything(family)
    assert migrate(family, [make_chain(REBUILD)]) == ["family_version:0002"]
    after = everything(family)
    assert after["version"] == [{"version_num": "0002"}]
    assert (after["parents"], after["children"]) == (before["parents"], before["children"])
    assert len(after["children"]) == 3


def test_a_rebuilt_table_still_takes_its_children_along_when_a_row_is_deleted(
    family: Database, make_chain: MakeChain
) -> None:
    migrate(family, [make_chain(REBUILD)])
    family.write_now(lambda tx: tx.run(Statement("DELETE FROM {parents} WHERE id = 'p1'")))
    assert everything(family)["children"] == [{"id": "c3", "parent_id": "p2"}]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("source", "loss"), [(LOSE_A_ROW, "parents from 2 to 1"), (LOSE_A_TABLE, "children from 3 to 0")]
)
def test_a_migration_that_loses_rows_is_undone_and_says_so(
    family: Database, make_chain: MakeChain, source: str, loss: str
) -> None:
    """Rows are counted on SQLite, where a rebuild can lose them; PostgreSQL rebuilds no table."""
    before = everything(family)
    with pytest.raises(MigrationFailed, match=loss):
        migrate(family, [make_chain(source)])
    assert everything(family) == before


def test_a_migration_that_leaves_orphans_is_undone(family: Database, make_chain: MakeChain) -> None:
    before = everything(family)
    with pytest.raises(Exception, match=r"without their parent|violates foreign key"):
        migrate(family, [make_chain(ORPHAN_A_ROW)])
    assert everything(family) == before


def test_a_failing_migration_leaves_the_old_shape_and_goes_on_once_repaired(
    family: Database, make_chain: MakeChain
) -> None:
    before = everything(family)
    with pytest.raises(RuntimeError, match="full of bugs"):
        migrate(family, [make_chain(FAIL_HALFWAY)])
    assert everything(family) == before
    assert migrate(family, [make_chain(REBUILD)]) == ["family_version:0002"]


def test_one_failing_chain_undoes_the_chain_before_it(
    open_database: Callable[[], Database], make_chain: MakeChain
) -> None:
    database = open_database()
    good, bad = make_chain(), make_chain(FAIL_HALFWAY)._replace(version_table="other_version")
    with pytest.raises(Exception, match=r"exists|bugs"):
        migrate(database, [good, bad])
    assert database.read_now(lambda tx: tx.rows(TABLES)) == []


def test_a_database_of_a_newer_version_is_refused_in_clear_words(
    family: Database, make_chain: MakeChain
) -> None:
    migrate(family, [make_chain(REBUILD)])
    before = everything(family)
    for ask in (migrate, pending):
        with pytest.raises(MigrationFailed, match="0002") as caught:
            ask(family, [make_chain()])
        assert "newer" in caught.value.hint
    assert everything(family) == before


def test_turns_go_on_over_a_table_that_was_rebuilt_meanwhile(family: Database, make_chain: MakeChain) -> None:
    """A command migrates beside a running server, whose statements were prepared on the old shape."""
    assert len(family.read_now(lambda tx: tx.rows(PARENTS))) == 2
    migrate(family, [make_chain(REBUILD)])
    family.write_now(lambda tx: tx.run(Statement("INSERT INTO {parents} (id, name) VALUES ('p3', 'new')")))
    assert len(family.read_now(lambda tx: tx.rows(PARENTS))) == 3


_FIVE_PROCESSES = """
import os, sys
import alembic.operations, alembic.runtime.migration, alembic.script
from switchboard.apps import APPS
from switchboard.kernel.database import migrate, postgresql, sqlite
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import Settings

def run_one():
    platform = Platform(Settings(), APPS)
    os.read(start, 1)
    applied = platform.migrate()
    platform.close()
    os.write(1, "".join(f"{step}\\n" for step in applied).encode())

start, go = os.pipe()
children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        os.close(go)
        code = 1
        try:
            run_one()
            code = 0
        except BaseException as error:
            os.write(2, f"{error!r} from {error.__cause__!r}\\n".encode())
        os._exit(code)
    children.append(child)
os.close(go)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_five_processes_that_migrate_at_once_apply_every_step_once(
    platform_chains: list[str], database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processes part before any of them has opened a database, and start at one signal."""
    monkeypatch.setenv("SWITCHBOARD_DATABASE_URL", database_url or "")
    ran = subprocess.run(
        [sys.executable, "-c", _FIVE_PROCESSES], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert sorted(ran.stdout.split("\n")[:-1]) == sorted(platform_chains)


@pytest.fixture
def platform_chains(settings: Settings) -> list[str]:
    """Every step of every database, as a first migration names it."""
    platform = Platform(settings, APPS)
    return [
        f"{name} {chain.version_table}:{revision}"
        for name in (PLATFORM, *platform.app_names)
        for chain in platform.chains(name)
        for revision in revisions(chain)
    ]
