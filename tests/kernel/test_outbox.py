"""Results for others: committed with their turn, signed, retried, refused for private addresses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from tests.conftest import START

from switchboard.kernel import outbox
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.outbound import signatures
from switchboard.kernel.outbound.addresses import PUBLIC_ONLY, AddressPolicy
from switchboard.kernel.outbox import LEASE, RETRY_PAUSES, Outbox, judge
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings

HERE = AddressPolicy(["127.0.0.0/8"])
ME = command_caller()


class Receiver(ThreadingHTTPServer):
    """Somebody else's server, which answers as it is told."""

    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/results"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def box(platform: Platform) -> Outbox:
    return platform.outbox("honeypot")


def publish(platform: Platform, object_id: str = "session-1", *, fail: bool = False) -> None:
    def turn(tx: Any) -> None:
        outbox.publish(
            tx, "test.done", object_id, {"timestamp": "t", "n": 1}, ids=platform.ids, now=platform.clock.now()
        )
        if fail:
            raise Invalid("the turn fails", hint="no")

    platform.database("honeypot").write_now(turn)


def states(box: Outbox) -> list[tuple[str, int]]:
    return [(row["status"], row["attempts"]) for row in box.list_results()]


async def test_a_result_arrives_signed_and_once(platform: Platform, box: Outbox, receiver: Receiver) -> None:
    _, secret = box.add_endpoint(receiver.url, ME, HERE)
    publish(platform)
    assert await box.deliver_due(HERE) == 1
    assert await box.deliver_due(HERE) == 0
    [(headers, body)] = receiver.got
    message_id = signatures.verify([signatures.decode_secret(secret)], headers, body, platform.clock.now())
    assert message_id == box.list_results()[0]["id"]
    assert json.loads(body) == {"type": "test.done", "timestamp": "t", "data": {"timestamp": "t", "n": 1}}
    assert states(box) == [("SENT", 1)]


