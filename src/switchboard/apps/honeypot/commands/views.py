"""`switchboard honeypot sessions`, `show`, `search`, `delete`, `rebuild-search`: looking and tidying up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from switchboard.apps.honeypot.commands import wording
from switchboard.apps.honeypot.commands.chat import SESSION_ID
from switchboard.apps.honeypot.rules import intelligence, lifecycle
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.apps.honeypot.service import Honeypot, Place
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid
from switchboard.kernel.http.fields import SearchText
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_QUERY: TypeAdapter[str] = TypeAdapter(SearchText)
_PAGE = 200
_EXCERPT = 160


def show_sessions(platform: Platform, *, status: str | None, scam_type: str | None, limit: int) -> None:
    """Print a table of sessions, newest first. Raises Invalid for a status that does not exist."""
    asked = {
        "status": checked_status(status),
        "scam_type": scam_type and terminal.harmless(scam_type).upper(),
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    found = asyncio.run(_list_sessions(Honeypot(platform), filters, limit))
    if not found:
        typer.echo(
            "No session is like that. `switchboard honeypot sessions` lists all."
            if filters
            else "There is no session yet. Start one with `switchboard honeypot chat`."
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("Session", no_wrap=True)
    for title in ("Started (UTC)", "State", "Verdict"):
        table.add_column(title, overflow="fold")
    for title in ("Turns", "Score"):
        table.add_column(title, justify="right")
    for row in found:
        table.add_row(
            row["id"],
            terminal.moment(row["started_at"]),
            row["status"],
            wording.verdict(row["is_scam"], row["scam_type"], row["scam_confidence"]),
            str(row["turn_count"]),
            f"{row['intelligence_score'] or 0:.2f}",
        )
    terminal.output().print(table)


def show_session(platform: Platform, session_id: str) -> None:
    """Print a session's state, its lines and what it gave away. Raises NotFound."""
    asked = _session_id(session_id)
    with wording.hints_for_the_terminal():
        session, lines = asyncio.run(_load(Honeypot(platform), asked))
    out = terminal.output()
    _print_state(out, session)
    out.print()
    speaker = _persona_name(session["persona_id"])
    for line in lines:
        _print_line(out, line, speaker)
    out.print()
    _print_intelligence(out, session["intelligence"])


def show_found(platform: Platform, text: str, *, limit: int) -> None:
    """Print the values and the lines that a text finds. Raises Invalid for a text that cannot be looked for."""
    query = terminal.checked(_QUERY, text, "The text to look for", "Write a word, a number or a value.")
    found = asyncio.run(Honeypot(platform).search(command_caller(), query, None, limit))
    out = terminal.output()
    if not found["values"] and not found["messages"]:
        out.print("Nothing was found.")
        return
    for row in found["values"]:
        out.print(
            Text.assemble(
                (terminal.one_line(row["shown"]), "bold"),
                f"  {wording.kind(row['kind'])}, {row['confidence']:.0%}, said {row['occurrences']}×, in {row['session_id']},"
                f" last {terminal.moment(row['last_seen_at'])} UTC",
            ),
            soft_wrap=True,
        )
    if found["values"] and found["messages"]:
        out.print()
    for row in found["messages"]:
        who = "scammer" if row["role"] == "scammer" else "persona"
        out.print(Text(f"{row['session_id']}  turn {row['turn_number']}, {who}", style="dim"), soft_wrap=True)
        out.print(Text(f"  {_excerpt(row['content'], query)}"), soft_wrap=True)
    if found["before"] is not None:
        out.print(Text("There may be more: look for more words, or raise --limit."), soft_wrap=True)


def delete_session(platform: Platform, session_id: str, *, is_confirmed: bool) -> None:
    """Delete a session once the person has said yes. Raises NotFound, typer.Exit when the answer is no."""
    honeypot, asked = Honeypot(platform), _session_id(session_id)
    with wording.hints_for_the_terminal():
        session = asyncio.run(honeypot.get_session(command_caller(), asked))
        turns = terminal.count(session["turn_count"], "turn")
        question = f"Delete session {session['id']} ({turns}) and all that was said in it, for good?"
        if not is_confirmed and not _is_confirmed(question):
            typer.echo("Nothing was deleted.", err=True)
            raise typer.Exit(1)
        asyncio.run(honeypot.delete_session(command_caller(), session["id"]))
    typer.echo(f"Deleted session {session['id']}.")


def end_session(platform: Platform, session_id: str, reason: str | None) -> None:
    """End an open session by hand. Raises NotFound, Conflict when it has ended."""
    said = None if reason is None else terminal.harmless(reason).strip() or None
    with wording.hints_for_the_terminal():
        ended = asyncio.run(Honeypot(platform).end_session(command_caller(), _session_id(session_id), said))
    typer.echo(f"Ended session {ended['id']}: {ended['status']}.")


def rebuild_search_index(platform: Platform) -> None:
    """Make the search index anew; say how many messages it holds."""
    with terminal.notices().status("Rebuilding the search index …"):
        messages = Honeypot(platform).rebuild_search(command_caller())
    typer.echo(f"The search index is new and holds {terminal.count(messages, 'message')}.")


def checked_status(status: str | None) -> str | None:
    """A state as it is stored. Raises Invalid for one that does not exist."""
    if status is None:
        return None
    wanted = status.strip().upper().replace("-", "_")
    if wanted not in lifecycle.STATUSES:
        raise Invalid(
            f"There is no state {terminal.one_line(status)!r}.",
            hint=f"Use --status with one of: {', '.join(sorted(lifecycle.STATUSES))}.",
        )
    return wanted


