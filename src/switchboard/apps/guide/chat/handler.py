"""The guide in a channel: a conversation is a session; after one was deleted, the next message starts anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from switchboard.apps.guide.service import Guide
from switchboard.kernel.channels.message import InboundMessage, Link, Reply
from switchboard.kernel.errors import NotFound
from switchboard.kernel.security.caller import Caller


class GuideChat:
    """What the guide does with messages, wherever they come from."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    async def receive(self, app_session_id: str | None, message: InboundMessage) -> Reply:
        name = f"chat:{message.client_message_id}"
        caller = visitor_caller(f"visitor:{message.conversation_id}")
        if app_session_id is not None:
            try:
                return reply_from(
                    await self._guide.receive_message(caller, app_session_id, message.text, name)
                )
            except NotFound:
                # Deleted, by the person or after its days: what is written now begins another.
                pass
        return reply_from(
            await self._guide.start_session(caller, message.text, channel="webchat", client_message_id=name)
        )

    def storable(self, text: str) -> str:
        """People's exact words are kept: they are the answers."""
        return text


def visitor_caller(visitor: str) -> Caller:
    """Whoever writes in a channel: nobody knows who, and they may do what concerns their own session."""
    return Caller(visitor, visitor, roles={"guide": "analyst"})


def reply_from(answer: Mapping[str, Any]) -> Reply:
    """A turn's answer in the form of channels."""
    progress = answer["progress"]
    return Reply(
        answer["reply"],
        None if answer["is_deleted"] else answer["session_id"],
        tuple(answer["quick_replies"]),
        tuple(Link(**link) for link in answer["links"]),
        (progress["step"], progress["of"]),
    )
