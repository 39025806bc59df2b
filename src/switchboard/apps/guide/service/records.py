"""What operators see and do: sessions without their words, dangers that were told of, figures, deletion by age."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from switchboard.apps.guide import repository, statements
from switchboard.apps.guide.rules.figures import LEAST
from switchboard.apps.guide.rules.flow.document import Flow
from switchboard.apps.guide.service import figures, importing
from switchboard.apps.guide.service.importing import Report
from switchboard.apps.guide.service.retention import Retention
from switchboard.apps.guide.service.shelf import Shelf
from switchboard.apps.guide.service.turns import Turns, require
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Conflict, NotFound
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ACT, ADMINISTER, READ, operation

_LONGEST_NOTE = 500
_LIVE = timedelta(hours=24)
_LAST_LINES = 2_000
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_LARGEST = 2**31 - 1


class Place(NamedTuple):
    """Where a page of a list ended: the moment and the id of its last row."""

    at: datetime
    id: Any


class Records:
    """What one guide database tells those who run it; the words of a session only to whom that is allowed."""

    scope = "guide"

    def __init__(self, platform: Platform, shelf: Shelf, turns: Turns) -> None:
        self._database = platform.database("guide")
        self._clock = platform.clock
        self._ids = platform.ids
        self._shelf = shelf
        settings = platform.settings
        self._retention = Retention(
            turns, platform.ids, settings.guide_retention_days, settings.guide_history_hours
        )

    @operation(READ)
    async def list_sessions(
        self, caller: Caller, filters: Mapping[str, Any], before: Place | None, limit: int
    ) -> list[Row]:
        """Sessions newest first that meet every filter, behind a place; nothing of what was said in them."""
        at, id = before or Place(_LATEST, "~")
        statement = statements.list_sessions(frozenset(filters))
        return await self._database.read(
            lambda tx: tx.rows(statement, **filters, before_at=at, before_id=id, limit=limit)
        )

    @operation(READ)
    async def list_states(self, caller: Caller) -> list[Row]:
        """How many unfinished sessions of the last day stand in which state: `flow_id`, `fsm_state`, `sessions`."""
        since = self._clock.now() - _LIVE
        return await self._database.read(lambda tx: tx.rows(statements.LIST_STATES, since=since))

    @operation(ADMINISTER)
    async def read_conversation(self, caller: Caller, session_id: str, reason: str) -> list[Row]:
        """What was said in a session. Reading it is a deed of its own in the audit, with its reason.

        Raises NotFound; Conflict without a reason.
        """
        if not reason.strip():
            raise Conflict("People were told that nobody reads along.", hint="Say why you have to read it.")
        audit_id, now = self._ids.new(), self._clock.now()
        return await self._database.write(_read_conversation, session_id, reason[:300], caller, audit_id, now)

    @operation(ACT)
    async def list_detections(
        self, caller: Caller, filters: Mapping[str, Any], before: Place | None, limit: int
    ) -> list[Row]:
        """Messages that told of danger, newest first, behind a place. Nothing in them says who wrote them."""
        at, id = before or Place(_LATEST, _LARGEST)
        statement = statements.list_detections(frozenset(filters))
        return await self._database.read(
            lambda tx: tx.rows(statement, **filters, before_at=at, before_id=int(id), limit=limit)
        )

    @operation(ACT)
    async def acknowledge_detection(self, caller: Caller, id: int, note: str) -> Row:
        """Put down that somebody has seen to a danger, with a note. Raises NotFound, Conflict when somebody has."""
        return await self._database.write(
            _acknowledge, id, note.strip()[:_LONGEST_NOTE], caller, self._ids.new(), self._clock.now()
        )

    @operation(READ)
    async def sum_waiting(self, caller: Caller) -> int:
        """How many dangers nobody has seen to yet."""
        row = await self._database.read(lambda tx: tx.find(statements.COUNT_OPEN_DETECTIONS))
        return 0 if row is None else int(row["waiting"])

    @operation(READ)
    async def sum_weeks(self, caller: Caller, weeks: int) -> list[Row]:
        """The figures of the last weeks, newest first, small counts left out."""
        return await self._database.read(figures.report, self._clock.now(), weeks)

    @operation(READ)
    async def sum_intents(self, caller: Caller) -> list[Row]:
        """What messages were held to be for, by method, as long as they are kept: `messages` None below the least."""
        rows = await self._database.read(lambda tx: tx.rows(statements.COUNT_INTENTS))
        return [{**row, "messages": row["messages"] if row["messages"] >= LEAST else None} for row in rows]

    @operation(READ)
    def describe_retention(self, caller: Caller) -> dict[str, int]:
        """What a run of the retention would do now: `sessions` deleted, `words` of sessions removed."""
        return self._database.read_now(self._retention.foresee, self._clock.now())

    @operation(ADMINISTER)
    def apply_retention(self, caller: Caller) -> dict[str, int]:
        """Delete what is past its days, and the words of what was finished; how many of each. Safe to run again."""
        now, done = self._clock.now(), {"sessions": 0, "words": 0, "conversations": 0}
        for name, step in (
            ("sessions", self._retention.delete_expired),
            ("words", self._retention.remove_words),
            ("conversations", self._retention.delete_rest),
        ):
            while count := self._database.write_now(step, caller, now):
                done[name] += count
        return done

    @operation(ADMINISTER)
    def fold_weeks(self, caller: Caller) -> int:
        """Fold the events of every week that is over into that week's figures; how many events went."""
        total, now = 0, self._clock.now()
        while folded := self._database.write_now(figures.fold_weeks, now):
            total += folded
        return total

    @operation(ADMINISTER)
    def import_history(
        self, caller: Caller, file: Path, on_progress: Callable[[int], None] = lambda done: None
    ) -> Report:
        """Bring in the conversations of an earlier guide's file; nothing twice. Raises Invalid."""
        now, totals = self._clock.now(), Report(0, 0, 0, 0)
        flow = self._shelf.usual_flow(self._shelf.library_now())
        batch: list[tuple[importing.Conversation, str]] = []
        for place, conversation in enumerate(importing.read_conversations(file, now), start=1):
            batch.append((conversation, _session_id(conversation.session_id)))
            if len(batch) == importing.BATCH:
                totals = self._bring_in(batch, flow, totals)
                batch = []
                on_progress(place)
        totals = self._bring_in(batch, flow, totals)
        self._database.write_now(_record_import, caller, totals, self._ids.new(), now)
        return totals

    def _bring_in(
        self, batch: list[tuple[importing.Conversation, str]], flow: Flow, totals: Report
    ) -> Report:
        done = self._database.write_now(importing.bring_in, batch, (flow.id, flow.version))
        return Report(*(one + other for one, other in zip(totals, done, strict=True)))


