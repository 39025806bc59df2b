"""The log: lines that people and machines can read, without what people wrote unless asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = """
import logging as standard
import structlog
from switchboard.kernel import logging
from switchboard.kernel.settings import Settings
settings = Settings()
logging.configure(settings)
log = structlog.get_logger("test")
"""
TURN = """
import asyncio
from switchboard.apps import APPS
from switchboard.kernel.platform import Platform
from tests.asgi import client

async def main():
    platform = Platform(settings, APPS)
    platform.migrate()
    async with client(platform) as asked:
        answer = await asked.post("/api/honeypot/sessions", json={"message": "canary-a1 call 98765 43210"})
        assert answer.status_code == 201
        await asked.post("/api/honeypot/sessions", json={"message": "canary-a1", "canary-a2": 1})
        await asked.get("/api/honeypot/search", params={"q": "canary-a1"})
    platform.close()

asyncio.run(main())
"""


def logged(program: str, **settings: str) -> str:
    """What a fresh process writes to its log."""
    ran = subprocess.run(
        [sys.executable, "-c", START + program],
        env={**os.environ, **{f"SWITCHBOARD_{name}": value for name, value in settings.items()}},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == ""
    return ran.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_conversation_leaves_no_word_of_it_in_the_most_talkative_log(form: str) -> None:
    lines = logged(TURN, LOG_LEVEL="debug", LOG_FORMAT=form)
    assert "canary" not in lines
    assert "/api/honeypot/sessions" in lines


def test_texts_are_logged_when_somebody_asked_for_them() -> None:
    assert "canary-a1" in logged(TURN, LOG_MESSAGE_TEXTS="true")


def test_lines_for_machines_are_one_object_each_whatever_they_hold() -> None:
    lines = logged("log.info('a', path='x\\nforged=1 \\x1b[31m')\nlog.warning('b')", LOG_FORMAT="json")
    events = [json.loads(line) for line in lines.splitlines()]
    assert [(event["event"], event["level"]) for event in events] == [("a", "info"), ("b", "warning")]
    assert all(event["timestamp"].endswith("Z") for event in events)


def test_a_strangers_line_break_or_colour_forges_no_line() -> None:
    lines = logged("log.info('a', path='x\\n2026-01-01 [info] forged \\x1b[31m')", LOG_FORMAT="text")
    assert len(lines.splitlines()) == 1
    assert "\x1b" not in lines


def test_lines_below_the_level_are_left_out() -> None:
    program = "log.debug('one')\nlog.info('two')\nlog.warning('three')\nlog.error('four')"
    lines = logged(program, LOG_LEVEL="warning", LOG_FORMAT="json").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["three", "four"]


RAISED = """
def store_row():
    row = "canary" + "-b1"
    try:
        raise KeyError(row)
    except KeyError as cause:
        raise ValueError(f"failing row: {row}") from cause
try:
    store_row()
except ValueError as error:
    WRITE
"""


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("write", ["log.exception('failed')", "log.error('failed', exc_info=error)"])
def test_an_exception_is_logged_by_its_kind_and_place_without_its_text(form: str, write: str) -> None:
    lines = logged(RAISED.replace("WRITE", write), LOG_FORMAT=form)
    assert "canary-b1" not in lines
    assert "ValueError" in lines
    assert "in store_row" in lines


def test_an_exception_that_a_library_logs_keeps_its_text_to_itself_too() -> None:
    lines = logged(RAISED.replace("WRITE", "standard.getLogger('library').exception('it failed')"))
    assert "it failed" in lines
    assert "ValueError" in lines
    assert "canary-b1" not in lines


def test_libraries_speak_up_only_when_something_is_wrong() -> None:
    program = (
        "standard.getLogger('library').info('chatter')\nstandard.getLogger('library').warning('trouble')"
    )
    lines = logged(program)
    assert "chatter" not in lines
    assert "trouble" in lines
