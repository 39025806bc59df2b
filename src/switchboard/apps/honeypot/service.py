"""The honeypot's use cases: load, ask the rules, record. No SQL is written and no rule decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog

from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.rules import (
    detection,
    extraction,
    intelligence,
    language,
    lifecycle,
    persona,
    result,
    scoring,
)
from switchboard.kernel import outbox, receipts
from switchboard.kernel.clock import to_iso
from switchboard.kernel.database.database import BATCH_ROWS, Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict, Invalid, NotFound
from switchboard.kernel.language import search
from switchboard.kernel.platform import Platform
from switchboard.kernel.receipts import RequestName
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller

RESULT_TOPIC = "honeypot.session.ended"
SWEEP_LIMIT = 200
_LAST_ID = "~"
_ID_LENGTH = 36
_FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)

Answer = dict[str, Any]

log = structlog.get_logger("switchboard.honeypot")


class Opening(NamedTuple):
    """What a new session starts from."""

    message: str
    source_type: str
    source_identifier: str | None
    persona_id: str | None
    metadata: Mapping[str, Any] | None


class _Heard(NamedTuple):
    """A scammer's message with what the rules read in it, before any session is loaded."""

    text: str
    findings: Sequence[extraction.Finding]
    verdict: detection.Verdict
    language: str
    now: datetime
    seed: int


class Place(NamedTuple):
    """Where a page of a list ended: the next one goes on behind it."""

    at: datetime
    id: str


