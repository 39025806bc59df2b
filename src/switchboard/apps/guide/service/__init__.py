"""The guide's use cases: load, ask the rules, record. No SQL is written and no rule decided here."""

from switchboard.apps.guide.service.guide import Guide
from switchboard.apps.guide.service.records import Place

__all__ = ["Guide", "Place"]
