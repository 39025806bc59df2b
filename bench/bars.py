"""The bars and how a run is held against them: pure, no measuring here."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figures:
    """One server in one round. `stored` is None where no row is expected or none can be counted."""

    rate: float
    p50_ms: float
    p99_ms: float
    accepted: int
    rejected: int
    broken: int
    first_bad: str
    load_busy: float
    expected_rows: int
    stored_rows: int | None

    def fault(self) -> str | None:
        """Why these figures do not count, or None."""
        if self.rejected or self.broken:
            return f"{self.rejected} bad answers, {self.broken} broken connections: {self.first_bad}"
        if self.stored_rows is not None and self.stored_rows != self.expected_rows:
            return f"{self.stored_rows} rows stored where {self.expected_rows} were answered for"
        return None


Round = Mapping[str, Figures]
"""Figures by the server's name."""


@dataclass(frozen=True)
class Bar:
    """A claim in words and the ratio behind it, computed within one round."""

    claim: str
    servers: tuple[str, ...]
    """Whose figures it needs; the first is ours."""
    ratio: Callable[[Round], float]
    bound: float
    is_ceiling: bool = False

    def holds(self, ratio: float) -> bool:
        return ratio <= self.bound if self.is_ceiling else ratio >= self.bound


@dataclass(frozen=True)
class Verdict:
    word: Literal["PASS", "FAIL", "not run"]
    claim: str
    ratio: float | None
    why: str = ""


def _rate(ours: str, rival: str) -> Callable[[Round], float]:
    return lambda figures: figures[ours].rate / figures[rival].rate


def _tail(ours: str) -> Callable[[Round], float]:
    return lambda figures: figures[ours].p99_ms / figures[ours].p50_ms


def _faster(claim: str, ours: str, rival: str, bound: float) -> Bar:
    return Bar(claim, (ours, rival), _rate(ours, rival), bound)


BARS: tuple[Bar, ...] = (
    _faster("durable turn with trivial rules >= 0.4 x a bare FastAPI echo", "switchboard_turn", "echo", 0.4),
    _faster(">= 5 x the same turn on async ORM over aiosqlite", "switchboard_turn", "aiosqlite_orm", 5.0),
    Bar("p99 <= 10 x p50", ("switchboard_turn",), _tail("switchboard_turn"), 10.0, is_ceiling=True),
    _faster("the honeypot's whole turn >= 0.10 x a bare FastAPI echo", "switchboard_honeypot", "echo", 0.10),
    _faster(
        "with authentication >= 1.0 x PocketBase on its default settings, which are not power-safe (goal)",
        "switchboard_turn_auth",
        "pocketbase",
        1.0,
    ),
    _faster(
        "with authentication >= 5 x Django REST framework, same turn on WAL and FULL",
        "switchboard_turn_auth",
        "django_rest",
        5.0,
    ),
)


def judge(bar: Bar, rounds: Sequence[Round], absent: Mapping[str, str]) -> Verdict:
    """Hold the median of the rounds' ratios against the bar.

    A fault of ours fails it; a fault or absence of a rival leaves it not run, for a broken rival proves nothing.
    """
    ours, *rivals = bar.servers
    for name in bar.servers:
        if name in absent:
            return Verdict("not run", bar.claim, None, f"{name}: {absent[name]}")
    complete = [each for each in rounds if all(name in each for name in bar.servers)]
    if not complete:
        return Verdict("not run", bar.claim, None, "no round had all of it")
    if fault := _first_fault(complete, ours):
        return Verdict("FAIL", bar.claim, None, f"{ours}: {fault}")
    for name in rivals:
        if fault := _first_fault(complete, name):
            return Verdict("not run", bar.claim, None, f"{name}: {fault}")
    if any(each[name].rate <= 0 for each in complete for name in bar.servers):
        return Verdict(
            "FAIL" if _is_silent(complete, ours) else "not run", bar.claim, None, "nothing was answered"
        )
    ratio = statistics.median(bar.ratio(each) for each in complete)
    return Verdict("PASS" if bar.holds(ratio) else "FAIL", bar.claim, round(ratio, 3))


def _first_fault(rounds: Sequence[Round], name: str) -> str | None:
    return next((fault for each in rounds if (fault := each[name].fault())), None)


def _is_silent(rounds: Sequence[Round], name: str) -> bool:
    return any(each[name].rate <= 0 for each in rounds)
