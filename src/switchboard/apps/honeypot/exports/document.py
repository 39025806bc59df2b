"""JSON: the whole of a session, nothing left out that may be shown.

An export is one object: `{"format": "switchboard-honeypot-sessions", "version": 1, "sessions": [...]}`, each
session on a line of its own. A new key does not raise the version; a changed meaning does. Moments are
RFC 3339 in UTC, confidences and the score run from 0 to 1, unknown is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from switchboard.apps.honeypot.exports.evidence import Campaign, Evidence, Message, Value
from switchboard.kernel.clock import to_iso

FORMAT = "switchboard-honeypot-sessions"
VERSION = 1


def stream(evidence: Iterable[Evidence]) -> Iterator[str]:
    """The export, a piece per session, in the order given."""
    yield f'{{"format":"{FORMAT}","version":{VERSION},"sessions":['
    separator = "\n"
    for each in evidence:
        yield separator + json.dumps(
            document(each), ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        separator = ",\n"
    yield "\n]}\n"


def document(evidence: Evidence) -> dict[str, Any]:
    """One session. `values` are sorted by kind and value, `messages` by turn."""
    return {
        "id": evidence.id,
        "status": evidence.status,
        "ended_reason": evidence.ended_reason,
        "is_scam": evidence.is_scam,
        "scam_type": evidence.scam_type,
        "scam_confidence": evidence.confidence,
        "reasons": list(evidence.reasons),
        "intelligence_score": evidence.score,
        "persona_id": evidence.persona_id,
        "source_type": evidence.source_type,
        "source_identifier": evidence.source_identifier,
        "started_at": to_iso(evidence.started_at),
        "last_message_at": _moment(evidence.last_message_at),
        "ended_at": _moment(evidence.ended_at),
        "turn_count": evidence.turn_count,
        "campaign": _campaign(evidence.campaign),
        "values": [_value(value) for value in evidence.values],
        "messages": [_message(message) for message in evidence.messages],
    }


def _campaign(campaign: Campaign | None) -> dict[str, Any] | None:
    return None if campaign is None else {"id": campaign.id, "name": campaign.name}


def _value(value: Value) -> dict[str, Any]:
    return {
        "kind": value.kind,
        "value": value.value,
        "confidence": value.confidence,
        "occurrences": value.occurrences,
        "first_turn": value.first_turn,
        "last_turn": value.last_turn,
        "first_seen_at": to_iso(value.first_seen_at),
        "last_seen_at": to_iso(value.last_seen_at),
        "details": dict(value.details),
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "turn": message.turn_number,
        "role": message.role,
        "content": message.content,
        "created_at": to_iso(message.created_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)
