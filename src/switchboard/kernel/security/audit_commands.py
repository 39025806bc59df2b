"""`switchboard audit`: reading who did what, at the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

audit = typer.Typer(help="Read who did what to which object.", no_args_is_help=True)

_PAGE = 200
_COLUMNS = (
    "at",
    "actor",
    "action",
    "object_type",
    "object_id",
    "details",
    "correlation_id",
    "address",
    "id",
)

DatabaseName = Annotated[
    str, typer.Option("--database", help="An app, or `platform` for keys and what else belongs to no app.")
]
Actor = Annotated[str | None, typer.Option(help="Part of who did it, as in `key:` or `command:anna`.")]
Action = Annotated[str | None, typer.Option(help="What was done: create, revoke, end, delete, …")]
ObjectType = Annotated[str | None, typer.Option("--type", help="What it was done to: api_key, session, …")]
ObjectId = Annotated[str | None, typer.Option("--id", help="The id of the object it was done to.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="On this day or later, UTC."),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Before this day, UTC."),
]


@audit.command("list")
def list_deeds(
    ctx: typer.Context,
    database: DatabaseName = "platform",
    actor: Actor = None,
    action: Action = None,
    type: ObjectType = None,
    id: ObjectId = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show at most.")] = 50,
) -> None:
    """Show deeds, the newest first."""
    import asyncio

    filters = _filters(actor, action, type, id, since, until)
    with ctx.obj() as platform:
        found = asyncio.run(_load(platform, database, filters, limit))
    if not found:
        typer.echo("No deed is like that." if filters else "Nothing was done yet.")
        return
    _print(found)


@audit.command()
def export(
    ctx: typer.Context,
    database: DatabaseName = "platform",
    format: Annotated[str, typer.Option(help="csv, or jsonl: one JSON object a line.")] = "csv",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file; empty: to standard output.")
    ] = None,
    actor: Actor = None,
    action: Action = None,
    type: ObjectType = None,
    id: ObjectId = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write all deeds as CSV or JSON lines, the newest first."""
    import sys

    from switchboard.kernel import terminal
    from switchboard.kernel.errors import Invalid
    from switchboard.kernel.security.audit import AuditLog
    from switchboard.kernel.security.caller import command_caller

    if format not in _FORMATS:
        raise Invalid(
            f"There is no format {terminal.one_line(format)!r}.", hint=f"Use one of: {', '.join(_FORMATS)}."
        )
    filters = _filters(actor, action, type, id, since, until)
    with ctx.obj() as platform:
        pieces = _FORMATS[format](AuditLog(platform).export_deeds(command_caller(), database, filters))
        if out is None:
            sys.stdout.buffer.writelines(piece.encode() for piece in pieces)
            sys.stdout.flush()
            return
        size = terminal.write_file(out, pieces)
    typer.echo(f"Wrote {out} ({size:,} bytes).")


def _filters(
    actor: str | None,
    action: str | None,
    type: str | None,
    id: str | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, Any]:
    from switchboard.kernel import terminal

    texts = {"actor": actor, "action": action, "object_type": type, "object_id": id}
    moments = {"since": since, "until": until}
    return {
        **{name: terminal.harmless(text) for name, text in texts.items() if text is not None},
        **{name: day.replace(tzinfo=UTC) for name, day in moments.items() if day is not None},
    }


async def _load(platform: Any, database: str, filters: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """The newest `limit` deeds, page by page."""
    from switchboard.kernel.security.audit import AuditLog
    from switchboard.kernel.security.caller import command_caller

    log, caller = AuditLog(platform), command_caller()
    found: list[dict[str, Any]] = []
    place: tuple[datetime, str] | None = None
    while len(found) < limit:
        wanted = min(_PAGE, limit - len(found))
        rows = await log.list_deeds(caller, database, filters, place, wanted)
        found += rows
        if len(rows) < wanted:
            break
        place = (rows[-1]["at"], rows[-1]["id"])
    return found


def _print(deeds: Iterable[Mapping[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from switchboard.kernel import terminal

    table = Table("When (UTC)", "Who", "Did", "To", "Details", box=None, pad_edge=False)
    table.columns[3].overflow = table.columns[4].overflow = "fold"
    for deed in deeds:
        about = f"{deed['object_type']} {deed['object_id'] or ''}"
        cells = (deed["actor"], deed["action"], about, _details(deed))
        table.add_row(terminal.moment(deed["at"]), *(Text(terminal.one_line(cell)) for cell in cells))
    terminal.output().print(table)


def _details(deed: Mapping[str, Any]) -> str:
    from switchboard.kernel.database.transaction import as_json

    return "" if deed["details_json"] is None else as_json(deed["details_json"])


def _as_csv(deeds: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    import csv
    import io

    from switchboard.kernel.clock import to_iso
    from switchboard.kernel.spreadsheet import plain_cell

    line = io.StringIO()
    writer = csv.writer(line)

    def written(cells: Iterable[str]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(cells)
        return line.getvalue()

    yield written(_COLUMNS)
    for deed in deeds:
        texts = {**deed, "details": _details(deed)}
        yield written([to_iso(deed["at"]), *(plain_cell(texts[name] or "") for name in _COLUMNS[1:])])


def _as_json_lines(deeds: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    from switchboard.kernel.clock import to_iso
    from switchboard.kernel.database.transaction import as_json

    for deed in deeds:
        written = {**deed, "at": to_iso(deed["at"]), "details": deed["details_json"]}
        yield as_json({name: written[name] for name in _COLUMNS}) + "\n"


_FORMATS = {"csv": _as_csv, "jsonl": _as_json_lines}
