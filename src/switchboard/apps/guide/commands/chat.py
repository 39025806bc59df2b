"""`switchboard guide chat`: a session in the terminal. The conversation is standard output, remarks standard error."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import typer
from rich.text import Text

from switchboard.apps.guide.service import Guide
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_QUIT = "/quit"


def hold_chat(
    platform: Platform,
    *,
    flow: str | None,
    country: str | None,
    language: str | None,
    session_id: str | None,
) -> None:
    """Answer every line until the person or the input ends. Raises typer.Exit after Ctrl-C."""
    guide, caller = Guide(platform), command_caller()
    with asyncio.Runner() as runner:
        if session_id is None:
            answer = runner.run(
                guide.start_session(caller, flow=flow, country=country, language=language, channel="command")
            )
            session_id = str(answer["session_id"])
            show(answer)
        else:
            runner.run(guide.get_session(caller, session_id))
        try:
            for line in typed_lines():
                try:
                    answer = runner.run(guide.receive_message(caller, session_id, line))
                except Invalid as error:
                    terminal.notices().print(Text(f"{error.message} {error.hint}"))
                    continue
                show(answer)
                if answer["is_deleted"]:
                    return
        except KeyboardInterrupt:
            _say_goodbye(session_id)
            raise typer.Exit(130) from None
    _say_goodbye(session_id)


def typed_lines() -> Iterator[str]:
    """What is typed, or the lines of a pipe or file, until the end or /quit."""
    is_typed = sys.stdin.isatty() and sys.stdout.isatty()
    while True:
        try:
            line = input("you> ") if is_typed else next(sys.stdin).rstrip("\n")
        except (EOFError, StopIteration):
            return
        if line.strip() == _QUIT:
            return
        if line.strip():
            yield line


def show(answer: dict[str, Any]) -> None:
    """Print what is said, and the answers that are offered."""
    out = terminal.output()
    out.print(Text(terminal.harmless(answer["reply"])))
    if answer["quick_replies"]:
        out.print(Text("  [" + "]  [".join(answer["quick_replies"]) + "]"), style="dim")
    out.print()


def _say_goodbye(session_id: str) -> None:
    terminal.notices().print(
        Text(f"The session waits: switchboard guide chat --session {session_id}"), soft_wrap=True
    )
