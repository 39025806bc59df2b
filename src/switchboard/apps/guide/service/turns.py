"""What changes a session: beginning it, a turn, its deletion. Each is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from switchboard.apps.guide import repository
from switchboard.apps.guide.rules import figures, masking, summary
from switchboard.apps.guide.rules.flow import engine
from switchboard.apps.guide.rules.flow.document import END, Flow
from switchboard.apps.guide.rules.flow.place import Place, place_from
from switchboard.apps.guide.rules.flow.turn import ANSWERED, COMPLETE, SUMMARY_ONLY, Answer, Context, Outcome
from switchboard.apps.guide.rules.flow.wording import Voice
from switchboard.apps.guide.rules.hearing import Heard, hear
from switchboard.apps.guide.rules.intents.classifier import Methods
from switchboard.apps.guide.rules.response.resources import countries
from switchboard.apps.guide.service.library import Library
from switchboard.kernel import receipts
from switchboard.kernel.channels.webchat import conversations
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import NotFound
from switchboard.kernel.ids import Ids
from switchboard.kernel.receipts import RequestName
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller

Reply = dict[str, Any]


class Opening(NamedTuple):
    """What a new session starts from. `message` is empty where somebody only opened a page."""

    message: str
    flow: Flow
    language: str
    country: str | None
    channel: str


class Asked(NamedTuple):
    """What a turn is asked with, all of it fixed before its transaction, so that it can be run again."""

    library: Library
    heard: Heard
    seed: int
    now: datetime
    name: RequestName | None


class Turns:
    """The transactions over one guide database. Each method but the constructor runs inside one."""

    def __init__(self, ids: Ids, days: int, methods: Methods) -> None:
        """`days` is how long what people write is kept; `methods` how intents are found."""
        self._ids = ids
        self._methods = methods
        self._days = days

    def open(self, tx: Transaction, session_id: str, opening: Opening, asked: Asked) -> Reply:
        """A new session with its first turn."""
        if (answer := receipts.find_answer(tx, asked.name)) is not None:
            return answer
        session: Row = {
            "session_id": session_id,
            "created_at": asked.now,
            "last_activity": asked.now,
            "completion_time": None,
            "flow_id": opening.flow.id,
            "flow_version": opening.flow.version,
            "language": opening.language,
            "country": opening.country,
            "channel": opening.channel,
            "turn_count": 0,
            "responses": {},
        }
        outcome = engine.begin(self._context(session, opening.flow, asked), asked.heard)
        return self._record(tx, session, None, opening.flow, asked, outcome)

    def receive(self, tx: Transaction, session_id: str, asked: Asked) -> Reply:
        """The next turn of a session. Raises NotFound."""
        if (answer := receipts.find_answer(tx, asked.name)) is not None:
            return answer
        session = require(repository.get_session_data(tx, session_id, lock=True), session_id)
        flow = asked.library.flow_of(session)
        place = place_from(session["fsm_state"], session["place_json"])
        heard = asked.heard
        if heard.step != step_of(flow, place):
            # Another message came in between: this one answers the question that is open now.
            heard = hear(heard.text, step_of(flow, place), session["language"], self._methods)
        asked = asked._replace(heard=heard, now=max(asked.now, session["last_activity"]))
        outcome = engine.decide(self._context(session, flow, asked), place, heard)
        return self._record(tx, session, place, flow, asked, outcome)

    def come_back(self, tx: Transaction, session_id: str, asked: Asked) -> Reply:
        """A session opened again: what is open is said once more. Raises NotFound."""
        session = require(repository.get_session_data(tx, session_id, lock=True), session_id)
        flow = asked.library.flow_of(session)
        place = place_from(session["fsm_state"], session["place_json"])
        outcome = engine.come_back(self._context(session, flow, asked), place, asked.heard)
        return self._record(tx, session, place, flow, asked, outcome)

    def delete(self, tx: Transaction, session_id: str, caller: Caller, now: datetime) -> None:
        """Delete a session and every trace of it but the deed. Raises NotFound."""
        require(repository.get_session_data(tx, session_id, lock=True), session_id)
        self.forget(tx, session_id)
        repository.save_analytics_event(tx, "data_deleted", {}, now)
        audit.record(tx, caller, "delete", "session", session_id, id=self._ids.new(), at=now)

    def _context(self, session: Row, flow: Flow, asked: Asked) -> Context:
        library, language = asked.library, session["language"]
        return Context(
            flow=flow,
            voice=Voice(
                flow,
                library.session.get(language) or library.session["en"],
                language,
                asked.seed,
                self._days,
            ),
            crisis=library.crisis.get(language) or library.crisis["en"],
            resources=library.resources,
            countries=[each.name for each in countries() if each.code in library.resources],
            country=session["country"],
            answers=answers_of(session),
            days=self._days,
        )

    def _record(
        self,
        tx: Transaction,
        session: Row,
        before: Place | None,
        flow: Flow,
        asked: Asked,
        outcome: Outcome,
    ) -> Reply:
        session_id, heard, now = session["session_id"], asked.heard, asked.now
        reply = _reply(session_id, flow, outcome, heard)
        for event in outcome.events:
            repository.save_analytics_event(tx, event.name, event.data, now)
        if outcome.deletes:
            self.forget(tx, session_id)
            audit.record(tx, _PERSON, "delete", "session", session_id, id=self._ids.new(), at=now)
            # The name of the deleting request stays, with an answer that holds nothing of what was said.
            receipts.keep_answer(tx, asked.name, "", reply, now)
            return reply
        if any(event.name == "session_completed" for event in outcome.events):
            took = {"flow": flow.id, "minutes": figures.minutes_bucket(now - session["created_at"])}
            repository.save_analytics_event(tx, "session_duration", took, now)
        after = self._after(session, outcome, now)
        repository.save_session(tx, after)
        if heard.text:
            repository.save_message(tx, session_id, repository.USER, heard.text, now, after["turn_count"])
            self._record_reading(tx, session_id, before, after, heard, outcome, now)
        repository.save_message(tx, session_id, repository.BOT, outcome.reply, now, after["turn_count"])
        for save in outcome.saves:
            earlier = session["responses"].get(save.step)
            attempts = max(save.attempts, earlier["attempt_count"] or 0 if earlier else 0)
            repository.save_user_response(tx, session_id, save.step, save.text, attempts, save.how, now)
        if outcome.summary is not None:
            answers = {
                **answers_of(session),
                **{save.step: Answer(save.text, save.how) for save in outcome.saves if save.how},
            }
            made = summary.build(flow, session["language"], answers)
            repository.save_summary(tx, session_id, outcome.summary, made, now)
            repository.save_analytics_event(
                tx, "summary_made", {"flow": flow.id, "type": outcome.summary}, now
            )
        receipts.keep_answer(tx, asked.name, session_id, reply, now)
        if before is not None and before.kept != SUMMARY_ONLY and outcome.place.kept == SUMMARY_ONLY:
            self.remove_words(tx, after, now)
        return reply

    def _after(self, session: Row, outcome: Outcome, now: datetime) -> Row:
        return {
            **session,
            "fsm_state": outcome.place.state,
            "place_json": outcome.place.to_data(),
            "country": outcome.country or session["country"],
            "completed": outcome.is_complete,
            "completion_time": now if outcome.summary == COMPLETE else session["completion_time"],
            "last_activity": now,
            "turn_count": (session["turn_count"] or 0) + 1,
        }

    def _record_reading(
        self,
        tx: Transaction,
        session_id: str,
        before: Place | None,
        after: Row,
        heard: Heard,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        """What the message was held to be for, and that it told of danger."""
        state = before.state if before is not None else after["fsm_state"]
        repository.save_intent_classification(
            tx,
            session_id,
            heard.text,
            heard.intent.name,
            heard.intent.confidence,
            heard.intent.method,
            heard.intent.engine,
            state,
            now,
        )
        if heard.risk is not None:
            repository.save_risk_detection(
                tx,
                session_id,
                masking.mask(heard.risk.phrase),
                masking.mask(heard.text),
                now,
                resources_shown=outcome.is_danger,
                category=heard.risk.category,
                confidence=heard.risk.confidence,
                method=heard.risk.method,
                is_about_other=heard.risk.is_about_other,
                step=heard.step,
                country=after["country"],
                turn=after["turn_count"],
            )

    def remove_words(self, tx: Transaction, session: Mapping[str, Any], now: datetime) -> None:
        """Remove what was said, wherever it lies; answers and summaries stay."""
        session_id = session["session_id"]
        place = dict(session["place_json"] or {})
        place.pop("pending", None)
        place.pop("danger", None)
        repository.remove_words(tx, session_id, place, now)
        receipts.forget_answers(tx, session_id)
        conversations.remove_lines(tx, session_id)

    def forget(self, tx: Transaction, session_id: str) -> None:
        """Delete a session and everything of it, wherever it lies."""
        receipts.forget_answers(tx, session_id)
        conversations.forget(tx, session_id)
        repository.delete_session(tx, session_id)


_PERSON = Caller("visitor:the person themselves", "visitor")


def require(row: Row | None, session_id: str) -> Row:
    if row is None:
        raise NotFound(
            f"There is no session {session_id[:36]}.",
            hint="It may have been deleted, by the person or after its days. Start a new one.",
        )
    return row


def step_of(flow: Flow, place: Place) -> str | None:
    """The question that is open, by the name that its answer is saved under."""
    return flow.states[place.state].saves


def answers_of(session: Row) -> dict[str, Answer]:
    return {
        step: Answer(row["response"], row["outcome"] or ANSWERED)
        for step, row in session["responses"].items()
        if row["outcome"] is not None or row["response"] is not None
    }


def _reply(session_id: str, flow: Flow, outcome: Outcome, heard: Heard) -> Reply:
    """What the caller is told of a turn, and told again when the request is repeated."""
    return {
        "session_id": session_id,
        "reply": outcome.reply,
        "quick_replies": list(outcome.buttons),
        "links": [{"label": link.label, "href": link.href} for link in outcome.links],
        "state": outcome.place.state,
        "progress": progress_of(flow, outcome.place),
        "is_complete": outcome.is_complete,
        "is_deleted": outcome.deletes,
        "risk": None
        if heard.risk is None
        else {"category": heard.risk.category, "trigger_phrase": heard.risk.phrase},
        "intent": {
            "name": heard.intent.name,
            "confidence": heard.intent.confidence,
            "method": heard.intent.method,
        },
    }


def progress_of(flow: Flow, place: Place) -> dict[str, int]:
    """How many of the questions lie behind or are open; all of them at the end."""
    names = [state.name for state in flow.questions]
    if flow.states[place.state].kind == END:
        return {"step": len(names), "of": len(names)}
    visited = [names.index(name) + 1 for name in place.trail if name in names]
    return {"step": max(visited, default=0), "of": len(names)}
