"""The channel's twin: nobody is at its other end, and what would be sent is kept to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from switchboard.kernel.channels.channel import Handler
from switchboard.kernel.channels.message import InboundMessage, Reply
from switchboard.kernel.errors import Invalid


class RecordedChannel:
    """Takes `{"text": …, "client_message_id": …}`; `sent` holds, in order, what went out to each conversation."""

    name = "recorded"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Reply]] = []
        self._known: dict[tuple[str, str], Mapping[str, Any]] = {}

    def parse(self, conversation_id: str, body: Mapping[str, Any], at: datetime) -> InboundMessage:
        text, name = body.get("text"), body.get("client_message_id")
        if not isinstance(text, str) or not text.strip() or not isinstance(name, str) or not name:
            raise Invalid("A message has a text and a name.", hint="Give text and client_message_id.")
        return InboundMessage(conversation_id, text.strip(), name, at)

    async def send(self, conversation_id: str, reply: Reply, client_message_id: str) -> Mapping[str, Any]:
        known = self._known.get((conversation_id, client_message_id))
        if known is not None:
            return known
        self.sent.append((conversation_id, reply))
        stored = {"text": reply.text, "app_session_id": reply.app_session_id}
        self._known[conversation_id, client_message_id] = stored
        return stored


async def converse(handler: Handler, *texts: str, at: datetime) -> list[Reply]:
    """Say these texts to an app, one after the other in one conversation; its replies."""
    channel, session, replies = RecordedChannel(), None, []
    for count, text in enumerate(texts, 1):
        body = {"text": text, "client_message_id": f"message-{count}"}
        reply = await handler.receive(session, channel.parse("conversation-1", body, at))
        await channel.send("conversation-1", reply, body["client_message_id"])
        session = reply.app_session_id
        replies.append(reply)
    return replies
