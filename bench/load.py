"""The load generator: one process, one core, a fixed number of keep-alive connections, loopback only.

Reads a Scenario as JSON from standard input and writes a Report as JSON to standard output. It knows nothing
of the server: it sends prebuilt bytes and reads the status line and the content length of each answer. Every
connection sends its next request when the answer to the last one is complete (a closed loop).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import ipaddress
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from typing import cast

CONNECTIONS_LIMIT = 256
SECONDS_LIMIT = 60.0
REQUESTS_LIMIT = 5_000_000
_LAST_ANSWER_SECONDS = 15.0
_BAD_BODY_CHARS = 300


@dataclass(frozen=True)
class Scenario:
    """What to send, and for how long.

    `{session}` in the path takes the sessions in turn; no session is shared by two connections, as in a
    conversation. `{number}` in the message takes a count of fixed width, so that no two messages are equal.
    """

    port: int
    path: str
    message: str
    sessions: list[str] = field(default_factory=lambda: [""])
    headers: dict[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    connections: int = 16
    warm_up_seconds: float = 1.0
    seconds: float = 5.0
    requests_limit: int = REQUESTS_LIMIT

    def __post_init__(self) -> None:
        """Raises ValueError for a target outside this machine and for a load without bounds."""
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(f"the load goes to loopback only, not to {self.host}")
        if not 1 <= self.connections <= CONNECTIONS_LIMIT:
            raise ValueError(f"connections must lie between 1 and {CONNECTIONS_LIMIT}")
        if not (0 < self.seconds <= SECONDS_LIMIT and 0 <= self.warm_up_seconds <= SECONDS_LIMIT):
            raise ValueError(f"warm-up and measured time may last {SECONDS_LIMIT:.0f} seconds each at most")
        if not 1 <= self.requests_limit <= REQUESTS_LIMIT:
            raise ValueError(f"the number of requests must lie between 1 and {REQUESTS_LIMIT}")
        if "{session}" in self.path and len(self.sessions) < self.connections:
            raise ValueError("each connection needs a session of its own")


@dataclass(frozen=True)
class Report:
    """What came back. Rate and latencies count the accepted answers of the measured time only."""

    seconds: float
    requests: int
    rate: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    accepted: int
    """Every 2xx answer, warm-up and last answers included: what the server must have stored."""
    rejected: int
    broken: int
    """Connections that the server closed before the answer was complete."""
    first_bad: str
    """The status and the start of the body of the first answer that was not 2xx."""
    busy: float
    """The share of its core that the generator itself used: near 1 it measures itself, not the server."""


class Requests:
    """The bytes of each request, in order, for one connection."""

    def __init__(self, scenario: Scenario, connection: int, numbers: count[int]) -> None:
        before, _, after = json.dumps({"message": scenario.message}).partition("{number}")
        self._before = before.encode()
        self._after = after.encode()
        self._numbers = numbers
        length = len(self._before) + len(self._after) + 8
        headers = {
            "Host": f"{scenario.host}:{scenario.port}",
            "Content-Type": "application/json",
            "Content-Length": str(length),
            **scenario.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        mine = scenario.sessions[connection :: scenario.connections] or scenario.sessions[:1]
        self._heads = [
            f"POST {scenario.path.replace('{session}', session)} HTTP/1.1\r\n{lines}\r\n".encode()
            for session in mine
        ]
        self._sent = 0

    def next(self) -> bytes:
        head = self._heads[self._sent % len(self._heads)]
        self._sent += 1
        return b"%b%b%08d%b" % (head, self._before, next(self._numbers) % 100_000_000, self._after)


class Tally:
    """What one run has seen so far, shared by its connections."""

    def __init__(self, scenario: Scenario) -> None:
        now = self._began = time.perf_counter()
        self._processed = time.process_time()
        self.measured_from = now + scenario.warm_up_seconds
        self.measured_until = self.measured_from + scenario.seconds
        self.requests_left = scenario.requests_limit
        self.latencies: list[float] = []
        self.accepted = 0
        self.rejected = 0
        self.broken = 0
        self.first_bad = ""
        self.last_at = now

    def may_send(self, now: float) -> bool:
        return now < self.measured_until and self.requests_left > 0

    def record(self, status: int, started: float, now: float, answer: bytes) -> None:
        if not 200 <= status < 300:
            self.rejected += 1
            self.first_bad = self.first_bad or _in_short(answer)
            return
        self.accepted += 1
        if self.measured_from <= now < self.measured_until:
            self.latencies.append(now - started)
            self.last_at = now

    def report(self) -> Report:
        ordered = sorted(self.latencies)
        # A run that its count ended early is measured over the time it took.
        ended_early = self.requests_left <= 0
        until = self.last_at if ended_early else self.measured_until
        seconds = max(until - self.measured_from, 1e-9)

        def quantile_ms(share: float) -> float:
            return (
                round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 3) if ordered else 0.0
            )

        return Report(
            seconds=round(seconds, 3),
            requests=len(ordered),
            rate=round(len(ordered) / seconds, 1),
            p50_ms=quantile_ms(0.50),
            p90_ms=quantile_ms(0.90),
            p99_ms=quantile_ms(0.99),
            max_ms=quantile_ms(1.0),
            accepted=self.accepted,
            rejected=self.rejected,
            broken=self.broken,
            first_bad=self.first_bad,
            busy=round((time.process_time() - self._processed) / (time.perf_counter() - self._began), 2),
        )


class Connection(asyncio.Protocol):
    """One keep-alive connection that always has one request under way."""

    def __init__(self, requests: Requests, tally: Tally, done: asyncio.Future[bool]) -> None:
        self._requests = requests
        self._tally = tally
        self._done = done
        self._received = b""
        self._started = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data if self._received else data
        head_end = received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = content_length(received[:head_end])
        if length is None:
            self._fail(ValueError("the answer has no Content-Length: " + repr(received[:200])))
            return
        if len(received) < head_end + 4 + length:
            return
        now = time.perf_counter()
        self._tally.record(int(received[9:12]), self._started, now, received)
        self._received = b""
        self._send(now)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(False)

    def _send(self, now: float) -> None:
        if not self._tally.may_send(now):
            if not self._done.done():
                self._done.set_result(True)
            self._transport.close()
            return
        self._tally.requests_left -= 1
        self._started = now
        self._transport.write(self._requests.next())

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)
        self._transport.abort()


def _in_short(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.partition(b"\r\n")[0].removeprefix(b"HTTP/1.1 ")
    return f"{status.decode(errors='replace')}: {body.decode(errors='replace')[:_BAD_BODY_CHARS]}"


def content_length(head: bytes) -> int | None:
    """The length that the head of an answer names; None when it names none."""
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        return None
    end = lowered.find(b"\r\n", at + 2)
    return int(lowered[at + 17 : end if end >= 0 else None])


async def _keep_sending(scenario: Scenario, number: int, numbers: count[int], tally: Tally) -> None:
    """One connection until the time is over; opened again when the server closes it."""
    loop = asyncio.get_running_loop()
    requests = Requests(scenario, number, numbers)
    while tally.may_send(time.perf_counter()):
        done: asyncio.Future[bool] = loop.create_future()
        await loop.create_connection(partial(Connection, requests, tally, done), scenario.host, scenario.port)
        if not await done:
            tally.broken += 1


async def run(scenario: Scenario) -> Report:
    """Send the load. Raises TimeoutError when a server leaves its last answers out."""
    tally = Tally(scenario)
    numbers = count()
    async with asyncio.timeout(scenario.warm_up_seconds + scenario.seconds + _LAST_ANSWER_SECONDS):
        await asyncio.gather(
            *(_keep_sending(scenario, number, numbers, tally) for number in range(scenario.connections))
        )
    return tally.report()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, help="the core this process keeps to")
    core: int | None = parser.parse_args().core
    if core is not None:
        os.sched_setaffinity(0, {core})
    scenario = Scenario(**json.load(sys.stdin))
    # A collection in the middle would be measured as the server's latency.
    gc.disable()
    import uvloop

    json.dump(asdict(uvloop.run(run(scenario))), sys.stdout)


if __name__ == "__main__":
    main()
