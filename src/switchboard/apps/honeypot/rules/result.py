"""The final result of a session, as an outside party is told it. Durations are true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def final_result(session: Mapping[str, Any], known: Mapping[str, Any], timestamp: str) -> dict[str, Any]:
    """The body of the result callback.

    `session` and `known` are the rows of the session and of its intelligence; moments are aware. The
    engagement lasts from the first message to the last one, however long the silence after it was.
    """
    last = session["last_message_at"] or session["started_at"]
    return {
        "timestamp": timestamp,
        "sessionId": session["id"],
        "status": session["status"],
        "scamDetected": session["is_scam"],
        "scamType": session["scam_type"],
        "confidenceLevel": session["scam_confidence"],
        "totalMessagesExchanged": session["turn_count"] * 2,
        "engagementDurationSeconds": round((last - session["started_at"]).total_seconds(), 3),
        "extractedIntelligence": {
            "bankAccounts": known["bank_accounts_json"] or [],
            "upiIds": known["upi_ids_json"] or [],
            "phoneNumbers": known["phone_numbers_json"] or [],
            "phishingLinks": known["phishing_links_json"] or [],
            "other": known["other_intel_json"] or [],
        },
        "intelligenceScore": session["intelligence_score"],
        "agentNotes": "; ".join(session["reasons_json"] or ()),
    }
