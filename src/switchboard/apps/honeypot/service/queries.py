"""What is read: sessions, lines, values across sessions, campaigns, figures. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.rules import (
    analytics,
    campaign_map,
    extraction,
    history,
    intelligence,
    linking,
)
from switchboard.apps.honeypot.rules.extraction import masking
from switchboard.apps.honeypot.statements import linking as links
from switchboard.apps.honeypot.statements import rollups
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import NotFound
from switchboard.kernel.language import search
from switchboard.kernel.security import audit

SPEAK_FOR_ALL = 500
"""Of a campaign that has more sessions, so many of the newest are looked at for what it is about."""
_LAST_ID = "~"
_FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
_TIES = 5
_ALL_LINES = 500
_MOST_EDGES = 5_000

Answer = dict[str, Any]


class Place(NamedTuple):
    """Where a page of a list ended: the next one goes on behind it."""

    at: datetime | float
    """What the list is ordered by, there."""
    id: str


class Order(NamedTuple):
    """What a list is ordered by: a column of its statement's orders, then the id."""

    column: str
    descending: bool = True


NEWEST = Order("created_at")
LAST_SEEN = Order("last_seen_at")
_FIRST = Place(_FAR_FUTURE, _LAST_ID)
_ENDS_OF_NUMBERS = (-1e308, 1e308)


def load_session(tx: Transaction, session_id: str) -> Answer:
    session = require_session(tx.find(statements.FIND_SESSION, id=session_id), session_id)
    return {**session, "intelligence": load_intelligence(tx, session_id)}


