"""Links are told from sentences, and a disguised host is named for what it is."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.extraction import extract


def links(text: str) -> list[str]:
    return [finding.value for finding in extract(text) if finding.kind == "url"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("open axisrewards-points.in now", "axisrewards-points.in"),
        ("kyc-form.co.in", "kyc-form.co.in"),
        ("visit myshop.in", "myshop.in"),
        ("203.0.113.7:8080/login", "203.0.113.7:8080/login"),
        ("http://203.0.113.7", "http://203.0.113.7"),
        ("clickhttp://evil.example/x", "http://evil.example/x"),
        ("account details.www.evil.tk", "www.evil.tk"),
        ("(https://evil.example/a_(b))", "https://evil.example/a_(b)"),
        ("https://evil.example/x'to claim", "https://evil.example/x"),
        ("//evil.example/x", "evil.example/x"),
        ("https://evil.unlisted/x", "https://evil.unlisted/x"),
    ],
)
def test_a_link_is_read(text: str, value: str) -> None:
    assert links(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "ok.so see you",
        "pa.id wale",
        "it was the la.st one",
        "home.in ten minutes",
        "done.My bad",
        "come.online now",
        "dream.love is",
        "8 a.m.to 5 p.m.",
        "open main.py",
        "asp.net developer",
        "v2.0.1",
        "ip 192.168.1.10",
        "Mr.Sharma",
        "u.s. markets",
    ],
)
def test_a_full_stop_without_a_space_is_no_link(text: str) -> None:
    assert links(text) == []


def test_a_host_in_other_letters_keeps_them_and_says_what_it_looks_like() -> None:
    [finding] = extract("https://аpple.com/id")
    assert finding.value == "https://аpple.com/id"
    assert finding.details == {
        "domain": "аpple.com",
        "punycode": "xn--pple-43d.com",
        "looks_like": "apple.com",
    }


def test_a_host_in_punycode_says_what_it_looks_like() -> None:
    [finding] = extract("https://xn--pple-43d.com")
    assert finding.details == {"domain": "xn--pple-43d.com", "looks_like": "apple.com"}


def test_a_foreign_domain_that_imitates_nothing_looks_like_nothing() -> None:
    [finding] = extract("https://bücher.example")
    assert "looks_like" not in finding.details
    assert finding.details["punycode"] == "xn--bcher-kva.example"


def test_a_upi_id_of_a_phone_and_a_misspelled_handle_say_so() -> None:
    [phone] = extract("9000012345@ybl")
    assert phone.details == {"phone": "+919000012345"}
    [misspelled] = extract("pay ravi@okaxls")
    assert misspelled.details == {"looks_like": "okaxis"}
