"""Holds the server to what it acknowledged, through its own API, and the SQLite file to its own checks."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from tests.faults.load import Acknowledged, Client, Ledger

from switchboard.kernel.database.library import library


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


def audit_sessions(client: Client, turns: list[Acknowledged]) -> Found:
    """Every acknowledged turn is there with its texts, none twice, and its session counts right."""
    by_session: dict[str, list[Acknowledged]] = defaultdict(list)
    for turn in turns:
        by_session[turn.session_id].append(turn)
    found = Found()
    for session_id, theirs in by_session.items():
        found += _audit_session(client, session_id, theirs)
    return found


def _audit_session(client: Client, session_id: str, turns: list[Acknowledged]) -> Found:
    session = client.ask("GET", f"/api/honeypot/sessions/{session_id}")
    lines = client.ask("GET", f"/api/honeypot/sessions/{session_id}/messages?limit=200")
    if session.status != 200 or lines.status != 200:
        return Found(lost=len(turns))
    said: dict[int, dict[str, list[str]]] = defaultdict(lambda: {"scammer": [], "agent": []})
    for line in lines.body["items"]:
        said[line["turn_number"]][line["role"]].append(line["content"])
    lost = sum(said[turn.turn] != {"scammer": [turn.message], "agent": [turn.reply]} for turn in turns)
    heard = [text for roles in said.values() for text in roles["scammer"]]
    doubled = len(heard) - len(set(heard))
    whole = all(len(roles["scammer"]) == len(roles["agent"]) == 1 for roles in said.values())
    counted = session.body["turn_count"] == len(said) and sorted(said) == list(range(1, len(said) + 1))
    return Found(lost, doubled, 0 if whole and counted else 1)


def audit_repeats(client: Client, ledger: Ledger, turns: list[Acknowledged]) -> Found:
    """Asking an acknowledged turn again gives the same answer; an unanswered one takes effect once."""
    found = Found()
    for turn in turns:
        path = "/api/honeypot/sessions"
        if turn.turn > 1:
            path += f"/{turn.session_id}/messages"
        again = client.ask(
            "POST", path, {"message": turn.message, "client_message_id": turn.client_message_id}
        )
        same = again.body.get("reply") == turn.reply and again.body.get("turn_count") == turn.turn
        found += Found(doubled=0 if same else 1)
    unanswered, ledger.unanswered = ledger.unanswered, {}
    for name, (path, message) in unanswered.items():
        first = client.ask("POST", path, {"message": message, "client_message_id": name})
        second = client.ask("POST", path, {"message": message, "client_message_id": name})
        ledger.record(path, message, name, first)
        found += Found(doubled=0 if first.body == second.body else 1)
    return found


def audit_file(path: Path) -> Found:
    """SQLite's own checks of a file at rest or beside the server."""
    connection = library.connect(str(path), timeout=30)
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        return Found(broken=(0 if sound else 1) + len(orphans))
    finally:
        connection.close()
