"""Holds the server to what it acknowledged, through its own API, and the SQLite file to its own checks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.faults.load import SESSIONS, Acknowledged, Client, Ledger

from switchboard.kernel.database.library import library

Lines = list[dict[str, Any]]


class Found(NamedTuple):
    """What an audit counted. Anything but zeros is a broken promise."""

    lost: int = 0
    doubled: int = 0
    broken: int = 0

    def __add__(self, other: object) -> Found:
        assert isinstance(other, Found)
        return Found(self.lost + other.lost, self.doubled + other.doubled, self.broken + other.broken)

    @property
    def is_clean(self) -> bool:
        return self == Found()

    def __str__(self) -> str:
        return f"{self.lost} lost, {self.doubled} doubled, {self.broken} broken"


class Unreadable(Exception):
    """The server did not let the audit read."""


def audit_turns(client: Client, turns: Iterable[Acknowledged]) -> Found:
    """These acknowledged turns are there with their texts, and their sessions are whole."""
    by_session: dict[str, list[Acknowledged]] = defaultdict(list)
    for turn in turns:
        by_session[turn.session_id].append(turn)
    found = Found()
    for session_id, theirs in by_session.items():
        session = _read(client, f"{SESSIONS}/{session_id}")
        lines = [] if session is None else _read_lines(client, session_id)
        found += _audit_session(0 if session is None else session["turn_count"], lines, theirs)
    return found


def audit_everything(client: Client, ledger: Ledger) -> Found:
    """Every session of the server: what was acknowledged is there, nothing else but whole turns, none twice,
    and every request that was answered twice was answered alike."""
    promised: dict[str, list[Acknowledged]] = defaultdict(list)
    for turn in ledger.acknowledged:
        promised[turn.session_id].append(turn)
    found = Found(doubled=ledger.disagreements)
    heard: Counter[str] = Counter()
    for session in _read_sessions(client):
        lines = _read_lines(client, session["session_id"])
        heard.update({line["content"] for line in lines if line["role"] == "scammer"})
        found += _audit_session(session["turn_count"], lines, promised.pop(session["session_id"], []))
    missing = sum(len(turns) for turns in promised.values())
    across_sessions = sum(heard.values()) - len(heard)
    refused_but_stored = len(ledger.not_stored & heard.keys())
    return found + Found(missing, across_sessions, refused_but_stored)


def audit_repeats(client: Client, ledger: Ledger, turns: Iterable[Acknowledged]) -> Found:
    """Ask acknowledged turns again, and those without an answer twice: all are answered now.

    Whether the same was answered each time, the ledger notes.
    """
    refused = 0
    unsettled = list(ledger.unsettled.values())
    for request in [*(turn.request for turn in turns), *unsettled, *unsettled]:
        answer = client.take_turn(request)
        ledger.record(request, answer)
        refused += not answer.is_acknowledged
    return Found(broken=refused)


def audit_file(path: Path) -> Found:
    """SQLite's own checks of a file at rest or beside the server, and one receipt for each turn."""
    connection = library.connect(str(path), timeout=30)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        ((turns,),) = connection.execute("SELECT count(*) FROM messages WHERE role = 'scammer'")
        ((receipts,),) = connection.execute("SELECT count(*) FROM receipts")
        return Found(broken=(0 if sound else 1) + len(orphans) + abs(turns - receipts))
    finally:
        connection.close()


def _audit_session(turn_count: int, lines: Lines, promised: list[Acknowledged]) -> Found:
    said: dict[int, dict[str, list[str]]] = defaultdict(lambda: {"scammer": [], "agent": []})
    for line in lines:
        said[line["turn_number"]][line["role"]].append(line["content"])
    heard = [text for roles in said.values() for text in roles["scammer"]]
    whole = all(len(roles["scammer"]) == len(roles["agent"]) == 1 for roles in said.values())
    counted = sorted(said) == list(range(1, turn_count + 1))
    lost = sum(said.get(turn.turn) != _texts(turn) for turn in promised)
    return Found(lost, len(heard) - len(set(heard)), 0 if whole and counted else 1)


def _texts(turn: Acknowledged) -> dict[str, list[str]]:
    return {"scammer": [turn.message], "agent": [turn.reply]}


def _read_sessions(client: Client) -> Iterator[dict[str, Any]]:
    asked = {"limit": "200"}
    while True:
        page = _read(client, f"{SESSIONS}?{urlencode(asked)}") or {}
        yield from page.get("items", [])
        if not page.get("next"):
            return
        asked["cursor"] = page["next"]


def _read_lines(client: Client, session_id: str) -> Lines:
    lines: Lines = (_read(client, f"{SESSIONS}/{session_id}/messages?limit=200") or {}).get("items", [])
    return lines


def _read(client: Client, path: str) -> dict[str, Any] | None:
    """What the server says there is; None for nothing. Raises Unreadable for any other answer."""
    answer = client.ask("GET", path)
    if answer.status not in (200, 404):
        raise Unreadable(f"reading was answered with {answer.status}: {answer.body}")
    return answer.body if answer.status == 200 else None
