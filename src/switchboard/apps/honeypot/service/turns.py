"""What changes a session: opening it, a turn, its end, its deletion. Each is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.rules import (
    detection,
    extraction,
    intelligence,
    language,
    lifecycle,
    masking,
    personas,
    replies,
    result,
    safety,
    scoring,
)
from switchboard.apps.honeypot.rules import linking as linking_rules
from switchboard.apps.honeypot.service import linking, rollups
from switchboard.apps.honeypot.service.queries import Answer, require_session
from switchboard.kernel import outbox, receipts
from switchboard.kernel.clock import Clock, to_iso
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Conflict, Invalid
from switchboard.kernel.ids import Chance, Ids
from switchboard.kernel.language import search
from switchboard.kernel.receipts import RequestName
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller

RESULT_TOPIC = "honeypot.session.ended"
SWEEP_LIMIT = 200
# Characters from which on a message alone says which language it is in.
_TELLING = 24
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
    """What a new session starts from. `persona_id` None lets the kind of scam choose."""

    message: str
    source_type: str
    source_identifier: str | None
    persona_id: str | None
    metadata: Mapping[str, Any] | None


class _Before(NamedTuple):
    """A session as a turn finds it: its row, what is known, the lines of both sides, the oldest first."""

    session: Row
    known: Mapping[str, list[intelligence.Item]]
    said: Sequence[str]
    heard: Sequence[str]
    is_new: bool


class Heard(NamedTuple):
    """A scammer's message with what the rules read in it, before any session is loaded; secrets are masked."""

    text: str
    findings: Sequence[extraction.Finding]
    verdict: detection.Verdict
    danger: safety.Danger | None
    language: str
    now: datetime
    seed: int


class Listener:
    """Reads a message once, outside of any transaction: what it means, what it gives away."""

    def __init__(self, clock: Clock, chance: Chance, fingerprint: Callable[[str, str], str]) -> None:
        self._clock = clock
        self._chance = chance
        self._fingerprint = fingerprint

    def hear(self, text: str) -> Heard:
        findings = extraction.extract(text)
        verdict = detection.detect(text, findings)
        if any(found.kind in masking.SECRET_KINDS for found in findings):
            masked = masking.mask_spans(text, findings)
            findings = [self._without_secret(found, masked) for found in findings]
            text = masked
        return Heard(
            text,
            findings,
            verdict,
            safety.find_danger(text),
            language.detect_language(text),
            self._clock.now(),
            self._chance.seed(),
        )

    def _without_secret(self, found: extraction.Finding, text: str) -> extraction.Finding:
        if found.kind not in masking.SECRET_KINDS:
            return found
        return replace(
            found,
            value=masking.mask(found.value),
            raw=text[found.start : found.end],
            details={**found.details, "fingerprint": self._fingerprint(found.kind, found.value)},
        )


