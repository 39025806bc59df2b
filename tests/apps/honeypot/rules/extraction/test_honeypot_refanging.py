"""Disguised addresses are written out; sentences with the same words are not."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.extraction.refanging import refang
from switchboard.apps.honeypot.rules.text.folding import fold


def read(text: str) -> str:
    return refang(fold(text)).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hxxps[:]//evil[.]example", "https://evil.example"),
        ("http:/evil.example", "http://evil.example"),
        ("https:\\\\evil.example\\x", "https://evil.example/x"),
        ("evil dot com slash login", "evil.com/login"),
        ("www dot evil dot co dot in", "www.evil.co.in"),
        ("sbi dash kyc dot com", "sbi-kyc.com"),
        ("bit . ly / abc", "bit.ly/abc"),
        ("evil .com", "evil.com"),
        ("a.b at okaxis", "a.b@okaxis"),
        ("ravi at the rate okaxis", "ravi@okaxis"),
        ("upi id ravi at paytm", "upi id ravi@paytm"),
        ("ravi dot k at gmail dot com", "ravi.k@gmail.com"),
        ("mail: desk at firm dot example", "mail: desk@firm.example"),
        ("rose underscore m @ yahoo . com", "rose_m@yahoo.com"),
        ("telegram at rose_m", "telegram @rose_m"),
    ],
)
def test_a_disguised_address_is_written_out(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "look at the dot in the picture",
        "dot in or dot com",
        "the dot com bubble",
        "meet me at axis bank",
        "she works at paytm",
        "2 kg @ 50rs",
        "telegram at night",
        "and / or",
    ],
)
def test_a_sentence_stays_as_it_is(text: str) -> None:
    assert read(text) == text
