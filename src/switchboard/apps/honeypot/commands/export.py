"""`switchboard honeypot export`: sessions into a file, whole or not at all."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import typer

from switchboard.apps.honeypot.commands import wording
from switchboard.apps.honeypot.commands.views import checked_status
from switchboard.apps.honeypot.exports.evidence import Sharing
from switchboard.apps.honeypot.exports.formats import FORMATS
from switchboard.apps.honeypot.service import Honeypot
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller


class Wanted(NamedTuple):
    """Which sessions."""

    ids: tuple[str, ...]
    campaign_id: str | None
    status: str | None
    scam_type: str | None
    source_type: str | None
    since: datetime | None
    until: datetime | None
    scams_only: bool

    def filters(self) -> dict[str, Any]:
        """As the service takes them. Raises Invalid for a state that does not exist."""
        asked = {
            "ids": list(self.ids) or None,
            "campaign_id": self.campaign_id,
            "status": checked_status(self.status),
            "scam_type": self.scam_type and terminal.harmless(self.scam_type).upper(),
            "source_type": self.source_type,
            "since": self.since,
            "until": self.until,
            "is_scam": True if self.scams_only else None,
        }
        return {name: value for name, value in asked.items() if value is not None}


def export_sessions(
    platform: Platform, wanted: Wanted, *, format: str, sharing: str, out: Path | None
) -> None:
    """Write the sessions to a file or to standard output. Raises Invalid, NotFound."""
    if format not in FORMATS:
        raise Invalid(
            f"There is no format {terminal.one_line(format)!r}.", hint=f"Use one of: {', '.join(FORMATS)}."
        )
    if sharing not in get_args(Sharing):
        raise Invalid(
            f"There is no level {terminal.one_line(sharing)!r} of sharing.",
            hint=f"Use one of: {', '.join(get_args(Sharing))}.",
        )
    honeypot = Honeypot(platform)
    with wording.hints_for_the_terminal():
        asyncio.run(honeypot.require_sessions(command_caller(), wanted.ids))
    pieces = honeypot.export(command_caller(), format, wanted.filters(), cast(Sharing, sharing))
    if out is None:
        sys.stdout.buffer.writelines(piece.encode() for piece in pieces)
        sys.stdout.flush()
        return
    size = terminal.write_file(out, pieces)
    typer.echo(f"Wrote {out} ({size:,} bytes).")
