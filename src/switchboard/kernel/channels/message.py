"""What goes in and out of every channel, whatever it is called outside."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class InboundMessage(NamedTuple):
    """Something that a person wrote to an app."""

    conversation_id: str
    text: str
    client_message_id: str
    """The sender's own name for it: the same one twice is the same message."""
    received_at: datetime


class Reply(NamedTuple):
    """What an app answers, and the name under which it knows the conversation from now on."""

    text: str
    app_session_id: str
