"""The port of a channel: from its own form into messages, and replies back out into its own form.

An app that can be talked to offers a `Handler`. Neither knows the other: the messages are between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from switchboard.kernel.channels.message import InboundMessage, Reply


class Channel(Protocol):
    """One way in. A real one and a twin pass the same tests."""

    name: str

    def parse(self, conversation_id: str, body: Mapping[str, Any], at: datetime) -> InboundMessage:
        """A message from what the channel delivered. Raises Invalid for a body that is none of its own."""

    async def send(self, conversation_id: str, reply: Reply, client_message_id: str) -> Mapping[str, Any]:
        """Give a reply to the person; what the channel knows of it then. Twice for one message sends once."""


class Handler(Protocol):
    """What an app does with a message. The same message twice has one effect and one answer."""

    async def receive(self, app_session_id: str | None, message: InboundMessage) -> Reply:
        """Take a message; `app_session_id` is None for the first of a conversation."""

    def storable(self, text: str) -> str:
        """What of a text may be stored: an app can have things masked that people should not have written."""
