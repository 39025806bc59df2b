"""A model that fails is left alone for a while, so that its callers do not wait for each failure anew."""

from __future__ import annotations

import math

from switchboard.kernel.clock import Clock
from switchboard.kernel.llm.model import Completion, LanguageModel, ModelUnavailable, Prompt

MOST_REST_SECONDS = 60
# Failures that the next call is likely to meet as well. The others belong to one prompt or one answer.
_LASTING = frozenset({"connection", "key", "model", "rate", "server", "timeout"})


class RestingModel:
    """Rests after each failure in a row for 1, 2, 4, … 60 seconds, or for as long as the model asked for."""

    def __init__(self, model: LanguageModel, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._failures = 0
        self._rests_until = -math.inf

    async def complete(self, prompt: Prompt) -> Completion:
        """As the model; raises ModelUnavailable with the reason `resting` while it rests."""
        left = self._rests_until - self._clock.monotonic()
        if left > 0:
            raise ModelUnavailable(
                "resting",
                "The model failed a moment ago and is left alone for a while.",
                hint="Replies are worded by rule meanwhile; the log says why it failed.",
                retry_after_seconds=math.ceil(left),
            )
        try:
            completion = await self._model.complete(prompt)
        except ModelUnavailable as error:
            if error.reason in _LASTING:
                self._rest(error.retry_after_seconds)
            raise
        self._failures = 0
        return completion

    async def close(self) -> None:
        await self._model.close()

    def _rest(self, wanted_seconds: int) -> None:
        now = self._clock.monotonic()
        if now < self._rests_until:
            # Calls that were under way together fail together: that is one failure.
            return
        seconds = min(2.0**self._failures, MOST_REST_SECONDS)
        self._failures += 1
        self._rests_until = now + max(seconds, wanted_seconds)
