"""What of the honeypot matches a search over everything: sessions by id, values in any written form, lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from switchboard.apps.honeypot import naming
from switchboard.kernel.console.page import Hit, Visit
from switchboard.kernel.errors import NotFound

_SESSION_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST = 30
_EXCERPT = 160


async def find(visit: Visit, query: str) -> Sequence[Hit]:
    sessions = await _sessions(visit, query) if _SESSION_ID.fullmatch(query) else []
    values = await visit.service.list_values(visit.caller, {}, query, None, _MOST)
    said = await visit.service.search(visit.caller, query, None, _MOST)
    return [
        *sessions,
        *(
            Hit(
                naming.kind(row["kind"]),
                row["shown"],
                f"/honeypot/intelligence/{row['id']}",
                f"in {row['session_count']} {'session' if row['session_count'] == 1 else 'sessions'}",
                row["last_seen_at"],
            )
            for row in values
        ),
        *(
            Hit(
                "said by the scammer" if row["role"] == "scammer" else "said by the persona",
                _excerpt(row["content"]),
                f"/honeypot/sessions/{row['session_id']}#turn-{row['turn_number']}",
                f"turn {row['turn_number']}",
                row["created_at"],
            )
            for row in said["messages"]
        ),
    ]


async def _sessions(visit: Visit, query: str) -> list[Hit]:
    try:
        row = await visit.service.get_session(visit.caller, query.lower())
    except NotFound:
        return []
    verdict = naming.scam_type(row["scam_type"]) if row["is_scam"] else "No scam so far"
    return [Hit("session", row["id"], f"/honeypot/sessions/{row['id']}", verdict, row["created_at"])]


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"
