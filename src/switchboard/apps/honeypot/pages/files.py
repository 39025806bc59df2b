"""Sessions as a file for others, in each of the export's formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from switchboard.apps.honeypot.exports.formats import FORMATS
from switchboard.kernel.console.page import Visit
from switchboard.kernel.errors import Invalid

EXPORTS = (
    ("json", "JSON"),
    ("csv", "CSV, a row a value"),
    ("csv-messages", "CSV, a row a line"),
    ("stix", "STIX 2.1"),
    ("misp", "MISP"),
)
"""What a page offers: the format's name, and how it is called."""


def answer(visit: Visit, filters: Mapping[str, Any], name: str) -> Response:
    """The sessions that meet the filters, as the address asks for them. Raises Invalid for a format unknown here."""
    asked = visit.query.get("as", "json")
    if asked not in {format for format, _ in EXPORTS}:
        raise Invalid(f"This cannot be had as {asked[:20]!r}.", hint="Choose one of the page's list.")
    chosen = FORMATS[asked]
    return StreamingResponse(
        visit.service.export(visit.caller, asked, filters, "amber"),
        media_type=chosen.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{chosen.ending}"'},
    )
