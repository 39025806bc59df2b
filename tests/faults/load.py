"""Clients that talk to the server and write down what it answered: the truth that an audit holds it to.

Every request carries a client_message_id and a text of its own, so that a text found twice is a turn taken
twice. Some requests are sent on two connections at once, as by a client that did not wait for its answer.
"""

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
SESSIONS = "/api/honeypot/sessions"
_TURNS_PER_SESSION = 12
_TWICE_EVERY = 5


class Request(NamedTuple):
    """One turn as a client asks for it."""

    path: str
    message: str
    client_message_id: str

    @property
    def body(self) -> dict[str, str]:
        return {"message": self.message, "client_message_id": self.client_message_id}


class Acknowledged(NamedTuple):
    """One turn that the server answered for."""

    session_id: str
    turn: int
    message: str
    reply: str
    request: Request


class Answer(NamedTuple):
    """A status with its parsed body; 0 when no whole answer came."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    seconds: float

    @property
    def is_acknowledged(self) -> bool:
        return self.status in (200, 201)

    @property
    def says_nothing_was_stored(self) -> bool:
        return self.status != 0 and "nothing was stored" in self.body.get("error", {}).get("message", "")


@dataclass
class Ledger:
    """Everything the clients saw, over the whole proof."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    disagreements: int = 0
    """Requests that were answered a second time in other words."""
    unsettled: dict[str, Request] = field(default_factory=dict)
    """Requests that were refused or not answered, by their client_message_id."""
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: list[Answer] = field(default_factory=list)
    slowest_seconds: float = 0.0
    _answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _maybe_stored: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, request: Request, answer: Answer) -> None:
        """Note an answer, or that there was none."""
        with self._lock:
            self.statuses[answer.status] += 1
            self.slowest_seconds = max(self.slowest_seconds, answer.seconds)
            if answer.is_acknowledged:
                self._acknowledge(request, answer.body)
                return
            if answer.status:
                self.refusals.append(answer)
            if not answer.says_nothing_was_stored:
                self._maybe_stored.add(request.client_message_id)
            if request.client_message_id not in self._answers:
                self.unsettled[request.client_message_id] = request

    @property
    def not_stored(self) -> set[str]:
        """The texts of those requests whose every answer said that nothing was stored."""
        return {request.message for name, request in self.unsettled.items() if name not in self._maybe_stored}

    def _acknowledge(self, request: Request, body: dict[str, Any]) -> None:
        name = request.client_message_id
        if name in self._answers:
            self.disagreements += self._answers[name] != body
            return
        self._answers[name] = body
        self.unsettled.pop(name, None)
        self.acknowledged.append(
            Acknowledged(body["session_id"], body["turn_count"], request.message, body["reply"], request)
        )


class Client:
    """One connection, opened again when it breaks."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None
        self._sent_at = 0.0

    def ask(self, method: str, path: str, body: dict[str, str] | None = None) -> Answer:
        """Send a request and wait for its answer."""
        self.send(method, path, body)
        return self.receive()

    def take_turn(self, request: Request) -> Answer:
        return self.ask("POST", request.path, request.body)

    def send(self, method: str, path: str, body: dict[str, str] | None = None) -> None:
        """Send a request; one that cannot be sent is answered with status 0."""
        self._sent_at = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=TIMEOUT_SECONDS
                )
            content = None if body is None else json.dumps(body)
            self._connection.request(method, path, content, self._headers)
        except (OSError, http.client.HTTPException):
            self.close()

    def receive(self) -> Answer:
        """The answer to what was sent last."""
        if self._connection is None:
            return self._answer(0)
        try:
            got = self._connection.getresponse()
            text = got.read()
            return self._answer(got.status, json.loads(text) if text else {}, dict(got.getheaders()))
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return self._answer(0)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(
        self, status: int, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        return Answer(status, body or {}, headers or {}, time.monotonic() - self._sent_at)


class Load:
    """Several clients, each in conversations of its own, until told to stop."""

    def __init__(self, port: int, key: str, ledger: Ledger, clients: int = 8) -> None:
        self._port = port
        self._key = key
        self._ledger = ledger
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._talk, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Load:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let every client finish the request it has sent."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _talk(self) -> None:
        client, impatient = Client(self._port, self._key), Client(self._port, self._key)
        while not self._stopping.is_set():
            path = SESSIONS
            for _ in range(_TURNS_PER_SESSION):
                if self._stopping.is_set():
                    break
                answer = self._take_turn(client, impatient, path)
                if not answer.is_acknowledged:
                    # A server that is down or refuses is asked again, not hammered.
                    self._stopping.wait(0.02 if answer.status == 0 else 0.1)
                    break
                path = f"{SESSIONS}/{answer.body['session_id']}/messages"
        client.close()

    def _take_turn(self, client: Client, impatient: Client, path: str) -> Answer:
        number = next(_NUMBERS)
        message = f"Message {number}: your account is blocked, call 98{number:08d} now"
        request = Request(path, message, f"fault-{number}")
        askers = [client] if number % _TWICE_EVERY else [client, impatient]
        for asker in askers:
            asker.send("POST", request.path, request.body)
        answers = [asker.receive() for asker in askers]
        for answer in answers:
            self._ledger.record(request, answer)
        if len(askers) > 1:
            # One may have waited long for the other, and the server closes a connection that nobody uses:
            # the next request on it would look unanswered.
            client.close()
            impatient.close()
        return answers[0]


_NUMBERS = count(1)