def _session_id(old: str) -> str:
    """The old id where it fits, and otherwise one that is the same each time it is brought in."""
    return importing.plain_id(old) or hashlib.sha256(old.encode("utf-8", "surrogatepass")).hexdigest()[:36]


def _read_conversation(
    tx: Transaction, session_id: str, reason: str, caller: Caller, audit_id: str, now: datetime
) -> list[Row]:
    require(repository.get_session_data(tx, session_id), session_id)
    details = {"reason": reason}
    audit.record(tx, caller, "read", "session", session_id, id=audit_id, at=now, details=details)
    return tx.rows(statements.LIST_LINES, session_id=session_id, after=0, limit=_LAST_LINES)


def _acknowledge(tx: Transaction, id: int, note: str, caller: Caller, audit_id: str, now: datetime) -> Row:
    row = tx.find(statements.FIND_DETECTION, id=id)
    if row is None:
        raise NotFound("There is no such entry.", hint="It may have been deleted with its session.")
    if row["acknowledged_at"] is not None:
        raise Conflict(
            f"{row['acknowledged_by']} has seen to it already.", hint="Load the page again to read the note."
        )
    by = caller.actor.partition(":")[2] or caller.actor
    repository.acknowledge_risk_detection(tx, id, by, note, now)
    audit.record(tx, caller, "acknowledge", "risk_detection", str(id), id=audit_id, at=now)
    return {**row, "acknowledged_at": now, "acknowledged_by": by, "note": note}


def _record_import(tx: Transaction, caller: Caller, report: Report, audit_id: str, now: datetime) -> None:
    details = report._asdict()
    audit.record(tx, caller, "import", "chat_history", None, id=audit_id, at=now, details=details)
