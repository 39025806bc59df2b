"""The honeypot in a channel: whoever writes there is a scammer until shown otherwise, and a persona answers."""

from __future__ import annotations

from switchboard.apps.honeypot.rules import extraction
from switchboard.apps.honeypot.rules.extraction import masking
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel.channels.message import InboundMessage, Reply
from switchboard.kernel.errors import Conflict, NotFound
from switchboard.kernel.security.caller import Caller

_SOURCE = "webchat"


class HoneypotChat:
    """A conversation is a session; when that has ended, the next message opens another, as it would in life."""

    def __init__(self, honeypot: Honeypot) -> None:
        self._honeypot = honeypot

    async def receive(self, app_session_id: str | None, message: InboundMessage) -> Reply:
        name = f"chat:{message.client_message_id}"
        visitor = f"visitor:{message.conversation_id}"
        caller = Caller(visitor, visitor, roles={"honeypot": "analyst"})
        if app_session_id is not None:
            try:
                answer = await self._honeypot.receive_message(caller, app_session_id, message.text, name)
                return Reply(answer["reply"], app_session_id)
            except (Conflict, NotFound):
                # It has ended, or was deleted. Asked first in any case: the message may be one that ended it.
                pass
        opening = Opening(message.text, _SOURCE, None, None, None)
        answer = await self._honeypot.open_session(caller, opening, name)
        return Reply(answer["reply"], answer["session_id"])

    def storable(self, text: str) -> str:
        """A PAN or an Aadhaar is stored in no channel either."""
        return masking.mask_spans(text, extraction.extract(text))
