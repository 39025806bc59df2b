"""Branch codes and PANs are read in every spelling, checked, and not seen in other codes."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.extraction import extract


def values(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.value) for finding in extract(text)]


@pytest.mark.parametrize(
    "written",
    [
        "SBIN0017262",
        "SBINO017262",
        "SBIN 0017262",
        "sbin0017262",
        "SBIN-0-017262",
        "S B I N 0 0 1 7 2 6 2",
        "ЅВIN0017262",
    ],
)
def test_an_ifsc_is_read_however_it_is_written(written: str) -> None:
    [finding] = extract(f"ifsc {written}")
    assert (finding.kind, finding.value) == ("ifsc", "SBIN0017262")
    assert finding.details["bank_name"] == "State Bank of India"
    assert finding.raw == written


def test_an_unknown_branch_is_less_sure_and_an_unknown_bank_is_none() -> None:
    [known] = extract("IFSC SBIN0017262")
    [unknown] = extract("IFSC SBIN0999999")
    assert unknown.confidence < known.confidence
    assert values("IFSC QQQQ0017262") == []


@pytest.mark.parametrize("text", ["SBIN425016789012", "HDFC7021504230012345", "hdfcbankltd", "sbinovember"])
def test_a_longer_reference_or_a_word_is_no_ifsc(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    "written",
    ["ABCPK1234F", "abcpk1234f", "ABCPK 1234 F", "A B C P K 1 2 3 4 F", "ABCPK-1234-F"],
)
def test_a_pan_is_read_however_it_is_written(written: str) -> None:
    assert values(f"pan {written}") == [("pan", "ABCPK1234F")]


@pytest.mark.parametrize(
    "text",
    ["ABCDK1234F", "order ABCPK1234F", "07ABCPK1234F1Z5", "abcpk1234f", "ABCPK12345F"],
)
def test_what_only_looks_like_a_pan_is_none(text: str) -> None:
    assert values(text) == []
