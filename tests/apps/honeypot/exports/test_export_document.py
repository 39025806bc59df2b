"""JSON holds all that may be shown of a session, and any text comes back as it was."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apps.honeypot.exports.samples import SESSION, sessions

from switchboard.apps.honeypot.exports import document
from switchboard.apps.honeypot.exports.evidence import Evidence


def load(*evidence: Evidence) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads("".join(document.stream(evidence)))
    return loaded


def test_an_export_names_its_format_and_holds_the_session_whole() -> None:
    loaded = load(SESSION)
    assert (loaded["format"], loaded["version"]) == ("switchboard-honeypot-sessions", 1)
    [session] = loaded["sessions"]
    assert session["id"] == SESSION.id
    assert session["started_at"] == "2026-02-04T10:00:00.000000Z"
    assert session["campaign"] == {"id": "0f0f", "name": "Monday's KYC wave"}
    assert [line["content"] for line in session["messages"]] == [line.content for line in SESSION.messages]
    account = next(each for each in session["values"] if each["kind"] == "bank_account")
    assert account["value"] == "012345678901234"
    assert account["details"] == {"bank_name": "HDFC Bank", "ifsc_code": "HDFC0000001"}


def test_masked_values_show_their_last_four_characters_and_can_still_be_told_apart() -> None:
    masked = {
        each["kind"]: each
        for each in load(SESSION)["sessions"][0]["values"]
        if "fingerprint" in each["details"]
    }
    assert {kind: each["value"] for kind, each in masked.items()} == {
        "aadhaar": "XXXXXXXX0124",
        "pan": "XXXXXX234E",
    }


def test_each_session_is_one_line_so_that_line_tools_can_read_it() -> None:
    lines = "".join(document.stream([SESSION, SESSION])).splitlines()
    assert len(lines) == 4
    assert json.loads(lines[1].removesuffix(",")) == json.loads(lines[2])


def test_no_session_is_still_a_document() -> None:
    assert load()["sessions"] == []


@settings(deadline=None, max_examples=60)
@given(st.lists(sessions(), max_size=3))
def test_any_text_comes_back_as_it_was(evidence: list[Evidence]) -> None:
    loaded = load(*evidence)["sessions"]
    assert [each["reasons"] for each in loaded] == [list(each.reasons) for each in evidence]
    assert [[line["content"] for line in each["messages"]] for each in loaded] == [
        [line.content for line in each.messages] for each in evidence
    ]
    assert [[found["value"] for found in each["values"]] for each in loaded] == [
        [found.value for found in each.values] for each in evidence
    ]
