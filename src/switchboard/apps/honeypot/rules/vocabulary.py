"""The packaged vocabulary, compiled: what scammers, banks and shops say, by signal.

Patterns match text from `fold_for_reading`. Their repetitions are bounded, so that a hostile text cannot
make them slow; `<name>` in a pattern stands for a list of words kept once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.folding import fold_for_reading

_WORD_LIST = re.compile(r"<([a-z_]+)>")
_DEVANAGARI = re.compile("[\u0900-\u097f]")


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing a text can show.

    `weight` is added to the evidence for a scam (negative: against). `types` says how strongly the signal
    speaks for each scam type. `sees_negations` lets it read clauses such as "never share your OTP". `latin` and
    `devanagari` match what shows it in either script.
    """

    id: str
    reason: str
    weight: float
    types: Mapping[str, float]
    sees_negations: bool
    latin: re.Pattern[str]
    devanagari: re.Pattern[str]


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
            latin=_compile([_whole_words(entry["latin"])]),
            devanagari=_compile(entry["devanagari"]),
        )
        for entry in load_data("vocabulary")["signals"]
    )


@cache
def negations() -> re.Pattern[str]:
    """Clauses that tell the reader not to do something, and so ask for nothing."""
    entry = load_data("vocabulary")["negations"]
    return _compile([_whole_words(entry["latin"]), *entry["devanagari"]])


def signals_in(text: str) -> tuple[Signal, ...]:
    """What a text shows. Clauses that forbid something are not read by signals that would take them for an order."""
    everything = fold_for_reading(text)
    has_devanagari = _DEVANAGARI.search(everything) is not None
    said = negations().sub(" . ", everything)
    return tuple(
        signal
        for signal in signals()
        if _shows(signal, everything if signal.sees_negations else said, has_devanagari)
    )


def _shows(signal: Signal, text: str, has_devanagari: bool) -> bool:
    found = signal.latin.search(text) or (has_devanagari and signal.devanagari.search(text))
    return bool(found)


def _whole_words(patterns: Sequence[str]) -> str:
    """Hindi vowel signs are no word characters to `re`, so patterns in Devanagari do without this."""
    return rf"(?<![a-z0-9])(?:{'|'.join(patterns)})(?!'?[a-z0-9])"


def _compile(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile(_WORD_LIST.sub(_words, "|".join(patterns)))


def _words(match: re.Match[str]) -> str:
    words: str = load_data("vocabulary")["words"][match[1]]
    return words
