"""What goes in and out of every channel, whatever it is called outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple


class InboundMessage(NamedTuple):
    """Something that a person wrote to an app."""

    conversation_id: str
    text: str
    client_message_id: str
    """The sender's own name for it: the same one twice is the same message."""
    received_at: datetime


class Link(NamedTuple):
    """Something to tap beside a reply: a telephone number, a text message, a page."""

    label: str
    href: str


class Reply(NamedTuple):
    """What an app answers, and the name under which it knows the conversation from now on.

    `app_session_id` is None where the app has forgotten the conversation. A channel that has no buttons, links or
    bars leaves those out: the text says everything.
    """

    text: str
    app_session_id: str | None
    quick_replies: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    progress: tuple[int, int] | None = None
    """How far a conversation has come: steps, of how many."""

    @property
    def extras(self) -> dict[str, Any] | None:
        """What there is beside the text, as it is stored; None where there is nothing."""
        extras: dict[str, Any] = {}
        if self.quick_replies:
            extras["quick_replies"] = list(self.quick_replies)
        if self.links:
            extras["links"] = [link._asdict() for link in self.links]
        if self.progress is not None:
            extras["progress"] = list(self.progress)
        return extras or None
