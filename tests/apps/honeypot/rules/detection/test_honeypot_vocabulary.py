"""The vocabulary is data that anyone may extend, so its promises are checked here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.detection import SCAM_TYPES, vocabulary
from switchboard.apps.honeypot.rules.text.phrases import compile_phrases, prepare

FACTS = load_data("vocabulary")
PHRASES = {
    name: compile_phrases(entry, FACTS["words"])
    for name, entry in [
        ("negations", FACTS["negations"]),
        *((entry["id"], entry) for entry in FACTS["signals"]),
    ]
}
PATTERNS = {
    f"{name} in {script}": getattr(phrases, script)
    for name, phrases in PHRASES.items()
    for script in ("latin", "hindi")
}


def repetitions(tree: Any) -> Iterator[int]:
    """The upper bound of every repetition in a parsed pattern."""
    if isinstance(tree, tuple) and len(tree) == 2 and str(tree[0]) in ("MAX_REPEAT", "MIN_REPEAT"):
        yield int(tree[1][1])
    if isinstance(tree, list | tuple) or hasattr(tree, "data"):
        for part in tree:
            yield from repetitions(part)


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_repeats_without_a_bound(name: str) -> None:
    parsed = re._parser.parse(PATTERNS[name].pattern)  # type: ignore[attr-defined]
    assert max(repetitions(parsed), default=0) <= 200


@pytest.mark.parametrize("signal", vocabulary.signals(), ids=lambda signal: signal.id)
def test_every_signal_speaks_for_known_types_and_in_a_sentence(signal: vocabulary.Signal) -> None:
    assert signal.types.keys() <= set(SCAM_TYPES)
    assert signal.reason[0].isupper()
    assert not signal.reason.endswith(".")
    assert PHRASES[signal.id].find(prepare("")) is None


def test_every_type_but_the_unknown_has_a_signal() -> None:
    spoken_for = {scam_type for signal in vocabulary.signals() for scam_type in signal.types}
    assert spoken_for == set(SCAM_TYPES) - {"UNKNOWN"}
