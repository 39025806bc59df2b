"""A session's statuses follow each other as written, and an end is an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from switchboard.apps.honeypot.rules.lifecycle import (
    STATUSES,
    TRANSITIONS,
    InvalidTransition,
    is_ended,
    is_silent,
    require_transition,
    status_after_turn,
)

ENDED = {"COMPLETED", "TERMINATED", "MAX_TURNS_REACHED", "SAFETY_EXIT"}
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
    ("turn_count", "max_turns", "status"),
    [(1, 10, "ONGOING"), (9, 10, "ONGOING"), (10, 10, "MAX_TURNS_REACHED"), (1, 1, "MAX_TURNS_REACHED")],
)
def test_the_turn_limit_ends_the_session_with_its_last_turn(
    turn_count: int, max_turns: int, status: str
) -> None:
    assert status_after_turn(turn_count, max_turns) == status


@pytest.mark.parametrize(("quiet_seconds", "silent"), [(1799, False), (1800, True), (9000, True)])
def test_a_sender_is_silent_once_the_limit_has_passed(quiet_seconds: int, silent: bool) -> None:
    assert is_silent(NOW - timedelta(seconds=quiet_seconds), NOW, timedelta(seconds=1800)) is silent
