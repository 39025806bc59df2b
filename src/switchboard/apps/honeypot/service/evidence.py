"""Sessions read as evidence for the exports, a page at a time, so that any number of them can be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.exports.evidence import Campaign, Everywhere, Evidence, Message, Value
from switchboard.apps.honeypot.rules.extraction.masking import SECRET_KINDS
from switchboard.apps.honeypot.service import queries
from switchboard.apps.honeypot.service.queries import Place
from switchboard.apps.honeypot.statements import linking as links
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json

_PAGE = 50
_SESSION_FIELDS = (
    "id",
    "status",
    "is_scam",
    "persona_id",
    "started_at",
    "turn_count",
    "scam_type",
    "source_type",
    "source_identifier",
    "last_message_at",
    "ended_at",
    "ended_reason",
)


def read(database: Database, filters: Mapping[str, Any]) -> Iterator[Evidence]:
    """Every session that meets the filters, newest first. Each page is one snapshot."""
    place: Place | None = None
    while True:
        page, place = database.read_now(_load_page, filters, place)
        yield from page
        if place is None:
            return


def _load_page(
    tx: Transaction, filters: Mapping[str, Any], before: Place | None
) -> tuple[list[Evidence], Place | None]:
    sessions = queries.list_sessions(tx, filters, before, _PAGE)
    ids = as_json([session["id"] for session in sessions])
    values = _by_session(tx.rows(links.LIST_EVIDENCE_VALUES, ids=ids))
    messages = _by_session(tx.rows(statements.LIST_MESSAGES_OF, ids=ids))
    campaigns = {row["id"]: row for row in tx.rows(links.LIST_CAMPAIGNS_OF, ids=ids)}
    evidence = [
        _evidence(
            session,
            values.get(session["id"], []),
            messages.get(session["id"], []),
            campaigns.get(session["campaign_id"]),
        )
        for session in sessions
    ]
    is_last = len(sessions) < _PAGE
    return evidence, None if is_last else Place(sessions[-1]["created_at"], sessions[-1]["id"])


def _evidence(session: Row, values: list[Row], messages: list[Row], campaign: Row | None) -> Evidence:
    return Evidence(
        **{name: session[name] for name in _SESSION_FIELDS},
        confidence=session["scam_confidence"],
        reasons=tuple(session["reasons_json"] or ()),
        score=session["intelligence_score"],
        campaign=None
        if campaign is None
        else Campaign(campaign["id"], campaign["name"], campaign["created_at"], campaign["last_seen_at"]),
        values=tuple(map(_value, values)),
        messages=tuple(
            Message(row["id"], row["role"], row["content"], row["turn_number"], row["created_at"])
            for row in messages
        ),
    )


def _value(row: Row) -> Value:
    details = {name: str(detail) for name, detail in (row["details_json"] or {}).items()}
    if row["kind"] in SECRET_KINDS:
        # Two masked values can look alike; this tells them apart.
        details["fingerprint"] = row["value"]
    everywhere = (row["all_confidence"], row["all_first_seen_at"], row["all_last_seen_at"])
    return Value(
        kind=row["kind"],
        value=row["shown"],
        confidence=row["confidence"],
        occurrences=row["occurrences"],
        first_turn=row["first_turn"],
        last_turn=row["last_turn"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        details=details,
        everywhere=None if None in everywhere else Everywhere(*everywhere),
    )


def _by_session(rows: list[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["session_id"], []).append(row)
    return grouped
