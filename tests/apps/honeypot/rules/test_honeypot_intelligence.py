"""What a turn adds is kept, what was known stays, and a repetition is one item."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.extraction import Finding, extract
from switchboard.apps.honeypot.rules.intelligence import (
    COLUMNS,
    confidences,
    merge,
    missing_kinds,
    values_by_kind,
)

AT = "2026-02-04T10:00:00Z"
LATER = "2026-02-04T10:05:00Z"


def test_a_first_message_fills_every_column_it_speaks_of() -> None:
    items, new = merge({}, extract("call 9000012345, pay a.b@ybl, see http://kyc.example/x"), 1, AT)
    seen = {"extracted_at": AT, "first_turn": 1, "last_turn": 1, "occurrences": 1}
    assert items == {
        "bank_accounts_json": [],
        "upi_ids_json": [{"id": "a.b@ybl", "confidence": 0.95, **seen}],
        "phone_numbers_json": [{"number": "+919000012345", "confidence": 0.95, **seen}],
        "phishing_links_json": [
            {"url": "http://kyc.example/x", "domain": "kyc.example", "confidence": 0.95, **seen}
        ],
        "other_intel_json": [],
    }
    assert new == [
        {"type": "phone", "value": "+919000012345", "confidence": 0.95, "turn": 1},
        {"type": "upi", "value": "a.b@ybl", "confidence": 0.95, "turn": 1},
        {"type": "url", "value": "http://kyc.example/x", "confidence": 0.95, "turn": 1},
    ]


def test_a_value_said_again_is_one_surer_item_and_not_new() -> None:
    known, _ = merge({}, extract("90000 12345"), 1, AT)
    items, new = merge(known, extract("+91 90000 12345"), 3, LATER)
    assert new == []
    assert items["phone_numbers_json"] == [
        {
            "number": "+919000012345",
            "confidence": pytest.approx(0.88),
            "extracted_at": AT,
            "first_turn": 1,
            "last_turn": 3,
            "occurrences": 2,
        }
    ]


def test_twice_in_one_message_is_one_new_item_said_twice() -> None:
    items, new = merge({}, extract("a.b@ybl again A.B@YBL"), 2, AT)
    [item] = items["upi_ids_json"]
    assert item["occurrences"] == 2
    assert [(entry["value"], entry["confidence"]) for entry in new] == [("a.b@ybl", item["confidence"])]


def test_confidence_never_passes_its_ceiling() -> None:
    items: dict[str, list[dict[str, Any]]] = {}
    for turn in range(1, 40):
        items, _ = merge(items, extract("9000012345"), turn, AT)
    assert items["phone_numbers_json"][0]["confidence"] == 0.99


def test_lists_it_does_not_know_are_carried_through() -> None:
    accounts = [{"account_number": "50100123456789", "ifsc_code": "HDFC0001234", "confidence": 0.9}]
    known = {"bank_accounts_json": accounts, "wallets_json": [{"address": "x"}]}
    items, _ = merge(known, extract("9000012345"), 1, AT)
    assert items["bank_accounts_json"] == accounts
    assert items["wallets_json"] == [{"address": "x"}]


def test_what_came_in_an_early_turn_is_there_after_every_later_one() -> None:
    items: dict[str, list[dict[str, Any]]] = {}
    for turn in range(1, 21):
        items, new = merge(items, extract(f"call 90000123{turn:02}"), turn, AT)
        assert len(new) == 1
        assert len(items["phone_numbers_json"]) == turn


MESSAGES = st.lists(
    st.sampled_from(["9000012345", "90000 12346", "a.b@ybl", "c.d@okaxis", "http://e.example/x", "hello"]),
    max_size=8,
)


@given(MESSAGES)
def test_merging_touches_no_input_and_loses_nothing(messages: list[str]) -> None:
    items: dict[str, list[dict[str, Any]]] = {}
    told: set[str] = set()
    for turn, message in enumerate(messages, start=1):
        findings = extract(message)
        before = copy.deepcopy(items)
        merged, new = merge(items, findings, turn, AT)
        assert items == before
        told |= {finding.value for finding in findings}
        assert {entry["value"] for entry in new}.isdisjoint(_values(before))
        assert _values(merged) == told
        items = json.loads(json.dumps(merged))
        assert set(items) == set(COLUMNS)


def _values(items: dict[str, list[dict[str, Any]]]) -> set[str]:
    return {
        item.get("number") or item.get("id") or item["url"] for column in items.values() for item in column
    }


def test_confidences_and_missing_kinds_describe_what_is_known() -> None:
    items, _ = merge({}, extract("9000012345"), 1, AT)
    known = confidences(items)
    assert known["phone"] == [0.95]
    assert not any(values for kind, values in known.items() if kind != "phone")
    assert missing_kinds(items) == [
        "upi",
        "bank_account",
        "url",
        "ifsc",
        "email",
        "crypto_wallet",
        "telegram",
    ]
    assert missing_kinds({}) == [
        "upi",
        "bank_account",
        "phone",
        "url",
        "ifsc",
        "email",
        "crypto_wallet",
        "telegram",
    ]


def said(kind: str, value: str, **details: str) -> Finding:
    return Finding(kind, value, value, 0, len(value), 0.9, details)


def test_an_account_is_kept_as_the_schema_document_shows_it() -> None:
    finding = said("bank_account", "50100123456789", ifsc_code="HDFC0001234", bank_name="HDFC Bank")
    items, new = merge({}, [finding], 2, AT)
    assert items["bank_accounts_json"] == [
        {
            "account_number": "50100123456789",
            "ifsc_code": "HDFC0001234",
            "bank_name": "HDFC Bank",
            "confidence": 0.9,
            "extracted_at": AT,
            "first_turn": 2,
            "last_turn": 2,
            "occurrences": 1,
        }
    ]
    assert new == [{"type": "bank_account", "value": "50100123456789", "confidence": 0.9, "turn": 2}]


def test_a_branch_code_said_later_completes_the_one_account_that_lacks_it() -> None:
    items, _ = merge({}, [said("bank_account", "50100123456789")], 1, AT)
    later, _ = merge(items, [said("ifsc", "HDFC0001234", bank_name="HDFC Bank")], 3, AT)
    [account] = later["bank_accounts_json"]
    assert (account["ifsc_code"], account["bank_name"]) == ("HDFC0001234", "HDFC Bank")
    assert later["other_intel_json"][0] == {
        "type": "ifsc",
        "value": "HDFC0001234",
        "bank_name": "HDFC Bank",
        "confidence": 0.9,
        "extracted_at": AT,
        "first_turn": 3,
        "last_turn": 3,
        "occurrences": 1,
    }


def test_a_branch_code_is_not_guessed_onto_one_of_several_accounts() -> None:
    accounts = [said("bank_account", "50100123456789"), said("bank_account", "60200987654321")]
    items, _ = merge({}, [*accounts, said("ifsc", "HDFC0001234", bank_name="HDFC Bank")], 1, AT)
    assert [account["ifsc_code"] for account in items["bank_accounts_json"]] == [None, None]


def test_two_masked_values_with_the_same_ending_stay_two() -> None:
    one = said("aadhaar", "XXXXXXXX1234", fingerprint="aa")
    other = said("aadhaar", "XXXXXXXX1234", fingerprint="bb")
    items, new = merge({}, [one, other, one], 1, AT)
    assert [item["occurrences"] for item in items["other_intel_json"]] == [2, 1]
    assert len(new) == 2


def test_values_are_listed_by_kind_for_whoever_repeats_them() -> None:
    items, _ = merge({}, [said("upi", "a@ybl"), said("email", "a@b.example"), said("upi", "b@ybl")], 1, AT)
    assert values_by_kind(items) == {"upi": ["a@ybl", "b@ybl"], "email": ["a@b.example"]}
