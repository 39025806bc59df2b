"""`extract` and `detect` in a pipe: one line out for each line in, whatever the line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINES = [
    b'{"text": "call 98765 43210 now"}',
    b"not json",
    b'{"text": 5}',
    b"[]",
    b"",
    b'{"text": ""}',
    b'{"text": "\\ud800 pay to somebody@ybl"}',
    b"\xff\xfe",
    b'{"text": "' + "नमस्ते 📞 9876543210".encode() + b'"}',
    b"[" * 5_000,
    b'{"text": "no newline at the end, helpdesk@ybl"}',
]


def run(*words: str, said: bytes = b"", folder: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "SWITCHBOARD_DATA_DIR": str(folder / "nothing-is-made-here")}
    return subprocess.run(
        [sys.executable, "-m", "switchboard", "honeypot", *words],
        input=said,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )


@pytest.mark.parametrize("command", ["extract", "detect"])
def test_every_line_is_answered_by_one_line_in_order(command: str, tmp_path: Path) -> None:
    done = run(command, "--jsonl", said=b"\n".join(LINES), folder=tmp_path)
    answers = [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]
    assert len(answers) == len(LINES)
    bad = [place for place, answer in enumerate(answers) if "error" in answer]
    assert bad == [1, 2, 3, 4, 7, 9]
    assert done.returncode == 1
    assert done.stderr == b""
    assert not (tmp_path / "nothing-is-made-here").exists()


def test_good_lines_alone_end_well_and_places_count_characters(tmp_path: Path) -> None:
    text = "नमस्ते 📞 9876543210 पर"
    file = tmp_path / "lines.jsonl"
    file.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    done = run("extract", "--jsonl", "--file", str(file), folder=tmp_path)
    assert done.returncode == 0
    [entity] = json.loads(done.stdout)["entities"]
    assert text[entity["start"] : entity["end"]] == "9876543210"
    assert (entity["type"], entity["value"]) == ("phone", "+919876543210")


def test_one_text_is_given_as_an_argument_or_piped(tmp_path: Path) -> None:
    given = run(
        "detect", "Your KYC has expired, share the OTP now or your account is blocked", folder=tmp_path
    )
    piped = run(
        "detect",
        said=b"Your KYC has expired, share the OTP now or your account is blocked\n",
        folder=tmp_path,
    )
    assert json.loads(given.stdout) == json.loads(piped.stdout)
    verdict = json.loads(given.stdout)
    assert verdict["is_scam"]
    assert verdict["reasons"]


@pytest.mark.parametrize(
    "words",
    [("extract", "text", "--jsonl"), ("extract", "--file", "x"), ("extract", "--jsonl", "--file", "no")],
)
def test_a_call_that_makes_no_sense_says_so_and_prints_nothing(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(*words, folder=tmp_path)
    assert done.returncode != 0
    assert done.stdout == b""
    assert done.stderr
