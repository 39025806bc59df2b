"""The only writers of the guide's tables, under the names of the schema document.

Each runs inside a turn's transaction. What a value means is decided elsewhere; here it is only put down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from switchboard.apps.guide import statements
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json

USER, BOT = "user", "bot"


def save_session(tx: Transaction, session: Mapping[str, Any]) -> None:
    """Put down a session as it stands now: a new one, or the next state of a known one.

    `session` has the columns of the table that a turn decides; `place` is written as JSON.
    """
    tx.run(
        statements.SAVE_SESSION,
        **{
            name: session[name]
            for name in (
                "session_id",
                "fsm_state",
                "created_at",
                "last_activity",
                "completed",
                "completion_time",
                "flow_id",
                "flow_version",
                "language",
                "country",
                "channel",
                "turn_count",
            )
        },
        place=as_json(session["place_json"]),
    )


def get_session_data(tx: Transaction, session_id: str, *, lock: bool = False) -> Row | None:
    """A session with its answers as `responses`, by step; None where there is none. `lock` keeps it for this turn."""
    row = tx.find(statements.LOCK_SESSION if lock else statements.FIND_SESSION, session_id=session_id)
    if row is None:
        return None
    responses = tx.rows(statements.LIST_RESPONSES, session_id=session_id)
    return {**row, "responses": {response["step"]: response for response in responses}}


def save_message(
    tx: Transaction, session_id: str, role: str, message: str, now: datetime, turn: int | None = None
) -> None:
    """Put down one line of the conversation, the person's or the bot's."""
    tx.run(statements.INSERT_LINE, session_id=session_id, role=role, message=message, now=now, turn=turn)


def save_user_response(
    tx: Transaction,
    session_id: str,
    step: str,
    response: str | None,
    attempt_count: int,
    outcome: str | None,
    now: datetime,
) -> None:
    """Put down an answer; without `outcome` only that it was attempted, so that an earlier answer stays."""
    is_document = step in statements.DOCUMENT_STEPS
    if outcome is None:
        statement = statements.SAVE_ATTEMPT if is_document else statements.SAVE_OTHER_ATTEMPT
    else:
        statement = statements.SAVE_RESPONSE if is_document else statements.SAVE_OTHER_RESPONSE
    tx.run(
        statement,
        session_id=session_id,
        step=step,
        response=response,
        attempt_count=attempt_count,
        outcome=outcome,
        now=now,
    )


def save_risk_detection(
    tx: Transaction, session_id: str, trigger_phrase: str, user_message: str, now: datetime, **details: Any
) -> None:
    """Put down that a message told of danger. `details` are the table's other columns."""
    tx.run(
        statements.INSERT_RISK,
        session_id=session_id,
        trigger_phrase=trigger_phrase,
        user_message=user_message,
        now=now,
        **details,
    )


def save_summary(
    tx: Transaction, session_id: str, summary_type: str, summary_data: Mapping[str, Any], now: datetime
) -> None:
    """Put down a summary, 'partial' or 'complete'."""
    tx.run(
        statements.INSERT_SUMMARY,
        session_id=session_id,
        summary_type=summary_type,
        summary_data=as_json(summary_data),
        now=now,
    )


def save_analytics_event(
    tx: Transaction,
    event_type: str,
    event_data: Mapping[str, Any] | None,
    now: datetime,
    *,
    session_count: int = 1,
) -> None:
    """Count something. The moment is put down as its hour, so that no row can be laid beside a session's."""
    tx.run(
        statements.INSERT_EVENT,
        event_type=event_type,
        event_data=None if event_data is None else as_json(event_data),
        session_count=session_count,
        timestamp=now.replace(minute=0, second=0, microsecond=0),
    )


def delete_events(tx: Transaction, since: datetime, until: datetime) -> int:
    """Delete the single events of a stretch of time, after they were folded; how many."""
    return tx.run(statements.DELETE_EVENTS, since=since, until=until)


def save_intent_classification(
    tx: Transaction,
    session_id: str,
    user_message: str,
    intent: str,
    confidence: float,
    method: str,
    engine: str,
    fsm_state: str,
    now: datetime,
) -> None:
    """Put down what a message was held to be for, and by which method."""
    tx.run(
        statements.INSERT_INTENT,
        session_id=session_id,
        user_message=user_message,
        intent=intent,
        confidence=confidence,
        method=method,
        engine=engine,
        fsm_state=fsm_state,
        now=now,
    )


def remove_words(tx: Transaction, session_id: str, place: Mapping[str, Any] | None, now: datetime) -> None:
    """Remove what was said in a session; its answers and summaries stay. `place` is where it stands, without words."""
    for statement in statements.REMOVE_WORDS:
        tx.run(statement, session_id=session_id)
    tx.run(
        statements.NOTE_REMOVAL,
        session_id=session_id,
        now=now,
        place=None if place is None else as_json(place),
    )


def delete_session(tx: Transaction, session_id: str) -> bool:
    """Delete a session and all that belongs to it, children first; whether there was one."""
    for statement in statements.DELETE_CHILDREN:
        tx.run(statement, session_id=session_id)
    return tx.run(statements.DELETE_SESSION, session_id=session_id) > 0


def acknowledge_risk_detection(tx: Transaction, id: int, by: str, note: str, now: datetime) -> None:
    """Put down that somebody has seen to a danger."""
    tx.run(statements.ACKNOWLEDGE, id=id, by=by, note=note, now=now)


def save_resource(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Put down a line as it is now."""
    lists = {name: as_json(row[name]) for name in ("languages_json", "categories_json")}
    tx.run(statements.CHANGE_RESOURCE, **{**row, **lists})


def save_content_version(
    tx: Transaction,
    kind: str,
    key: str,
    version: int,
    body: Mapping[str, Any],
    note: str,
    by: str,
    now: datetime,
    *,
    reviewed_by: str | None = None,
    reviewed_at: datetime | None = None,
) -> None:
    """Put down a version of a wording or a line."""
    tx.run(
        statements.INSERT_CONTENT,
        kind=kind,
        key=key,
        version=version,
        body=as_json(body),
        note=note,
        created_by=by,
        now=now,
        reviewed_by=reviewed_by,
        reviewed_at=reviewed_at,
    )
