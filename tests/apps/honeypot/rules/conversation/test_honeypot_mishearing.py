"""What was given is given back a little wrong, never rightly and never as something else that is valid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.conversation.mishearing import misheard_holes, named_amount
from switchboard.apps.honeypot.rules.extraction import extract


@pytest.mark.parametrize(
    ("kind", "value", "holes"),
    [
        ("phone", "+919000012345", {"wrong_digits": "2 3 5 4"}),
        ("phone", "+919000010000", {"wrong_digits": "0 0 0"}),
        ("bank_account", "529682459251", {"wrong_digits": "9 2 1 5"}),
        ("ifsc", "ABCD0001234", {"wrong_digits": "1 2 4 3"}),
        ("upi", "kycdesk@ybl", {"wrong_word": "kycdeks", "handle": "ybl"}),
        ("upi", "9000012345@ybl", {}),
        ("email", "help.desk@mail.example", {"wrong_word": "helpdeks", "handle": "mail.example"}),
        ("url", "https://kyc-desk.example/x", {"wrong_word": "kycdeks"}),
        ("telegram", "@winners", {"wrong_word": "winnesr"}),
        ("crypto_wallet", "0xabcdef01", {"wrong_tail": "e f 1 0"}),
        ("pan", "ABCDE1234F", {}),
    ],
)
def test_a_value_is_misheard(kind: str, value: str, holes: dict[str, str]) -> None:
    assert misheard_holes(kind, value) == holes


@given(digits=st.text("0123456789", min_size=9, max_size=18))
def test_the_end_of_a_number_is_never_right(digits: str) -> None:
    wrong = misheard_holes("bank_account", digits)["wrong_digits"]
    assert wrong.replace(" ", "") != digits[-4:]
    assert extract(f"It ends in {wrong}.") == []


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("pay Rs 4,999 now", ("rupees", "4,999")),
        ("pay rs.500", ("rupees", "500")),
        ("25,000 rupaye bhejo", ("rupees", "25,000")),
        ("5000 रुपये", ("rupees", "5,000")),
        ("₹2500", ("rupees", "2,500")),
        ("send $300", ("dollars", "300")),
        ("send 1200 dollars", ("dollars", "1,200")),
        ("£45 to release", ("pounds", "45")),
        ("call 9000012345", None),
        ("Rs 0 only", None),
        ("Rs 9999999999", None),
        ("", None),
    ],
)
def test_the_sum_that_was_named_is_read(text: str, amount: tuple[str, str] | None) -> None:
    assert named_amount(text) == amount
