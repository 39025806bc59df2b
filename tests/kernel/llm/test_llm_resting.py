"""A model that fails is left alone, a little longer each time, and asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.llm.model import FailureReason, ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.resting import MOST_REST_SECONDS, RestingModel
from switchboard.kernel.llm.scripted import ScriptedModel

PROMPT = Prompt("You are Kamala.", (Turn("user", "Your KYC has expired"),))
SECOND = timedelta(seconds=1)


def failure(reason: FailureReason = "timeout", after: int = 1) -> ModelUnavailable:
    return ModelUnavailable(reason, "The model fails.", retry_after_seconds=after)


async def reasons(model: RestingModel, times: int = 1) -> Sequence[str]:
    """Why each of so many calls failed; "answered" for one that did not."""
    found = []
    for _ in range(times):
        try:
            await model.complete(PROMPT)
        except ModelUnavailable as error:
            found.append(error.reason)
        else:
            found.append("answered")
    return found


async def test_after_a_failure_it_is_not_asked_for_a_second_and_then_it_is(clock: FixedClock) -> None:
    twin = ScriptedModel([failure(), "Hello"])
    model = RestingModel(twin, clock)
    assert await reasons(model, 3) == ["timeout", "resting", "resting"]
    assert len(twin.prompts) == 1
    clock.advance(SECOND)
    assert await reasons(model) == ["answered"]


async def test_the_rests_grow_to_a_minute_and_an_answer_ends_them(clock: FixedClock) -> None:
    model = RestingModel(ScriptedModel([*[failure()] * 9, "Hello", failure(), "Hello"]), clock)
    rests = []
    for _ in range(9):
        assert await reasons(model) == ["timeout"]
        with pytest.raises(ModelUnavailable) as caught:
            await model.complete(PROMPT)
        rests.append(caught.value.retry_after_seconds)
        clock.advance(SECOND * rests[-1])
    assert rests == [1, 2, 4, 8, 16, 32, MOST_REST_SECONDS, MOST_REST_SECONDS, MOST_REST_SECONDS]
    assert await reasons(model, 2) == ["answered", "timeout"]
    clock.advance(SECOND)
    assert await reasons(model) == ["answered"]


async def test_a_model_that_says_how_long_it_needs_gets_that(clock: FixedClock) -> None:
    model = RestingModel(ScriptedModel([failure("rate", after=300), "Hello"]), clock)
    await reasons(model)
    clock.advance(SECOND * 299)
    assert await reasons(model) == ["resting"]
    clock.advance(SECOND)
    assert await reasons(model) == ["answered"]


@pytest.mark.parametrize("reason", ["budget", "malformed", "request", "too_large"])
async def test_what_is_wrong_with_one_call_costs_no_rest(clock: FixedClock, reason: FailureReason) -> None:
    model = RestingModel(ScriptedModel([failure(reason, after=60), "Hello"]), clock)
    assert await reasons(model, 2) == [reason, "answered"]


async def test_calls_that_fail_together_are_one_failure(clock: FixedClock) -> None:
    class Waiting(ScriptedModel):
        async def complete(self, prompt: Prompt):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0)
            return await super().complete(prompt)

    model = RestingModel(Waiting([*[failure()] * 20, "Hello"]), clock)
    assert await asyncio.gather(*(reasons(model) for _ in range(20))) == [["timeout"]] * 20
    clock.advance(SECOND)
    assert await reasons(model) == ["answered"]


async def test_it_closes_the_model_behind_it(clock: FixedClock) -> None:
    twin = ScriptedModel([])
    await RestingModel(twin, clock).close()
    assert twin.is_closed