class Honeypot:
    """The use cases over one honeypot database."""

    def __init__(self, platform: Platform) -> None:
        self._database: Database = platform.database("honeypot")
        self._clock = platform.clock
        self._ids = platform.ids
        self._chance = platform.chance
        self._max_turns = platform.settings.honeypot_max_turns
        self._logs_texts = platform.settings.log_message_texts
        self._silence = timedelta(minutes=platform.settings.honeypot_silence_minutes)

    async def open_session(
        self, opening: Opening, caller: Caller, client_message_id: str | None = None
    ) -> Answer:
        """Open a session with a scammer's first message; the first turn's answer.

        Raises Invalid for an unknown persona, Conflict for a client_message_id used for another request.
        """
        persona_id = opening.persona_id or persona.DEFAULT_PERSONA_ID
        _get_persona(persona_id)
        name = _request_name(caller.scope, client_message_id, *opening)
        heard = self._hear(opening.message)
        return self._note(heard, await self._database.write(self._open, opening, persona_id, heard, name))

    async def receive_message(
        self, session_id: str, message: str, client_message_id: str | None = None
    ) -> Answer:
        """Take a scammer's next message; the turn's answer.

        Raises NotFound, Conflict for an ended session or a client_message_id used for another message.
        """
        _require_id(session_id)
        name = _request_name(f"session:{session_id}", client_message_id, message)
        heard = self._hear(message)
        return self._note(heard, await self._database.write(self._receive, session_id, heard, name))

    async def get_session(self, session_id: str) -> Answer:
        """A session with its intelligence. Raises NotFound."""
        _require_id(session_id)
        return await self._database.read(_load_session, session_id)

    async def list_messages(self, session_id: str, after: Place | None, limit: int) -> list[Row]:
        """A session's lines, oldest first, after a place. Raises NotFound."""
        _require_id(session_id)
        return await self._database.read(_load_messages, session_id, after, limit)

    async def list_sessions(self, filters: Mapping[str, Any], before: Place | None, limit: int) -> list[Row]:
        """Sessions newest first, before a place, that meet every filter."""
        return await self._database.read(_load_sessions, filters, before, limit)

    async def search(self, query: str, before: int | None, limit: int) -> Answer:
        """What was said and given away: messages that hold the words, values that the query could name."""
        return await self._database.read(_search, query, before, limit)

    async def delete_session(self, session_id: str, caller: Caller) -> None:
        """Delete a session and every trace of what was said in it; the deed stays in the audit."""
        _require_id(session_id)
        await self._database.write(
            _delete, session_id, caller, audit_id=self._ids.new(), now=self._clock.now()
        )

    def end_silent_sessions(self, caller: Caller) -> int:
        """End a batch of the sessions whose scammer has stopped answering; how many."""
        return self._database.write_now(self._end_silent, caller, self._clock.now())

    def rebuild_search(self) -> int:
        """Make the search index anew from the messages, in batches; how many messages it holds."""
        search.clear(self._database)
        after, count = "", 0
        while batch := self._database.write_now(_index_after, after):
            after, done = batch
            count += done
        return count

    def _hear(self, text: str) -> _Heard:
        findings = extraction.extract(text)
        return _Heard(
            text,
            findings,
            detection.detect(text, findings),
            language.detect_language(text),
            self._clock.now(),
            self._chance.seed(),
        )

    def _open(
        self, tx: Transaction, opening: Opening, persona_id: str, heard: _Heard, name: RequestName | None
    ) -> Answer:
        if (answer := receipts.find_answer(tx, name)) is not None:
            return answer
        session_id = self._ids.new()
        tx.run(
            statements.INSERT_SESSION,
            id=session_id,
            persona_id=persona_id,
            is_scam=heard.verdict.is_scam,
            source_type=opening.source_type,
            source_identifier=opening.source_identifier,
            metadata=None if opening.metadata is None else as_json(dict(opening.metadata)),
            now=heard.now,
        )
        tx.run(statements.INSERT_INTELLIGENCE, id=self._ids.new(), session_id=session_id, now=heard.now)
        return self._take_turn(tx, session_id, heard, name)

    def _receive(self, tx: Transaction, session_id: str, heard: _Heard, name: RequestName | None) -> Answer:
        if (answer := receipts.find_answer(tx, name)) is not None:
            return answer
        return self._take_turn(tx, session_id, heard, name)

    def _take_turn(self, tx: Transaction, session_id: str, heard: _Heard, name: RequestName | None) -> Answer:
        """One turn: the scammer's line, what it gave away, the persona's reply, the session's new state."""
        session = _require_open(tx.find(statements.LOCK_SESSION, id=session_id), session_id)
        turn = session["turn_count"] + 1
        if session["last_message_at"] is not None:
            # Turns are counted in the order they get the session; a clock that stepped back, or a turn that
            # came first and waited, must not put its line before an earlier turn's.
            heard = heard._replace(now=max(heard.now, session["last_message_at"]))
        verdict = detection.combine(_earlier_verdict(session), heard.verdict)
        known = _require(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
        items, new_items = intelligence.merge(
            {column: known[column] or [] for column in intelligence.COLUMNS},
            heard.findings,
            turn,
            to_iso(heard.now),
        )
        speaker = _get_persona(session["persona_id"])
        reply = persona.reply(
            speaker,
            turn=turn,
            text=heard.text,
            verdict=verdict,
            missing=intelligence.missing_kinds(items),
            said={row["content"] for row in tx.rows(statements.LIST_SAID, session_id=session_id)},
            seed=heard.seed,
            language=heard.language,
        )
        status = lifecycle.status_after_turn(turn, self._max_turns)
        score = scoring.intelligence_score(intelligence.confidences(items))
        self._record_lines(tx, session_id, turn, heard, reply)
        self._record_intelligence(tx, session_id, turn, heard, items)
        ended_at = heard.now if lifecycle.is_ended(status) else None
        tx.run(
            statements.RECORD_TURN,
            id=session_id,
            turn_count=turn,
            status=status,
            ended_at=ended_at,
            is_scam=verdict.is_scam,
            scam_type=verdict.scam_type,
            scam_confidence=verdict.confidence,
            reasons=as_json(verdict.reasons),
            intelligence_score=score,
            now=heard.now,
        )
        if ended_at is not None:
            self._publish_result(tx, session_id, heard.now)
        answer = {
            "session_id": session_id,
            "reply": reply,
            "persona": {"id": speaker.id, "name": speaker.name},
            "scam": {
                "is_scam": verdict.is_scam,
                "type": verdict.scam_type,
                "confidence": verdict.confidence,
                "reasons": list(verdict.reasons),
            },
            "status": status,
            "turn_count": turn,
            "new_intelligence": new_items,
            "intelligence_score": score,
        }
        receipts.keep_answer(tx, name, session_id, answer, heard.now)
        return answer

    def _note(self, heard: _Heard, answer: Answer) -> Answer:
        """A log line for a turn, and in it what was said only where the operator has asked for that."""
        texts = {"message_text": heard.text, "reply_text": answer["reply"]} if self._logs_texts else {}
        write = log.info if self._logs_texts else log.debug
        write(
            "turn",
            session_id=answer["session_id"],
            turn=answer["turn_count"],
            status=answer["status"],
            **texts,
        )
        return answer

    def _record_lines(self, tx: Transaction, session_id: str, turn: int, heard: _Heard, reply: str) -> None:
        spans = [
            {"kind": found.kind, "value": found.value, "start": found.start, "end": found.end}
            for found in heard.findings
        ]
        heard_id, reply_id = self._ids.new(), self._ids.new()
        tx.run(
            statements.INSERT_LINES,
            heard_id=heard_id,
            reply_id=reply_id,
            session_id=session_id,
            turn_number=turn,
            heard=heard.text,
            heard_metadata=as_json({"spans": spans}) if spans else None,
            reply=reply,
            now=heard.now,
        )
        search.add(tx, heard_id, session_id, heard.text)
        search.add(tx, reply_id, session_id, reply)

    def _record_intelligence(
        self,
        tx: Transaction,
        session_id: str,
        turn: int,
        heard: _Heard,
        items: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        if not heard.findings:
            return
        columns = {column: as_json(items[column]) for column in intelligence.COLUMNS}
        tx.run(statements.RECORD_INTELLIGENCE, session_id=session_id, now=heard.now, **columns)
        confidence = {
            (kind, item[place.key]): item["confidence"]
            for kind, place in intelligence.PLACES.items()
            for item in items[place.column]
        }
        for found in heard.findings:
            tx.run(
                statements.RECORD_VALUE,
                id=self._ids.new(),
                session_id=session_id,
                kind=found.kind,
                value=lookup_form(found.value),
                confidence=confidence[found.kind, found.value],
                turn=turn,
                now=heard.now,
            )

    def _end_silent(self, tx: Transaction, caller: Caller, now: datetime) -> int:
        silent = tx.rows(statements.LIST_SILENT, cutoff=now - self._silence, limit=SWEEP_LIMIT)
        for session in silent:
            lifecycle.require_transition(session["status"], lifecycle.TERMINATED)
            tx.run(statements.END_SESSION, id=session["id"], status=lifecycle.TERMINATED, now=now)
            self._publish_result(tx, session["id"], now)
            audit.record(tx, caller, "end", "session", session["id"], id=self._ids.new(), at=now)
        return len(silent)

    def _publish_result(self, tx: Transaction, session_id: str, now: datetime) -> None:
        session = _require(tx.find(statements.FIND_SESSION, id=session_id), session_id)
        known = _require(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
        body = result.final_result(session, known, to_iso(now))
        outbox.publish(tx, RESULT_TOPIC, session_id, body, ids=self._ids, now=now)


def lookup_form(value: str) -> str:
    """A normalised value as the index of values keeps it: cut where the column ends."""
    return value[:512]


def _get_persona(persona_id: str) -> persona.Persona:
    try:
        return persona.get_persona(persona_id)
    except LookupError:
        known = ", ".join(each.id for each in persona.list_personas())
        raise Invalid(f"There is no persona {persona_id!r}.", hint=f"Choose one of: {known}.") from None


def _request_name(scope: str, client_message_id: str | None, *asked: Any) -> RequestName | None:
    if client_message_id is None:
        return None
    return receipts.name_request(scope, client_message_id, *asked)


def _require_id(session_id: str) -> None:
    """Nothing that could not be an id reaches a database."""
    if len(session_id) > _ID_LENGTH or not session_id.isprintable():
        raise NotFound("There is no such session.", hint="An id has 36 letters, digits and hyphens.")


def _require(row: Row | None, session_id: str) -> Row:
    if row is None:
        raise NotFound(
            f"There is no session {session_id}.",
            hint="List the sessions to see which there are; it may have been deleted.",
        )
    return row


def _require_open(row: Row | None, session_id: str) -> Row:
    session = _require(row, session_id)
    if lifecycle.is_ended(session["status"]):
        raise Conflict(
            f"This session has ended: {session['status']}.",
            hint="Open a new session for further messages.",
        )
    return session


def _earlier_verdict(session: Row) -> detection.Verdict | None:
    if session["scam_confidence"] is None:
        return None
    return detection.Verdict(
        is_scam=session["is_scam"],
        scam_type=session["scam_type"],
        confidence=session["scam_confidence"],
        reasons=tuple(session["reasons_json"] or ()),
    )


def _load_session(tx: Transaction, session_id: str) -> Answer:
    session = _require(tx.find(statements.FIND_SESSION, id=session_id), session_id)
    known = _require(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
    return {**session, "intelligence": {column: known[column] or [] for column in intelligence.COLUMNS}}


def _load_messages(tx: Transaction, session_id: str, after: Place | None, limit: int) -> list[Row]:
    _require(tx.find(statements.FIND_SESSION, id=session_id), session_id)
    at, id = after or Place(_LONG_AGO, "")
    return tx.rows(statements.LIST_MESSAGES, session_id=session_id, after_at=at, after_id=id, limit=limit)


def _load_sessions(
    tx: Transaction, filters: Mapping[str, Any], before: Place | None, limit: int
) -> list[Row]:
    at, id = before or Place(_FAR_FUTURE, _LAST_ID)
    statement = statements.list_sessions(frozenset(filters))
    return tx.rows(statement, **filters, before_at=at, before_id=id, limit=limit)


def _search(tx: Transaction, query: str, before: int | None, limit: int) -> Answer:
    page = search.find(tx, query, before=before, limit=limit)
    ids = [hit.document_id for hit in page.hits]
    found = {row["id"]: row for row in tx.rows(statements.FIND_MESSAGES, ids=as_json(ids))} if ids else {}
    values = (
        [
            row
            for value in dict.fromkeys(map(lookup_form, extraction.normalise_for_search(query)))
            for row in tx.rows(statements.LOOK_UP_VALUE, value=value, limit=limit)
        ]
        if before is None
        else []
    )
    return {"values": values, "messages": [found[id] for id in ids if id in found], "before": page.before}


def _delete(tx: Transaction, session_id: str, caller: Caller, *, audit_id: str, now: datetime) -> None:
    _require(tx.find(statements.LOCK_SESSION, id=session_id), session_id)
    search.remove(tx, session_id)
    receipts.forget_answers(tx, session_id)
    outbox.forget(tx, session_id)
    tx.run(statements.DELETE_SESSION, id=session_id)
    audit.record(tx, caller, "delete", "session", session_id, id=audit_id, at=now)


def _index_after(tx: Transaction, after: str) -> tuple[str, int] | None:
    """Index the next batch of messages; the last id and how many, or None at the end."""
    rows = tx.rows(statements.LIST_MESSAGES_FROM, after=after, limit=BATCH_ROWS)
    search.add_missing(tx, [(row["id"], row["session_id"], row["content"]) for row in rows])
    return (rows[-1]["id"], len(rows)) if rows else None
