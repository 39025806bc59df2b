"""What others may be told: secrets masked, the blameless not accused, the same order however it was read."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from tests.apps.honeypot.exports.samples import PRODUCER, SESSION, VALUES, value

from switchboard.apps.honeypot.exports import document, misp, stix, table
from switchboard.apps.honeypot.exports.evidence import (
    Everywhere,
    Value,
    accuses,
    accuses_domain,
    scam_name,
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("pan", "ABCPD1234E"), ("aadhaar", "234567890124")],
)
def test_a_secret_is_in_no_format_in_clear(kind: str, text: str) -> None:
    session = replace(SESSION, values=(value(kind, text),))
    written = "".join(
        (
            *document.stream([session]),
            *table.stream_values([session]),
            *table.stream_sessions([session]),
            *stix.stream([session], PRODUCER),
            *misp.stream([session], PRODUCER),
        )
    )
    assert text not in written
    assert text[:-4] not in written


@pytest.mark.parametrize(
    ("found", "is_accused"),
    [
        (value("phone", "+919876543210"), True),
        (value("phone", "+919876543210", confidence=0.3), False),
        (value("upi", "kyc.desk@ybl"), True),
        (value("bank_account", "012345678901234"), True),
        (value("ifsc", "HDFC0000001"), False),
        (value("pan", "ABCPD1234E"), False),
        (value("aadhaar", "234567890124"), False),
        (value("email", "desk@kyc-help.example"), True),
        (value("email", "care@onlinesbi.sbi"), False),
        (value("url", "http://kyc-help.example/a"), True),
        (value("url", "https://bit.ly/abc"), True),
        (value("url", "https://bit.ly"), False),
        (value("url", "https://www.onlinesbi.sbi/login"), False),
        (value("url", "http://192.168.1.1/admin"), False),
        (value("url", "http://localhost:8000/"), False),
    ],
)
def test_only_what_points_at_the_scammer_is_accused(found: Value, is_accused: bool) -> None:
    assert accuses(SESSION, found) == is_accused
    assert not accuses(replace(SESSION, is_scam=False), found)


def test_a_value_is_judged_by_all_that_is_known_of_it() -> None:
    found = value("phone", "+919876543210", confidence=0.3)
    sure = Everywhere(0.95, found.first_seen_at, found.last_seen_at)
    assert accuses(SESSION, replace(found, everywhere=sure))


@pytest.mark.parametrize(
    ("domain", "is_accused"),
    [("secure-kyc-update.example", True), ("bit.ly", False), ("news.example", False)],
)
def test_a_whole_domain_is_accused_only_when_it_speaks_against_itself(domain: str, is_accused: bool) -> None:
    assert accuses_domain(domain) == is_accused


def test_a_session_is_the_same_however_it_was_read() -> None:
    orders = [replace(SESSION, values=each).values for each in permutations(VALUES[:3])]
    assert all(order == orders[0] for order in orders)
    assert replace(SESSION, messages=SESSION.messages[::-1]) == SESSION


@pytest.mark.parametrize(
    ("scam_type", "name"),
    [
        ("KYC_PHISHING", "KYC phishing"),
        ("REFUND_UPI", "Refund UPI"),
        ("ROMANCE", "Romance"),
        ("UNKNOWN", "Scam of unknown kind"),
        (None, "Scam of unknown kind"),
    ],
)
def test_a_kind_of_scam_has_a_name_in_words(scam_type: str | None, name: str) -> None:
    assert scam_name(scam_type) == name
