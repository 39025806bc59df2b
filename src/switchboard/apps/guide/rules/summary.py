"""A session in the person's own words, under the headings of its flow: people and strengths first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from switchboard.apps.guide.rules.flow.document import Flow, State
from switchboard.apps.guide.rules.flow.turn import Answer

_FIRST = ("support_people", "strengths")


def build(flow: Flow, language: str, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """What a summary holds, as it is stored: `title` and `parts`, each with `step`, `heading`, `text`."""
    spoken = language if language in flow.languages else flow.languages[0]
    parts = [
        {"step": state.saves, "heading": state.text[spoken]["heading"][0], "text": given.text}
        for state in sorted(flow.questions, key=_order)
        if (given := answers.get(state.saves or "")) is not None and given.text
    ]
    return {"flow": flow.id, "language": spoken, "title": flow.title[spoken], "parts": parts}


def as_text(summary: Mapping[str, Any]) -> str:
    """The summary as plain text."""
    parts = [f"{part['heading']}\n{part['text']}" for part in summary["parts"]]
    closing = [summary["closing"]] if summary.get("closing") else []
    return "\n\n".join([summary["title"], *parts, *closing]) + "\n"


def _order(state: State) -> int:
    return _FIRST.index(state.saves) if state.saves in _FIRST else len(_FIRST)
