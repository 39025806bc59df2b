"""The port to a language model: what it is asked, what it answers, and how it can fail.

Which model, at what price and within which limits, its implementations and `budget` know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from switchboard.kernel.errors import Unavailable

Role = Literal["user", "assistant"]
FailureReason = Literal[
    "budget",
    "connection",
    "key",
    "malformed",
    "model",
    "rate",
    "request",
    "resting",
    "server",
    "timeout",
    "too_large",
]


class Turn(NamedTuple):
    """One turn of the conversation so far: the model's own are `assistant`."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked. Its texts are in no repr, so that no log line or traceback shows them.

    Text that a stranger wrote belongs into `turns`, fenced (see `fence`), never into `system`. `max_tokens`
    bounds the answer; `temperature` runs from 0 (alike each time) to 2.
    """

    system: str = field(repr=False)
    turns: tuple[Turn, ...] = field(repr=False)
    max_tokens: int = 200
    temperature: float = 0.7

    def texts(self) -> Iterator[str]:
        """Every text the model reads."""
        yield self.system
        for turn in self.turns:
            yield turn.text


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered: any text at all, an empty one too. `is_cut` when the limit of tokens ended it.

    Tokens are the provider's count, or estimated (`estimate_tokens`) where it gave none.
    """

    text: str = field(repr=False)
    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_ms: float
    is_cut: bool = False


class ModelUnavailable(Unavailable):
    """No answer came; whoever asked goes on without. `reason` is one of `FailureReason`."""

    def __init__(
        self, reason: FailureReason, message: str, *, hint: str = "", retry_after_seconds: int = 1
    ) -> None:
        super().__init__(message, hint=hint, retry_after_seconds=retry_after_seconds)
        self.reason = reason


class LanguageModel(Protocol):
    """Words one answer. Safe to ask from many tasks at once."""

    async def complete(self, prompt: Prompt) -> Completion:
        """The answer. Raises ModelUnavailable and nothing else, within the implementation's time limit."""

    async def close(self) -> None:
        """Let go of connections; the model can be asked no more."""


def estimate_tokens(text: str) -> int:
    """About as many tokens as a text has, rather too many: one for three bytes of UTF-8, one at least.

    Latin script has some four bytes to a token and Devanagari three to six in the tokenisers of today.
    """
    return len(text.encode(errors="replace")) // 3 + 1
