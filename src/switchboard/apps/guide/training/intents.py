"""`switchboard guide train-intents --linear`: learn the linear intent model from the examples beside this module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from switchboard.apps.guide.training import risk
from switchboard.kernel.language.intents_training import learn

_EXAMPLES = files("switchboard.apps.guide.training") / "intent_examples"
_STEPS = ("support_people", "strengths", "worries", "goals")


def own_examples() -> list[tuple[str, str]]:
    """The shipped examples as (text, intent), each once: the small words of a talk, and answers to the questions."""
    found = [
        (line, file.name.removesuffix(".txt"))
        for file in sorted(_EXAMPLES.iterdir(), key=lambda each: each.name)
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    return list(dict.fromkeys([*found, *_answers()]))


def learn_linear() -> dict[str, Any]:
    """The data file of the linear model; what is strange to a session is an intent of its own.

    Raises Unavailable without scikit-learn.
    """
    return learn(own_examples(), least_worth=0.03)


def write(model: dict[str, Any], out: Path) -> None:
    out.write_text(json.dumps(model, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _answers() -> Iterator[tuple[str, str]]:
    for example in risk.own_examples():
        if example.step in _STEPS and example.label == "none":
            yield example.text, example.step
