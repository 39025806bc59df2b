"""Whether a message is a scam, and of which kind: `detect` one message, `combine` a session's."""

from switchboard.apps.honeypot.rules.detection.verdict import (
    NOTHING_SAID,
    SCAM_TYPES,
    UNKNOWN,
    Verdict,
    combine,
    detect,
)

__all__ = ["NOTHING_SAID", "SCAM_TYPES", "UNKNOWN", "Verdict", "combine", "detect"]
