"""Clients that talk to the server and write down what it acknowledged: the truth that an audit holds it to."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

TIMEOUT_SECONDS = 15.0
_TURNS_PER_SESSION = 12


class Acknowledged(NamedTuple):
    """One turn that the server answered for."""

    session_id: str
    turn: int
    message: str
    reply: str
    client_message_id: str


class Answer(NamedTuple):
    """A status with its parsed body; 0 when no whole answer came."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    seconds: float


@dataclass
class Ledger:
    """Everything the clients saw, over the whole proof."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    unanswered: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path and message of each request that got no answer, by its client_message_id."""
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: list[Answer] = field(default_factory=list)
    slowest_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, path: str, message: str, name: str, answer: Answer) -> None:
        with self._lock:
            self.statuses[answer.status] += 1
            self.slowest_seconds = max(self.slowest_seconds, answer.seconds)
            if answer.status in (200, 201):
                body = answer.body
                self.acknowledged.append(
                    Acknowledged(body["session_id"], body["turn_count"], message, body["reply"], name)
                )
            elif answer.status == 0:
                self.unanswered[name] = (path, message)
            else:
                self.refusals.append(answer)


class Client:
    """One connection, opened again when it breaks."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        started = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=TIMEOUT_SECONDS
                )
            content = None if body is None else json.dumps(body)
            self._connection.request(method, path, content, self._headers)
            got = self._connection.getresponse()
            text = got.read()
            parsed = json.loads(text) if text else {}
            return Answer(got.status, parsed, dict(got.getheaders()), time.monotonic() - started)
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return Answer(0, {}, {}, time.monotonic() - started)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Load:
    """Several clients, each in conversations of its own, until told to stop."""

    def __init__(self, port: int, key: str, ledger: Ledger, clients: int = 8) -> None:
        self._port = port
        self._key = key
        self._ledger = ledger
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._talk, daemon=True) for _ in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _talk(self) -> None:
        client = Client(self._port, self._key)
        while not self._stopping.is_set():
            path = "/api/honeypot/sessions"
            for _ in range(_TURNS_PER_SESSION):
                if self._stopping.is_set():
                    break
                number = next(_NUMBERS)
                name, message = (
                    f"fault-{number}",
                    f"Message {number}: your account is blocked, call 98{number:08d} now",
                )
                answer = client.ask("POST", path, {"message": message, "client_message_id": name})
                self._ledger.record(path, message, name, answer)
                if answer.status not in (200, 201):
                    # A server that is down or refuses is asked again, not hammered.
                    self._stopping.wait(0.02 if answer.status == 0 else 0.1)
                    break
                path = f"/api/honeypot/sessions/{answer.body['session_id']}/messages"
        client.close()


_NUMBERS = count(1)
