"""One session's intelligence: what a new message adds to what is known.

Items are JSON-able dicts. What is known is never dropped, and only a repetition in a later message, or twice
in one, raises confidence: the caller passes the findings of the newest message alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.links import domain_of

Item = dict[str, Any]

COLUMNS = (
    "bank_accounts_json",
    "upi_ids_json",
    "phone_numbers_json",
    "phishing_links_json",
    "other_intel_json",
)


class Place(NamedTuple):
    """Where items of a kind are kept: the column, and the key that holds their value."""

    column: str
    key: str


PLACES: Mapping[str, Place] = {
    "phone": Place("phone_numbers_json", "number"),
    "upi": Place("upi_ids_json", "id"),
    "url": Place("phishing_links_json", "url"),
}
_MOST_CONFIDENCE = 0.99
_GAIN_PER_REPETITION = 0.2


def merge(
    known: Mapping[str, list[Item]], findings: Sequence[Finding], turn: int, extracted_at: str
) -> tuple[dict[str, list[Item]], list[Item]]:
    """All items by column after a turn, and the genuinely new ones.

    `known` is keyed by column (see COLUMNS; further keys are carried through, a missing or null list is empty)
    and is not changed. `extracted_at` is an ISO 8601 moment. New items read
    `{"type": kind, "value": …, "confidence": …, "turn": turn}`, in the order they were said.
    Raises KeyError for a finding of a kind that has no column.
    """
    items = {column: [dict(item) for item in known.get(column) or []] for column in (*COLUMNS, *known)}
    new_items: list[tuple[str, str, Item]] = []
    for finding in findings:
        place = PLACES[finding.kind]
        item = _find(items[place.column], place.key, finding.value)
        if item is not None:
            _repeat(item, turn)
            continue
        item = _new_item(finding, place.key, turn, extracted_at)
        items[place.column].append(item)
        new_items.append((finding.kind, finding.value, item))
    return items, [
        {"type": kind, "value": value, "confidence": item["confidence"], "turn": turn}
        for kind, value, item in new_items
    ]


def confidences(items: Mapping[str, list[Item]]) -> dict[str, list[float]]:
    """The confidence of every item, by kind: what `intelligence_score` asks for."""
    return {
        kind: [float(item["confidence"]) for item in items.get(place.column) or []]
        for kind, place in PLACES.items()
    }


def missing_kinds(items: Mapping[str, list[Item]]) -> list[str]:
    """The kinds of which nothing is known yet, in the order they are worth asking for."""
    return [kind for kind in ("upi", "phone", "url") if not items.get(PLACES[kind].column)]


def _find(items: Sequence[Item], key: str, value: str) -> Item | None:
    return next((item for item in items if item.get(key) == value), None)


def _repeat(item: Item, turn: int) -> None:
    confidence = float(item.get("confidence", 0.0))
    raised = confidence + _GAIN_PER_REPETITION * (1 - confidence)
    item["confidence"] = max(confidence, round(min(raised, _MOST_CONFIDENCE), 4))
    item["occurrences"] = int(item.get("occurrences", 1)) + 1
    item["last_turn"] = turn


def _new_item(finding: Finding, key: str, turn: int, extracted_at: str) -> Item:
    item: Item = {key: finding.value}
    if finding.kind == "url":
        item["domain"] = domain_of(finding.value)
    return item | {
        "confidence": finding.confidence,
        "extracted_at": extracted_at,
        "first_turn": turn,
        "last_turn": turn,
        "occurrences": 1,
    }
