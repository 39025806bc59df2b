"""What a model may cost: calls a minute and money a day, counted before each call.

Counts are this process's own and begin anew with it; several processes each have the whole budget.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import date, timedelta
from typing import NamedTuple

from switchboard.kernel.clock import Clock
from switchboard.kernel.llm.model import (
    Completion,
    LanguageModel,
    ModelUnavailable,
    Prompt,
    estimate_tokens,
)

_MINUTE_SECONDS = 60.0
# Failures that come before any token is made. After another one the provider may well send a bill.
_UNBILLED = frozenset({"connection", "key", "model", "rate", "request", "server"})


class Limits(NamedTuple):
    """None is no limit. Prices are per 1,000 tokens, in the currency of the limit."""

    calls_per_minute: int | None = None
    cost_per_day: float | None = None
    price_per_1k_prompt_tokens: float = 0.0
    price_per_1k_completion_tokens: float = 0.0


class Reservation(NamedTuple):
    """A call that was counted: on which day, at which cost."""

    day: date
    cost: float


class Budget:
    """What was spent today (UTC) and called in the last minute."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._calls: deque[float] = deque()
        self._day: date = clock.now().date()
        self._spent = 0.0

    @property
    def spent_today(self) -> float:
        """In the currency of the limit; calls under way count with the most that they can cost."""
        self._turn_the_day()
        return self._spent

    def reserve(self, prompt: Prompt) -> Reservation:
        """Count a call before it is made, at the most that it can cost.

        Raises ModelUnavailable with the reason `budget` when either limit would be passed.
        """
        self._turn_the_day()
        now = self._clock.monotonic()
        while self._calls and now - self._calls[0] >= _MINUTE_SECONDS:
            self._calls.popleft()
        limits = self._limits
        if limits.calls_per_minute is not None and len(self._calls) >= limits.calls_per_minute:
            waited = now - self._calls[0] if self._calls else 0.0
            raise _refusal("The model was called often enough this minute.", _MINUTE_SECONDS - waited)
        cost = self._cost(sum(map(estimate_tokens, prompt.texts())), prompt.max_tokens)
        if limits.cost_per_day is not None and self._spent + cost > limits.cost_per_day:
            raise _refusal("Today's money for the model is spent.", self._seconds_to_midnight())
        self._calls.append(now)
        self._spent += cost
        return Reservation(self._day, cost)

    def settle(self, reservation: Reservation, completion: Completion | None) -> None:
        """Put what a call did cost in place of what was reserved; nothing for one that was not billed."""
        self._turn_the_day()
        if reservation.day == self._day:
            cost = self._cost(completion.prompt_tokens, completion.completion_tokens) if completion else 0.0
            self._spent = max(0.0, self._spent - reservation.cost + cost)

    def _cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (
            prompt_tokens * self._limits.price_per_1k_prompt_tokens
            + completion_tokens * self._limits.price_per_1k_completion_tokens
        ) / 1000

    def _turn_the_day(self) -> None:
        today = self._clock.now().date()
        if today != self._day:
            self._day, self._spent = today, 0.0

    def _seconds_to_midnight(self) -> float:
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (midnight - now).total_seconds()


class BudgetedModel:
    """A model that is asked only while its budget lasts."""

    def __init__(self, model: LanguageModel, budget: Budget) -> None:
        self._model = model
        self._budget = budget

    async def complete(self, prompt: Prompt) -> Completion:
        reservation = self._budget.reserve(prompt)
        try:
            completion = await self._model.complete(prompt)
        except ModelUnavailable as error:
            if error.reason in _UNBILLED:
                self._budget.settle(reservation, None)
            raise
        self._budget.settle(reservation, completion)
        return completion

    async def close(self) -> None:
        await self._model.close()


def _refusal(message: str, wait_seconds: float) -> ModelUnavailable:
    return ModelUnavailable(
        "budget",
        message,
        hint="Replies are worded by rule meanwhile; raise the limit in the settings if that is too little.",
        retry_after_seconds=math.ceil(wait_seconds),
    )
