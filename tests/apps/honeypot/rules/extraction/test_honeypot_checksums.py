"""Published test vectors pass, and no single wrong character does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.extraction.checksums import (
    base58check_version,
    is_ethereum,
    is_segwit,
    is_verhoeff,
)

# The examples of EIP-55 and of BIP 173 and 350.
ETHEREUM = (
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
)
SEGWIT = (
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
)


@pytest.mark.parametrize("address", ETHEREUM)
def test_an_ethereum_address_is_right(address: str) -> None:
    assert is_ethereum(address)


def test_an_ethereum_address_with_a_letter_in_the_wrong_case_is_not() -> None:
    assert not is_ethereum(ETHEREUM[0].replace("aAeb", "aaeb"))


@pytest.mark.parametrize("address", SEGWIT)
def test_a_segwit_address_is_right_in_one_case_only(address: str) -> None:
    assert is_segwit(address)
    assert not is_segwit(address[:-1] + ("q" if address[-1] != "q" else "p"))
    assert not is_segwit(address[:6].lower() + address[6:].upper())


@pytest.mark.parametrize(
    ("address", "version"),
    [
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", 0),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", 5),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", 65),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", None),
        ("0OIl", None),
        ("", None),
    ],
)
def test_base58check_gives_the_version_of_a_right_address(address: str, version: int | None) -> None:
    assert base58check_version(address) == version


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 11), st.integers(1, 9))
def test_verhoeff_catches_every_single_wrong_digit(digits: str, place: int, shift: int) -> None:
    [whole] = [digits + check for check in "0123456789" if is_verhoeff(digits + check)]
    wrong = f"{whole[:place]}{(int(whole[place]) + shift) % 10}{whole[place + 1 :]}"
    assert not is_verhoeff(wrong)
