"""Risk language: whether a message tells of danger, of which category, and by which of its words."""

from switchboard.apps.guide.rules.risk.detector import Risk, detect, detect_in, read_message
from switchboard.apps.guide.rules.risk.lexicon import (
    ABUSE,
    CATEGORIES,
    CRISIS_OTHER,
    HARM_TO_OTHERS,
    SELF_HARM,
)

__all__ = [
    "ABUSE",
    "CATEGORIES",
    "CRISIS_OTHER",
    "HARM_TO_OTHERS",
    "SELF_HARM",
    "Risk",
    "detect",
    "detect_in",
    "read_message",
]
