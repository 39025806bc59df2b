"""One session's intelligence: what a new message adds to what is known.

Items are JSON-able dicts. What is known is never dropped, and only a repetition in a later message, or twice
in one, raises confidence: the caller passes the findings of the newest message alone, its secrets masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.extraction.links import domain_of

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
    "bank_account": Place("bank_accounts_json", "account_number"),
    "upi": Place("upi_ids_json", "id"),
    "phone": Place("phone_numbers_json", "number"),
    "url": Place("phishing_links_json", "url"),
    **dict.fromkeys(
        ("ifsc", "email", "crypto_wallet", "telegram", "pan", "aadhaar"), Place("other_intel_json", "value")
    ),
}
# What a person can be asked for, the most telling first.
_WORTH_ASKING = ("upi", "bank_account", "phone", "url", "ifsc", "email", "crypto_wallet", "telegram")
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
    new_items: list[tuple[Finding, Item]] = []
    for finding in findings:
        place = PLACES[finding.kind]
        item = _find(items[place.column], place, finding)
        if item is not None:
            _repeat(item, finding, turn)
            continue
        item = _new_item(finding, place, turn, extracted_at)
        items[place.column].append(item)
        new_items.append((finding, item))
    _complete_accounts(items["bank_accounts_json"], findings)
    return items, [
        {"type": finding.kind, "value": finding.value, "confidence": item["confidence"], "turn": turn}
        for finding, item in new_items
    ]


def discloses(new_items: Sequence[Item]) -> bool:
    """Whether new items hold something that leads to the scammer. A PAN or an Aadhaar is a victim's as a rule."""
    return any(item["type"] in _WORTH_ASKING for item in new_items)


def confidences(items: Mapping[str, list[Item]]) -> dict[str, list[float]]:
    """The confidence of every item, by kind: what `intelligence_score` asks for."""
    return {kind: [float(item["confidence"]) for item in _of_kind(items, kind)] for kind in PLACES}


def values_by_kind(items: Mapping[str, list[Item]]) -> dict[str, list[str]]:
    """What is known, by kind, in the order it was learnt; kinds of which nothing is known are left out."""
    found = {kind: [str(item[PLACES[kind].key]) for item in _of_kind(items, kind)] for kind in PLACES}
    return {kind: values for kind, values in found.items() if values}


def missing_kinds(items: Mapping[str, list[Item]]) -> list[str]:
    """The kinds of which nothing is known yet, in the order they are worth asking for."""
    return [kind for kind in _WORTH_ASKING if not _of_kind(items, kind)]


def find_item(items: Mapping[str, list[Item]], finding: Finding) -> Item | None:
    """The item that stands for a finding."""
    place = PLACES[finding.kind]
    return _find(items[place.column], place, finding)


def _of_kind(items: Mapping[str, list[Item]], kind: str) -> list[Item]:
    place = PLACES[kind]
    kept = items.get(place.column) or []
    return kept if place.column != "other_intel_json" else [item for item in kept if item.get("type") == kind]


def _find(items: Sequence[Item], place: Place, finding: Finding) -> Item | None:
    """The item of a finding; of a masked value, whose ending others may share, the one with its fingerprint."""
    fingerprint = finding.details.get("fingerprint")
    for item in items:
        if item.get(place.key) != finding.value or item.get("type", finding.kind) != finding.kind:
            continue
        if item.get("fingerprint") == fingerprint:
            return item
    return None


def _repeat(item: Item, finding: Finding, turn: int) -> None:
    confidence = float(item.get("confidence", 0.0))
    raised = confidence + _GAIN_PER_REPETITION * (1 - confidence)
    item["confidence"] = max(confidence, round(min(raised, _MOST_CONFIDENCE), 4))
    item["occurrences"] = int(item.get("occurrences", 1)) + 1
    item["last_turn"] = turn
    for name, detail in finding.details.items():
        if item.get(name) is None:
            item[name] = detail


def _new_item(finding: Finding, place: Place, turn: int, extracted_at: str) -> Item:
    item: Item = {place.key: finding.value}
    if place.column == "other_intel_json":
        item = {"type": finding.kind, **item}
    if finding.kind == "bank_account":
        item |= {"ifsc_code": None, "bank_name": None}
    if finding.kind == "url":
        item["domain"] = domain_of(finding.value)
    return (
        item
        | dict(finding.details)
        | {
            "confidence": finding.confidence,
            "extracted_at": extracted_at,
            "first_turn": turn,
            "last_turn": turn,
            "occurrences": 1,
        }
    )


def _complete_accounts(accounts: Sequence[Item], findings: Sequence[Finding]) -> None:
    """Give an account the branch code that was said after it, where only one account can be meant."""
    waiting = [account for account in accounts if not account.get("ifsc_code")]
    taken = {account.get("ifsc_code") for account in accounts}
    said = [finding for finding in findings if finding.kind == "ifsc" and finding.value not in taken]
    if len(waiting) != 1 or len(said) != 1:
        return
    account, bank_name = waiting[0], said[0].details.get("bank_name")
    if account.get("bank_name") in (None, bank_name):
        account |= {"ifsc_code": said[0].value, "bank_name": bank_name}