def load_intelligence(tx: Transaction, session_id: str) -> Answer:
    known = require_session(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
    return {column: known[column] or [] for column in intelligence.COLUMNS}


def load_messages(tx: Transaction, session_id: str, after: Place | None, limit: int) -> list[Row]:
    require_session(tx.find(statements.FIND_SESSION, id=session_id), session_id)
    at, id = after or Place(_LONG_AGO, "")
    return tx.rows(statements.LIST_MESSAGES, session_id=session_id, after_at=at, after_id=id, limit=limit)


def load_history(tx: Transaction, session_id: str) -> list[Answer]:
    """What became of a session, from its own columns and the audit of what people and schedules did to it."""
    session = require_session(tx.find(statements.FIND_SESSION, id=session_id), session_id)
    lines = tx.rows(
        statements.LIST_MESSAGES, session_id=session_id, after_at=_LONG_AGO, after_id="", limit=_ALL_LINES
    )
    deeds = [row for row in audit.list_of_object(tx, "session", session_id) if row["action"] == "end"]
    return history.tell(session, lines, deeds)


def list_sessions(
    tx: Transaction, filters: Mapping[str, Any], before: Place | None, limit: int, order: Order = NEWEST
) -> list[Row]:
    at, id = before or _beginning(order)
    statement = statements.list_sessions(frozenset(filters), *order)
    return tx.rows(statement, **filters, before_at=at, before_id=id, limit=limit)


def list_openings(tx: Transaction, ids: Sequence[str]) -> dict[str, str]:
    """The first line of each of some sessions, by session."""
    rows = tx.rows(statements.LIST_OPENINGS, ids=as_json(list(ids))) if ids else []
    return {row["session_id"]: row["content"] for row in rows}


def find_sessions_that_say(
    tx: Transaction, query: str, filters: Mapping[str, Any], before: int | None, limit: int
) -> tuple[list[Row], int | None]:
    """Sessions that hold the words and meet the filters, the one with the newest such line first.

    Returns a page and where to go on; a page can be shorter than `limit` although there is more.
    """
    page = search.find_owners(tx, query, before=before, limit=limit)
    ids = [hit.owner_id for hit in page.hits]
    if not ids:
        return [], page.before
    statement = statements.list_sessions(frozenset({*filters, "ids"}))
    rows = tx.rows(
        statement, **filters, ids=as_json(ids), before_at=_FAR_FUTURE, before_id=_LAST_ID, limit=len(ids)
    )
    by_id = {row["id"]: row for row in rows}
    return [by_id[id] for id in ids if id in by_id], page.before


def find(tx: Transaction, query: str, lookups: Sequence[str], before: int | None, limit: int) -> Answer:
    """Lines that hold the words, newest first; with the first page the values that the query could name."""
    page = search.find(tx, query, before=before, limit=limit)
    ids = [hit.document_id for hit in page.hits]
    found = {row["id"]: row for row in tx.rows(statements.FIND_MESSAGES, ids=as_json(ids))} if ids else {}
    values = []
    if before is None:
        values = [
            row
            for value in lookups
            for linked in tx.rows(links.FIND_LINKED_BY_VALUE, value=value)
            for row in tx.rows(links.LOOK_UP_VALUE, value=value, kind=linked["kind"], limit=limit)
        ]
    return {"values": values, "messages": [found[id] for id in ids if id in found], "before": page.before}


def list_values(
    tx: Transaction,
    filters: Mapping[str, Any],
    lookups: Sequence[str] | None,
    before: Place | None,
    limit: int,
    order: Order = LAST_SEEN,
) -> list[Row]:
    """Values across sessions, last seen first; of some values alone where `lookups` names their forms."""
    if lookups is not None:
        found = [row for value in lookups for row in tx.rows(links.FIND_LINKED_BY_VALUE, value=value)]
        return [row for row in found if _meets(row, filters)][:limit]
    at, id = before or _beginning(order)
    statement = links.list_values(frozenset(filters), *order)
    return tx.rows(statement, **filters, before_at=at, before_id=id, limit=limit)


def load_value(tx: Transaction, value_id: str, before: Place | None, limit: int) -> Answer:
    """A value with the sessions that name it, last seen first. Raises NotFound."""
    value = tx.find(links.FIND_LINKED, id=value_id)
    if value is None:
        raise NotFound(f"There is no value {value_id}.", hint="List the intelligence to see which there are.")
    at, id = before or _FIRST
    sessions = tx.rows(
        links.LIST_WHO_NAMED,
        value=value["value"],
        kind=value["kind"],
        before_at=at,
        before_id=id,
        limit=limit,
    )
    return {**value, "sessions": sessions}


def list_campaigns(
    tx: Transaction, filters: Mapping[str, Any], before: Place | None, limit: int
) -> list[Answer]:
    at, id = before or _FIRST
    rows = tx.rows(
        links.list_campaigns(frozenset(filters)), **filters, before_at=at, before_id=id, limit=limit
    )
    return _with_ties(tx, rows)


def load_campaign(tx: Transaction, campaign_id: str) -> Answer:
    """A campaign with the kinds of scam in it and the values that hold it together. Raises NotFound."""
    row = tx.find(links.FIND_CAMPAIGN, id=campaign_id)
    if row is None:
        raise NotFound(
            f"There is no campaign {campaign_id}.",
            hint="List the campaigns: it may have grown into another, or lost its sessions.",
        )
    return _with_ties(tx, [row], most=100)[0]


def map_campaign(tx: Transaction, campaign_id: str) -> Answer:
    """A campaign to be drawn: `nodes` with their place, `edges` as pairs of their ids, how many are `left_out`."""
    campaign = load_campaign(tx, campaign_id)
    rows = tx.rows(links.LIST_EDGES, campaign_id=campaign_id, limit=_MOST_EDGES)
    values = {row["value_id"]: row for row in rows}
    sessions = {row["session_id"]: row for row in rows}
    ties: dict[str, list[str]] = {}
    for row in rows:
        ties.setdefault(row["value_id"], []).append(row["session_id"])
    newest = sorted(sessions, key=lambda id: sessions[id]["created_at"], reverse=True)
    value_ids, session_ids = campaign_map.choose(ties, newest)
    shown = set(session_ids)
    edges = [(value, session) for value in value_ids for session in ties[value] if session in shown]
    places = campaign_map.lay_out([*value_ids, *session_ids], edges)
    nodes = [_value_node(values[id], *places[id]) for id in value_ids]
    nodes += [_session_node(sessions[id], *places[id]) for id in session_ids]
    return {"nodes": nodes, "edges": edges, "left_out": max(0, campaign["session_count"] - len(session_ids))}


def _value_node(row: Row, x: float, y: float) -> Answer:
    return {
        "id": row["value_id"],
        "kind": "value",
        "value_kind": row["kind"],
        "label": row["shown"],
        "sessions": row["session_count"],
        "x": x,
        "y": y,
    }


def _session_node(row: Row, x: float, y: float) -> Answer:
    return {
        "id": row["session_id"],
        "kind": "session",
        "scam_type": row["scam_type"],
        "at": row["created_at"],
        "x": x,
        "y": y,
    }


def sum_figures(tx: Transaction, since: datetime, until: datetime) -> Answer:
    """The figures of the sessions begun in a stretch of days, in all and by what tells them apart."""
    by = {
        name: sorted(tx.rows(statement, since=since, until=until), key=lambda row: row["group_key"])
        for name, statement in rollups.SUM_BY.items()
    }
    return {
        "since": since,
        "until": until,
        "total": analytics.summarise(by["day"]),
        **{f"by_{name}": _summaries(rows) for name, rows in by.items()},
        "values": tx.rows(rollups.COUNT_VALUES),
        "campaigns": (tx.find(rollups.COUNT_CAMPAIGNS) or {"campaigns": 0})["campaigns"],
    }


def lookup_forms(query: str, fingerprint: Callable[[str, str], str]) -> list[str]:
    """The stored forms of the values that a typed query could mean, best first."""
    forms = []
    for value in extraction.normalise_for_search(query):
        forms.append(linking.lookup_form("url" if "://" in value else "", value))
        if kind := masking.secret_kind(value):
            forms.append(fingerprint(kind, value))
    return list(dict.fromkeys(forms))


def require_session(row: Row | None, session_id: str) -> Row:
    if row is None:
        raise NotFound(
            f"There is no session {session_id}.",
            hint="List the sessions to see which there are; it may have been deleted.",
        )
    return row


def _beginning(order: Order) -> Place:
    """A place before everything, in that order."""
    if order.column.endswith("_at"):
        return _FIRST if order.descending else Place(_LONG_AGO, "")
    least, most = _ENDS_OF_NUMBERS
    return Place(most, _LAST_ID) if order.descending else Place(least, "")


def _meets(row: Row, filters: Mapping[str, Any]) -> bool:
    return all(
        (
            row["kind"] == filters.get("kind", row["kind"]),
            row["bank_name"] == filters.get("bank_name", row["bank_name"]),
            row["last_seen_at"] >= filters.get("since", row["last_seen_at"]),
            row["session_count"] >= filters.get("least_sessions", 0),
        )
    )


def _with_ties(tx: Transaction, campaigns: Sequence[Row], most: int = _TIES) -> list[Answer]:
    """Campaigns with their kinds of scam and with the values that most of their sessions share.

    For a campaign that has outgrown `SPEAK_FOR_ALL` sessions its newest so many speak, so that a list costs the
    same whatever grew in it.
    """
    grown = [row for row in campaigns if row["session_count"] > SPEAK_FOR_ALL]
    asked = [([row["id"] for row in campaigns if row not in grown], _LONG_AGO)]
    for row in grown:
        newest = tx.find(links.FIND_NEWEST_OF_CAMPAIGN, campaign_id=row["id"], offset=SPEAK_FOR_ALL - 1)
        asked.append(([row["id"]], newest["created_at"] if newest else _LONG_AGO))
    types: dict[str, list[Row]] = {}
    ties: dict[str, list[Row]] = {}
    for ids, since in asked:
        for row in tx.rows(links.COUNT_CAMPAIGN_TYPES, ids=as_json(ids), since=since):
            types.setdefault(row["campaign_id"], []).append(row)
        for row in tx.rows(links.LIST_TIES, ids=as_json(ids), since=since):
            ties.setdefault(row["campaign_id"], []).append(row)
    return [
        {**row, "scam_types": types.get(row["id"], []), "ties": ties.get(row["id"], [])[:most]}
        for row in campaigns
    ]


def _summaries(rows: Sequence[Row]) -> list[Answer]:
    return [{"key": row["group_key"], **analytics.summarise([row])} for row in rows]
