"""Numbers are what they are called; their shape decides only where nothing calls them anything."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.extraction import extract


def values(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.value) for finding in extract(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("toll free 1800 123 4567", "+9118001234567"),
        ("1860-234-5678 pe call karein", "+9118602345678"),
        ("office 022-23450987", "+912223450987"),
        ("phone 080 41234567", "+918041234567"),
        ("dial 00 977 9800001234", "+9779800001234"),
        ("call 888-555-0142", "+18885550142"),
        ("IRS: call (202) 555-0163 now", "+12025550163"),
        ("call 1-800-555-0199", "+18005550199"),
        ("your $399 order, call 702-555-0147", "+17025550147"),
        ("won £500, call 09011 234567", "+449011234567"),
        ("call 07000 900456", "+447000900456"),
        ("call 9000012345now", "+919000012345"),
        ("DM @9000012345", "+919000012345"),
        ("call (90000)(12345) sir", "+919000012345"),
        ("(9000012345)", "+919000012345"),
        ("call 09000012345 (10 lines)", "+919000012345"),
    ],
)
def test_a_phone_of_any_country_is_read_with_what_the_text_says_about_it(text: str, value: str) -> None:
    assert values(text) == [("phone", value)]


@pytest.mark.parametrize(
    "text",
    [
        "a/c 32109876543",
        "account number is 32109876543",
        "khata number 321 0987 6543",
        "खाता संख्या ३२१०९८७६५४३",
        "acct no. 3210-987-6543",
        "32109876543 is my account",
        "32109876543, IFSC SBIN0017262",
        "transfer to SBI 32109876543",
        "account no three two one zero nine eight seven six five four three",
        "account 321O9876543",
    ],
)
def test_an_account_is_known_by_what_stands_around_it(text: str) -> None:
    assert ("bank_account", "32109876543") in values(text)


def test_leading_zeros_of_an_account_are_kept() -> None:
    assert values("a/c 002401567890") == [("bank_account", "002401567890")]


def test_an_account_that_looks_like_a_phone_or_an_aadhaar_stays_an_account() -> None:
    assert values("a/c 9000012345") == [("bank_account", "9000012345")]
    assert values("account 9483 3788 7623") == [("bank_account", "948337887623")]


def test_two_accounts_joined_by_a_word_are_both_accounts() -> None:
    assert values("a/c 32109876543 or 32109876544") == [
        ("bank_account", "32109876543"),
        ("bank_account", "32109876544"),
    ]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("9483 3788 7623", True),
        ("aadhaar 948337887623", True),
        ("aadhar card 9483-3788-7623", True),
        ("948337887623", False),
        ("aadhaar 948337887624", False),
        ("order 9483 3788 7623", False),
        ("aadhaar 148337887623", False),
    ],
)
def test_an_aadhaar_needs_its_check_digit_and_a_name_or_its_printed_form(text: str, is_found: bool) -> None:
    assert (("aadhaar", "948337887623") in values(text)) == is_found


@pytest.mark.parametrize(
    "text",
    [
        "UTR 412345678901",
        "UPI Ref No 512233445566",
        "PNR 4512678903",
        "AWB 78912345678",
        "IMEI 356938035643809",
        "policy no 1234567890123",
        "order 9876543210",
        "marks 88 92 79 65 90",
        "complaint 9812345678 registered",
        "consumer no 102938475610",
        "Rs 9876543210",
        "₹9876543210",
        "card 4111 1111 1111 1111",
        "2024-05-01 10:22:33",
        "your account update 12-02-2026 10:30",
        "1234567890123456",
        "a/c XX1234567890",
        "SBI: ref 123456789012",
        "12 34 56 78 90",
        "1800/2023",
        "9876543210%",
        "+9990000",
    ],
)
def test_every_other_number_is_left_alone(text: str) -> None:
    assert values(text) == []
