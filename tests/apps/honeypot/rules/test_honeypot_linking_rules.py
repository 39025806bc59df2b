"""Which values tie sessions together, and what hangs together through them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.linking import components, lookup_form, ties_sessions


@pytest.mark.parametrize(
    ("kind", "value", "confidence", "ties"),
    [
        ("phone", "+919876543210", 0.9, True),
        ("upi", "pay@ybl", 0.9, True),
        ("bank_account", "50100123456789", 0.9, True),
        ("crypto_wallet", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", 0.9, True),
        ("pan", "6f0a", 0.9, True),
        ("url", "kyc-update.example/verify", 0.9, True),
        ("url", "bit.ly/3xYz", 0.9, True),
        ("ifsc", "HDFC0001234", 0.99, False),
        ("url", "onlinesbi.sbi", 0.9, False),
        ("url", "bit.ly", 0.9, False),
        ("phone", "+919876543210", 0.4, False),
    ],
)
def test_a_value_ties_sessions_when_it_belongs_to_few_and_is_no_misreading(
    kind: str, value: str, confidence: float, ties: bool
) -> None:
    assert ties_sessions(kind, value, confidence) is ties


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("url", "https://kyc.example/a/", "kyc.example/a"),
        ("url", "http://kyc.example/a", "kyc.example/a"),
        ("url", "kyc.example", "kyc.example"),
        ("upi", "pay@ybl", "pay@ybl"),
        ("email", "x" * 600, "x" * 512),
    ],
)
def test_a_value_is_compared_in_one_form(kind: str, value: str, form: str) -> None:
    assert lookup_form(kind, value) == form


def test_sessions_hang_together_through_chains_of_values() -> None:
    shared = {
        ("phone", "1"): ["a", "b"],
        ("upi", "2"): ["b", "c"],
        ("phone", "3"): ["d", "e"],
        ("phone", "4"): ["f"],
        ("phone", "5"): ["a", "somebody else"],
    }
    assert components("abcdef", shared) == [["a", "b", "c"], ["d", "e"], ["f"]]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20))
def test_every_session_is_in_one_group_and_no_value_joins_two(pairs: list[tuple[int, int]]) -> None:
    members = [f"{number:02}" for number in range(13)]
    shared = {("phone", str(place)): [f"{a:02}", f"{b:02}"] for place, (a, b) in enumerate(pairs)}
    groups = components(members, shared)
    assert sorted(id for group in groups for id in group) == members
    group_of = {id: place for place, group in enumerate(groups) for id in group}
    assert all(group_of[a] == group_of[b] for a, b in shared.values())
    assert [len(group) for group in groups] == sorted((len(group) for group in groups), reverse=True)
