"""What every channel keeps to: the twin and the web chat, against the same tests; and every app that is talked to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from switchboard.apps.honeypot.chat import HoneypotChat
from switchboard.apps.honeypot.service import Honeypot
from switchboard.kernel.channels.accounts import ChannelAccounts
from switchboard.kernel.channels.channel import Channel
from switchboard.kernel.channels.message import InboundMessage, Reply
from switchboard.kernel.channels.recorded import RecordedChannel, converse
from switchboard.kernel.channels.webchat.conversations import WebChat
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Invalid
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

SCAM = "Your KYC has expired, call 98765 43210 now"
ME = command_caller()


class Way(NamedTuple):
    """A channel with one conversation, and what the person at its other end has been given."""

    channel: Channel
    conversation_id: str
    given: Callable[[], Awaitable[list[str]]]


@pytest.fixture(params=["recorded", "webchat"])
async def way(request: pytest.FixtureRequest, platform: Platform) -> Way:
    return _recorded() if request.param == "recorded" else await _webchat(platform)


def _recorded() -> Way:
    channel = RecordedChannel()

    async def given() -> list[str]:
        return [reply.text for _, reply in channel.sent]

    return Way(channel, "conversation-1", given)


async def _webchat(platform: Platform) -> Way:
    accounts = ChannelAccounts(platform, "honeypot")
    await accounts.ensure_webchat("Honeypot", "")
    account = await accounts.find_webchat()
    assert account is not None
    handler = HoneypotChat(Honeypot(platform))
    chat = WebChat(platform.database("honeypot"), handler, platform.clock, platform.ids)
    conversation = await chat.require(await chat.begin(account))

    async def given() -> list[str]:
        return [line.text for line in await chat.list_after(conversation, 0) if not line.is_mine]

    return Way(chat, conversation["id"], given)


def test_what_was_delivered_becomes_a_message(way: Way, clock: FixedClock) -> None:
    body = {"text": " नमस्ते \n", "client_message_id": "message-1"}
    message = way.channel.parse(way.conversation_id, body, clock.now())
    assert message == InboundMessage(way.conversation_id, "नमस्ते", "message-1", clock.now())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "hello"},
        {"client_message_id": "message-1"},
        {"text": "  ", "client_message_id": "message-1"},
        {"text": ["hello"], "client_message_id": "message-1"},
        {"text": "hello", "client_message_id": 1},
    ],
)
def test_what_is_no_message_is_refused(way: Way, clock: FixedClock, body: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        way.channel.parse(way.conversation_id, body, clock.now())


async def test_replies_are_given_in_order_and_one_for_a_message(way: Way) -> None:
    for name, text in (("message-1", "Who is this?"), ("message-2", "Which bank?"), ("message-1", "Again?")):
        stored = await way.channel.send(way.conversation_id, Reply(text, "session-1"), name)
        assert stored["text"] == {"message-1": "Who is this?", "message-2": "Which bank?"}[name]
    assert await way.given() == ["Who is this?", "Which bank?"]


async def test_an_app_answers_through_any_channel_and_knows_its_session_again(platform: Platform) -> None:
    chat = HoneypotChat(Honeypot(platform))
    replies = await converse(chat, SCAM, "Are you there?", at=platform.clock.now())
    assert len({reply.app_session_id for reply in replies}) == 1
    assert all(reply.text for reply in replies)
    again = await converse(chat, SCAM, at=platform.clock.now())
    assert again[0] == replies[0]
