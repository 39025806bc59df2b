"""What is deleted when its time has come: sessions, words, links, conversations that belong to nobody any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from switchboard.apps.guide import statements
from switchboard.apps.guide.service.turns import Turns
from switchboard.kernel.channels.webchat import conversations
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.ids import Ids
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller

BATCH = 200


class Retention:
    """The deletions of one guide database. Each method but the constructor runs inside a transaction."""

    def __init__(self, turns: Turns, ids: Ids, days: int, history_hours: int | None) -> None:
        """`days` and `history_hours` as in the settings; None keeps words as long as the session."""
        self._turns = turns
        self._ids = ids
        self._days = timedelta(days=days)
        self._history = None if history_hours is None else timedelta(hours=history_hours)

    def foresee(self, tx: Transaction, now: datetime) -> dict[str, int]:
        """How many sessions would be deleted and how many would lose their words now; changes nothing."""
        expired = now - self._days
        deleted = (tx.find(statements.COUNT_EXPIRED, cutoff=expired) or {})["sessions"]
        words = 0
        if self._history is not None:
            row = tx.find(statements.COUNT_FINISHED_WITH_WORDS, cutoff=now - self._history, expired=expired)
            words = (row or {})["sessions"]
        return {"sessions": deleted, "words": words}

    def delete_expired(self, tx: Transaction, caller: Caller, now: datetime) -> int:
        """Delete a batch of the sessions whose days are over, finished or not; how many."""
        expired = tx.rows(statements.LIST_EXPIRED, cutoff=now - self._days, limit=BATCH)
        for session in expired:
            self._turns.forget(tx, session["session_id"])
        self._record(tx, caller, now, "sessions", len(expired))
        return len(expired)

    def remove_words(self, tx: Transaction, caller: Caller, now: datetime) -> int:
        """Remove the words of a batch of the sessions that were finished long enough ago; how many."""
        if self._history is None:
            return 0
        finished = tx.rows(statements.LIST_FINISHED_WITH_WORDS, cutoff=now - self._history, limit=BATCH)
        for session in finished:
            self._turns.remove_words(tx, session, now)
        self._record(tx, caller, now, "words of sessions", len(finished))
        return len(finished)

    def delete_rest(self, tx: Transaction, caller: Caller, now: datetime) -> int:
        """Delete links that open nothing any more and conversations that have been still for as many days."""
        tx.run(statements.DELETE_EXPIRED_LINKS, now=now)
        return conversations.delete_still(tx, now - self._days, BATCH)

    def _record(self, tx: Transaction, caller: Caller, now: datetime, what: str, count: int) -> None:
        if count:
            details: dict[str, Any] = {"what": what, "count": count}
            audit.record(tx, caller, "delete", "expired", None, id=self._ids.new(), at=now, details=details)
