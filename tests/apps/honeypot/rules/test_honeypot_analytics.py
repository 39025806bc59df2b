"""What a session adds to the daily figures, through every change it goes through."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import START

from switchboard.apps.honeypot.rules.analytics import BENIGN, COUNTS, change, counts_of, key_of, summarise

SCAM = {
    "id": "s",
    "started_at": START,
    "is_scam": True,
    "scam_type": "KYC_PHISHING",
    "persona_id": "elderly_victim",
    "source_type": "sms",
    "turn_count": 1,
    "status": "ONGOING",
    "first_disclosure_turn": None,
}


def test_a_session_counts_on_the_day_it_began_and_under_what_it_is() -> None:
    assert key_of(SCAM) == (START.replace(hour=0), "KYC_PHISHING", "elderly_victim", "sms")
    assert key_of({**SCAM, "scam_type": None, "source_type": None})[1:] == (
        "UNKNOWN",
        "elderly_victim",
        "unknown",
    )
    assert key_of({**SCAM, "is_scam": False}).scam_type == BENIGN


def test_a_scam_took_off_when_the_scammer_wrote_again() -> None:
    assert counts_of(SCAM)["took_off"] == 0
    assert counts_of({**SCAM, "turn_count": 2})["took_off"] == 1
    assert counts_of({**SCAM, "turn_count": 2, "is_scam": False})["took_off"] == 0


def test_a_turn_adds_only_what_it_changed() -> None:
    after = {**SCAM, "turn_count": 2, "first_disclosure_turn": 2, "status": "COMPLETED"}
    [(key, counts)] = change(SCAM, after)
    assert key == key_of(SCAM)
    assert {name: count for name, count in counts.items() if count} == {
        "took_off": 1,
        "disclosed": 1,
        "disclosure_turns": 2,
        "turns": 1,
        "ongoing": -1,
        "completed": 1,
    }
    assert change(after, after) == []


_SESSIONS = st.fixed_dictionaries(
    {
        "is_scam": st.booleans(),
        "scam_type": st.sampled_from([None, "KYC_PHISHING", "ROMANCE"]),
        "turn_count": st.integers(1, 5),
        "status": st.sampled_from(["ONGOING", "COMPLETED", "TERMINATED", "MAX_TURNS_REACHED", "SAFETY_EXIT"]),
        "first_disclosure_turn": st.sampled_from([None, 1, 3]),
    }
)


@given(st.lists(_SESSIONS, min_size=1, max_size=6), st.booleans())
def test_however_a_session_changes_the_figures_hold_what_it_is_now(
    lives: list[dict[str, Any]], is_deleted: bool
) -> None:
    states: list[dict[str, Any] | None] = [None, *({**SCAM, **life} for life in lives)]
    if is_deleted:
        states.append(None)
    kept: Counter[tuple[Any, str]] = Counter()
    for before, after in pairwise(states):
        for key, counts in change(before, after):
            for name, count in counts.items():
                kept[key, name] += count
    last = states[-1]
    expected = {(key_of(last), name): count for name, count in counts_of(last).items()} if last else {}
    assert {place: count for place, count in kept.items() if count} == {
        place: count for place, count in expected.items() if count
    }


def test_rates_are_of_scams_and_of_nothing_there_is_none() -> None:
    nothing = summarise([])
    assert (nothing["sessions"], nothing["disclosure_rate"], nothing["mean_turns"]) == (0, None, None)
    rows = [
        dict.fromkeys(COUNTS, 0) | {"sessions": 4, "scams": 3, "took_off": 2, "disclosed": 1, "turns": 10}
    ]
    summary = summarise(rows + rows)
    assert (summary["take_off_rate"], summary["disclosure_rate"]) == (0.6667, 0.3333)
    assert summary["mean_turns"] == 2.5
