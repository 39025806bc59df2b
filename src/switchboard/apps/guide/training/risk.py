"""`switchboard guide train-risk`: learn the risk model from the examples beside this module and write its data file."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from switchboard.apps.guide.rules.risk.features import read_features
from switchboard.apps.guide.rules.risk.finding import find_phrases
from switchboard.apps.guide.rules.risk.lexicon import CATEGORIES, ENGLISH, load_lexicon
from switchboard.apps.guide.rules.text.reading import Vocabulary, count_words, read
from switchboard.kernel.language.regression import Block, fit

_EXAMPLES = files("switchboard.apps.guide.training") / "risk_examples"
_NONE = "none"
_MISSPELT = "misspelt"
_ANSWER = re.compile(r"\[(\w+)\] (.+)")
_STRENGTH = 30.0
_LEAST_MESSAGES = 2
_LEAST_WEIGHT = 0.12


class Example(NamedTuple):
    """A labelled message: `label` is a category or 'none', `step` the question that it answers, if any."""

    text: str
    step: str | None
    label: str
    is_misspelt: bool


def own_examples() -> list[Example]:
    """The shipped examples, in the order of their files; a file is named by its label."""
    return [
        example
        for file in sorted(_EXAMPLES.iterdir(), key=lambda each: each.name)
        for example in _examples(file.name.removesuffix(".txt"), file.read_text(encoding="utf-8"))
    ]


def _examples(name: str, text: str) -> Iterable[Example]:
    label = name if name in CATEGORIES else _NONE
    is_misspelt = False
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            is_misspelt = _MISSPELT in line
            continue
        answer = _ANSWER.fullmatch(line)
        step, said = answer.groups() if answer else (None, line)
        yield Example(said, step, label, is_misspelt)


def learn(examples: Sequence[Example]) -> dict[str, Any]:
    """The model's data file for these examples; the same examples make the same file."""
    vocabulary = count_words(example.text for example in examples if not example.is_misspelt)
    known = Vocabulary(dict.fromkeys(load_lexicon().words[ENGLISH], 1) | dict(vocabulary.counts))
    seen = [_features(example, known) for example in examples]
    counts = Counter(feature for features in seen for feature in features)
    numbered = {
        feature: number
        for number, feature in enumerate(
            sorted(feature for feature, count in counts.items() if count >= _LEAST_MESSAGES)
        )
    }
    rows = [[_block(numbered, features)] for features in seen]
    fitted = [
        fit(rows, targets, [1.0] * len(rows), features=len(numbered), strength=_STRENGTH)
        for targets in (
            [example.label != _NONE for example in examples],
            *([example.label == category for example in examples] for category in CATEGORIES),
        )
    ]
    weights = {
        feature: [round(each.by_feature[number] * 100) for each in fitted]
        for feature, number in numbered.items()
        if max(abs(each.by_feature[number]) for each in fitted) >= _LEAST_WEIGHT
    }
    return {
        "biases": [round(each.bias * 100) for each in fitted],
        "vocabulary": dict(sorted(vocabulary.counts.items())),
        "weights": weights,
    }


def write(model: dict[str, Any], out: Path) -> None:
    """One feature a line, so that a change can be read."""
    lines = [
        '{"biases": ' + json.dumps(model["biases"]) + ",",
        '"vocabulary": ' + json.dumps(model["vocabulary"], ensure_ascii=False) + ",",
        '"weights": {',
        ",\n".join(
            f"{json.dumps(feature, ensure_ascii=False)}:{json.dumps(worth, separators=(',', ':'))}"
            for feature, worth in model["weights"].items()
        ),
        "}}",
    ]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _features(example: Example, vocabulary: Vocabulary) -> list[str]:
    reading = read(example.text, vocabulary)
    return read_features(reading, example.step, find_phrases(reading, example.step, load_lexicon()).harmless)


def _block(numbered: dict[str, int], features: Iterable[str]) -> Block:
    known = sorted(numbered[feature] for feature in features if feature in numbered)
    return Block(known, 1 / math.sqrt(len(known) or 1))
