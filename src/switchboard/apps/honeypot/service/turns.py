"""What changes a session: opening it, a turn, its end, its deletion. Each is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.rules import extraction, intelligence, lifecycle, result
from switchboard.apps.honeypot.rules import linking as linking_rules
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.apps.honeypot.service import linking, rollups
from switchboard.apps.honeypot.service.decision import Before, Decision, decide
from switchboard.apps.honeypot.service.listening import Heard
from switchboard.apps.honeypot.service.queries import Answer, require_session
from switchboard.apps.honeypot.service.wording import Reply, Wording, word
from switchboard.kernel import outbox, receipts
from switchboard.kernel.channels.webchat import conversations
from switchboard.kernel.clock import to_iso
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict
from switchboard.kernel.ids import Ids
from switchboard.kernel.language import search
from switchboard.kernel.receipts import RequestName
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller

RESULT_TOPIC = "honeypot.session.ended"
SWEEP_LIMIT = 200
_GIVEN = ("persona_id", "source_type", "source_identifier", "metadata")
_STATE = (
    "id",
    "turn_count",
    "status",
    "ended_at",
    "ended_reason",
    "is_scam",
    "scam_type",
    "scam_confidence",
    "reasons",
    "intelligence_score",
    "first_disclosure_turn",
)


class Opening(NamedTuple):
    """What a new session starts from. `persona_id` is an id, personas.AUTO, or None for whom the settings name."""

    message: str
    source_type: str
    source_identifier: str | None
    persona_id: str | None
    metadata: Mapping[str, Any] | None


class Turns:
    """The transactions over one honeypot database. Each method but the constructor runs inside one.

    The two that foresee a turn write nothing and run on a reader; what they read may have changed when the turn
    is taken.
    """

    def __init__(
        self, ids: Ids, *, max_turns: int, silence: timedelta, persona_id: str, goal_score: float
    ) -> None:
        """`persona_id` answers where nobody wishes for another: an id, or personas.AUTO."""
        self._ids = ids
        self._persona_id = persona_id
        self._goal_score = goal_score
        self._max_turns = max_turns
        self._silence = silence

    def open(
        self,
        tx: Transaction,
        opening: Opening,
        heard: Heard,
        name: RequestName | None,
        wording: Wording | None = None,
    ) -> Answer:
        """A new session with its first turn. Raises Conflict for a name used for another request."""
        if (answer := receipts.find_answer(tx, name)) is not None:
            return answer
        return self._take_turn(tx, self._unheard(opening, heard, self._ids.new()), heard, name, wording)

    def foresee_opening(
        self, tx: Transaction, opening: Opening, heard: Heard, name: RequestName | None
    ) -> Decision | None:
        """What `open` is going to decide, on a reader; None when the request was answered before."""
        if receipts.find_answer(tx, name) is not None:
            return None
        return self._decide(self._unheard(opening, heard, ""), heard)

    def receive(
        self,
        tx: Transaction,
        session_id: str,
        heard: Heard,
        name: RequestName | None,
        wording: Wording | None = None,
    ) -> Answer:
        """The next turn of an open session. Raises NotFound, Conflict."""
        if (answer := receipts.find_answer(tx, name)) is not None:
            return answer
        session = tx.find(statements.LOCK_SESSION, id=session_id)
        return self._take_turn(tx, _load_before(tx, session, session_id), heard, name, wording)

    def foresee(
        self, tx: Transaction, session_id: str, heard: Heard, name: RequestName | None
    ) -> Decision | None:
        """What `receive` would decide now, on a reader; None when the request was answered before.

        Raises as `receive` does.
        """
        if receipts.find_answer(tx, name) is not None:
            return None
        session = tx.find(statements.FIND_SESSION, id=session_id)
        return self._decide(_load_before(tx, session, session_id), heard)

    def end(self, tx: Transaction, session_id: str, reason: str, caller: Caller, now: datetime) -> None:
        """End an open session by hand. Raises NotFound, Conflict when it has ended."""
        session = _require_open(tx.find(statements.LOCK_SESSION, id=session_id), session_id)
        self._end(tx, session, lifecycle.TERMINATED, reason, caller, now)

    def end_silent(self, tx: Transaction, caller: Caller, now: datetime) -> int:
        """End a batch of the sessions whose scammer has stopped answering; how many."""
        silent = tx.rows(statements.LIST_SILENT, cutoff=now - self._silence, limit=SWEEP_LIMIT)
        for session in silent:
            self._end(tx, session, lifecycle.TERMINATED, "The scammer stopped answering.", caller, now)
        return len(silent)

    def delete(
        self, tx: Transaction, session_id: str, reason: str | None, caller: Caller, now: datetime
    ) -> None:
        """Delete a session and every trace of it but the deed. Raises NotFound."""
        session = require_session(tx.find(statements.LOCK_SESSION, id=session_id), session_id)
        search.remove(tx, session_id)
        receipts.forget_answers(tx, session_id)
        outbox.forget(tx, session_id)
        conversations.forget(tx, session_id)
        values = linking.values_of(tx, session_id)
        tx.run(statements.DELETE_SESSION, id=session_id)
        linking.forget(tx, session_id, values, session["campaign_id"], now, self._ids)
        why = {"reason": reason} if reason else None
        audit.record(tx, caller, "delete", "session", session_id, id=self._ids.new(), at=now, details=why)
        rollups.record_change(tx, session, None)

    def _take_turn(
        self,
        tx: Transaction,
        before: Before,
        heard: Heard,
        name: RequestName | None,
        wording: Wording | None,
    ) -> Answer:
        """One turn: the scammer's line, what it gave away, the persona's reply, the session's new state."""
        session = before.session
        if session["last_message_at"] is not None:
            # Turns are counted in the order they get the session; a clock that stepped back, or a turn that
            # came first and waited, must not put its line before an earlier turn's.
            heard = heard._replace(now=max(heard.now, session["last_message_at"]))
        decision = self._decide(before, heard)
        verdict, outcome = decision.verdict, decision.outcome
        reply = word(decision, wording)
        after = {
            **session,
            "turn_count": decision.turn,
            "status": outcome.status,
            "ended_at": heard.now if lifecycle.is_ended(outcome.status) else None,
            "ended_reason": outcome.reason,
            "is_scam": verdict.is_scam,
            "scam_type": verdict.scam_type,
            "scam_confidence": verdict.confidence,
            "reasons": as_json(verdict.reasons),
            "intelligence_score": decision.score,
            "first_disclosure_turn": session["first_disclosure_turn"]
            or (decision.turn if intelligence.discloses(decision.new_items) else None),
        }
        self._record_state(tx, before, after, decision.items, heard)
        self._record_lines(tx, session["id"], decision, heard, reply)
        given = [_said(found, decision.items) for found in heard.findings]
        linking.record(tx, session, given, decision.turn, heard.now, self._ids)
        if after["ended_at"] is not None:
            self._publish_result(tx, session["id"], heard.now)
        answer = _answer(session["id"], decision, reply)
        receipts.keep_answer(tx, name, session["id"], answer, heard.now)
        rollups.record_change(tx, None if before.is_new else session, after)
        return answer

    def _decide(self, before: Before, heard: Heard) -> Decision:
        return decide(before, heard, max_turns=self._max_turns, goal_score=self._goal_score)

    def _unheard(self, opening: Opening, heard: Heard, session_id: str) -> Before:
        """A session nothing was said in yet."""
        wished = opening.persona_id or self._persona_id
        session = {
            "id": session_id,
            "persona_id": _choose_persona(heard) if wished == personas.AUTO else wished,
            "source_type": opening.source_type,
            "source_identifier": opening.source_identifier,
            "metadata": None if opening.metadata is None else as_json(dict(opening.metadata)),
            "started_at": heard.now,
            "last_message_at": None,
            "status": lifecycle.INITIAL,
            "turn_count": 0,
            "scam_confidence": None,
            "first_disclosure_turn": None,
            "campaign_id": None,
        }
        return Before(session, {}, [], [], is_new=True)

    def _record_lines(
        self, tx: Transaction, session_id: str, decision: Decision, heard: Heard, reply: Reply
    ) -> None:
        """Both lines; with the scammer's, what it gave away and what the session had come to after it."""
        spans = [
            {"kind": found.kind, "value": found.value, "start": found.start, "end": found.end}
            for found in heard.findings
        ]
        come_to = {"score": decision.score, "confidence": decision.verdict.confidence}
        heard_id, reply_id = self._ids.new(), self._ids.new()
        tx.run(
            statements.INSERT_LINES,
            heard_id=heard_id,
            reply_id=reply_id,
            session_id=session_id,
            turn_number=decision.turn,
            heard=heard.text,
            heard_metadata=as_json({"spans": spans, **come_to} if spans else come_to),
            reply=reply.text,
            now=heard.now,
        )
        if reply.model is not None:
            worded_by = as_json({"worded_by": "model", "model": reply.model})
            tx.run(statements.MARK_REPLY, id=reply_id, metadata=worded_by)
        search.add(tx, heard_id, session_id, heard.text)
        search.add(tx, reply_id, session_id, reply.text)

    def _record_state(
        self,
        tx: Transaction,
        before: Before,
        after: Mapping[str, Any],
        items: Mapping[str, list[intelligence.Item]],
        heard: Heard,
    ) -> None:
        state = {column: after[column] for column in _STATE}
        columns = {column: as_json(items[column]) for column in intelligence.COLUMNS}
        if before.is_new:
            given = {column: after[column] for column in _GIVEN}
            tx.run(statements.INSERT_SESSION, now=heard.now, **given, **state)
            tx.run(
                statements.INSERT_INTELLIGENCE,
                id=self._ids.new(),
                session_id=after["id"],
                now=heard.now,
                **columns,
            )
            return
        tx.run(statements.RECORD_TURN, now=heard.now, **state)
        if heard.findings:
            tx.run(statements.RECORD_INTELLIGENCE, session_id=after["id"], now=heard.now, **columns)

    def _end(
        self, tx: Transaction, session: Row, status: str, reason: str, caller: Caller, now: datetime
    ) -> None:
        lifecycle.require_transition(session["status"], status)
        tx.run(statements.END_SESSION, id=session["id"], status=status, reason=reason, now=now)
        self._publish_result(tx, session["id"], now)
        why = {"reason": reason}
        audit.record(tx, caller, "end", "session", session["id"], id=self._ids.new(), at=now, details=why)
        rollups.record_change(tx, session, {**session, "status": status})

    def _publish_result(self, tx: Transaction, session_id: str, now: datetime) -> None:
        session = require_session(tx.find(statements.FIND_SESSION, id=session_id), session_id)
        known = require_session(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
        body = result.final_result(session, known, to_iso(now))
        outbox.publish(tx, RESULT_TOPIC, session_id, body, ids=self._ids, now=now)


def _choose_persona(heard: Heard) -> str:
    """The persona that suits the first message."""
    return personas.choose_persona(heard.verdict.scam_type, heard.language, heard.seed, heard.text).id


def _answer(session_id: str, decision: Decision, reply: Reply) -> Answer:
    """What the caller is told of a turn, and told again when the request is repeated."""
    verdict = decision.verdict
    return {
        "session_id": session_id,
        "reply": reply.text,
        "persona": {"id": decision.speaker.id, "name": decision.speaker.name},
        "scam": {
            "is_scam": verdict.is_scam,
            "type": verdict.scam_type,
            "confidence": verdict.confidence,
            "reasons": list(verdict.reasons),
        },
        "status": decision.outcome.status,
        "turn_count": decision.turn,
        "new_intelligence": decision.new_items,
        "intelligence_score": decision.score,
    }


def _said(found: extraction.Finding, items: dict[str, list[intelligence.Item]]) -> linking.Said:
    """A finding as it is linked: at the confidence that the session now has in it."""
    item = intelligence.find_item(items, found)
    fingerprint = found.details.get("fingerprint")
    return linking.Said(
        found.kind,
        fingerprint or linking_rules.lookup_form(found.kind, found.value),
        found.value[: linking_rules.VALUE_LIMIT],
        float(item["confidence"]) if item else found.confidence,
        {name: detail for name, detail in found.details.items() if name != "fingerprint"},
    )


def _load_before(tx: Transaction, row: Row | None, session_id: str) -> Before:
    """An open session with what was said in it. Raises NotFound, Conflict when it has ended."""
    session = _require_open(row, session_id)
    known = require_session(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
    lines = tx.rows(statements.LIST_SPOKEN, session_id=session_id)
    return Before(
        session,
        {column: known[column] or [] for column in intelligence.COLUMNS},
        [line["content"] for line in lines if line["role"] == "agent"],
        [line["content"] for line in lines if line["role"] == "scammer"],
        is_new=False,
    )


def _require_open(row: Row | None, session_id: str) -> Row:
    session = require_session(row, session_id)
    if lifecycle.is_ended(session["status"]):
        raise Conflict(
            f"This session has ended: {session['status']}.",
            hint="Open a new session for further messages.",
        )
    return session
