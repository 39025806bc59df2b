"""The intelligence score, worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from switchboard.apps.honeypot.rules.scoring import intelligence_score


@pytest.mark.parametrize(
    ("found", "score"),
    [
        ({}, 0.0),
        ({"phone": []}, 0.0),
        ({"unheard_of": [1.0]}, 0.0),
        ({"phone": [1.0]}, 0.2),
        ({"upi": [0.6]}, 0.2),
        ({"phone": [1.0, 1.0]}, 0.24),
        ({"phone": [1.0] * 3}, 0.28),
        ({"phone": [1.0] * 9}, 0.28),
        ({"phone": [1.0, 0.5]}, 0.21),
        ({"upi": [1.0], "phone": [1.0]}, 0.5),
        ({"bank_account": [1.0], "ifsc": [1.0]}, 0.45),
        ({"url": [1.0], "email": [1.0]}, 0.2),
        ({"crypto_wallet": [1.0]}, 0.25),
        ({"telegram": [1.0], "url": [1.0]}, 0.25),
        ({kind: [1.0] * 3 for kind in ("phone", "upi", "bank_account", "ifsc", "url", "email")}, 1.0),
    ],
)
def test_the_score_weighs_kinds_counts_and_confidence(
    found: Mapping[str, Sequence[float]], score: float
) -> None:
    assert intelligence_score(found) == score
