"""A PAN or an Aadhaar shows its last four characters and nothing else, and every other place in the text stays."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from switchboard.apps.honeypot.rules.extraction.masking import mask, mask_spans, secret_kind


class Span(NamedTuple):
    kind: str
    start: int
    end: int


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("ABCPE1234F", "XXXXXX234F"),
        ("234123412346", "XXXXXXXX2346"),
        ("2341 2341 2346", "XXXX XXXX 2346"),
        ("2341-2341-2346", "XXXX-XXXX-2346"),
        ("1234", "1234"),
        ("", ""),
    ],
)
def test_all_but_the_last_four_are_hidden(value: str, masked: str) -> None:
    assert mask(value) == masked


def test_a_text_keeps_its_length_and_its_other_values() -> None:
    text = "PAN ABCPE1234F, call 98765 43210, aadhaar 2341 2341 2346"
    spans = [Span("pan", 4, 14), Span("phone", 21, 32), Span("aadhaar", 42, 56)]
    masked = mask_spans(text, spans)
    assert masked == "PAN XXXXXX234F, call 98765 43210, aadhaar XXXX XXXX 2346"
    assert len(masked) == len(text)


def test_a_secret_spelled_in_words_is_hidden_whole() -> None:
    text = "aadhaar two three four one two three four one two three four six"
    assert mask_spans(text, [Span("aadhaar", 8, len(text))]).replace("X", "").strip() == "aadhaar"


@pytest.mark.parametrize(
    ("value", "kind"),
    [("ABCPE1234F", "pan"), ("234123412346", "aadhaar"), ("+919876543210", None), ("abcpe1234f", None)],
)
def test_a_value_is_recognised_by_its_shape(value: str, kind: str | None) -> None:
    assert secret_kind(value) == kind
