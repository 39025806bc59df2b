"""Who words a reply: the grammar, or a model that was asked before the transaction began.

A wording is words and nothing else. It is made for one turn of one session, and dropped where that turn has
become another; no model can change what is decided or stored beside its own line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import NamedTuple
from weakref import WeakValueDictionary

import structlog

from switchboard.apps.honeypot.rules.conversation import acceptance, prompt, replies
from switchboard.apps.honeypot.service.decision import Decision
from switchboard.kernel.ids import Chance
from switchboard.kernel.llm.fence import Fence
from switchboard.kernel.llm.model import LanguageModel, ModelUnavailable, Prompt, Turn

# A reply has at most 300 characters, and some tokenisers make one token of each Devanagari one.
_MOST_TOKENS = 300
_MODEL_NAME_LENGTH = 100
_USED = "used"
_REFUSED = "refused"

log = structlog.get_logger("switchboard.honeypot")


class Wording(NamedTuple):
    """What a model proposes to say in turn number `turn`; it has passed every check for that turn."""

    turn: int
    text: str
    model: str


class Reply(NamedTuple):
    """A persona's line. `model` names the one that worded it; None when the grammar did."""

    text: str
    model: str | None = None


def word(decision: Decision, wording: Wording | None) -> Reply:
    """The line for a turn as decided: the model's where one was made for this very turn, else the grammar's."""
    speaker, scene, closing = decision.speaker, decision.scene, decision.outcome.closing
    if closing is not None:
        line = replies.close(speaker, closing, language=scene.language, seed=scene.seed, said=scene.said)
        return Reply(line)
    if wording is not None and wording.turn == decision.turn:
        return Reply(wording.text, wording.model)
    return Reply(replies.reply(speaker, scene))


class Wordings:
    """Asks the model for wordings, for one turn of a conversation at a time."""

    def __init__(self, model: LanguageModel, chance: Chance) -> None:
        self._model = model
        self._chance = chance
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._is_failing = False

    @asynccontextmanager
    async def propose(
        self, conversation: Hashable, foresee: Callable[[], Awaitable[Decision | None]]
    ) -> AsyncIterator[Wording | None]:
        """A wording to record within the block, or None; no other turn of the conversation is worded meanwhile.

        Who had to wait for an earlier turn gets none: a flood of messages to one session waits for one call of
        the model, not for one each, and a request that came twice finds its answer. Raises what `foresee` does.
        """
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        had_to_wait = lock.locked()
        async with lock:
            decision = None if had_to_wait else await foresee()
            yield await self._ask(decision) if decision is not None and _may_be_worded(decision) else None

    async def _ask(self, decision: Decision) -> Wording | None:
        fence = Fence(self._chance)
        asked = prompt.request(decision.speaker, decision.scene, fence_rule=fence.rule, enclose=fence.enclose)
        turns = tuple(Turn(line.role, line.text) for line in asked.lines)
        try:
            completion = await self._model.complete(Prompt(asked.system, turns, max_tokens=_MOST_TOKENS))
        except ModelUnavailable as error:
            self._count(error.reason, error.message)
            return None
        line = acceptance.tidy(completion.text)
        violations = acceptance.check(line, decision.speaker, decision.scene, asked.system)
        if violations or completion.is_cut:
            self._count(_REFUSED, "; ".join(violations) or "is cut off")
            return None
        self._count(_USED)
        return Wording(decision.turn, line, _printable(completion.model))

    def _count(self, result: str, why: str = "") -> None:
        """Count how a call went. That it fails is said once, until it works; no text of a conversation is said."""
        from switchboard.kernel.http import metrics

        metrics.count_wording("honeypot", result)
        is_failing = result not in (_USED, _REFUSED)
        if result == _REFUSED:
            log.debug("the model's wording was refused", violations=why)
        elif is_failing and not self._is_failing:
            log.warning("the model words no reply; the grammar does", reason=result, error=why)
        self._is_failing = is_failing


def _may_be_worded(decision: Decision) -> bool:
    """Not a farewell, which rules choose, nor a line to somebody harmless, who is to be asked for nothing."""
    return decision.outcome.closing is None and not replies.is_harmless(decision.verdict)


def _printable(name: str) -> str:
    """A model's name as it can be stored: the provider sends it, and it may be any text."""
    return "".join(filter(str.isprintable, name))[:_MODEL_NAME_LENGTH]
