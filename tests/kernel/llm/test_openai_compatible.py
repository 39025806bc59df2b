"""The client for chat completions: vendors' differences, failures, limits, and what it must never tell."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from tests.conftest import START
from tests.kernel.llm.server import ModelServer, Reply, completion, running_server

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Invalid
from switchboard.kernel.llm.model import Completion, ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.openai_compatible import RESPONSE_LIMIT_BYTES, OpenAICompatibleModel

PROMPT = Prompt("You are Kamala.", (Turn("user", "The secret text"),), max_tokens=50, temperature=0.5)
KEY = SecretStr("sk-invented-key")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    with running_server() as server:
        yield server


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[OpenAICompatibleModel]:
    model = OpenAICompatibleModel(server.url, "small-model-1", KEY, timeout_seconds=5)
    yield model
    await model.close()


async def answer_to(model: OpenAICompatibleModel, server: ModelServer, body: Any) -> Completion:
    server.replies = [Reply(200, body)]
    return await model.complete(PROMPT)


async def test_the_request_is_the_one_that_every_vendor_knows(
    model: OpenAICompatibleModel, server: ModelServer
) -> None:
    await model.complete(PROMPT)
    [(path, headers, body)] = server.got
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer sk-invented-key"
    assert (headers["content-type"], headers["accept-encoding"]) == ("application/json", "identity")
    assert body == {
        "model": "small-model-1",
        "messages": [
            {"role": "system", "content": "You are Kamala."},
            {"role": "user", "content": "The secret text"},
        ],
        "max_tokens": 50,
        "temperature": 0.5,
        "stream": False,
    }


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("  ")])
async def test_a_local_server_needs_no_key(server: ModelServer, key: SecretStr | None) -> None:
    model = OpenAICompatibleModel(f"{server.url}/chat/completions/", "m", key)
    await model.complete(PROMPT)
    await model.close()
    [(path, headers, _)] = server.got
    assert path == "/v1/chat/completions"
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (completion("Hello"), "Hello"),
        (completion(None), ""),
        (completion([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]), "Hello"),
        (completion([{"type": "image_url"}, "odd", {"type": "text", "text": None}]), ""),
        (completion({"odd": 1}), ""),
        (completion("<think>He is lying.\n</think>\n\nHello"), "Hello"),
        (completion("<think>cut off while thinking"), ""),
        (completion("I <think> so"), "I <think> so"),
        (completion("half \ud800 a character"), "half ? a character"),
        (
            completion(
                "", choices=[{"message": {"content": None, "reasoning_content": "thoughts", "refusal": "no"}}]
            ),
            "",
        ),
        (completion("Hello", usage=None, model=None, id=None, object=None), "Hello"),
    ],
)
async def test_vendors_differ_and_are_all_understood(
    model: OpenAICompatibleModel, server: ModelServer, body: Any, text: str
) -> None:
    assert (await answer_to(model, server, body)).text == text


@pytest.mark.parametrize(
    "usage", [None, {}, [], {"prompt_tokens": None}, {"prompt_tokens": -5, "completion_tokens": "3"}]
)
async def test_tokens_that_were_not_counted_are_estimated(
    model: OpenAICompatibleModel, server: ModelServer, usage: Any
) -> None:
    answer = await answer_to(model, server, completion("Namaste", usage=usage))
    assert answer.prompt_tokens == 6 + 6
    assert answer.completion_tokens == 3


async def test_counted_tokens_the_model_and_a_cut_are_told(
    model: OpenAICompatibleModel, server: ModelServer
) -> None:
    cut = completion("Hel", choices=[{"message": {"content": "Hel"}, "finish_reason": "length"}])
    answer = await answer_to(model, server, cut)
    assert (answer.model, answer.prompt_tokens, answer.completion_tokens) == ("small-model-1", 12, 3)
    assert answer.is_cut


@pytest.mark.parametrize(
    ("reply", "reason", "words"),
    [
        (Reply(401, {}), "key", "refused the key"),
        (Reply(403, {}), "key", "refused the key"),
        (Reply(404, {}), "model", "'small-model-1'"),
        (Reply(429, {}), "rate", "no more calls"),
        (Reply(400, {"error": {"message": "bad"}}), "request", "400"),
        (Reply(422, {}), "request", "422"),
        (Reply(302, {}, (("Location", "http://evil.example/"),)), "request", "302"),
        (Reply(500, {}), "server", "500"),
        (Reply(503, b"<html>"), "server", "503"),
        (Reply(200, b"<html>"), "malformed", "no chat completion"),
        (Reply(200, b""), "malformed", "no chat completion"),
        (Reply(200, b"[" * 100_000), "malformed", "no chat completion"),
        (Reply(200, b"\xff\xfe"), "malformed", "no chat completion"),
        (Reply(200, []), "malformed", "no chat completion"),
        (Reply(200, {"error": {"message": "over quota"}}), "malformed", "no chat completion"),
        (Reply(200, {"choices": []}), "malformed", "no chat completion"),
        (Reply(200, {"choices": [None]}), "malformed", "no chat completion"),
        (Reply(200, {"choices": {"0": 1}}), "malformed", "no chat completion"),
        (Reply(200, b" " * (RESPONSE_LIMIT_BYTES + 1)), "too_large", "more than"),
    ],
)
async def test_every_failure_has_its_name_and_says_what_to_do(
    model: OpenAICompatibleModel, server: ModelServer, reply: Reply, reason: str, words: str
) -> None:
    server.replies = [reply]
    with pytest.raises(ModelUnavailable, match=words) as caught:
        await model.complete(PROMPT)
    assert caught.value.reason == reason
    assert len(server.got) == 1
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("given", "seconds"), [("7", 7), ("soon", 1), ("", 1), ("-3", 1), ("9" * 30, 86_400)]
)
async def test_a_busy_provider_says_when_to_come_back(
    model: OpenAICompatibleModel, server: ModelServer, given: str, seconds: int
) -> None:
    server.replies = [Reply(429, {}, (("Retry-After", given),))]
    with pytest.raises(ModelUnavailable) as caught:
        await model.complete(PROMPT)
    assert caught.value.retry_after_seconds == seconds


async def test_models_that_spell_their_settings_otherwise_are_learnt_once(
    model: OpenAICompatibleModel, server: ModelServer
) -> None:
    def picky(request: dict[str, Any]) -> Reply:
        if "max_tokens" in request:
            return Reply(400, {"error": {"message": "Use 'max_completion_tokens' instead."}})
        return Reply(200, completion("Hello"))

    server.answer = picky
    assert (await model.complete(PROMPT)).text == "Hello"
    assert (await model.complete(PROMPT)).text == "Hello"
    assert ["max_completion_tokens" in body for _, _, body in server.got] == [False, True, True]


async def test_calls_at_once_all_learn_how_a_model_wants_its_settings(
    model: OpenAICompatibleModel, server: ModelServer
) -> None:
    def picky(request: dict[str, Any]) -> Reply:
        if "temperature" in request:
            return Reply(400, {"error": {"message": "'temperature' does not support 0.5 with this model."}})
        return Reply(200, completion("Hello"))

    server.answer = picky
    answers = await asyncio.gather(*(model.complete(PROMPT) for _ in range(5)))
    assert {answer.text for answer in answers} == {"Hello"}


async def test_a_slow_model_is_not_waited_for(server: ModelServer) -> None:
    model = OpenAICompatibleModel(server.url, "m", timeout_seconds=0.1)
    server.replies = [Reply(200, completion("late"), pause_seconds=0.5)]
    with pytest.raises(ModelUnavailable, match=r"within 0\.1 seconds") as caught:
        await model.complete(PROMPT)
    assert caught.value.reason == "timeout"
    await model.close()


async def test_nobody_there_is_a_failure_to_connect() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        model = OpenAICompatibleModel(f"http://127.0.0.1:{unused.getsockname()[1]}", "m")
        with pytest.raises(ModelUnavailable, match="Nothing answers at 127") as caught:
            await model.complete(PROMPT)
    assert caught.value.reason == "connection"
    await model.close()


async def test_calls_share_connections(model: OpenAICompatibleModel, server: ModelServer) -> None:
    for _ in range(5):
        await model.complete(PROMPT)
    assert server.connections == 1


def test_a_model_outlives_the_event_loop_of_its_first_call() -> None:
    with running_server() as server:
        model = OpenAICompatibleModel(server.url, "m")
        assert [asyncio.run(model.complete(PROMPT)).text for _ in range(2)] == ["Hello", "Hello"]


async def test_latency_is_measured_by_the_clock_it_was_given(server: ModelServer) -> None:
    clock = FixedClock(START)
    model = OpenAICompatibleModel(server.url, "m", clock=clock)

    def slow(_request: dict[str, Any]) -> Reply:
        clock.advance(timedelta(milliseconds=250))
        return Reply(200, completion("Hello"))

    server.answer = slow
    assert (await model.complete(PROMPT)).latency_ms == 250
    await model.close()


async def test_neither_texts_nor_the_key_are_logged_or_in_an_error(
    model: OpenAICompatibleModel, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [Reply(200, completion("The secret answer")), Reply(401, {"error": "The secret text"})]
    with caplog.at_level(logging.DEBUG):
        await model.complete(PROMPT)
        with pytest.raises(ModelUnavailable) as caught:
            await model.complete(PROMPT)
    told = f"{caplog.text} {caught.value!r} {caught.value.hint} {vars(model)}"
    assert "secret" not in told.replace("SecretStr", "")
    assert KEY.get_secret_value() not in told


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:11434",
        "ftp://a.example/v1",
        "http://",
        "http://a.example:99999",
        "http://a b/",
        "http://a.example?k=1",
        "http://user:word@a.example/v1",
    ],
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid, match="address of the model") as caught:
        OpenAICompatibleModel(url, "m")
    assert "SWITCHBOARD_LLM_URL" in caught.value.hint


@pytest.mark.parametrize("key", ["line\nbreak", "schlüssel"])
def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(Invalid) as caught:
        OpenAICompatibleModel("http://127.0.0.1/v1", "m", SecretStr(key))
    assert key not in json.dumps([caught.value.message, caught.value.hint], ensure_ascii=False)
