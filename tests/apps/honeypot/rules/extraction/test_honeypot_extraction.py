"""Identifiers come out normalised, in place, and nothing else comes out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.extraction import extract, normalise_for_search

PHONE = "+919000012345"


def values(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.value) for finding in extract(text)]


@pytest.mark.parametrize(
    "written",
    [
        "9000012345",
        "+919000012345",
        "+91 90000 12345",
        "+91-90000-12345",
        "91 9000012345",
        "919000012345",
        "0091 9000012345",
        "09000012345",
        "0900-001-2345",
        "90000.12345",
        "(+91) 90000 12345",
        "(90000) 12345",
        "+91 (0) 90000 12345",
        "90 00 01 23 45",
        "9 0 0 0 0 1 2 3 4 5",
        "९०००० १२३४५",
        "９００００１２３４５",
        "90000\u200b12345",
        "90000\u201012345",
        "90000\u00a012345",
        "call9000012345",
    ],
)
def test_an_indian_mobile_is_found_however_it_is_written(written: str) -> None:
    assert values(f"Please note {written}, thanks") == [("phone", PHONE)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("+1 (202) 555-0143", "+12025550143"),
        ("+44 7000 900123", "+447000900123"),
        ("+971 50 000 1016", "+971500001016"),
        ("+65 8000 1234", "+6580001234"),
        ("+91 22 2345 6789", "+912223456789"),
    ],
)
def test_an_international_number_needs_its_plus(written: str, value: str) -> None:
    assert values(f"ring {written} today") == [("phone", value)]


def test_two_numbers_in_a_row_are_two_phones() -> None:
    assert values("90000 12345 90000 12346/9000012347") == [
        ("phone", PHONE),
        ("phone", "+919000012346"),
        ("phone", "+919000012347"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a/c 9000012345 is yours",
        "account number: 9000012345",
        "order no. 9000012345",
        "Rs 9000012345",
        "ref 402-9000012345-1",
        "190000123456789",
        "1234 5678 9012 3456",
        "XX9000012345",
        "9000012345A",
        "5000012345",
        "7 8 9 10 11 12",
        "reach me: 9000012345@mail.example",
        "12-12-2026 10:30",
    ],
)
def test_digits_of_something_else_are_no_phone(text: str) -> None:
    assert [finding for finding in extract(text) if finding.kind == "phone"] == []


@pytest.mark.parametrize(
    ("text", "value", "confidence"),
    [
        ("Pay to Scammer@YBL.", "scammer@ybl", 0.95),
        ("pay scammer@ybl.Send now", "scammer@ybl", 0.95),
        ("9000012345@ybl", "9000012345@ybl", 0.95),
        ("fast.grow-1@okaxis", "fast.grow-1@okaxis", 0.95),
        ("a_b@superyes", "a_b@superyes", 0.9),
        ("army [at] okaxis", "army@okaxis", 0.855),
        ("upi://pay?pa=abc@ybl&pn=x", "abc@ybl", 0.95),
        ("send money to ravi@newbank", "ravi@newbank", 0.7),
        ("send money to ravi@quickly", "ravi@quickly", 0.6),
        ("pay ravi@okaxls", "ravi@okaxls", 0.75),
        ("शुल्क fee@ybl पर", "fee@ybl", 0.95),
    ],
)
def test_a_upi_id_is_as_sure_as_its_handle(text: str, value: str, confidence: float) -> None:
    [finding] = extract(text)
    assert (finding.kind, finding.value, finding.confidence) == ("upi", value, confidence)


@pytest.mark.parametrize("text", ["http://user@okaxis/path", "https://netflix@ybl/x", "hxxps://a.b@paytm"])
def test_the_front_of_a_link_is_no_upi_id(text: str) -> None:
    assert [finding for finding in extract(text) if finding.kind == "upi"] == []


@pytest.mark.parametrize(
    "text",
    [
        "write to help@sbi.co.in",
        "first.last@gmail.com",
        "a@paytm.com",
        "x@mail[.]example",
        "desk@sbi-secure.example",
    ],
)
def test_an_email_address_is_neither_a_upi_id_nor_a_link(text: str) -> None:
    assert [finding.kind for finding in extract(text)] == ["email"]


@pytest.mark.parametrize("text", ["@okaxis", "meet me@office", "ravi@gmail", "dinner@8", "sale@store today"])
def test_an_at_sign_alone_makes_no_address(text: str) -> None:
    assert extract(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("see https://Evil.EXAMPLE/Path?x=1.", "https://evil.example/Path?x=1"),
        ("HXXPS://evil[.]example/x", "https://evil.example/x"),
        ("h**p://evil(.)example", "http://evil.example"),
        ("http//:evil.example/x", "http://evil.example/x"),
        ("hxxp[:]//evil[dot]example/x", "http://evil.example/x"),
        ("visit evil dot com/x today", "evil.com/x"),
        ("bit . ly/abc", "bit.ly/abc"),
        ("WWW.Evil.com, now", "www.evil.com"),
        ("go to bit.ly/AbC!", "bit.ly/AbC"),
        ("kyc-desk.example/u", "kyc-desk.example/u"),
        ("login kycdesk.in now", "kycdesk.in"),
        ("(see http://a.example/x(1))", "http://a.example/x(1)"),
        ("http://real.example:911@evil.example/a", "http://real.example:911@evil.example/a"),
        ("https://evil.example/verifyपर", "https://evil.example/verify"),
        ("https://evil.example।", "https://evil.example"),
        ("http://203.0.113.5/pay", "http://203.0.113.5/pay"),
        ("ev\u200bil.example/x", "evil.example/x"),
    ],
)
def test_a_link_is_refanged_and_freed_of_the_sentence_around_it(text: str, value: str) -> None:
    assert values(text) == [("url", value)]


@pytest.mark.parametrize(
    "text",
    [
        "fine.in the end",
        "Rs.500 only",
        "at 4.30 p.m.",
        "report.pdf",
        "e.g. this",
        "ok...sure",
        "call me.to be sure",
        "dot in or dot com",
    ],
)
def test_a_full_stop_does_not_make_a_link(text: str) -> None:
    assert extract(text) == []


def test_a_link_with_a_lure_is_surer_than_a_plain_one() -> None:
    [lure] = extract("https://bank-kyc.example/x")
    [plain] = extract("https://plain.example/x")
    assert lure.confidence > plain.confidence


def test_findings_come_in_reading_order_once_per_occurrence() -> None:
    text = "Pay x.y@ybl or call 90000 12345, https://evil.example/a, x.y@ybl"
    assert [finding.kind for finding in extract(text)] == ["upi", "phone", "url", "upi"]


PIECES = [
    *("9000012345", "+91", "1800", "022-", "a/c ", "account ", "ifsc ", "SBIN0001234", "aadhaar ", "pan "),
    *(
        "ABCPK1234F",
        "nine ",
        "double ",
        "ek ",
        "telegram ",
        "@abc_de",
        "@",
        "ybl",
        ".com",
        "http://",
        "wa.me/91",
    ),
    *(
        "?pa=",
        "[.]",
        "[at]",
        " dot ",
        " at ",
        " slash ",
        "btc ",
        "0x",
        "bc1",
        "а",
        "\u200b",
        "९०",
        "9\ufe0f\u20e3",
    ),
    *(" ", "-", "*", "(", ")", "\n", "ß", "İ", "㎏"),
]
HOSTILE = st.lists(st.one_of(st.text(max_size=12), st.sampled_from(PIECES)), max_size=40).map("".join)
KINDS = {
    *("phone", "upi", "bank_account", "ifsc", "url", "email", "crypto_wallet", "telegram", "pan", "aadhaar"),
}


@given(HOSTILE)
def test_any_text_yields_spans_that_slice_back_to_it(text: str) -> None:
    for finding in extract(text):
        assert finding.raw == text[finding.start : finding.end] != ""
        assert finding.kind in KINDS
        assert 0 < finding.confidence <= 1
        assert finding.raw == finding.raw.strip()


@given(HOSTILE)
def test_findings_overlap_only_where_a_link_holds_another(text: str) -> None:
    findings = extract(text)
    for earlier, later in pairwise(findings):
        if later.start < earlier.end:
            assert earlier.kind == "url"
            assert later.kind in ("phone", "upi", "telegram")
            assert later.end <= earlier.end


@given(HOSTILE)
def test_a_value_found_is_found_again_in_itself(text: str) -> None:
    for finding in extract(text):
        if finding.kind in ("phone", "bank_account", "email", "ifsc", "pan", "crypto_wallet"):
            assert finding.value in normalise_for_search(finding.value)


@pytest.mark.parametrize("piece", PIECES)
def test_the_longest_message_of_one_piece_repeated_is_read(piece: str) -> None:
    extract((piece * 8000)[:8000])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wa.me/919000012345", [("url", "wa.me/919000012345"), ("phone", PHONE)]),
        ("https://t.me/Tips_club", [("url", "https://t.me/Tips_club"), ("telegram", "@tips_club")]),
        (
            "https://p.example/u?pa=a.b@ybl&am=1",
            [("url", "https://p.example/u?pa=a.b@ybl&am=1"), ("upi", "a.b@ybl")],
        ),
    ],
)
def test_whom_a_link_leads_to_is_reported_beside_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert values(text) == expected
    link, part = extract(text)
    assert link.start <= part.start < part.end <= link.end


def test_an_account_carries_the_branch_nearest_to_it() -> None:
    text = "a/c 32109876543 IFSC SBIN0017262. Second: a/c 50100012345678 ifsc HDFC0002414"
    accounts = [finding for finding in extract(text) if finding.kind == "bank_account"]
    assert [dict(account.details) for account in accounts] == [
        {"ifsc_code": "SBIN0017262", "bank_name": "State Bank of India"},
        {"ifsc_code": "HDFC0002414", "bank_name": "HDFC Bank"},
    ]


def test_an_account_without_a_branch_carries_the_bank_that_is_named() -> None:
    [account] = extract("Deposit to SBI account 32109876543")
    assert account.details == {"bank_name": "State Bank of India"}


def test_what_was_disguised_is_less_sure() -> None:
    [plain] = extract("pay abc@okaxis")
    [disguised] = extract("pay abc [at] okaxis")
    assert disguised.value == plain.value
    assert disguised.confidence < plain.confidence


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("90000 12345", [PHONE, "9000012345"]),
        ("50100012345678", ["50100012345678"]),
        ("9483 3788 7623", ["948337887623"]),
        ("abcpk1234f", ["ABCPK1234F"]),
        ("ravi@newbank", ["ravi@newbank"]),
        ("@tips_club", ["@tips_club"]),
        ("sbin0017262", ["SBIN0017262"]),
        ("Scammer@YBL", ["scammer@ybl"]),
        (
            "hxxp://evil[.]example/x",
            ["http://evil.example/x", "evil.example/x", "https://evil.example/x"],
        ),
        ("evil.example/x", ["evil.example/x", "http://evil.example/x", "https://evil.example/x"]),
        ("nothing here", []),
        ("", []),
    ],
)
def test_a_typed_query_means_every_way_it_may_be_stored(query: str, expected: list[str]) -> None:
    assert normalise_for_search(query) == expected
