"""The model that the settings name. What it is asked, and what becomes of its answer, the apps decide."""

from __future__ import annotations

from switchboard.kernel.clock import Clock
from switchboard.kernel.errors import Invalid
from switchboard.kernel.llm.budget import Budget, BudgetedModel, Limits
from switchboard.kernel.llm.model import LanguageModel
from switchboard.kernel.llm.openai_compatible import OpenAICompatibleModel
from switchboard.kernel.llm.resting import RestingModel
from switchboard.kernel.settings import Settings


def configured_model(settings: Settings, clock: Clock) -> LanguageModel:
    """The model behind SWITCHBOARD_LLM_URL, within its limits. Raises Invalid for a wrong address or key."""
    if settings.llm_url is None or settings.llm_model is None:
        raise Invalid(
            "No language model is configured.", hint="Set SWITCHBOARD_LLM_URL and SWITCHBOARD_LLM_MODEL."
        )
    model = OpenAICompatibleModel(
        settings.llm_url,
        settings.llm_model,
        settings.llm_key,
        timeout_seconds=settings.llm_timeout_seconds,
        clock=clock,
    )
    limits = Limits(
        calls_per_minute=settings.llm_calls_per_minute or None,
        cost_per_day=settings.llm_daily_cost_limit,
        price_per_1k_prompt_tokens=settings.llm_price_per_1k_prompt_tokens,
        price_per_1k_completion_tokens=settings.llm_price_per_1k_completion_tokens,
    )
    return RestingModel(BudgetedModel(model, Budget(limits, clock)), clock)