def _session_id(session_id: str) -> str:
    return terminal.checked(
        SESSION_ID, session_id, "The session id", "`switchboard honeypot sessions` shows the ids."
    )


def _is_confirmed(question: str) -> bool:
    """Whether the answer is yes. No answer at all is a no."""
    typer.echo(f"{question} [y/N] ", err=True, nl=False)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def _list_sessions(honeypot: Honeypot, filters: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: Place | None = None
    while len(found) < limit:
        wanted = min(_PAGE, limit - len(found))
        page = await honeypot.list_sessions(command_caller(), filters, before, wanted)
        found += page
        if len(page) < wanted:
            break
        before = Place(page[-1]["created_at"], page[-1]["id"])
    return found


async def _load(honeypot: Honeypot, session_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    session = await honeypot.get_session(command_caller(), session_id)
    lines: list[dict[str, Any]] = []
    after: Place | None = None
    while True:
        page = await honeypot.list_messages(command_caller(), session_id, after, _PAGE)
        lines += page
        if len(page) < _PAGE:
            return session, lines
        after = Place(page[-1]["created_at"], page[-1]["id"])


def _print_state(out: Console, session: Mapping[str, Any]) -> None:
    sender = f" {terminal.one_line(session['source_identifier'])}" if session["source_identifier"] else ""
    ended = f", ended {terminal.moment(session['ended_at'])}" if session["ended_at"] else ""
    state = [
        ("Session", session["id"]),
        ("State", f"{session['status']}, {terminal.count(session['turn_count'], 'turn')}"),
        ("From", f"{session['source_type'] or 'unknown'}{sender}"),
        ("Persona", f"{_persona_name(session['persona_id'])} ({session['persona_id']})"),
        ("Verdict", wording.verdict(session["is_scam"], session["scam_type"], session["scam_confidence"])),
        ("Because", "; ".join(session["reasons_json"] or ())),
        ("Score", f"{session['intelligence_score'] or 0:.2f}"),
        ("Campaign", session["campaign_id"] or ""),
        ("Ended", session["ended_reason"] or ""),
        ("Time", f"started {terminal.moment(session['started_at'])}{ended} (UTC)"),
    ]
    for name, value in state:
        if value:
            out.print(Text.assemble((f"{name:<9}", "bold"), terminal.one_line(value)), soft_wrap=True)


def _print_line(out: Console, line: Mapping[str, Any], speaker: str) -> None:
    is_scammer = line["role"] == "scammer"
    text = Text.assemble(
        (f"{line['turn_number']:>3}  ", "dim"), ("scammer" if is_scammer else speaker, "bold"), "  "
    )
    for piece, is_value in _pieces(line["content"], (line["metadata_json"] or {}).get("spans") or []):
        # A message of several lines must not look like several messages.
        shown = terminal.harmless(piece).replace("\n", "\n       ")
        text.append(f"«{shown}»" if is_value else shown, "bold yellow" if is_value else "")
    out.print(text, soft_wrap=True)


def _pieces(content: str, spans: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """A line cut into what is a value and what is not."""
    end = 0
    for span in sorted(spans, key=lambda span: span["start"]):
        yield content[end : span["start"]], False
        yield content[span["start"] : span["end"]], True
        end = span["end"]
    yield content[end:], False


def _print_intelligence(out: Console, known: Mapping[str, list[dict[str, Any]]]) -> None:
    rows = [
        (wording.kind(kind), item, item[place.key])
        for kind, place in intelligence.PLACES.items()
        for item in known[place.column]
        if item.get("type", kind) == kind
    ]
    if not rows:
        out.print("It gave nothing away yet.")
        return
    table = Table("Kind", "Value", "Confidence", "Said", "Turns", box=None, pad_edge=False)
    table.columns[1].overflow = "fold"
    for kind, item, value in rows:
        table.add_row(
            kind,
            Text(terminal.one_line(f"{value}{_said_of(item)}")),
            f"{item.get('confidence', 0):.0%}",
            f"{item.get('occurrences', 1)}×",
            _turns(item),
        )
    out.print(table)


def _said_of(item: Mapping[str, Any]) -> str:
    """What else is known of a value: its bank and branch, whom it imitates."""
    parts = [item.get("ifsc_code"), item.get("bank_name"), item.get("branch")]
    if item.get("looks_like"):
        parts.append(f"looks like {item['looks_like']}")
    said = ", ".join(str(part) for part in parts if part)
    return f" ({said})" if said else ""


def _turns(item: Mapping[str, Any]) -> str:
    first, last = item.get("first_turn"), item.get("last_turn")
    return str(first) if first == last else f"{first} to {last}"


def _persona_name(persona_id: str) -> str:
    try:
        return str(personas.get_persona(persona_id).name)
    except LookupError:
        return persona_id


def _excerpt(content: str, query: str) -> str:
    """The part of a long text around the first word looked for."""
    text = terminal.one_line(content)
    if len(text) <= _EXCERPT:
        return text
    places = [text.casefold().find(word.casefold()) for word in query.split()]
    start = max(0, min((place for place in places if place >= 0), default=0) - _EXCERPT // 3)
    end = start + _EXCERPT
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
