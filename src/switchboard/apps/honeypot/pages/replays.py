"""Replay: a file of messages is uploaded and played through the honeypot, with its progress and its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape
from starlette.datastructures import UploadFile

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.service import Place
from switchboard.kernel.console import charts
from switchboard.kernel.console.listing import (
    Asked,
    Column,
    Found,
    Listing,
    ShownListing,
    next_place,
    place_of,
)
from switchboard.kernel.console.page import Answer, Redirect, Shown, Visit
from switchboard.kernel.console.rendering import actor, moment, number
from switchboard.kernel.errors import Invalid

_STATES = {
    "QUEUED": ("Waiting", ""),
    "RUNNING": ("Playing", "told"),
    "DONE": ("Done", "good"),
    "CANCELLED": ("Cancelled", ""),
    "FAILED": ("Failed", "danger"),
}
_UNDER_WAY = ("QUEUED", "RUNNING")


async def show_all(visit: Visit) -> Answer:
    shown = await LISTING.show(visit)
    if not isinstance(shown, ShownListing):
        return shown
    context = {"view": shown, "most_bytes": visit.platform.settings.upload_limit_bytes}
    return Shown("honeypot/replays.html", context, watch="honeypot")


async def start(visit: Visit) -> Redirect:
    upload = visit.form.get("file") if visit.form is not None else None
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Invalid("No file was chosen.", hint="Choose a CSV or JSONL file, then send it.")
    replay = await visit.service.replays.start_replay(
        visit.caller, upload.filename[:200], await upload.read()
    )
    return Redirect(f"/honeypot/replays/{replay['id']}", "The file is taken. Its messages are being played.")


async def show_one(visit: Visit) -> Shown:
    replay = await visit.service.replays.get_replay(visit.caller, visit.path["replay_id"])
    context = {
        "replay": replay,
        "state": state(replay),
        "is_under_way": replay["state"] in _UNDER_WAY,
        "report": replay["report_json"],
        "charts": _charts(replay["report_json"] or {}),
    }
    return Shown("honeypot/replay.html", context, title=replay["file_name"], watch="honeypot")


def _charts(report: Mapping[str, Any]) -> list[charts.Chart]:
    return [
        charts.bars(
            title,
            [name_of(name) for name in counts],
            charts.Series("Found", list(counts.values())),
            write=number,
            first_column=column,
        )
        for title, column, name_of, counts in (
            ("Scams by type", "Type", naming.scam_type, report.get("scams_by_type", {})),
            ("Values by kind", "Kind", naming.kind, report.get("values_by_kind", {})),
        )
    ]


async def cancel(visit: Visit) -> Redirect:
    id = visit.path["replay_id"]
    await visit.service.replays.cancel_replay(visit.caller, id)
    return Redirect(f"/honeypot/replays/{id}", "The replay is cancelled. What was played stays.")


def state(row: Mapping[str, Any]) -> Markup:
    said, meaning = _STATES.get(row["state"], (row["state"], ""))
    return Markup('<span class="badge {}">{}</span>').format(meaning, said)


async def _fetch(visit: Visit, asked: Asked, limit: int) -> Found:
    place = place_of(asked.cursor)
    rows = await visit.service.replays.list_replays(
        visit.caller, None if place is None else Place(*place), limit
    )
    return Found(rows, next_place(rows, limit, "created_at"))


LISTING = Listing(
    name="replays",
    fetch=_fetch,
    href=lambda row: f"/honeypot/replays/{row['id']}",
    empty="No file was replayed yet.",
    columns=(
        Column("file", "File", lambda row: escape(row["file_name"]), lambda row: row["file_name"]),
        Column("state", "State", state, lambda row: row["state"]),
        Column(
            "done",
            "Messages played",
            lambda row: f"{number(row['rows_done'])} of {number(row['rows_total'])}",
            lambda row: row["rows_done"],
            is_number=True,
        ),
        Column(
            "refused",
            "Refused",
            lambda row: number(row["rows_refused"]),
            lambda row: row["rows_refused"],
            is_number=True,
        ),
        Column("began", "Uploaded", lambda row: moment(row["created_at"]), lambda row: row["created_at"]),
        Column("by", "By", lambda row: escape(actor(row["started_by"])), lambda row: row["started_by"]),
    ),
)
