"""The honeypot at the command line, on both databases: what a person types and reads."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st
from pydantic import ValidationError

from switchboard.apps.honeypot.commands.chat import SOURCE_TYPE
from switchboard.apps.honeypot.routes import OpenSession
from switchboard.apps.honeypot.rules import detection
from switchboard.apps.honeypot.service import Honeypot
from switchboard.apps.honeypot.service.replays.rows import read_file
from switchboard.cli import main
from switchboard.kernel.database.database import Database
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings
from switchboard.kernel.terminal import harmless, one_line

SAMPLE = Path(__file__).parents[3] / "samples" / "scam_messages.jsonl"
LURE = "Your account is blocked. Update KYC at http://kyc-update.example/verify or call 90000 10001"
_SESSION_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Said(NamedTuple):
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def session_id(self) -> str:
        found = _SESSION_ID.search(self.out + self.err)
        assert found, self
        return found[0]


Type = Callable[..., Said]


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The settings as environment variables, and a folder of the test's own to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("SWITCHBOARD_DATA_DIR", str(settings.data_dir))
    if settings.database_url is not None:
        monkeypatch.setenv("SWITCHBOARD_DATABASE_URL", settings.database_url.get_secret_value())
    return dict(os.environ)


@pytest.fixture
def switchboard(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Types a `switchboard honeypot` command with its output and input piped."""

    def type_command(*words: str, typed: str | bytes = "") -> Said:
        data = typed if isinstance(typed, bytes) else typed.encode()
        monkeypatch.setattr(sys, "argv", ["switchboard", "honeypot", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return type_command


def start(environment: dict[str, str], *words: str, **given: Any) -> subprocess.Popen[bytes]:
    """Start a command as a process of its own."""
    command = [sys.executable, "-m", "switchboard", "honeypot", *words]
    return subprocess.Popen(command, env=environment, preexec_fn=_mind_interrupts, **given)


def _mind_interrupts() -> None:
    """Tests run in the background inherit a deaf ear for Ctrl-C from their shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stored_sessions(platform: Platform) -> list[dict[str, Any]]:
    return asyncio.run(Honeypot(platform).list_sessions(command_caller(), {}, None, 10_000))


def stored_lines(platform: Platform, session_id: str) -> list[tuple[str, str]]:
    lines = asyncio.run(Honeypot(platform).list_messages(command_caller(), session_id, None, 200))
    return [(line["role"], line["content"]) for line in lines]


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def report_of(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def test_a_piped_chat_prints_both_sides_and_what_each_turn_changed(
    switchboard: Type, platform: Platform
) -> None:
    said = switchboard("chat", typed=f"{LURE}\nPay Rs 10 to kycdesk@ybl\nसर OTP बताइए\n")

    assert said.status == 0
    lines = said.out.splitlines()
    assert len(lines) == 9
    assert lines[0] == f"you> {LURE}"
    assert re.fullmatch(r"Kamala \w+> .+", lines[1])
    assert "scam: KYC_PHISHING" in lines[2]
    assert "new phone +919000010001" in lines[2]
    assert "new link http://kyc-update.example/verify" in lines[2]
    assert "ONGOING, turn 1" in lines[2]
    assert lines[3] == "you> Pay Rs 10 to kycdesk@ybl"
    assert "new UPI id kycdesk@ybl" in lines[5]
    assert "+919000010001" not in lines[5], "a value is new once"
    assert lines[6] == "you> सर OTP बताइए"
    (session,) = stored_sessions(platform)
    kept = stored_lines(platform, session["id"])
    assert [role for role, _ in kept] == ["scammer", "agent"] * 3
    replies = [line.partition("> ")[2] for line in lines[1::3]]
    assert [content for role, content in kept if role == "agent"] == replies
    assert f"switchboard honeypot show {session['id']}" in said.err
    assert f"chat --session {session['id']}" in said.err


def test_a_chat_ends_with_its_session_and_says_why(
    switchboard: Type, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBOARD_HONEYPOT_MAX_TURNS", "2")

    said = switchboard("chat", typed="Pay now\nPay today\nThis comes too late\n")

    assert said.status == 0
    assert "This comes too late" not in said.out
    assert "has ended: MAX_TURNS_REACHED, after 2 turns" in said.err
    assert "not sent" in said.err
    assert f"switchboard honeypot show {said.session_id}" in said.err
    assert "chat --session" not in said.err
    assert len(stored_lines(platform, said.session_id)) == 4


def test_a_chat_goes_on_after_lines_that_are_no_messages(switchboard: Type, platform: Platform) -> None:
    lines = ["", "   ", "x" * 8_001, "nul \x00 byte", "y" * 8_000, "/quit", "after the end"]

    said = switchboard("chat", typed=b"caf\xe9\n" + "\r\n".join(lines).encode() + b"\n")

    assert said.status == 0
    assert said.err.count("It was not sent; the conversation goes on.") == 5
    assert "Line 1 is not UTF-8" in said.err
    assert "is empty" in said.err
    assert "longer than 8,000 characters" in said.err
    assert "NUL" in said.err
    (session,) = stored_sessions(platform)
    assert stored_lines(platform, session["id"])[0] == ("scammer", "y" * 8_000)
    assert session["turn_count"] == 1


def test_a_chat_without_a_message_opens_no_session(switchboard: Type, platform: Platform) -> None:
    said = switchboard("chat", typed="/quit\n")

    assert (said.status, said.out) == (0, "")
    assert "no session was opened" in said.err
    assert stored_sessions(platform) == []


def test_a_chat_goes_on_with_an_open_session(switchboard: Type, platform: Platform) -> None:
    first = switchboard("chat", "--source-type", "whatsapp", typed="Pay now\n")

    second = switchboard("chat", "--session", first.session_id, typed="Pay today\n")

    assert "ONGOING, turn 2" in second.out
    (session,) = stored_sessions(platform)
    assert (session["turn_count"], session["source_type"]) == (2, "whatsapp")


def test_a_chat_with_a_session_that_has_ended_or_never_was_is_refused(
    switchboard: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBOARD_HONEYPOT_MAX_TURNS", "1")
    ended = switchboard("chat", typed="Pay now\n").session_id

    for asked, why in ((ended, "has ended: MAX_TURNS_REACHED"), ("nobody", "There is no session nobody")):
        said = switchboard("chat", "--session", asked, typed="Pay today\n")
        assert (said.status, said.out) == (1, "")
        assert f"Error: {said.err}".count(why) == 1
        assert "switchboard honeypot" in said.err, "the next step can be typed"
        assert "/api/" not in said.err


@pytest.mark.parametrize(
    ("words", "why", "next_step"),
    [
        (("--persona", "nobody"), "There is no persona 'nobody'", "elderly_victim"),
        (("--source-type", "SMS!"), "The source type", "small letters"),
        (("--source-type", "a" * 21), "The source type", "20"),
        (("--session", "x", "--persona", "elderly_victim"), "keeps its persona", "--session"),
    ],
)
def test_a_chat_says_at_once_what_it_cannot_start_from(
    switchboard: Type, words: tuple[str, ...], why: str, next_step: str
) -> None:
    said = switchboard("chat", *words, typed="Pay now\n")

    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("Error: ")
    assert why in said.err
    assert next_step in said.err


@search(deadline=None)
@given(st.text(max_size=24) | st.from_regex(r"[a-z0-9_-]{1,21}", fullmatch=True))
def test_a_source_type_is_taken_here_exactly_when_the_api_takes_it(source_type: str) -> None:
    def takes(check: Callable[[], object]) -> bool:
        try:
            check()
        except ValidationError:
            return False
        return True

    assert takes(lambda: SOURCE_TYPE.validate_python(source_type)) == takes(
        lambda: OpenSession(message="x", source_type=source_type)
    )


class OnTerminal:
    """A command on a terminal of its own."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self._screen, theirs = pty.openpty()
        self.process = start(environment, *words, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.seen = ""
        self._looked_at = 0

    def read_until(self, text: str) -> None:
        """Wait for a text to appear after the one waited for before."""
        while text not in self.seen[self._looked_at :]:
            assert self._read_for(seconds=60), self.seen
        self._looked_at = self.seen.index(text, self._looked_at) + len(text)

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, as often as a person would: Python may miss one between a prompt and its wait."""
        for _ in range(30):
            self.process.send_signal(signal.SIGINT)
            if self._read_for(seconds=1) or self.process.poll() is not None:
                return
        raise AssertionError("Ctrl-C is not heard")

    def status(self) -> int:
        """Wait for the end of the command; its exit status."""
        while self._read_for(seconds=60):
            pass
        os.close(self._screen)
        return self.process.wait(60)

    def _read_for(self, *, seconds: float) -> bool:
        """Read what is printed next; whether anything was."""
        try:
            if not select.select([self._screen], [], [], seconds)[0]:
                return False
            self.seen += os.read(self._screen, 65_536).decode(errors="replace")
        except OSError:
            # Its last user has left the terminal.
            return False
        return True


@pytest.mark.parametrize(("last_key", "status"), [("\x04", 0), ("/quit\n", 0), (None, 130)])
def test_a_chat_on_a_terminal_asks_answers_and_leaves_cleanly(
    environment: dict[str, str], last_key: str | None, status: int, database_url: str | None
) -> None:
    if database_url is not None and last_key != "\x04":
        # How a terminal is left does not depend on the database; one walk on PostgreSQL is enough.
        last_key, status = "\x04", 0
    screen = OnTerminal(environment | {"TERM": "xterm-256color"}, "chat")
    screen.read_until("you> ")
    screen.type("Share the OTP with me now\n")
    screen.read_until("turn 1")
    screen.read_until("you> ")

    if last_key is None:
        screen.interrupt()
    else:
        screen.type(last_key)

    assert screen.status() == status, screen.seen
    assert "\x1b[2m" in screen.seen, "what changed is dim"
    assert "Traceback" not in screen.seen
    assert "Aborted" not in screen.seen
    assert "switchboard honeypot show" in screen.seen


@search(deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_harmless_text_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = harmless(text)

    assert not [
        character
        for character in shown
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cs")
    ]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert harmless(shown) == shown
    assert "\n" not in one_line(text)


@search(deadline=None)
@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=200))
def test_harmless_text_keeps_every_letter_of_every_script(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jgone", "gone"),
        ("\x1b]0;title\x07hidden 98", "]0;titlehidden 98"),
        ("pay \u202eevil\u202c now", "pay evil now"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("क्\u200dष 👨\u200d👩", "क्\u200dष 👨\u200d👩"),
    ],
)
def test_harmless_text_by_example(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_no_command_obeys_what_a_scammer_wrote(switchboard: Type) -> None:
    hostile = "call [red]90000 10001[/red] \x1b[31mnow\x1b[0m \x1b]0;owned\x07 \u202etxet\u202c \x9b2J"
    said = [switchboard("chat", typed=f"{hostile}\n")]
    session_id = said[0].session_id

    said.append(switchboard("show", session_id))
    said.append(switchboard("search", "call"))
    said.append(switchboard("sessions"))

    for each in said:
        assert each.status == 0
        assert not set(each.out + each.err) & set("\x1b\x07\x9b\u202e\u202c")
    for each in said[:3]:
        assert "[red]" in each.out, "square brackets are text, not markup"


def test_a_message_of_several_lines_cannot_pass_for_a_reply(switchboard: Type, tmp_path: Path) -> None:
    forged = "Pay now\n  2  scammer  I confess\r\nKamala> here is my money"
    switchboard("replay", str(write_lines(tmp_path / "forged.jsonl", [{"message": forged}])))
    session_id = report_of(tmp_path / "forged-report.json")["rows"][0]["session_id"]

    said = switchboard("show", session_id)

    lines = said.out.splitlines()
    assert "  1  scammer  Pay now" in lines
    assert "         2  scammer  I confess" in lines
    assert "       Kamala> here is my money" in lines


def test_the_sample_is_replayed_whole_and_counted(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    talks = {row.get("conversation") or row["id"] for row in rows}

    said = switchboard("replay", str(SAMPLE))

    assert (said.status, said.err) == (0, "")
    report = report_of(tmp_path / "scam_messages-report.json")
    assert "Report: scam_messages-report.json" in said.out
    assert re.search(rf"^Messages +{len(rows)}$", said.out, re.M)
    assert re.search(rf"^Conversations +{len(talks)}$", said.out, re.M)
    assert re.search(rf"^Replies +{len(rows)}$", said.out, re.M)
    assert re.search(r"^Rows refused +0$", said.out, re.M)
    for number in (
        "Scams found",
        "Values found",
        "Expected values found",
        "Precision",
        "Recall",
        "F1",
        "Time",
    ):
        assert re.search(rf"^{number} +[\d.]+", said.out, re.M), number
    stored = stored_sessions(platform)
    assert len(stored) == len(talks)
    assert sum(session["turn_count"] for session in stored) == len(rows)
    assert [row["id"] for row in report["rows"]] == [row["id"] for row in rows]
    assert {row["outcome"] for row in report["rows"]} == {"stored"}
    assert {row["session_id"] for row in report["rows"]} == {session["id"] for session in stored}
    assert report["summary"]["scams"] == sum(session["is_scam"] for session in stored)
    assert sum(report["summary"]["scams_by_type"].values()) == report["summary"]["scams"]


def test_a_replay_on_a_terminal_shows_how_far_it_is(environment: dict[str, str]) -> None:
    screen = OnTerminal(environment | {"TERM": "xterm-256color"}, "replay", str(SAMPLE))

    screen.read_until("Replaying")
    screen.read_until("200/200")
    screen.read_until("Report: scam_messages-report.json")

    assert screen.status() == 0, screen.seen


def test_a_file_replayed_again_is_answered_alike_and_stores_nothing(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    first = switchboard("replay", str(SAMPLE))
    before = stored_sessions(platform)

    second = switchboard("replay", str(SAMPLE))

    assert (first.status, second.status) == (0, 0)
    assert "already stored" not in first.out
    assert "already stored: 200" in second.out
    assert stored_sessions(platform) == before
    one, two = (report_of(tmp_path / f"scam_messages-report{n}.json") for n in ("", "-2"))
    assert {row["outcome"] for row in two["rows"]} == {"already stored"}
    for row in (*one["rows"], *two["rows"]):
        del row["outcome"]
    assert one["rows"] == two["rows"]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_replay_cut_short_goes_on_where_it_stopped(
    environment: dict[str, str], switchboard: Type, platform: Platform, tmp_path: Path, end: signal.Signals
) -> None:
    rows = [
        {"message": f"Call 90000 {number:05} to unblock your card", "conversation": f"c{number // 3}"}
        for number in range(1_500)
    ]
    file = write_lines(tmp_path / "many.jsonl", rows)
    process = start(
        environment, "replay", str(file), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    give_up_at = time.monotonic() + 60
    while not stored_sessions(platform):
        assert process.poll() is None and time.monotonic() < give_up_at, process.communicate()
        time.sleep(0.02)
    process.send_signal(end)
    _, err = process.communicate(timeout=60)

    cut_short = len(stored_sessions(platform)) < 500
    assert cut_short, "the replay was over before it was ended; give it more rows"
    if end is signal.SIGINT:
        assert process.returncode == 130
        assert b"Traceback" not in err
        assert b"Replay the same file again to go on" in err
        outcomes = [row["outcome"] for row in report_of(tmp_path / "many-report.json")["rows"]]
        assert len(outcomes) == 1_500
        assert set(outcomes) <= {"stored", "not played"}

    said = switchboard("replay", str(file))

    assert said.status == 0
    assert "already stored: " in said.out
    stored = stored_sessions(platform)
    assert len(stored) == 500
    assert {session["turn_count"] for session in stored} == {3}


def test_rows_of_a_conversation_are_turns_of_one_session_in_order(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    rows = [
        {"message": "one", "conversation": "a"},
        {"message": "alone"},
        {"message": "first", "conversation": 7},
        {"message": "two", "conversation": "a", "source_type": "whatsapp"},
        {"message": "second", "conversation": 7},
        {"message": "three", "conversation": "a"},
    ]
    said = switchboard("replay", str(write_lines(tmp_path / "talks.jsonl", rows)), "--concurrency", "2")

    assert said.status == 0
    heard = sorted(
        [content for role, content in stored_lines(platform, session["id"]) if role == "scammer"]
        for session in stored_sessions(platform)
    )
    assert heard == [["alone"], ["first", "second"], ["one", "two", "three"]]
    turns = [row["turn"] for row in report_of(tmp_path / "talks-report.json")["rows"]]
    assert turns == [1, 1, 1, 2, 2, 3]


def test_bad_rows_are_refused_by_line_and_every_other_row_is_played(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.jsonl"
    good, long = json.dumps({"message": "Pay now"}), json.dumps({"message": "x" * 8_001})
    file.write_text(
        "\n".join(
            [
                good,
                "not json",
                "",
                "[1]",
                '{"text": "Pay today"}',
                '{"source_type": "sms"}',
                '{"message": 5}',
                '{"message": "   "}',
                long,
                r'{"message": "half \ud800"}',
                '{"message": "hm", "source_type": "S M S"}',
                '{"message": "hm", "label": "perhaps"}',
                "[" * 100_000,
                good.replace("now", "at once"),
            ]
        ),
        encoding="utf-8",
    )

    said = switchboard("replay", str(file))

    assert said.status == 1
    refused = dict(re.findall(r"^Refused, line (\d+): (.+)$", said.out, re.M))
    assert list(refused) == ["2", "4", "6", "7", "8", "9", "10", "11", "12", "13"]
    assert "JSON" in refused["2"]
    assert "object" in refused["4"]
    assert "no message" in refused["6"]
    assert "not text" in refused["7"]
    assert "empty" in refused["8"]
    assert "longer than 8,000 characters" in refused["9"]
    assert "half of a character" in refused["10"]
    assert "source_type" in refused["11"]
    assert "label" in refused["12"]
    assert re.search(r"^Messages +13$", said.out, re.M)
    assert re.search(r"^Rows refused +10$", said.out, re.M)
    assert len(stored_sessions(platform)) == 3
    report = report_of(tmp_path / "mixed-report.json")
    assert [row["outcome"] for row in report["rows"]].count("refused") == 10
    assert report["is_complete"] is False


def test_only_the_first_refusals_are_printed_and_the_report_has_all(
    switchboard: Type, tmp_path: Path
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text("bad\n" * 50, encoding="utf-8")

    said = switchboard("replay", str(file))

    assert said.status == 1
    assert said.out.count("Refused, line") == 20
    assert "30 more" in said.out
    assert len(report_of(tmp_path / "bad-report.json")["rows"]) == 50


def test_turns_behind_the_end_of_their_session_go_into_a_new_one(
    switchboard: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBOARD_HONEYPOT_MAX_TURNS", "2")
    rows = [{"message": f"Pay {number}", "conversation": "a"} for number in range(3)]
    file = str(write_lines(tmp_path / "long.jsonl", rows))

    for _ in range(2):
        said = switchboard("replay", file)
        assert said.status == 0
        assert "MAX_TURNS_REACHED" in (shown := switchboard("sessions").out)
        assert "ONGOING" in shown
        assert len(re.findall(_SESSION_ID, shown)) == 2


def test_verdicts_and_values_are_judged_by_session(switchboard: Type, tmp_path: Path) -> None:
    none: dict[str, list[str]] = {"phone_numbers": [], "upi_ids": [], "links": []}
    rows = [
        {"message": "Hello", "conversation": "a", "label": "scam", "expected": none},
        {
            "message": LURE,
            "conversation": "a",
            "label": "scam",
            "expected": {"phone_numbers": ["+919000010001"], "links": ["http://kyc-update.example/verify"]},
        },
        {"message": "Lunch at one?", "label": "scam", "expected": none | {"upi_ids": ["not@there"]}},
        {"message": LURE, "label": "ham"},
        {"message": "See you at eight", "label": "ham"},
        {"message": "Nobody labelled this"},
    ]

    said = switchboard("replay", str(write_lines(tmp_path / "judged.jsonl", rows)))

    assert said.status == 0
    assert re.search(
        r"^Precision +0.500  on 4 labelled conversations: false alarms 1, scams missed 1$", said.out, re.M
    )
    assert re.search(r"^Recall +0.500$", said.out, re.M)
    assert re.search(r"^F1 +0.500$", said.out, re.M)
    assert re.search(r"^Expected values found +2  of 3; 0 found that were not expected$", said.out, re.M)
    summary = report_of(tmp_path / "judged-report.json")["summary"]
    assert (summary["precision"], summary["recall"], summary["f1"]) == (0.5, 0.5, 0.5)


def test_only_the_first_rows_are_played_when_asked(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    rows = [{"message": f"Pay {number}"} for number in range(5)]

    switchboard("replay", str(write_lines(tmp_path / "five.jsonl", rows)), "--limit", "2")

    assert len(stored_sessions(platform)) == 2


def test_a_report_never_takes_the_place_of_another_file(switchboard: Type, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "one.jsonl", [{"message": "Pay now"}])
    kept = tmp_path / "mine.json"
    kept.write_text("mine", encoding="utf-8")

    said = [switchboard("replay", str(file), "--report", str(kept)) for _ in range(2)]

    assert kept.read_text(encoding="utf-8") == "mine"
    for each, name in zip(said, ("mine-2.json", "mine-3.json"), strict=True):
        assert f"Report: {tmp_path / name}" in each.out
        assert len(report_of(tmp_path / name)["rows"]) == 1


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Hold a lock that no turn gets past, for a quarter of a minute at most, so that a wait without end is seen."""
    with database.engine.connect() as holder:
        holder.begin()
        if database.dialect == "postgresql":
            holder.exec_driver_sql("LOCK TABLE honeypot.sessions IN ACCESS EXCLUSIVE MODE")
        limit = threading.Timer(15, holder.rollback)
        limit.start()
        yield
        limit.cancel()
        limit.join()


def _unplayable(tmp_path: Path) -> Iterator[tuple[Path, str, str]]:
    def file(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    (tmp_path / "folder.jsonl").mkdir()
    yield tmp_path / "nowhere.jsonl", "There is no file", "Check the name"
    yield tmp_path / "folder.jsonl", "is a folder", "Name a .jsonl or .csv file"
    yield file("empty.jsonl", b""), "holds no messages", "Write one message"
    yield file("blank.csv", b"\xef\xbb\xbf \r\n"), "", ""
    yield file("header.csv", b"message,label\r\n"), "holds no messages", "Write one message"
    yield file("notes.txt", b"Pay now"), "neither a .jsonl nor a .csv", "Save it as"
    yield file("latin.jsonl", b'{"message": "a"}\n{"message": "caf\xe9"}\n'), "Line 2", "UTF-8"
    yield file("excel.csv", "message\nPay".encode("utf-16")), "UTF-16", "UTF-8"
    yield file("wrong.csv", b"body,label\nPay,scam\n"), "names no `message` column", "message,source_type"


def test_a_file_that_cannot_be_played_is_refused_with_a_next_step(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    for path, why, next_step in _unplayable(tmp_path):
        said = switchboard("replay", str(path))

        assert (said.status, said.out) == (1, ""), path
        first, second, *more = said.err.splitlines()
        assert first.startswith("Error: ") and why in first
        assert next_step in second
        assert not more
    assert stored_sessions(platform) == []
    assert not list(tmp_path.glob("*-report*.json"))


def test_a_report_that_cannot_be_written_is_told_before_anything_is_played(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "one.jsonl", [{"message": "Pay now"}])

    for place, why in ((tmp_path / "no" / "report.json", "There is no folder"), (tmp_path, "is a folder")):
        said = switchboard("replay", str(file), "--report", str(place))
        assert said.status == 1
        assert why in said.err
    assert stored_sessions(platform) == []


def test_no_message_text_is_in_the_report_or_the_log(
    switchboard: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBOARD_LOG_LEVEL", "debug")
    rows = [{"message": "Pay the xylophone tax"}, {"message": 17}, {"message": "xylophone " * 900}]

    said = switchboard("replay", str(write_lines(tmp_path / "private.jsonl", rows)))

    assert said.status == 1
    assert "xylophone" not in said.out + said.err
    assert "xylophone" not in (tmp_path / "private-report.json").read_text(encoding="utf-8")


def test_a_locked_database_stops_the_replay_and_the_next_run_goes_on(
    switchboard: Type, platform: Platform, tmp_path: Path
) -> None:
    rows = [{"message": f"Pay {number}"} for number in range(40)]
    file = write_lines(tmp_path / "locked.jsonl", rows)
    with locked(platform.database("honeypot")):
        stopped = switchboard("replay", str(file))

    assert stopped.status == 1
    assert "nothing was stored" in stopped.err
    assert "Replay the same file again" in stopped.err
    report = report_of(tmp_path / "locked-report.json")
    assert {row["outcome"] for row in report["rows"]} == {"not played"}
    assert switchboard("replay", str(file)).status == 0
    assert len(stored_sessions(platform)) == 40


def test_a_spreadsheet_is_read_as_it_was_saved(switchboard: Type, platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "saved.csv"
    file.write_bytes(
        b"\xef\xbb\xbf"
        + "Text; Source_Type ;label;conversation\r\n"
        '"Pay; ""now""\r\nor else";whatsapp;scam;\r\n'
        "\r\n"
        "नमस्ते;;ham;\r\n"
        ";;;x\r\n"
        "too;many;columns;in;this\r\n"
        "short row\r\n".encode()
    )

    said = switchboard("replay", str(file))

    assert said.status == 1
    assert re.findall(r"^Refused, line (\d+): (.+)$", said.out, re.M) == [
        ("6", "the message is empty; write at least one character"),
        ("7", "5 columns where the header names 4"),
    ]
    heard = {
        (stored_lines(platform, session["id"])[0][1], session["source_type"])
        for session in stored_sessions(platform)
    }
    assert heard == {('Pay; "now"\r\nor else', "whatsapp"), ("नमस्ते", "sms"), ("short row", "sms")}


def test_a_quote_that_is_never_closed_is_refused_and_not_swallowed(tmp_path: Path) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text('message\nfirst\n"bad"quote\nsecond\n"open\nlost\n', encoding="utf-8")

    found = read_file(file, None)

    assert [row.message for row in found.rows] == ["first", "second"]
    assert [refusal.line for refusal in found.refused] == [3, 5]


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_fields = st.dictionaries(
    st.sampled_from(["message", "text", "source_type", "conversation", "label", "expected", "id"]),
    _json_values,
)


@search(deadline=None)
@given(rows=st.lists(_fields | _json_values, min_size=1, max_size=8))
def test_every_line_of_json_is_a_row_or_a_refusal(
    rows: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = write_lines(tmp_path_factory.getbasetemp() / "any.jsonl", rows)

    found = read_file(file, None)

    lines = [row.line for row in found.rows] + [refusal.line for refusal in found.refused]
    assert sorted(lines) == list(range(1, len(rows) + 1))


_messages = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(
    str.strip
)


@search(deadline=None)
@given(messages=st.lists(_messages, min_size=1, max_size=8), delimiter=st.sampled_from(",;\t"))
def test_messages_written_as_csv_are_read_back_unchanged(
    messages: list[str], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([["label", "message"], *(["scam", message] for message in messages)])

    found = read_file(file, None)

    assert [row.message for row in found.rows] == messages
    assert not found.refused


def test_sessions_are_listed_newest_first_and_filtered(switchboard: Type) -> None:
    assert "There is no session yet" in switchboard("sessions").out
    scam = switchboard("chat", typed=f"{LURE}\n").session_id
    other = switchboard("chat", typed="Lunch at one?\n").session_id

    listed = switchboard("sessions")
    assert _SESSION_ID.findall(listed.out) == [other, scam]
    assert "scam: KYC_PHISHING" in listed.out
    assert _SESSION_ID.findall(switchboard("sessions", "--limit", "1").out) == [other]
    assert _SESSION_ID.findall(switchboard("sessions", "--scam-type", "kyc_phishing").out) == [scam]
    assert _SESSION_ID.findall(switchboard("sessions", "--status", "ongoing").out) == [other, scam]
    assert "No session is like that" in switchboard("sessions", "--status", "completed").out
    wrong = switchboard("sessions", "--status", "asleep")
    assert wrong.status == 1
    assert "There is no state 'asleep'" in wrong.err
    assert "TERMINATED" in wrong.err


def test_a_session_is_shown_with_its_values_marked_and_listed(switchboard: Type) -> None:
    session_id = switchboard("chat", typed=f"{LURE}\nPay to kycdesk@ybl, call 90000-10001\n").session_id

    shown = switchboard("show", session_id).out

    assert f"Session  {session_id}" in shown
    assert "ONGOING, 2 turns" in shown
    assert "Update KYC at «http://kyc-update.example/verify» or call «90000 10001»" in shown
    assert "Pay to «kycdesk@ybl», call «90000-10001»" in shown
    assert shown.count("Kamala") == 3, "the persona once above and beside each reply"
    assert re.search(r"^phone +\+919000010001 +\d+% +2× +1 to 2", shown, re.M)
    assert re.search(r"^UPI id +kycdesk@ybl +\d+% +1× +2", shown, re.M)
    assert re.search(r"^link +http://kyc-update.example/verify", shown, re.M)


def test_a_search_finds_words_and_any_written_form_of_a_value(switchboard: Type) -> None:
    session_id = switchboard("chat", typed=f"{'long ' * 100}{LURE}{' tail' * 100}\n").session_id

    by_value = switchboard("search", "+91 90000-10001").out
    assert by_value.startswith("+919000010001  phone")
    assert session_id in by_value
    by_words = switchboard("search", "kyc BLOCKED").out
    assert session_id in by_words
    assert "Update KYC at" in by_words, "a long message is cut around the words"
    assert "Nothing was found" in switchboard("search", "zebra").out
    for query, why in ((" ", "is empty"), ("x" * 201, "longer than 200 characters")):
        said = switchboard("search", query)
        assert said.status == 1
        assert why in said.err


def test_a_session_is_deleted_only_after_a_yes(switchboard: Type) -> None:
    session_id = switchboard("chat", typed=f"{LURE}\n").session_id

    for answer in ("", "\n", "n\n", "what\n"):
        said = switchboard("delete", session_id, typed=answer)
        assert (said.status, said.out) == (1, "")
        assert "1 turn" in said.err
        assert "Nothing was deleted" in said.err
    assert switchboard("show", session_id).status == 0

    said = switchboard("delete", session_id, typed="y\n")
    assert (said.status, said.out) == (0, f"Deleted session {session_id}.\n")
    assert switchboard("show", session_id).status == 1
    assert "Nothing was found" in switchboard("search", "+919000010001").out
    assert "Nothing was found" in switchboard("search", "blocked").out


def test_a_session_is_deleted_without_a_question_when_told_so(switchboard: Type) -> None:
    session_id = switchboard("chat", typed="Pay now\n").session_id

    assert switchboard("delete", "--yes", session_id).status == 0
    again = switchboard("delete", "--yes", session_id)
    assert again.status == 1
    assert f"There is no session {session_id}" in again.err
    assert "switchboard honeypot sessions" in again.err


def test_the_search_index_is_rebuilt_from_what_is_stored(switchboard: Type) -> None:
    switchboard("chat", typed="Pay the xylophone tax\nPay it today\n")

    said = switchboard("rebuild-search")

    assert (said.status, said.out, said.err) == (0, "The search index is new and holds 4 messages.\n", "")
    assert "xylophone" in switchboard("search", "xylophone").out


@pytest.mark.parametrize("session_id", ["", "x" * 300, "' OR 1=1 --", "\udcff"])
def test_an_id_that_cannot_be_one_is_refused_in_words(switchboard: Type, session_id: str) -> None:
    for command in ("show", "delete"):
        said = switchboard(command, session_id)
        assert said.status == 1
        assert said.err.startswith("Error: ")
        assert "Something failed" not in said.err


def test_a_reader_who_leaves_early_is_no_error(environment: dict[str, str], tmp_path: Path) -> None:
    process = start(
        environment, "replay", str(SAMPLE), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None

    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)
    assert (tmp_path / "scam_messages-report.json").exists()


def test_the_types_that_sessions_are_filtered_by_are_upper_case() -> None:
    assert all(scam_type == scam_type.upper() for scam_type in detection.SCAM_TYPES)


def test_the_figures_of_some_days_are_shown(switchboard: Type) -> None:
    assert "No session began in these days" in switchboard("analytics").out
    switchboard("replay", str(SAMPLE))
    shown = switchboard("analytics")
    assert (shown.status, shown.err) == (0, "")
    assert re.search(r"^\d+ sessions, \d+ of them scams", shown.out)
    assert re.search(r"^KYC_PHISHING +\d+ +\d+% +\d+% +\d", shown.out, re.M)
    wrong = switchboard("analytics", "--since", "2030-01-01")
    assert wrong.status == 1
    assert "before they begin" in wrong.err


def test_an_export_can_be_of_some_days(switchboard: Type) -> None:
    switchboard("replay", str(SAMPLE))
    assert len(json.loads(switchboard("export").out)["sessions"]) > 100
    assert json.loads(switchboard("export", "--since", "2090-01-01").out)["sessions"] == []
    assert len(json.loads(switchboard("export", "--source-type", "email").out)["sessions"]) == 11
