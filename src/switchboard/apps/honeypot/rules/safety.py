"""Danger to a person in what was written: violence, self-harm, a child, sexual content.

Precision decides here, because a danger ends the session: arrests, police, reports and cut connections are an
impersonator's trade and no danger. What happens then is decided in `lifecycle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.phrases import PhraseBook, Phrases, compile_phrases, prepare

MINOR = "minor"
SELF_HARM = "self_harm"
VIOLENCE = "violence"
SEXUAL = "sexual"


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger seen. `kind` is one of the four above, `reason` a sentence, `phrase` the words that show it."""

    kind: str
    reason: str
    phrase: str


def find_danger(text: str) -> Danger | None:
    """The gravest danger in a message, a child's first; None when there is none. Accepts any text.

    Reads English, Hindi and Hinglish. `phrase` is as the text reads once folded: lower case, single spaces.
    """
    everything = prepare(text)
    if not _book().numbers_in(everything):
        return None
    harmless, dangers = _phrases()
    said = harmless.without(everything)
    for number in _book().numbers_in(said):
        kind, reason, phrases = dangers[number]
        phrase = phrases.find(said)
        if phrase:
            return Danger(kind, reason, phrase)
    return None


@cache
def _book() -> PhraseBook:
    entries = load_data("safety")
    return PhraseBook(entries["dangers"], entries["words"])


@cache
def _phrases() -> tuple[Phrases, tuple[tuple[str, str, Phrases], ...]]:
    entries = load_data("safety")
    dangers = tuple(
        (entry["kind"], entry["reason"], compile_phrases(entry, entries["words"]))
        for entry in entries["dangers"]
    )
    return compile_phrases(entries["harmless"]), dangers
