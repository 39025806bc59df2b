"""What an address gives away."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.extraction.links import domain_of, is_official, suspicion


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Evil.example:8443/a@b?c#d", "evil.example"),
        ("http://real.example:911@evil.example/a", "evil.example"),
        ("bit.ly/x", "bit.ly"),
        ("evil.example?x=1", "evil.example"),
    ],
)
def test_the_domain_is_the_host_that_would_be_asked(url: str, domain: str) -> None:
    assert domain_of(url) == domain


@pytest.mark.parametrize("domain", ["onlinesbi.sbi", "retail.sbi.co.in", "eportal.incometax.gov.in"])
def test_an_official_domain_and_what_is_below_it_is_trusted(domain: str) -> None:
    assert is_official(domain)
    assert suspicion(domain) is None


@pytest.mark.parametrize(
    "domain",
    [
        "sbi-kyc.example",
        "paytm-care.example",
        "bit.ly",
        "203.0.113.5",
        "cheap.xyz",
        "sbi.co.in.evil.top",
        "оffer.com",
    ],
)
def test_a_disguised_domain_is_suspicious_for_a_stated_reason(domain: str) -> None:
    assert suspicion(domain)


def test_a_plain_domain_is_not_suspicious() -> None:
    assert suspicion("museum.example") is None
