"""The honeypot's use cases: load, ask the rules, record. No SQL is written and no rule decided here."""

from switchboard.apps.honeypot.service.honeypot import Honeypot
from switchboard.apps.honeypot.service.queries import LAST_SEEN, NEWEST, SPEAK_FOR_ALL, Order, Place
from switchboard.apps.honeypot.service.turns import RESULT_TOPIC, SWEEP_LIMIT, Opening

__all__ = [
    "LAST_SEEN",
    "NEWEST",
    "RESULT_TOPIC",
    "SPEAK_FOR_ALL",
    "SWEEP_LIMIT",
    "Honeypot",
    "Opening",
    "Order",
    "Place",
]
