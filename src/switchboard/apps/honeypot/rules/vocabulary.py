"""The packaged vocabulary, compiled: what scammers, banks and shops say, by signal and by topic.

Patterns match text from `fold_for_reading`. Their repetitions are bounded, so that a hostile text cannot
make them slow; `<name>` in a pattern stands for a list of words kept once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data

_WORD_LIST = re.compile(r"<([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing a text can show.

    `weight` is added to the evidence for a scam (negative: against). `types` says how strongly the signal
    speaks for each scam type. `sees_negations` lets it read clauses such as "never share your OTP".
    """

    id: str
    reason: str
    weight: float
    types: Mapping[str, float]
    sees_negations: bool
    pattern: re.Pattern[str]


@cache
def signals() -> tuple[Signal, ...]:
    """Every signal, in the order of the data file."""
    return tuple(
        Signal(
            id=entry["id"],
            reason=entry["reason"],
            weight=entry["weight"],
            types=entry["types"],
            sees_negations=entry.get("before_negations", False),
            pattern=_compile(entry["latin"], entry["devanagari"]),
        )
        for entry in load_data("vocabulary")["signals"]
    )


@cache
def negations() -> re.Pattern[str]:
    """Clauses that tell the reader not to do something, and so ask for nothing."""
    entry = load_data("vocabulary")["negations"]
    return _compile(entry["latin"], entry["devanagari"])


@cache
def topics() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What a message can be about, the most telling topic first."""
    by_script = load_data("vocabulary")["topics"]
    return tuple(
        (topic, _compile(latin, by_script["devanagari"][topic]))
        for topic, latin in by_script["latin"].items()
    )


def _compile(latin: Sequence[str], devanagari: Sequence[str]) -> re.Pattern[str]:
    """Latin patterns match whole words; Hindi vowel signs are no word characters to `re`, so those do not."""
    whole_words = rf"(?<![a-z0-9])(?:{'|'.join(latin)})(?!'?[a-z0-9])"
    return re.compile(_WORD_LIST.sub(_words, "|".join([whole_words, *devanagari])))


def _words(match: re.Match[str]) -> str:
    words: str = load_data("vocabulary")["words"][match[1]]
    return words
