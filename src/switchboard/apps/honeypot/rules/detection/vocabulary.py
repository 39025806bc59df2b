"""The packaged vocabulary, compiled: what scammers, banks and shops say, by signal.

What the signals add up to is judged in `detection`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.phrases import PhraseBook, Phrases, compile_phrases, prepare


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
        )
        for entry in load_data("vocabulary")["signals"]
    )


@cache
def negations() -> Phrases:
    """Clauses that tell the reader not to do something, and so ask for nothing."""
    vocabulary = load_data("vocabulary")
    return compile_phrases(vocabulary["negations"], vocabulary["words"])


def signals_in(text: str) -> tuple[Signal, ...]:
    """What a text shows. Clauses that forbid something are not read by signals that would take them for an order."""
    everything = prepare(text)
    said = negations().without(everything)
    shown = [signals()[number] for number in _book().numbers_in(said)]
    if said != everything:
        unheeding = [signals()[number] for number in _book().numbers_in(everything)]
        shown = [signal for signal in shown if not signal.sees_negations]
        shown += [signal for signal in unheeding if signal.sees_negations]
    return tuple(shown)


@cache
def _book() -> PhraseBook:
    vocabulary = load_data("vocabulary")
    return PhraseBook(vocabulary["signals"], vocabulary["words"])
