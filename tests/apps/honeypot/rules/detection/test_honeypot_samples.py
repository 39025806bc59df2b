"""The shipped sample messages are what they say they are, and the rules read them well."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from switchboard.apps.honeypot.rules.detection import SCAM_TYPES, Verdict, combine, detect
from switchboard.apps.honeypot.rules.extraction import extract
from switchboard.apps.honeypot.rules.text.language import detect_language

SAMPLES = Path(__file__).parents[5] / "samples" / "scam_messages.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
LISTS = {"phone": "phone_numbers", "upi": "upi_ids", "url": "links"}


def sessions() -> dict[str, tuple[Verdict, dict[str, Any]]]:
    """The verdict each session ends with, and a row of it. A message on its own is a session."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ROWS:
        rows[row.get("conversation", row["id"])].append(row)
    ended = {}
    for name, turns in rows.items():
        verdict: Verdict | None = None
        for row in turns:
            verdict = combine(verdict, detect(row["message"], extract(row["message"])))
        assert verdict is not None
        ended[name] = (verdict, turns[0])
    return ended


def test_there_are_two_hundred_distinct_messages_of_every_kind() -> None:
    assert len({row["id"] for row in ROWS}) == len({row["message"] for row in ROWS}) == len(ROWS) == 200
    assert {row["scam_type"] for row in ROWS if row["label"] == "scam"} == set(SCAM_TYPES) - {"UNKNOWN"}
    assert {row["lang"] for row in ROWS} == {"en", "hi", "hi-Latn"}
    assert {row["source_type"] for row in ROWS} == {"sms", "whatsapp", "email", "voice", "telegram"}
    assert sum(row["label"] == "ham" for row in ROWS) == 40


def test_conversations_are_of_three_to_six_messages_of_one_kind() -> None:
    lengths = Counter(row["conversation"] for row in ROWS if "conversation" in row)
    assert len(lengths) == 20
    assert set(lengths.values()) <= {3, 4, 5, 6}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_sample_holds_exactly_the_identifiers_it_lists(row: dict[str, Any]) -> None:
    found: dict[str, list[str]] = {name: [] for name in LISTS.values()}
    for finding in extract(row["message"]):
        if finding.kind in LISTS:
            found[LISTS[finding.kind]].append(finding.value)
    assert found == row["expected"]
    assert len(row["message"]) <= 8000
    assert (row["scam_type"] is None) == (row["label"] == "ham")


def test_every_sample_session_is_judged_as_labelled() -> None:
    wrong = [
        name for name, (verdict, row) in sessions().items() if verdict.is_scam != (row["label"] == "scam")
    ]
    assert wrong == []


def test_nine_sample_scams_in_ten_get_their_type() -> None:
    typed = [verdict.scam_type == row["scam_type"] for verdict, row in sessions().values() if verdict.is_scam]
    assert sum(typed) >= 0.9 * len(typed)


def test_the_language_of_every_sample_is_recognised() -> None:
    assert [row["id"] for row in ROWS if detect_language(row["message"]) != row["lang"]] == []
