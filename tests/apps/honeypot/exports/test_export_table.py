"""CSV that a spreadsheet shows as it is: nothing computed, nothing rounded, nothing hidden."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apps.honeypot.exports.samples import SESSION, sessions

from switchboard.apps.honeypot.exports import table
from switchboard.apps.honeypot.exports.evidence import Evidence
from switchboard.kernel.spreadsheet import plain_cell


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_values_come_one_a_row_with_where_they_were_given() -> None:
    rows = read("".join(table.stream_values([SESSION])))
    assert [row["kind"] for row in rows] == [value.kind for value in SESSION.values]
    account = next(row for row in rows if row["kind"] == "bank_account")
    assert account["value"] == "'012345678901234"
    assert (account["bank_name"], account["ifsc_code"]) == ("HDFC Bank", "HDFC0000001")
    assert (account["confidence"], account["occurrences"]) == ("0.9", "2")
    assert account["session_id"] == SESSION.id
    assert account["is_scam"] == "yes"
    assert account["campaign_name"] == "Monday's KYC wave"


def test_sessions_and_messages_have_tables_of_their_own() -> None:
    [session] = read("".join(table.stream_sessions([SESSION])))
    assert (session["session_id"], session["values"], session["turn_count"]) == (SESSION.id, "10", "3")
    assert session["reasons"] == "Presses for a KYC update; Names a private phone number"
    said = read("".join(table.stream_messages([SESSION])))
    assert [(row["role"], row["content"]) for row in said] == [
        (line.role, line.content) for line in SESSION.messages
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("आपका खाता", "आपका खाता"),
        ("+919876543210", "'+919876543210"),
        ("@kyc_desk", "'@kyc_desk"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("-1+1", "'-1+1"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("\r=1+1", "'\r=1+1"),
        ("\n=1+1", "'\n=1+1"),
        ("＝1+1", "'＝1+1"),
        ("1234567890123456", "'1234567890123456"),
        ("0123", "'0123"),
        ("12E5", "'12E5"),
        ("1/2", "'1/2"),
        ("9876 543210", "'9876 543210"),
        ("12 lakh", "12 lakh"),
        ("HDFC0000001", "HDFC0000001"),
        ("a\x00b", "a\ufffdb"),
        ("\u202egpj.exe", "\ufffdgpj.exe"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_a_cell_is_what_it_says(text: str, cell: str) -> None:
    assert plain_cell(text) == cell


def test_lines_end_as_the_standard_says_and_excel_is_told_the_encoding_when_asked() -> None:
    assert "".join(table.stream_values([])).endswith("campaign_name\r\n")
    assert not "".join(table.stream_values([])).startswith(table.BYTE_ORDER_MARK)
    for stream in (table.stream_values, table.stream_sessions, table.stream_messages):
        assert "".join(stream([SESSION], byte_order_mark=True)).count(table.BYTE_ORDER_MARK) == 1


@settings(deadline=None, max_examples=60)
@given(st.lists(sessions(), max_size=3))
def test_no_text_breaks_out_of_its_cell_or_opens_a_formula(evidence: list[Evidence]) -> None:
    tables = (
        (table.stream_values, sum(len(each.values) for each in evidence)),
        (table.stream_sessions, len(evidence)),
        (table.stream_messages, sum(len(each.messages) for each in evidence)),
    )
    for stream, count in tables:
        rows = read("".join(stream(evidence)))
        assert len(rows) == count
        for row in rows:
            assert None not in row
            assert None not in row.values()
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row.values())
            assert not any(cell.startswith(("\t", "\r", "\n")) for cell in row.values())


def test_a_stored_byte_order_mark_cannot_hide_a_formula() -> None:
    session = replace(SESSION, source_identifier="\ufeff=1+1")
    [row] = read("".join(table.stream_sessions([session])))
    assert row["source_identifier"] == "\ufffd=1+1"