async def test_a_turn_that_fails_leaves_no_result(
    platform: Platform, box: Outbox, receiver: Receiver
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    with pytest.raises(Invalid):
        publish(platform, fail=True)
    assert states(box) == []


async def test_a_refusing_receiver_is_asked_again_later_each_time(
    platform: Platform, box: Outbox, receiver: Receiver, clock: FixedClock
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    publish(platform)
    receiver.answers = [500, 503]
    assert await box.deliver_due(HERE) == 1
    assert await box.deliver_due(HERE) == 0
    clock.advance(RETRY_PAUSES[0])
    assert await box.deliver_due(HERE) == 1
    clock.advance(RETRY_PAUSES[1])
    assert await box.deliver_due(HERE) == 1
    assert states(box) == [("SENT", 3)]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


async def test_a_receiver_that_is_gone_for_good_is_asked_no_more(
    platform: Platform, box: Outbox, receiver: Receiver
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    publish(platform, "one")
    publish(platform, "two")
    receiver.answers = [410, 410]
    await box.deliver_due(HERE)
    assert {status for status, _ in states(box)} == {"FAILED"}
    assert box.list_endpoints()[0]["disabled_reason"] == "the receiver answered 410 Gone"
    publish(platform, "three")
    assert len(states(box)) == 2
    with pytest.raises(Invalid, match="no failed result"):
        box.retry("all", ME)


async def test_a_late_refusal_does_not_bring_back_what_a_gone_receiver_closed(
    platform: Platform, box: Outbox, receiver: Receiver
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    for number in range(12):
        publish(platform, f"session-{number}")
    receiver.answers = [410, *[503] * 11]
    while await box.deliver_due(HERE):
        pass
    assert {row["status"] for row in box.list_results()} == {"FAILED"}


async def test_a_result_whose_sender_died_is_sent_again_under_the_same_id(
    platform: Platform, box: Outbox, receiver: Receiver, clock: FixedClock
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    publish(platform)
    claimed = await platform.database("honeypot").write(outbox._claim, clock.now())
    assert await box.deliver_due(HERE) == 0
    clock.advance(LEASE)
    assert await box.deliver_due(HERE) == 1
    assert receiver.got[0][0]["webhook-id"] == claimed[0].id


async def test_an_address_that_is_closed_meanwhile_fails_at_once_and_can_be_retried(
    platform: Platform, box: Outbox, receiver: Receiver
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    publish(platform)
    await box.deliver_due(PUBLIC_ONLY)
    assert receiver.got == []
    assert [status for status, _ in states(box)] == ["FAILED"]
    assert "this machine" in box.list_results("FAILED")[0]["last_error"]
    assert box.retry("all", ME) == 1
    await box.deliver_due(HERE)
    assert [status for status, _ in states(box)] == ["SENT"]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x", "https://10.0.0.1/", "https://169.254.169.254/latest", "ftp://example.com/", "x"],
)
def test_a_private_address_is_refused_when_it_is_added(box: Outbox, url: str) -> None:
    with pytest.raises(Invalid):
        box.add_endpoint(url, ME, PUBLIC_ONLY)
    assert box.list_endpoints() == []


def test_removing_an_endpoint_drops_what_was_queued_for_it(
    platform: Platform, box: Outbox, receiver: Receiver
) -> None:
    id, _ = box.add_endpoint(receiver.url, ME, HERE)
    publish(platform)
    box.remove_endpoint(id, ME)
    assert states(box) == []
    with pytest.raises(NotFound):
        box.remove_endpoint(id, ME)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_signing_secret_is_nowhere_in_clear(
    platform: Platform, box: Outbox, settings: Settings, receiver: Receiver
) -> None:
    _, secret = box.add_endpoint(receiver.url, ME, HERE)
    platform.close()
    for file in settings.data_dir.iterdir():
        assert secret.removeprefix("whsec_").encode() not in file.read_bytes()


async def test_two_workers_never_take_the_same_result(
    platform: Platform, box: Outbox, receiver: Receiver
) -> None:
    box.add_endpoint(receiver.url, ME, HERE)
    for number in range(30):
        publish(platform, f"session-{number}")
    counts = await asyncio.gather(box.deliver_due(HERE), box.deliver_due(HERE), box.deliver_due(HERE))
    assert sum(counts) == 30
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == len(receiver.got) == 30


@pytest.mark.parametrize(
    ("attempts", "status_code", "retry_after", "status", "pause", "disables"),
    [
        (1, 200, None, "SENT", timedelta(0), False),
        (3, 299, None, "SENT", timedelta(0), False),
        (1, 500, None, "PENDING", RETRY_PAUSES[0], False),
        (1, None, None, "PENDING", RETRY_PAUSES[0], False),
        (1, 301, None, "PENDING", RETRY_PAUSES[0], False),
        (2, 429, 3_600, "PENDING", timedelta(hours=1), False),
        (2, 429, 10**9, "PENDING", RETRY_PAUSES[-1], False),
        (len(RETRY_PAUSES), 500, None, "PENDING", RETRY_PAUSES[-1], False),
        (len(RETRY_PAUSES) + 1, 500, None, "FAILED", timedelta(0), False),
        (1, 410, None, "FAILED", timedelta(0), True),
    ],
)
def test_what_becomes_of_a_result_after_an_attempt(
    attempts: int,
    status_code: int | None,
    retry_after: int | None,
    status: str,
    pause: timedelta,
    disables: bool,
) -> None:
    verdict = judge(attempts, status_code, retry_after, START)
    assert verdict.status == status
    assert verdict.disables_endpoint == disables
    if status == "PENDING":
        assert verdict.next_attempt_at == START + pause


def test_counts_name_every_status(platform: Platform) -> None:
    counted = platform.database("honeypot").read_now(outbox.count_by_status)
    assert counted == {"PENDING": 0, "SENT": 0, "FAILED": 0}
