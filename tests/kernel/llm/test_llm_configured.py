"""The settings of the model: what they make, and how a wrong one is said at the start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr
from tests.asgi import client
from tests.kernel.llm.server import running_server

from switchboard.apps import APPS
from switchboard.kernel import doctor
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Invalid
from switchboard.kernel.llm.configured import configured_model
from switchboard.kernel.llm.model import ModelUnavailable, Prompt, Turn
from switchboard.kernel.llm.scripted import ScriptedModel
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import Settings, load_settings

Make = Callable[..., Settings]
URL = "http://127.0.0.1:11434/v1"
PROMPT = Prompt("You are Kamala.", (Turn("user", "Your KYC has expired"),))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"URL": URL}, "SWITCHBOARD_LLM_MODEL"),
        ({"URL": URL, "MODEL": " "}, "SWITCHBOARD_LLM_MODEL"),
        ({"TIMEOUT_SECONDS": "0"}, "SWITCHBOARD_LLM_TIMEOUT_SECONDS"),
        ({"TIMEOUT_SECONDS": "121"}, "SWITCHBOARD_LLM_TIMEOUT_SECONDS"),
        ({"CALLS_PER_MINUTE": "-1"}, "SWITCHBOARD_LLM_CALLS_PER_MINUTE"),
        ({"DAILY_COST_LIMIT": "2"}, "SWITCHBOARD_LLM_DAILY_COST_LIMIT"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"SWITCHBOARD_LLM_{name}", value)
    with pytest.raises(Invalid, match=said):
        load_settings()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "KEY", "MODEL", "DAILY_COST_LIMIT"):
        monkeypatch.setenv(f"SWITCHBOARD_LLM_{name}", "")
    settings = load_settings()
    assert (settings.llm_url, settings.llm_key, settings.llm_model) == (None, None, None)
    assert Platform(settings, APPS).model is None


def test_an_address_that_is_none_stops_the_start(make_settings: Make) -> None:
    platform = Platform(make_settings(llm_url="ftp://model.example", llm_model="small"), APPS)
    with pytest.raises(Invalid, match="address of the model"):
        assert platform.model


async def test_the_model_keeps_to_the_limits_of_the_settings(make_settings: Make, clock: FixedClock) -> None:
    with running_server() as server:
        settings = make_settings(
            llm_url=server.url, llm_model="small", llm_key=SecretStr("sk-invented"), llm_calls_per_minute=2
        )
        model = configured_model(settings, clock)
        for _ in range(2):
            assert (await model.complete(PROMPT)).text == "Hello"
        with pytest.raises(ModelUnavailable) as caught:
            await model.complete(PROMPT)
        assert caught.value.reason == "budget"
        clock.advance(timedelta(minutes=1))
        await model.complete(PROMPT)
        await model.close()
        assert [(request["model"], headers["authorization"]) for _, headers, request in server.got] == [
            ("small", "Bearer sk-invented")
        ] * 3


async def test_no_limit_of_calls_is_none_and_money_is_counted(make_settings: Make, clock: FixedClock) -> None:
    with running_server() as server:
        settings = make_settings(
            llm_url=server.url,
            llm_model="small",
            llm_calls_per_minute=0,
            llm_price_per_1k_completion_tokens=1.0,
            llm_daily_cost_limit=0.21,
        )
        model = configured_model(settings, clock)
        # A call reserves 200 tokens (0.20) and costs the three that the server counts.
        for _ in range(4):
            await model.complete(PROMPT)
        with pytest.raises(ModelUnavailable, match="money"):
            await model.complete(PROMPT)
        await model.close()


async def test_a_server_that_stops_lets_go_of_its_model(platform: Platform) -> None:
    model = ScriptedModel([])
    served = Platform(platform.settings, APPS, model=model)
    async with client(served) as asked:
        assert (await asked.get("/health")).status_code == 200
        assert not model.is_closed
    assert model.is_closed
    served.close()


@pytest.mark.parametrize(
    ("given", "level", "said"),
    [
        ({}, "well", "No language model is configured"),
        ({"llm_url": URL, "llm_model": "small"}, "well", "small at 127.0.0.1:11434, without a key"),
        ({"llm_url": URL, "llm_model": "small", "llm_key": SecretStr("sk-x")}, "well", "with a key"),
        ({"llm_url": "ftp://model.example", "llm_model": "small"}, "wrong", "address of the model"),
        ({"llm_url": URL, "llm_model": "s", "llm_key": SecretStr("sk-é")}, "wrong", "key of the model"),
    ],
)
def test_the_doctor_says_what_words_the_replies(
    make_settings: Make, given: dict[str, object], level: str, said: str
) -> None:
    platform = Platform(make_settings(**given), APPS)
    [found] = [each for each in doctor.examine(platform) if "model" in each.text]
    assert found.level == level
    assert said in found.text
    assert "sk-" not in f"{found.text} {found.next_step}"
    platform.close()
