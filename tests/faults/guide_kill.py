"""kill -9 of the server while people walk through guided sessions: the same question, the same count, nothing twice.

Every walk says the same things. The first, which nobody disturbs, shows where each message leads; every other has to
go the same way, however often the server is killed in between.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.audit import Found
from tests.faults.load import Client, Request
from tests.faults.outcome import Outcome
from tests.faults.server import SERVE, Server, environment, make_key

from switchboard.kernel.database.library import library

_LONGEST_SECONDS = 600.0
_SESSIONS = "/api/guide/sessions"
_WALKERS = 4
# The first message after a start waits for the phrases to be read.
_SECONDS_BETWEEN_KILLS = (0.8, 3.5)
_TWICE_EVERY = 4
# Each message is told from those of other walks by its number; what follows is what the guide reads in it.
_SAID = (
    "let's start",
    "hmm",
    "i don't know",
    "my nan and uncle joe",
    "why do you ask?",
    "nothing",
    "i want to die",
    "carry on",
    "school and money",
    "hmm",
    "back",
    "school, money and sleep",
    "finish year 12",
    "it's right",
    "keep everything for now",
)


class Stand(NamedTuple):
    """Where a message led: nothing here depends on how the guide worded its reply."""

    state: str
    step: int
    is_complete: bool
    risk: str | None

    @classmethod
    def of(cls, body: dict[str, Any]) -> Stand:
        risk = body["risk"]
        return cls(
            body["state"], body["progress"]["step"], body["is_complete"], risk and str(risk["category"])
        )


@dataclass
class Walk:
    """One session, as the person who has it remembers it."""

    session_id: str | None = None
    stands: list[Stand] = field(default_factory=list)
    request: Request | None = None
    """What was sent and not yet answered."""


@dataclass
class Walkers:
    """People in sessions of their own, who send again what was not answered."""

    key: str
    way: Sequence[Stand]
    walks: list[list[Walk]] = field(default_factory=lambda: [[Walk()] for _ in range(_WALKERS)])
    disagreements: int = 0
    strayed: int = 0
    cut_off: int = 0
    answered: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def go(self, port: int) -> None:
        """Walk on until `rest`."""
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._walk, args=(port, walks), daemon=True) for walks in self.walks
        ]
        for thread in self._threads:
            thread.start()

    def rest(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _walk(self, port: int, walks: list[Walk]) -> None:
        client, impatient = Client(port, self.key), Client(port, self.key)
        while not self._stopping.is_set():
            walk = walks[-1]
            if len(walk.stands) == len(_SAID):
                walks.append(Walk())
                continue
            if not self._take_step(walk, client, impatient):
                self._stopping.wait(0.02)
        client.close()
        impatient.close()

    def _take_step(self, walk: Walk, client: Client, impatient: Client) -> bool:
        if walk.request is None:
            walk.request = next_request(walk)
        number = int(walk.request.client_message_id.rpartition("-")[2])
        askers = [client] if number % _TWICE_EVERY else [client, impatient]
        for asker in askers:
            asker.send("POST", walk.request.path, walk.request.body)
        answers = [answer for answer in (asker.receive() for asker in askers) if answer.is_acknowledged]
        if len(askers) > 1:
            client.close()
            impatient.close()
        if not answers:
            self.cut_off += 1
            return False
        self.disagreements += any(answer.body != answers[0].body for answer in answers)
        self.answered += 1
        walk.session_id, walk.request = answers[0].body["session_id"], None
        walk.stands.append(Stand.of(answers[0].body))
        self.strayed += bool(self.way) and walk.stands[-1] != self.way[len(walk.stands) - 1]
        return True


_NUMBERS = count(1)


def next_request(walk: Walk) -> Request:
    path = _SESSIONS if walk.session_id is None else f"{_SESSIONS}/{walk.session_id}/messages"
    return Request(path, _SAID[len(walk.stands)], f"guide-{next(_NUMBERS)}")


def run(cycles: int = 40, program: Sequence[str] = SERVE, seed: int | None = None) -> Outcome:
    """Kill the server `cycles` times while four people walk; hold sessions and file to what they saw."""
    seed = random.randrange(10**6) if seed is None else seed
    draw, found = random.Random(seed), Found()
    give_up_at = time.monotonic() + _LONGEST_SECONDS
    done = 0
    with tempfile.TemporaryDirectory(prefix="switchboard-guide-") as folder:
        settings = environment(Path(folder))
        key = make_key(settings, "guide")
        server = Server(settings, program)
        server.start()
        try:
            way = _undisturbed(server.port, key)
            walkers = Walkers(key, way)
            while done < cycles and time.monotonic() < give_up_at:
                walkers.go(server.port)
                time.sleep(draw.uniform(*_SECONDS_BETWEEN_KILLS))
                server.kill()
                walkers.rest()
                done += 1
                server = Server(settings, program)
                server.start()
                found += _audit_stands(Client(server.port, key), walkers)
            walkers.go(server.port)
            time.sleep(1)
            walkers.rest()
        finally:
            server.stop()
        found += _audit_file(Path(folder) / "guide.db", walkers)
    found += Found(doubled=walkers.disagreements, broken=walkers.strayed)
    finished = sum(len(walk.stands) == len(_SAID) for walks in walkers.walks for walk in walks)
    return Outcome(
        "guide",
        "PASS" if found.is_clean and finished and done == cycles else "FAIL",
        f"{done} of {cycles} times kill -9 among guided sessions (seed {seed}), {walkers.answered:,} turns answered,"
        f" {walkers.cut_off:,} cut off and sent again, {finished:,} sessions walked to their end, each to the same"
        f" questions: {found}",
    )


def _undisturbed(port: int, key: str) -> list[Stand]:
    walkers, walk, client = Walkers(key, ()), Walk(), Client(port, key)
    while len(walk.stands) < len(_SAID):
        assert walkers._take_step(walk, client, Client(port, key))
    return walk.stands


def _audit_stands(client: Client, walkers: Walkers) -> Found:
    """After a start every open session is at the question of its last answer, or one on where one was cut off."""
    found = Found()
    for walks in walkers.walks:
        walk = walks[-1]
        if walk.session_id is None:
            continue
        body = client.ask("GET", f"{_SESSIONS}/{walk.session_id}").body
        stands = [walk.stands[-1]]
        if walk.request is not None:
            stands.append(walkers.way[len(walk.stands)])
        is_there = "state" in body
        is_same = is_there and (body["state"], body["progress"]["step"]) in {
            (stand.state, stand.step) for stand in stands
        }
        found += Found(lost=not is_there, broken=is_there and not is_same)
    client.close()
    return found


def _audit_file(path: Path, walkers: Walkers) -> Found:
    """Each walk's words stand in the file once and in order, with the attempts that an undisturbed walk makes."""
    connection = library.connect(str(path), timeout=30)
    found = Found()
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        found += Found(broken=(0 if sound else 1) + len(orphans))
        attempts: Counter[tuple[tuple[str, int, str], ...]] = Counter()
        for walk in (walk for walks in walkers.walks for walk in walks if walk.session_id is not None):
            said = [
                text
                for (text,) in connection.execute(
                    "SELECT message FROM chat_history WHERE session_id = ? AND role = 'user' ORDER BY id",
                    (walk.session_id,),
                )
            ]
            answered = len(walk.stands)
            found += Found(
                lost=max(0, answered - len(said)),
                doubled=max(0, len(said) - answered - (walk.request is not None)),
                broken=said != list(_SAID[: len(said)]),
            )
            if answered == len(_SAID):
                rows = connection.execute(
                    "SELECT step, attempt_count, response FROM user_responses WHERE session_id = ? ORDER BY step",
                    (walk.session_id,),
                )
                attempts[tuple(rows)] += 1
        return found + Found(broken=max(0, len(attempts) - 1))
    finally:
        connection.close()
