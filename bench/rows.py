"""Rows of the honeypot as a bench stores them without its rules: a session with nothing said, nothing known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from switchboard.apps.honeypot.rules import intelligence, lifecycle
from switchboard.kernel.database.statement import Row


def session_row(id: str, now: datetime, **given: Any) -> Row:
    """What INSERT_SESSION takes."""
    return {
        "id": id,
        "persona_id": "elderly_victim",
        "source_type": "sms",
        "source_identifier": None,
        "metadata": None,
        "turn_count": 0,
        "status": lifecycle.INITIAL,
        "ended_at": None,
        "ended_reason": None,
        "is_scam": True,
        "scam_type": None,
        "scam_confidence": None,
        "reasons": None,
        "intelligence_score": 0.0,
        "first_disclosure_turn": None,
        "now": now,
        **given,
    }


def intelligence_row(id: str, session_id: str, now: datetime) -> Row:
    """What INSERT_INTELLIGENCE takes."""
    return {"id": id, "session_id": session_id, "now": now, **dict.fromkeys(intelligence.COLUMNS)}
