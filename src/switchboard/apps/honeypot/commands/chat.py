"""`switchboard honeypot chat`: a person plays the scammer, line by line.

The conversation goes to standard output, remarks about it to standard error.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import typer
from pydantic import TypeAdapter
from rich.text import Text

from switchboard.apps.honeypot.commands import wording
from switchboard.apps.honeypot.fields import SourceType
from switchboard.apps.honeypot.rules import lifecycle
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel import terminal
from switchboard.kernel.errors import Conflict, Invalid, Unavailable
from switchboard.kernel.http.fields import MessageText, ShortText
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

MESSAGE: TypeAdapter[str] = TypeAdapter(MessageText)
SOURCE_TYPE: TypeAdapter[str] = TypeAdapter(SourceType)
SESSION_ID: TypeAdapter[str] = TypeAdapter(ShortText)
DEFAULT_SOURCE_TYPE = "sms"
_QUIT = "/quit"
_PROMPT = "you> "


def hold_chat(
    platform: Platform, *, persona_id: str | None, source_type: str | None, session_id: str | None
) -> None:
    """Answer every line until the person, the input or the session ends. Raises typer.Exit after Ctrl-C."""
    chat = _Chat(platform, _opening(persona_id, source_type, session_id))
    with asyncio.Runner() as runner:
        if session_id is not None:
            runner.run(chat.resume(session_id))
        chat.welcome()
        try:
            for line in chat.lines():
                if line.strip() == _QUIT:
                    break
                runner.run(chat.hear(line))
                if chat.has_ended:
                    break
        except KeyboardInterrupt:
            chat.say_goodbye(after_prompt=True)
            raise typer.Exit(130) from None
        finally:
            runner.run(platform.close_model())
        chat.say_goodbye()


def _opening(persona_id: str | None, source_type: str | None, session_id: str | None) -> Opening:
    if session_id is not None and (persona_id is not None or source_type is not None):
        raise Invalid(
            "An open session keeps its persona and source type.",
            hint="Leave out --persona and --source-type, or leave out --session to start a new one.",
        )
    known = [personas.AUTO, *(each.id for each in personas.list_personas())]
    if persona_id is not None and persona_id not in known:
        raise Invalid(
            f"There is no persona {terminal.one_line(persona_id)!r}.",
            hint=f"Use --persona with one of: {', '.join(known)}.",
        )
    source = terminal.checked(
        SOURCE_TYPE,
        DEFAULT_SOURCE_TYPE if source_type is None else source_type,
        "The source type",
        "Use at most 20 small letters, digits, - and _, a letter first: sms, whatsapp, email.",
    )
    return Opening("", source, None, persona_id, None)


class _Chat:
    """One conversation on one screen."""

    def __init__(self, platform: Platform, opening: Opening) -> None:
        self._honeypot = Honeypot(platform)
        self._opening = opening
        self._session_id: str | None = None
        self._status = ""
        self._turns = 0
        self._out = terminal.output()
        self._notices = terminal.notices()
        self._is_typed = sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def has_ended(self) -> bool:
        return bool(self._status) and lifecycle.is_ended(self._status)

    async def resume(self, session_id: str) -> None:
        """Go on with a session. Raises NotFound, Conflict for one that has ended."""
        with wording.hints_for_the_terminal():
            asked = terminal.checked(
                SESSION_ID, session_id, "The session id", "`switchboard honeypot sessions` shows the ids."
            )
            session = await self._honeypot.get_session(command_caller(), asked)
            if lifecycle.is_ended(session["status"]):
                raise Conflict(f"This session has ended: {session['status']}.")
        self._session_id, self._status = session["id"], session["status"]
        self._turns = session["turn_count"]

    def welcome(self) -> None:
        if self._is_typed:
            self.remark("You are the scammer. Write a message; /quit or Ctrl-D ends the conversation.")

    def lines(self) -> Iterator[str]:
        """What is typed, or the lines of a pipe or file."""
        return self._typed_lines() if self._is_typed else self._piped_lines()

    async def hear(self, line: str) -> None:
        """Take one line as the scammer's message and print the answer, or say why it was not taken.

        Raises Conflict or NotFound when somebody else has ended or deleted the session.
        """
        try:
            text = terminal.checked(
                MESSAGE, line, "This message", "It was not sent; the conversation goes on."
            )
            if not self._is_typed:
                self._out.print(Text(f"{_PROMPT}{terminal.one_line(text)}"), soft_wrap=True)
            with wording.hints_for_the_terminal():
                self._show(await self._answer(text))
        except (Invalid, Unavailable) as error:
            self.remark(f"{error.message} {error.hint}")

    def remark(self, text: str) -> None:
        """Say something about the conversation, beside it."""
        self._notices.print(Text(text, style="yellow"), soft_wrap=True)

    def say_goodbye(self, *, after_prompt: bool = False) -> None:
        if after_prompt and self._is_typed:
            self.remark("")
        if self._session_id is None:
            self.remark("Nothing was sent, so no session was opened.")
            return
        turns = terminal.count(self._turns, "turn")
        state = f"has ended: {self._status}" if self.has_ended else "stays open"
        self.remark(f"Session {self._session_id} {state}, after {turns}.")
        if self.has_ended and not self._is_typed:
            self.remark("Further lines, if there were any, were not sent.")
        self.remark(f"See it: switchboard honeypot show {self._session_id}")
        if not self.has_ended:
            self.remark(f"Go on:  switchboard honeypot chat --session {self._session_id}")

    async def _answer(self, text: str) -> dict[str, Any]:
        if self._session_id is not None:
            return await self._honeypot.receive_message(command_caller(), self._session_id, text)
        return await self._honeypot.open_session(command_caller(), self._opening._replace(message=text))

    def _show(self, answer: dict[str, Any]) -> None:
        self._session_id, self._status = answer["session_id"], answer["status"]
        self._turns = answer["turn_count"]
        speaker = terminal.one_line(answer["persona"]["name"])
        reply = terminal.harmless(answer["reply"])
        self._out.print(Text.assemble((f"{speaker}> ", "bold"), reply), soft_wrap=True)
        self._out.print(Text(f"     {_what_changed(answer)}", style="dim"), soft_wrap=True)

    def _typed_lines(self) -> Iterator[str]:
        # Importing it gives input() line editing, and lines longer than a terminal's own 4,096 bytes.
        with suppress(ImportError):
            import readline  # noqa: F401
        while True:
            try:
                yield input(_PROMPT)
            except EOFError:
                self.remark("")
                return

    def _piped_lines(self) -> Iterator[str]:
        for number, line in enumerate(sys.stdin.buffer, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                self.remark(f"Line {number} is not UTF-8 text. It was not sent; the conversation goes on.")
                continue
            yield text.rstrip("\r\n")


def _what_changed(answer: dict[str, Any]) -> str:
    scam = answer["scam"]
    parts = [wording.verdict(scam["is_scam"], scam["type"], scam["confidence"])]
    parts += [
        f"new {wording.kind(each['type'])} {terminal.one_line(each['value'])}"
        for each in answer["new_intelligence"]
    ]
    parts.append(f"score {answer['intelligence_score']:.2f}")
    parts.append(f"{answer['status']}, turn {answer['turn_count']}")
    return " · ".join(parts)