class Turns:
    """The transactions over one honeypot database; each method but the constructor runs inside a turn."""

    def __init__(
        self, ids: Ids, *, max_turns: int, silence: timedelta, persona_id: str | None, goal_score: float
    ) -> None:
        """`persona_id` answers where nobody wishes for another; None lets the kind of scam choose."""
        self._ids = ids
        self._persona_id = persona_id
        self._goal_score = goal_score
        self._max_turns = max_turns
        self._silence = silence

    def open(self, tx: Transaction, opening: Opening, heard: Heard, name: RequestName | None) -> Answer:
        """A new session with its first turn. Raises Conflict for a name used for another request."""
        if (answer := receipts.find_answer(tx, name)) is not None:
            return answer
        session = {
            "id": self._ids.new(),
            "persona_id": opening.persona_id or self._choose(heard),
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
        return self._take_turn(tx, _Before(session, {}, [], [], is_new=True), heard, name)

    def receive(self, tx: Transaction, session_id: str, heard: Heard, name: RequestName | None) -> Answer:
        if (answer := receipts.find_answer(tx, name)) is not None:
            return answer
        session = _require_open(tx.find(statements.LOCK_SESSION, id=session_id), session_id)
        known = require_session(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
        lines = tx.rows(statements.LIST_SPOKEN, session_id=session_id)
        before = _Before(
            session,
            {column: known[column] or [] for column in intelligence.COLUMNS},
            [line["content"] for line in lines if line["role"] == "agent"],
            [line["content"] for line in lines if line["role"] == "scammer"],
            is_new=False,
        )
        return self._take_turn(tx, before, heard, name)

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

    def delete(self, tx: Transaction, session_id: str, caller: Caller, now: datetime) -> None:
        """Delete a session and every trace of it but the deed. Raises NotFound."""
        session = require_session(tx.find(statements.LOCK_SESSION, id=session_id), session_id)
        search.remove(tx, session_id)
        receipts.forget_answers(tx, session_id)
        outbox.forget(tx, session_id)
        values = linking.values_of(tx, session_id)
        tx.run(statements.DELETE_SESSION, id=session_id)
        linking.forget(tx, session_id, values, session["campaign_id"], now, self._ids)
        audit.record(tx, caller, "delete", "session", session_id, id=self._ids.new(), at=now)
        rollups.record_change(tx, session, None)

    def _take_turn(self, tx: Transaction, before: _Before, heard: Heard, name: RequestName | None) -> Answer:
        """One turn: the scammer's line, what it gave away, the persona's reply, the session's new state."""
        session = before.session
        turn = session["turn_count"] + 1
        if session["last_message_at"] is not None:
            # Turns are counted in the order they get the session; a clock that stepped back, or a turn that
            # came first and waited, must not put its line before an earlier turn's.
            heard = heard._replace(now=max(heard.now, session["last_message_at"]))
        verdict = detection.combine(_earlier_verdict(session), heard.verdict)
        items, new_items = intelligence.merge(before.known, heard.findings, turn, to_iso(heard.now))
        score = scoring.intelligence_score(intelligence.confidences(items))
        outcome = lifecycle.decide(turn, self._max_turns, score, verdict, heard.danger, self._goal_score)
        speaker = get_persona(session["persona_id"])
        reply = self._reply(speaker, before, heard, verdict, items, outcome)
        after = {
            **session,
            "turn_count": turn,
            "status": outcome.status,
            "ended_at": heard.now if lifecycle.is_ended(outcome.status) else None,
            "ended_reason": outcome.reason,
            "is_scam": verdict.is_scam,
            "scam_type": verdict.scam_type,
            "scam_confidence": verdict.confidence,
            "reasons": as_json(verdict.reasons),
            "intelligence_score": score,
            "first_disclosure_turn": session["first_disclosure_turn"] or (turn if new_items else None),
        }
        self._record_state(tx, before, after, items, heard)
        self._record_lines(tx, session["id"], turn, heard, reply)
        linking.record(
            tx, session, [_said(found, items) for found in heard.findings], turn, heard.now, self._ids
        )
        if after["ended_at"] is not None:
            self._publish_result(tx, session["id"], heard.now)
        answer = {
            "session_id": session["id"],
            "reply": reply,
            "persona": {"id": speaker.id, "name": speaker.name},
            "scam": {
                "is_scam": verdict.is_scam,
                "type": verdict.scam_type,
                "confidence": verdict.confidence,
                "reasons": list(verdict.reasons),
            },
            "status": outcome.status,
            "turn_count": turn,
            "new_intelligence": new_items,
            "intelligence_score": score,
        }
        receipts.keep_answer(tx, name, session["id"], answer, heard.now)
        rollups.record_change(tx, None if before.is_new else session, after)
        return answer

    def _reply(
        self,
        speaker: personas.Persona,
        before: _Before,
        heard: Heard,
        verdict: detection.Verdict,
        items: Mapping[str, list[intelligence.Item]],
        outcome: lifecycle.Outcome,
    ) -> str:
        spoken = language.detect_language(
            heard.text if len(heard.text) > _TELLING else " ".join([*before.heard, heard.text])
        )
        if outcome.closing is not None:
            return replies.close(speaker, outcome.closing, language=spoken, seed=heard.seed, said=before.said)
        return replies.reply(
            speaker,
            replies.Scene(
                turn=before.session["turn_count"] + 1,
                text=heard.text,
                verdict=verdict,
                seed=heard.seed,
                language=spoken,
                max_turns=self._max_turns,
                findings=heard.findings,
                known=intelligence.values_by_kind(items),
                missing=intelligence.missing_kinds(items),
                said=before.said,
                heard=before.heard,
            ),
        )

    def _choose(self, heard: Heard) -> str:
        """The persona that suits the first message."""
        if self._persona_id is not None:
            return self._persona_id
        chosen = personas.choose_persona(heard.verdict.scam_type, heard.language, heard.seed, heard.text)
        return chosen.id

    def _record_lines(self, tx: Transaction, session_id: str, turn: int, heard: Heard, reply: str) -> None:
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

    def _record_state(
        self,
        tx: Transaction,
        before: _Before,
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
        audit.record(tx, caller, "end", "session", session["id"], id=self._ids.new(), at=now)
        rollups.record_change(tx, session, {**session, "status": status})

    def _publish_result(self, tx: Transaction, session_id: str, now: datetime) -> None:
        session = require_session(tx.find(statements.FIND_SESSION, id=session_id), session_id)
        known = require_session(tx.find(statements.FIND_INTELLIGENCE, session_id=session_id), session_id)
        body = result.final_result(session, known, to_iso(now))
        outbox.publish(tx, RESULT_TOPIC, session_id, body, ids=self._ids, now=now)


def get_persona(persona_id: str) -> personas.Persona:
    """The persona of that id. Raises Invalid."""
    try:
        return personas.get_persona(persona_id)
    except LookupError:
        known = ", ".join(each.id for each in personas.list_personas())
        raise Invalid(f"There is no persona {persona_id!r}.", hint=f"Choose one of: {known}.") from None


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


def _require_open(row: Row | None, session_id: str) -> Row:
    session = require_session(row, session_id)
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
