"""The twins keep their word: one says what the test wrote, the other anything at all, the same each time."""

from __future__ import annotations

import pytest

from switchboard.kernel.llm.model import ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.scripted import ScriptedModel, adversarial_model

PROMPT = Prompt("The system text", (Turn("user", "The question"),))


async def said(seed: int, times: int = 40) -> list[str]:
    model = adversarial_model(seed)
    texts = []
    for _ in range(times):
        try:
            texts.append((await model.complete(PROMPT)).text)
        except ModelUnavailable as error:
            texts.append(f"failed: {error.reason}")
    return texts


async def test_answers_come_in_order_and_prompts_are_kept() -> None:
    model = ScriptedModel(["one", "two"])
    assert [(await model.complete(PROMPT)).text for _ in range(2)] == ["one", "two"]
    assert model.prompts == [PROMPT, PROMPT]


async def test_a_call_too_many_is_an_error_of_the_test() -> None:
    with pytest.raises(LookupError):
        await ScriptedModel([]).complete(PROMPT)


async def test_answers_can_follow_from_the_prompt() -> None:
    model = ScriptedModel(lambda prompt: prompt.turns[-1].text.upper())
    assert (await model.complete(PROMPT)).text == "THE QUESTION"


async def test_the_adversary_is_the_same_for_the_same_seed() -> None:
    assert await said(1) == await said(1)
    assert await said(1) != await said(2)


async def test_the_adversary_says_all_that_a_guard_must_hold_against() -> None:
    texts = [text for seed in range(10) for text in await said(seed)]
    everything = "\n".join(texts)
    for sign in ("AI language model", "honeypot", "http://", "+91", "OTP", '"status"', "\x00", "\u202e", "मैं"):
        assert sign in everything, sign
    assert "" in texts
    assert any(text.startswith("failed: ") for text in texts)
    assert any("The system text" in text for text in texts)
    assert max(map(len, texts)) > 100_000
