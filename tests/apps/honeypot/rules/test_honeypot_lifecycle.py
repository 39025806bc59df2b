"""A session's statuses follow each other as written, and an end is an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.lifecycle import (
    STATUSES,
    TRANSITIONS,
    InvalidTransition,
    decide,
    is_ended,
    is_silent,
    require_transition,
)
from switchboard.apps.honeypot.rules.safety import Danger

ENDED = {"COMPLETED", "TERMINATED", "MAX_TURNS_REACHED", "SAFETY_EXIT"}
SCAM = Verdict(True, "KYC_PHISHING", 0.9, ())
HARMLESS = Verdict(False, None, 0.1, ())
KNIFE = Danger("violence", "Violence is threatened.", "i will stab you")
DESPAIR = Danger("self_harm", "Somebody's own life is in danger.", "i want to die")
NOW = datetime(2026, 2, 4, 10, 0, tzinfo=UTC)


def test_the_statuses_are_those_of_the_schema_document() -> None:
    assert ENDED | {"INITIAL", "ONGOING"} == STATUSES


def test_every_status_is_reachable_and_none_returns_to_the_start() -> None:
    reachable = frozenset[str]().union(*TRANSITIONS.values())
    assert reachable == STATUSES - {"INITIAL"}


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_only_the_four_endings_take_no_further_turn(status: str) -> None:
    assert is_ended(status) == (status in ENDED)


def test_a_status_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="PAUSED"):
        is_ended("PAUSED")


@pytest.mark.parametrize(("current", "new"), list(product(sorted(STATUSES), [*sorted(STATUSES), "PAUSED"])))
def test_a_transition_is_refused_exactly_when_it_is_not_written(current: str, new: str) -> None:
    if new in TRANSITIONS[current]:
        require_transition(current, new)
    else:
        with pytest.raises(InvalidTransition, match=current):
            require_transition(current, new)


@pytest.mark.parametrize(
    ("turn", "max_turns", "score", "verdict", "danger", "status", "closing"),
    [
        (3, 10, 0.0, SCAM, None, "ONGOING", None),
        (5, 10, 0.05, SCAM, None, "ONGOING", None),
        (3, 10, 0.59, SCAM, None, "ONGOING", None),
        (3, 10, 0.60, SCAM, None, "COMPLETED", "completed"),
        (8, 10, 0.30, SCAM, None, "ONGOING", None),
        (9, 10, 0.29, SCAM, None, "ONGOING", None),
        (9, 10, 0.30, SCAM, None, "COMPLETED", "completed"),
        (10, 10, 0.30, SCAM, None, "COMPLETED", "completed"),
        (10, 10, 0.29, SCAM, None, "MAX_TURNS_REACHED", "limit"),
        (1, 1, 0.0, SCAM, None, "MAX_TURNS_REACHED", "limit"),
        (4, 10, 0.9, HARMLESS, None, "ONGOING", None),
        (10, 10, 0.9, HARMLESS, None, "MAX_TURNS_REACHED", "limit"),
        (1, 10, 0.0, SCAM, KNIFE, "SAFETY_EXIT", "safety"),
        (10, 10, 0.9, SCAM, KNIFE, "SAFETY_EXIT", "safety"),
        (2, 10, 0.0, HARMLESS, DESPAIR, "SAFETY_EXIT", "self_harm"),
    ],
)
def test_danger_ends_a_session_before_the_score_and_the_score_before_the_limit(
    turn: int,
    max_turns: int,
    score: float,
    verdict: Verdict,
    danger: Danger | None,
    status: str,
    closing: str | None,
) -> None:
    outcome = decide(turn, max_turns, score, verdict, danger)
    assert (outcome.status, outcome.closing) == (status, closing)
    assert (outcome.reason is None) == (status == "ONGOING")


@pytest.mark.parametrize(
    ("turn", "score", "goal_score", "status"),
    [
        (3, 0.4, 0.4, "COMPLETED"),
        (3, 0.39, 0.4, "ONGOING"),
        (9, 0.2, 0.4, "COMPLETED"),
        (9, 1.0, 2.1, "ONGOING"),
    ],
)
def test_the_goal_can_be_set_and_set_out_of_reach(
    turn: int, score: float, goal_score: float, status: str
) -> None:
    assert decide(turn, 10, score, SCAM, None, goal_score).status == status


def test_a_safety_exit_names_its_reason() -> None:
    assert decide(1, 10, 0.0, SCAM, KNIFE).reason == "Violence is threatened."


@pytest.mark.parametrize(("quiet_seconds", "silent"), [(1799, False), (1800, True), (9000, True)])
def test_a_sender_is_silent_once_the_limit_has_passed(quiet_seconds: int, silent: bool) -> None:
    assert is_silent(NOW - timedelta(seconds=quiet_seconds), NOW, timedelta(seconds=1800)) is silent
