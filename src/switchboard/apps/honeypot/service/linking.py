"""Values across sessions and the campaigns they make, kept with every turn and every deletion.

All functions run inside a turn. Two sessions that share a value which ties them are in the same campaign:
that holds after every turn, so one neighbour is enough to find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from switchboard.apps.honeypot.rules import linking as rules
from switchboard.apps.honeypot.service import rollups
from switchboard.apps.honeypot.statements import linking as statements
from switchboard.kernel.database.database import BATCH_ROWS, Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import RerunTurn, Transaction, as_json
from switchboard.kernel.ids import Ids


class Said(NamedTuple):
    """A value that a message named: as it is compared, as it is shown, and what is known of it."""

    kind: str
    value: str
    shown: str
    confidence: float
    details: Mapping[str, str]


def record(tx: Transaction, session: Row, said: Sequence[Said], turn: int, now: datetime, ids: Ids) -> None:
    """Keep the values of a turn, here and across sessions, and put the session where it belongs.

    `session` is the locked row, with its campaign.
    """
    campaign_id = session["campaign_id"]
    counted: list[tuple[str, int, int]] = []
    # In one order everywhere, so that two turns that name the same values wait for each other, never crosswise.
    for value in sorted(said, key=lambda value: (value.value, value.kind)):
        before, sessions = _record_value(tx, session["id"], value, turn, now, ids)
        counted.append((value.kind, before, sessions))
        if sessions > 1 and rules.ties_sessions(value.kind, value.value, value.confidence):
            campaign_id = _tie(tx, session["id"], campaign_id, value.kind, value.value, now, ids)
    rollups.count_values(tx, session["id"], counted)


def values_of(tx: Transaction, session_id: str) -> list[tuple[str, str]]:
    """The (value, kind) pairs that a session names, in the order in which they are locked."""
    return sorted(
        (row["value"], row["kind"]) for row in tx.rows(statements.LIST_OWN_VALUES, session_id=session_id)
    )


def forget(
    tx: Transaction,
    session_id: str,
    values: Sequence[tuple[str, str]],
    campaign_id: str | None,
    now: datetime,
    ids: Ids,
) -> None:
    """Count the values and the campaign of a session anew, now that its rows are deleted."""
    counted = []
    for value, kind in values:
        linked = tx.find(statements.FIND_LINKED_VALUE, value=value, kind=kind)
        sessions = int(linked["session_count"]) if linked else 0
        counted.append((kind, sessions, max(sessions - 1, 0)))
        tx.run(statements.RECOUNT_VALUE, id=ids.new(), value=value, kind=kind)
        tx.run(statements.DROP_LONELY_VALUE, value=value, kind=kind)
    if campaign_id is not None:
        divide(tx, campaign_id, now, ids)
    rollups.count_values(tx, session_id, counted)


def divide(tx: Transaction, campaign_id: str, now: datetime, ids: Ids) -> None:
    """Look at a campaign anew: what no longer hangs together becomes campaigns, or single sessions, of its own."""
    if tx.find(statements.LOCK_CAMPAIGN, id=campaign_id) is None:
        return
    members = [row["id"] for row in tx.rows(statements.LIST_MEMBERS, campaign_id=campaign_id)]
    shared: dict[tuple[str, str], list[str]] = {}
    for row in tx.rows(statements.LIST_SHARED, campaign_id=campaign_id):
        if rules.ties_sessions(row["kind"], row["value"], row["confidence"]):
            shared.setdefault((row["kind"], row["value"]), []).append(row["session_id"])
    groups = [group for group in rules.components(members, shared) if len(group) > 1]
    kept = set(groups[0]) if groups else set()
    for id in members:
        if id not in kept:
            tx.run(statements.PUT_INTO_CAMPAIGN, id=id, campaign_id=None)
    for group in groups[1:]:
        new_id = _add_campaign(tx, now, ids)
        for id in group:
            tx.run(statements.PUT_INTO_CAMPAIGN, id=id, campaign_id=new_id)
        tx.run(statements.SET_CAMPAIGN_COUNT, id=new_id, count=len(group))
    if kept:
        tx.run(statements.SET_CAMPAIGN_COUNT, id=campaign_id, count=len(kept))
    else:
        tx.run(statements.DELETE_CAMPAIGN, id=campaign_id)


def rebuild(database: Database, now: datetime, ids: Ids) -> tuple[int, int]:
    """Count every value and look at every campaign anew, in batches; how many values and campaigns there are.

    Safe beside a running server: each step sets what is, whatever was there before.
    """
    place: tuple[str, str] | None = ("", "")
    values = 0
    while place is not None:
        place, done = database.write_now(_recount, place, ids)
        values += done
    while database.write_now(lambda tx: tx.run(statements.DROP_UNKNOWN_VALUES, limit=BATCH_ROWS)):
        pass
    for campaign_id in _list_campaigns(database):
        database.write_now(divide, campaign_id, now, ids)
    place = ("", "")
    while place is not None:
        place = database.write_now(_tie_again, place, now, ids)
    return values, len(_list_campaigns(database))


def _record_value(
    tx: Transaction, session_id: str, said: Said, turn: int, now: datetime, ids: Ids
) -> tuple[int, int]:
    """How many sessions named the value before, and how many do now."""
    shown = said.shown if said.shown != said.value else None
    kept = tx.find(
        statements.RECORD_VALUE,
        id=ids.new(),
        session_id=session_id,
        kind=said.kind,
        value=said.value,
        shown=shown,
        confidence=said.confidence,
        turn=turn,
        now=now,
    )
    is_new = kept is not None and kept["occurrences"] == 1
    # Locks the value until the turn is committed: whoever else names it meanwhile waits and then sees this session.
    linked = tx.find(
        statements.LINK_VALUE,
        id=ids.new(),
        kind=said.kind,
        value=said.value,
        shown=shown,
        bank_name=said.details.get("bank_name"),
        details=as_json(dict(said.details)) if said.details else None,
        confidence=said.confidence,
        is_new=int(is_new),
        now=now,
    )
    sessions = int(linked["session_count"]) if linked else 0
    return sessions - int(is_new), sessions


def _tie(
    tx: Transaction, session_id: str, mine: str | None, kind: str, value: str, now: datetime, ids: Ids
) -> str | None:
    """Bring a session together with the others that name a value; the campaign it is in then."""
    neighbour = tx.find(
        statements.FIND_NEIGHBOUR, kind=kind, value=value, session_id=session_id, least=rules.LEAST_CONFIDENCE
    )
    if neighbour is None:
        return mine
    theirs = neighbour["campaign_id"]
    if mine is None and theirs is None:
        mine = _add_campaign(tx, now, ids)
        _join(tx, session_id, mine, now)
    if theirs is None:
        assert mine is not None
        _join(tx, neighbour["id"], mine, now)
        return mine
    if mine is None:
        _lock(tx, theirs)
        _join(tx, session_id, theirs, now)
        return str(theirs)
    return _merge(tx, mine, theirs, now) if mine != theirs else mine


def _merge(tx: Transaction, one: str, other: str, now: datetime) -> str:
    """Make one campaign of two: the smaller goes into the larger, which keeps its name."""
    rows = [_lock(tx, id) for id in sorted((one, other))]
    larger, smaller = sorted(rows, key=lambda row: (-row["session_count"], row["created_at"], row["id"]))
    moved = tx.run(statements.MOVE_CAMPAIGN, campaign_id=larger["id"], old_id=smaller["id"])
    tx.run(statements.GROW_CAMPAIGN, id=larger["id"], count=moved, name=smaller["name"], now=now)
    tx.run(statements.DELETE_CAMPAIGN, id=smaller["id"])
    return str(larger["id"])


def _join(tx: Transaction, session_id: str, campaign_id: str, now: datetime) -> None:
    if tx.run(statements.JOIN_CAMPAIGN, id=session_id, campaign_id=campaign_id) == 0:
        # Another turn was first: everything is read anew.
        raise RerunTurn
    tx.run(statements.GROW_CAMPAIGN, id=campaign_id, count=1, name=None, now=now)


def _lock(tx: Transaction, campaign_id: str) -> Row:
    row = tx.find(statements.LOCK_CAMPAIGN, id=campaign_id)
    if row is None:
        # It was merged away between the look and the lock.
        raise RerunTurn
    return row


def _add_campaign(tx: Transaction, now: datetime, ids: Ids) -> str:
    id = ids.new()
    tx.run(statements.ADD_CAMPAIGN, id=id, now=now)
    return id


def _recount(tx: Transaction, after: tuple[str, str], ids: Ids) -> tuple[tuple[str, str] | None, int]:
    rows = tx.rows(statements.LIST_VALUES_AFTER, value=after[0], kind=after[1], limit=BATCH_ROWS // 4)
    for row in rows:
        tx.run(statements.RECOUNT_VALUE, id=ids.new(), value=row["value"], kind=row["kind"])
    return ((rows[-1]["value"], rows[-1]["kind"]) if rows else None), len(rows)


def _list_campaigns(database: Database) -> list[str]:
    found: list[str] = []
    after = ""
    while ids := database.read_now(_campaigns_after, after):
        found += ids
        after = ids[-1]
    return found


def _campaigns_after(tx: Transaction, after: str) -> list[str]:
    return [row["id"] for row in tx.rows(statements.LIST_CAMPAIGN_IDS, after=after, limit=BATCH_ROWS)]


def _tie_again(tx: Transaction, after: tuple[str, str], now: datetime, ids: Ids) -> tuple[str, str] | None:
    rows = tx.rows(statements.LIST_VALUES_AFTER, value=after[0], kind=after[1], limit=50)
    for row in rows:
        linked = tx.find(statements.FIND_LINKED_VALUE, value=row["value"], kind=row["kind"])
        if linked is None or linked["session_count"] < 2:
            continue
        if rules.ties_sessions(row["kind"], row["value"], linked["confidence"]):
            _tie_all(tx, row, now, ids)
    return (rows[-1]["value"], rows[-1]["kind"]) if rows else None


def _tie_all(tx: Transaction, value: Mapping[str, Any], now: datetime, ids: Ids) -> None:
    named = {"value": value["value"], "kind": value["kind"]}
    for session in tx.rows(statements.LIST_SESSIONS_NAMING, **named, least=rules.LEAST_CONFIDENCE):
        current = tx.find(statements.FIND_SESSION_CAMPAIGN, id=session["id"])
        if current is not None:
            _tie(tx, session["id"], current["campaign_id"], **named, now=now, ids=ids)
