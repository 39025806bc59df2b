"""What an app's chat page has beyond the conversation: its own buttons and dialogs, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from switchboard.kernel.channels.message import Reply


class ChatPage(Protocol):
    """One app's additions to its chat page. Its HTML is trusted: whoever makes it escapes what it puts in."""

    script: bytes
    style: bytes

    @property
    def language(self) -> str:
        """The language that the page is in and is read aloud in, as two letters."""

    @property
    def words(self) -> Mapping[str, str]:
        """What its script says in that language, by what it says in English."""

    @property
    def greeting(self) -> str:
        """What stands there before anybody wrote, where the account says nothing else."""

    @property
    def quick_replies(self) -> tuple[str, ...]:
        """What can be tapped then."""

    @property
    def header(self) -> str:
        """HTML beside the title: buttons that are always there."""

    @property
    def body(self) -> str:
        """HTML at the end of the page: dialogs."""

    async def answer(
        self, what: str, visitor: str, app_session_id: str | None, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the page asks the app for besides messages. Raises NotFound for what there is not."""

    async def resume(self, visitor: str, secret: str) -> Reply:
        """What the app says to somebody who comes back by a secret link. Raises NotFound."""
