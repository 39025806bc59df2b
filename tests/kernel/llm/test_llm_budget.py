"""A model costs what its limits allow and no more, and time gives back what it took."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.llm.budget import Budget, BudgetedModel, Limits
from switchboard.kernel.llm.model import Completion, FailureReason, ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.scripted import ScriptedModel

EVENING = datetime(2026, 2, 4, 23, 0, tzinfo=UTC)
# 1 + 1 tokens to read by the estimate, at most 998 to write.
PROMPT = Prompt("a", (Turn("user", "b"),), max_tokens=998)
PRICED = Limits(cost_per_day=2.5, price_per_1k_prompt_tokens=1.0, price_per_1k_completion_tokens=1.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(EVENING)


def spent(tokens: int) -> Completion:
    return Completion("x", "m", tokens, 0, 1.0)


def test_calls_are_counted_over_the_last_minute(clock: FixedClock) -> None:
    budget = Budget(Limits(calls_per_minute=2), clock)
    budget.reserve(PROMPT)
    clock.advance(timedelta(seconds=20))
    budget.reserve(PROMPT)
    with pytest.raises(ModelUnavailable, match="this minute") as caught:
        budget.reserve(PROMPT)
    assert (caught.value.reason, caught.value.retry_after_seconds) == ("budget", 40)
    clock.advance(timedelta(seconds=40))
    budget.reserve(PROMPT)


def test_no_call_begins_that_could_pass_the_days_money(clock: FixedClock) -> None:
    budget = Budget(PRICED, clock)
    budget.reserve(PROMPT)
    budget.reserve(PROMPT)
    with pytest.raises(ModelUnavailable, match="money") as caught:
        budget.reserve(PROMPT)
    assert (caught.value.reason, caught.value.retry_after_seconds) == ("budget", 3600)
    assert budget.spent_today == 2.0


def test_a_call_that_cost_less_gives_the_rest_back(clock: FixedClock) -> None:
    budget = Budget(PRICED, clock)
    budget.settle(budget.reserve(PROMPT), spent(100))
    assert budget.spent_today == pytest.approx(0.1)


def test_a_new_day_begins_with_all_its_money_and_yesterdays_calls_do_not_touch_it(clock: FixedClock) -> None:
    budget = Budget(PRICED, clock)
    late = budget.reserve(PROMPT)
    clock.advance(timedelta(hours=1))
    assert budget.spent_today == 0
    today = budget.reserve(PROMPT)
    budget.settle(late, spent(5))
    assert budget.spent_today == today.cost


def test_without_limits_nothing_is_refused(clock: FixedClock) -> None:
    budget = Budget(Limits(), clock)
    for _ in range(1_000):
        budget.reserve(PROMPT)
    assert budget.spent_today == 0


def test_no_calls_a_minute_means_none(clock: FixedClock) -> None:
    with pytest.raises(ModelUnavailable):
        Budget(Limits(calls_per_minute=0), clock).reserve(PROMPT)


async def test_a_model_is_not_asked_once_its_budget_is_spent(clock: FixedClock) -> None:
    twin = ScriptedModel(["one"])
    model = BudgetedModel(twin, Budget(Limits(calls_per_minute=1), clock))
    assert (await model.complete(PROMPT)).text == "one"
    with pytest.raises(ModelUnavailable):
        await model.complete(PROMPT)
    assert len(twin.prompts) == 1
    await model.close()
    assert twin.is_closed


@pytest.mark.parametrize(
    ("reason", "cost"),
    [("connection", 0.0), ("key", 0.0), ("rate", 0.0), ("server", 0.0), ("timeout", 1.0), ("malformed", 1.0)],
)
async def test_a_failure_costs_what_the_provider_may_have_made(
    clock: FixedClock, reason: FailureReason, cost: float
) -> None:
    budget = Budget(PRICED, clock)
    model = BudgetedModel(ScriptedModel([ModelUnavailable(reason, "It fails.")]), budget)
    with pytest.raises(ModelUnavailable, match="It fails"):
        await model.complete(PROMPT)
    assert budget.spent_today == cost


async def test_calls_at_once_cannot_pass_the_limit_together(clock: FixedClock) -> None:
    budget = Budget(PRICED, clock)
    model = BudgetedModel(ScriptedModel(lambda _prompt: "short"), budget)
    answers = await asyncio.gather(*(model.complete(PROMPT) for _ in range(20)), return_exceptions=True)
    assert any(isinstance(answer, Completion) for answer in answers)
    assert budget.spent_today <= 2.5


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 2_000)), max_size=30))
def test_what_is_spent_never_passes_the_limit_when_calls_keep_to_theirs(calls: list[tuple[int, int]]) -> None:
    budget = Budget(PRICED, FixedClock(EVENING))
    for max_tokens, used in calls:
        try:
            reservation = budget.reserve(replace(PROMPT, max_tokens=max_tokens))
        except ModelUnavailable:
            continue
        budget.settle(reservation, spent(min(used, max_tokens)))
        assert budget.spent_today <= 2.5 + 1e-9
