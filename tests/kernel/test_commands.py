"""The command line as a person meets it: every error names its cause and a next step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "switchboard", *words],
        env={**os.environ, "COLUMNS": "200", **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command() -> None:
    shown = run("--help").stdout
    for command in ("serve", "work", "doctor", "db", "accounts", "keys", "audit", "callbacks", "honeypot"):
        assert command in shown
    inside = run("honeypot", "--help").stdout
    for command in ("chat", "replay", "sessions", "show", "search", "delete", "rebuild-search"):
        assert command in inside


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom switchboard.cli import cli\n"
        "try:\n    cli(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('sqlalchemy', 'fastapi', 'pydantic', 'dbos', 'psycopg', 'alembic') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.rstrip().endswith("[]")


def test_the_version_is_told_without_a_command() -> None:
    ran = run("--version")
    assert (ran.returncode, ran.stdout) == (0, "Switchboard 0.1.0\n")


def test_work_on_sqlite_says_what_it_is_for() -> None:
    ran = run("work")
    assert ran.returncode == 1
    assert "PostgreSQL" in ran.stderr
    assert "switchboard serve" in ran.stderr


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("SWITCHBOARD_PORT", "eighty", "SWITCHBOARD_PORT"),
        ("SWITCHBOARD_DATABASE_URL", "mysql://x", "SWITCHBOARD_DATABASE_URL"),
        ("SWITCHBOARD_HONEYPOT_MAX_TURNS", "0", "SWITCHBOARD_HONEYPOT_MAX_TURNS"),
        ("SWITCHBOARD_DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:1/x", "platform"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(name: str, value: str, named: str) -> None:
    ran = run("keys", "list", **{name: value})
    assert ran.returncode == 1
    assert named in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "secret-word" not in ran.stderr + ran.stdout


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = run("db", "migrate", SWITCHBOARD_DATA_DIR=str(tmp_path / "file" / "data"))
    assert ran.returncode == 1
    assert "SWITCHBOARD_DATA_DIR" in ran.stderr


def test_migrating_twice_applies_once() -> None:
    first, second = run("db", "migrate"), run("db", "migrate")
    assert first.returncode == second.returncode == 0
    assert "honeypot alembic_version:0001" in first.stdout
    assert second.stdout == "Every database is up to date.\n"


def test_a_key_made_quietly_is_printed_alone_and_listed_without_its_secret() -> None:
    made = run("keys", "create", "--app", "honeypot", "--name", "[red]cron[/red]", "--quiet")
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n"
    assert token.startswith("sb_")
    listed = run("keys", "list").stdout
    assert "[red]cron[/red]" in listed
    assert token not in listed
    assert token[3:11] in listed
    assert "Revoked" in run("keys", "revoke", token[3:11]).stdout
    again = run("keys", "revoke", token[3:11])
    assert again.returncode == 1
    assert "switchboard keys list" in again.stderr


def test_an_unknown_app_is_refused_with_the_known_ones() -> None:
    ran = run("keys", "create", "--app", "honeypott")
    assert ran.returncode == 1
    assert "honeypot" in ran.stderr


def test_doctor_looks_and_changes_nothing(tmp_path: Path) -> None:
    ran = run("doctor")
    assert ran.returncode == 0
    assert "SQLite" in ran.stdout
    assert not (tmp_path / "data").exists()


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    run("db", "migrate")
    assert "sync mode FULL" in run("doctor").stdout
    (tmp_path / "data").chmod(0o755)
    assert "chmod 700" in run("doctor").stdout
    away = run("doctor", SWITCHBOARD_DATABASE_URL="postgresql://nobody:secret-word@127.0.0.1:1/x")
    assert away.returncode == 1
    assert "cannot be reached" in away.stdout
    assert "secret-word" not in away.stdout + away.stderr


def test_a_private_callback_address_is_refused_unless_its_network_is_opened() -> None:
    refused = run("callbacks", "add", "http://127.0.0.1:9/x")
    assert refused.returncode == 1
    assert "SWITCHBOARD_OUTBOUND_NETWORKS" in refused.stderr
    opened = run("callbacks", "add", "http://127.0.0.1:9/x", SWITCHBOARD_OUTBOUND_NETWORKS="127.0.0.0/8")
    assert "whsec_" in opened.stdout
    listed = run("callbacks", "list").stdout
    assert "http://127.0.0.1:9/x" in listed
    assert "whsec_" not in listed
