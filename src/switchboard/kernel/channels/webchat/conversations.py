"""Conversations of visitors with one app: begun, gone on with, read again after a reload, ended.

A message is stored before the app is asked and its reply before it is shown, so whatever breaks in between, the
visitor's page sends the same message again and gets the same answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple

from switchboard.kernel.channels.accounts import ChannelAccount
from switchboard.kernel.channels.channel import Handler
from switchboard.kernel.channels.message import InboundMessage, Reply
from switchboard.kernel.channels.webchat import statements
from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict, Forbidden, Invalid
from switchboard.kernel.ids import Ids

LONGEST_MESSAGE = 2_000
_LONGEST_ID = 64
_PAGE = 200
_LOOK_AGAIN_SECONDS = 2.0
_IN, _OUT = "in", "out"


class Line(NamedTuple):
    """One line as the visitor's page shows it."""

    position: int
    is_mine: bool
    text: str
    client_message_id: str
    at: Any
    extras: Mapping[str, Any] | None = None


class WebChat:
    """The web chat of one app: a channel, with its visitors' conversations."""

    name = "webchat"

    def __init__(self, database: Database, handler: Handler, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._handler = handler
        self._clock = clock
        self._ids = ids
        self._turns: dict[str, asyncio.Lock] = {}
        self._news: dict[str, asyncio.Event] = {}
        self._is_stopping = False

    def parse(self, conversation_id: str, body: Mapping[str, Any], at: Any) -> InboundMessage:
        """A visitor's message. Raises Invalid."""
        text, name = body.get("text"), body.get("client_message_id")
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_MESSAGE or "\0" in text:
            raise Invalid(
                f"A message has 1 to {LONGEST_MESSAGE:,} characters.", hint="Shorten it, or send it in parts."
            )
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise Invalid("The message holds half a character.", hint="Type it again.")
        if (
            not isinstance(name, str)
            or not 8 <= len(name) <= _LONGEST_ID
            or not name.isascii()
            or not name.isprintable()
        ):
            raise Invalid(
                "The message has no name of its own.", hint="Send a client_message_id of 8 to 64 characters."
            )
        return InboundMessage(conversation_id, text.strip(), name, at)

    async def send(self, conversation_id: str, reply: Reply, client_message_id: str) -> Mapping[str, Any]:
        """Put a reply where the visitor's page finds it; once for each message that it answers."""
        row = await self._database.write(
            _store,
            conversation_id,
            _OUT,
            reply.text,
            client_message_id,
            reply.app_session_id,
            self._ids.new(),
            self._clock.now(),
            reply.extras,
        )
        if event := self._news.get(conversation_id):
            event.set()
        return row

    async def begin(self, account: ChannelAccount) -> str:
        """Begin a conversation; the token that opens it, which nobody can read again."""
        token = secrets.token_urlsafe(32)
        row = {
            "id": self._ids.new(),
            "channel_account_id": account.id,
            "token_hash": _hash(token),
            "now": self._clock.now(),
        }
        await self._database.write(lambda tx: tx.run(statements.INSERT_CONVERSATION, **row))
        return token

    async def take_up(self, account: ChannelAccount, reply: Reply) -> str:
        """Begin a conversation that goes on in an app's session, with what the app says first; its token."""
        token = await self.begin(account)
        conversation = await self.require(token)
        await self.send(conversation["id"], reply, f"taken-up-{self._ids.new()}")
        return token

    async def require(self, token: str) -> Row:
        """The conversation that a token opens. Raises Forbidden (401)."""
        found = await self._database.read(
            lambda tx: tx.find(statements.FIND_CONVERSATION, token_hash=_hash(token))
        )
        if found is None:
            raise Forbidden(
                "This conversation is over, or was never begun.", hint="Begin a new one.", status=401
            )
        return found

    async def receive(self, conversation: Row, body: Mapping[str, Any]) -> list[Line]:
        """Take a message and answer it; both lines. The same message again: the same lines, and no other effect."""
        message = self.parse(conversation["id"], body, self._clock.now())
        text = self._handler.storable(message.text)
        async with self._turn(conversation["id"]):
            said = await self._database.write(
                _store, message.conversation_id, _IN, text, message.client_message_id, None,
                self._ids.new(), message.received_at,
            )  # fmt: skip
            if said["text"] != text:
                raise Conflict(
                    "This name was used for another message.", hint="Give each message a name of its own."
                )
            answered = await self._database.read(
                lambda tx: tx.find(
                    statements.FIND_SAID,
                    conversation_id=message.conversation_id,
                    client_message_id=message.client_message_id,
                    direction=_OUT,
                )
            )
            if answered is None:
                session = await self._database.read(_session_of, message.conversation_id)
                reply = await self._handler.receive(session, message)
                answered = dict(await self.send(message.conversation_id, reply, message.client_message_id))
        return [_line(said), _line(answered)]

    async def list_after(self, conversation: Row, position: int) -> list[Line]:
        """The lines behind a position, oldest first."""
        rows = await self._database.read(
            lambda tx: tx.rows(
                statements.LIST_AFTER, conversation_id=conversation["id"], after=position, limit=_PAGE
            )
        )
        return [_line(row) for row in rows]

    async def wait_after(self, conversation: Row, position: int, seconds: float) -> list[Line]:
        """The same, as soon as there is one; nothing after so many seconds."""
        event = self._news.setdefault(conversation["id"], asyncio.Event())
        until = self._clock.monotonic() + seconds
        try:
            while True:
                event.clear()
                lines = await self.list_after(conversation, position)
                left = until - self._clock.monotonic()
                if lines or left <= 0 or self._is_stopping:
                    return lines
                # Another server may have stored it, so now and then it is looked without being told.
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(left, _LOOK_AGAIN_SECONDS))
        finally:
            self._news.pop(conversation["id"], None)

    def stop_waiting(self) -> None:
        """Let everybody go who waits, with what there is; nobody waits from now on."""
        self._is_stopping = True
        for event in self._news.values():
            event.set()

    async def end(self, token: str) -> None:
        """End a conversation: its token opens nothing any more."""
        now = self._clock.now()
        await self._database.write(lambda tx: tx.run(statements.END, token_hash=_hash(token), now=now))

    @asynccontextmanager
    async def _turn(self, conversation_id: str) -> Any:
        """One message of a conversation at a time, in this process; across processes the app's receipts hold."""
        lock = self._turns.setdefault(conversation_id, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._turns.pop(conversation_id, None)


def _store(
    tx: Transaction,
    conversation_id: str,
    direction: str,
    text: str,
    client_message_id: str,
    app_session_id: str | None,
    id: str,
    now: Any,
    extras: Mapping[str, Any] | None = None,
) -> Row:
    """Store a line, unless it is stored; the line. Raises Forbidden for a conversation that is over."""
    if tx.find(statements.LOCK_CONVERSATION, id=conversation_id) is None:
        raise Forbidden("This conversation is over.", hint="Begin a new one.", status=401)
    named = {
        "conversation_id": conversation_id,
        "client_message_id": client_message_id,
        "direction": direction,
    }
    if (known := tx.find(statements.FIND_SAID, **named)) is not None:
        return known
    last = tx.find(statements.LAST_POSITION, conversation_id=conversation_id)
    position = (0 if last is None else last["position"]) + 1
    stored = None if extras is None else as_json(extras)
    tx.run(statements.INSERT_MESSAGE, id=id, position=position, text=text, extras=stored, now=now, **named)
    tx.run(statements.TOUCH, id=conversation_id, now=now, app_session_id=app_session_id)
    if app_session_id is not None:
        # Both lines belong to the app's session: they go when it goes.
        tx.run(
            statements.BELONG,
            conversation_id=conversation_id,
            client_message_id=client_message_id,
            app_session_id=app_session_id,
        )
    return {"position": position, "text": text, "extras_json": extras, "created_at": now, **named}


def forget(tx: Transaction, app_session_id: str) -> None:
    """Delete, inside a turn, what was said in an app's session."""
    tx.run(statements.FORGET_MESSAGES, app_session_id=app_session_id)
    tx.run(statements.FORGET_SESSION, app_session_id=app_session_id)


def remove_lines(tx: Transaction, app_session_id: str) -> None:
    """Delete, inside a turn, what was said in an app's session; the conversation goes on in it."""
    tx.run(statements.FORGET_MESSAGES, app_session_id=app_session_id)


def delete_still(tx: Transaction, cutoff: datetime, limit: int) -> int:
    """Delete, inside a turn, a batch of the conversations in which nothing was said since `cutoff`, with their lines."""
    ids = as_json([row["id"] for row in tx.rows(statements.LIST_STILL, cutoff=cutoff, limit=limit)])
    tx.run(statements.DELETE_LINES_OF, ids=ids)
    return tx.run(statements.DELETE_CONVERSATIONS, ids=ids)


def _session_of(tx: Transaction, conversation_id: str) -> str | None:
    row = tx.find(statements.FIND_SESSION, id=conversation_id)
    session: str | None = None if row is None else row["app_session_id"]
    return session


def _line(row: Mapping[str, Any]) -> Line:
    return Line(
        row["position"],
        row["direction"] == _IN,
        row["text"],
        row["client_message_id"],
        row["created_at"],
        row["extras_json"],
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
