"""`switchboard honeypot intelligence`, `campaigns`, `rebuild-links`: what ties sessions together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import typer
from pydantic import TypeAdapter
from rich.table import Table
from rich.text import Text

from switchboard.apps.honeypot.commands import wording
from switchboard.apps.honeypot.rules import intelligence
from switchboard.apps.honeypot.service import Honeypot, Place
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.http.fields import SearchText, ShortText
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

_VALUE: TypeAdapter[str] = TypeAdapter(SearchText)
_NAME: TypeAdapter[str] = TypeAdapter(ShortText)
_PAGE = 200

Rows = Sequence[Mapping[str, Any]]


def show_intelligence(
    platform: Platform,
    value: str | None,
    *,
    kind: str | None,
    bank: str | None,
    least_sessions: int,
    limit: int,
) -> None:
    """Print values across sessions; with a value, the sessions that name it. Raises Invalid."""
    filters = {
        name: wanted
        for name, wanted in (
            ("kind", _kind(kind)),
            ("bank_name", bank),
            ("least_sessions", least_sessions if least_sessions > 1 else None),
        )
        if wanted is not None
    }
    honeypot = Honeypot(platform)
    if value is not None:
        asked = terminal.checked(_VALUE, value, "The value", "Write a number, an id or a link.")
        _show_who_named(honeypot, asked, filters, limit)
        return

    async def page(place: Place | None, wanted: int) -> Rows:
        return await honeypot.list_values(command_caller(), filters, None, place, wanted)

    found = asyncio.run(_all(page, limit))
    if not found:
        typer.echo("No value is like that." if filters else "Nothing was given away yet.")
        return
    table = Table("Value", "Kind", "Bank", "Sessions", "Said", "Last seen (UTC)", box=None, pad_edge=False)
    table.columns[0].overflow = "fold"
    for row in found:
        table.add_row(
            Text(terminal.one_line(row["shown"])),
            wording.kind(row["kind"]),
            row["bank_name"] or "",
            str(row["session_count"]),
            f"{row['occurrences']}×",
            terminal.moment(row["last_seen_at"]),
        )
    terminal.output().print(table)


def show_campaigns(platform: Platform, *, limit: int) -> None:
    """Print the campaigns, last seen first."""
    honeypot = Honeypot(platform)

    async def page(place: Place | None, wanted: int) -> Rows:
        return await honeypot.list_campaigns(command_caller(), {}, place, wanted)

    found = asyncio.run(_all(page, limit))
    if not found:
        typer.echo("There is no campaign yet: no two sessions share a value.")
        return
    table = Table(
        "Campaign", "Sessions", "Scams", "Held together by", "Last seen (UTC)", box=None, pad_edge=False
    )
    table.columns[3].overflow = "fold"
    for row in found:
        table.add_row(
            _title(row),
            str(row["session_count"]),
            _types(row),
            Text(", ".join(terminal.one_line(tie["shown"]) for tie in row["ties"])),
            terminal.moment(row["last_seen_at"]),
        )
    terminal.output().print(table)


def show_campaign(platform: Platform, campaign_id: str, *, name: str | None) -> None:
    """Print a campaign with its ties and sessions; give it a name first where one is given. Raises NotFound."""
    honeypot = Honeypot(platform)
    try:
        if name is not None:
            said = terminal.checked(_NAME, name, "The name", "Write one to 100 characters.")[:100]
            asyncio.run(honeypot.name_campaign(command_caller(), campaign_id, said))
        campaign = asyncio.run(honeypot.get_campaign(command_caller(), campaign_id))
    except NotFound as error:
        raise NotFound(error.message, hint="`switchboard honeypot campaigns` lists them.") from None

    async def page(place: Place | None, wanted: int) -> Rows:
        return await honeypot.list_sessions(command_caller(), {"campaign_id": campaign_id}, place, wanted)

    sessions = asyncio.run(_all(page, 1_000, "created_at"))
    out = terminal.output()
    out.print(Text.assemble(("Campaign ", "bold"), _title(campaign), f", {_types(campaign)}"))
    for tie in campaign["ties"]:
        kind = wording.kind(tie["kind"])
        said = terminal.count(tie["sessions"], "session")
        out.print(Text(f"  {terminal.one_line(tie['shown'])}  {kind}, in {said}"), soft_wrap=True)
    out.print()
    for row in sessions:
        verdict = wording.verdict(row["is_scam"], row["scam_type"], row["scam_confidence"])
        out.print(Text(f"{row['id']}  {terminal.moment(row['started_at'])}  {row['status']}  {verdict}"))


def rebuild_links_between_sessions(platform: Platform) -> None:
    """Count values, campaigns and days anew; say how many there are."""
    with terminal.notices().status("Counting values, campaigns and days …"):
        values, campaigns, days = Honeypot(platform).rebuild_links(command_caller())
    typer.echo(
        f"Counted anew: {terminal.count(values, 'value')}, {terminal.count(campaigns, 'campaign')},"
        f" {terminal.count(days, 'day')}."
    )


def _show_who_named(honeypot: Honeypot, value: str, filters: Mapping[str, Any], limit: int) -> None:
    async def load() -> list[dict[str, Any]]:
        rows = await honeypot.list_values(command_caller(), filters, value, None, limit)
        return [
            await honeypot.get_value(command_caller(), row["id"], None, min(limit, _PAGE)) for row in rows
        ]

    found = asyncio.run(load())
    out = terminal.output()
    if not found:
        out.print("No session named that.")
    for row in found:
        bank = f", {row['bank_name']}" if row["bank_name"] else ""
        said = terminal.count(row["session_count"], "session")
        out.print(
            Text.assemble(
                (terminal.one_line(row["shown"]), "bold"), f"  {wording.kind(row['kind'])}{bank}, in {said}"
            ),
            soft_wrap=True,
        )
        for who in row["sessions"]:
            verdict = wording.verdict(who["is_scam"], who["scam_type"], None)
            out.print(
                Text(
                    f"  {who['id']}  last {terminal.moment(who['last_seen_at'])} UTC  {who['status']}  {verdict}"
                ),
                soft_wrap=True,
            )


async def _all(
    page: Callable[[Place | None, int], Awaitable[Rows]], limit: int, moment: str = "last_seen_at"
) -> list[Mapping[str, Any]]:
    """The rows of as many pages as it takes to have `limit` of them."""
    found: list[Mapping[str, Any]] = []
    place: Place | None = None
    while len(found) < limit:
        wanted = min(_PAGE, limit - len(found))
        rows = await page(place, wanted)
        found += rows
        if len(rows) < wanted:
            break
        place = Place(rows[-1][moment], rows[-1]["id"])
    return found


def _kind(kind: str | None) -> str | None:
    if kind is None or kind in intelligence.PLACES:
        return kind
    raise Invalid(
        f"There is no type {terminal.one_line(kind)!r}.",
        hint=f"Choose one of: {', '.join(intelligence.PLACES)}.",
    )


def _title(row: Mapping[str, Any]) -> str:
    return f"{terminal.one_line(row['name'])} ({row['id']})" if row["name"] else str(row["id"])


def _types(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{each['scam_type'] or 'of no known type'} {each['sessions']}×" for each in row["scam_types"]
    )
