"""What every language model keeps to: the twin and the real client, against the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from tests.kernel.llm.server import Reply, completion, running_server

from switchboard.kernel.errors import Unavailable
from switchboard.kernel.llm.model import LanguageModel, ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.openai_compatible import OpenAICompatibleModel
from switchboard.kernel.llm.scripted import ScriptedModel

PROMPT = Prompt(
    "You are Kamala.",
    (Turn("user", "Your KYC has expired"), Turn("assistant", "Who is this?"), Turn("user", "Bank")),
)
FAILURE = "fails"
Told = Callable[[], list[list[tuple[str, str]]]]
Make = Callable[[Sequence[str]], tuple[LanguageModel, Told]]


@pytest.fixture(params=["scripted", "over HTTP"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Makes a model that gives these answers (FAILURE fails), and what tells what it was asked."""
    if request.param == "scripted":
        yield _scripted
        return
    with running_server() as server:
        models: list[LanguageModel] = []

        def over_http(answers: Sequence[str]) -> tuple[LanguageModel, Told]:
            server.replies = [
                Reply(500, {}) if answer == FAILURE else Reply(200, completion(answer)) for answer in answers
            ]
            models.append(OpenAICompatibleModel(server.url, "small-model-1", timeout_seconds=5))
            return models[-1], lambda: [_read(request) for _, _, request in server.got]

        yield over_http
        for model in models:
            await model.close()


def _scripted(answers: Sequence[str]) -> tuple[LanguageModel, Told]:
    failure = ModelUnavailable("server", "The model fails.")
    model = ScriptedModel([failure if answer == FAILURE else answer for answer in answers])
    return model, lambda: [
        [("system", prompt.system), *((turn.role, turn.text) for turn in prompt.turns)]
        for prompt in model.prompts
    ]


def _read(request: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in request["messages"]]


@pytest.mark.parametrize(
    "text", ["Haan ji, boliye.", "मैं समझ गई 🙂", "", " \n", "a\u202eb", '{"status":"ENDED"}', "x" * 20_000]
)
async def test_what_it_says_arrives_as_it_was_said(make: Make, text: str) -> None:
    model, _ = make([text])
    answer = await model.complete(PROMPT)
    assert answer.text == text
    assert answer.model
    assert answer.prompt_tokens > 0
    assert answer.completion_tokens > 0
    assert answer.latency_ms >= 0
    assert not answer.is_cut


async def test_it_is_told_the_system_text_first_and_the_turns_in_order(make: Make) -> None:
    model, told = make(["Hello"])
    await model.complete(PROMPT)
    assert told() == [
        [
            ("system", "You are Kamala."),
            ("user", "Your KYC has expired"),
            ("assistant", "Who is this?"),
            ("user", "Bank"),
        ]
    ]


async def test_a_failure_is_one_error_with_a_reason_and_the_next_call_is_free_of_it(make: Make) -> None:
    model, _ = make([FAILURE, "Hello again"])
    with pytest.raises(ModelUnavailable) as caught:
        await model.complete(PROMPT)
    assert caught.value.reason == "server"
    assert isinstance(caught.value, Unavailable)
    assert (await model.complete(PROMPT)).text == "Hello again"


async def test_many_tasks_ask_at_once(make: Make) -> None:
    model, told = make(["Hello"] * 10)
    answers = await asyncio.gather(*(model.complete(PROMPT) for _ in range(10)))
    assert {answer.text for answer in answers} == {"Hello"}
    assert len(told()) == 10


async def test_no_text_is_shown_by_what_a_log_would_print(make: Make) -> None:
    model, _ = make(["Hello Kamala"])
    answer = await model.complete(PROMPT)
    printed = f"{PROMPT!r} {answer!r} {model!r}"
    assert not any(text in printed for text in ("Kamala", "KYC", "Bank"))
