"""What the scammer is doing with a message: greeting, asking for a code, threatening, giving a number.

Recognition only: what the persona answers is in `replies`, whether it is a scam in `detection`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.text.phrases import PhraseBook, Phrases, compile_phrases, prepare

OTHER = "other"
FACTS = frozenset({"asks_name", "asks_age", "asks_address", "asks_job", "asks_family", "asks_bank"})


def recognise(text: str, findings: Sequence[Finding] = ()) -> tuple[str, ...]:
    """The moves of a message, the one that most needs an answer first; `("other",)` when none is seen.

    `findings` are the identifiers of the same text: giving one is a move, answered when nothing is asked.
    """
    said = prepare(_without(findings, text))
    moves = [_moves()[number] for number in _book().numbers_in(said)]
    gives: Mapping[str, str] = load_data("moves")["gives"]
    given = [gives[finding.kind] for finding in findings if finding.kind in gives]
    small_talk = [move for move in moves if move in _SMALL_TALK]
    asked = [move for move in moves if move not in _SMALL_TALK]
    return tuple(dict.fromkeys([*asked, *given, *small_talk])) or (OTHER,)


def _without(findings: Sequence[Finding], text: str) -> str:
    """The text without its identifiers: what a link happens to contain is not said."""
    for found in reversed(findings):
        text = f"{text[: found.start]} {text[found.end :]}"
    return text


def invited_kinds(moves: Sequence[str]) -> tuple[str, ...]:
    """The kinds of identifier that it is natural to ask for after these moves, the most natural first."""
    invites: Mapping[str, Sequence[str]] = load_data("moves")["invites"]
    return tuple(dict.fromkeys(kind for move in moves for kind in invites.get(move, ())))


def speaks_of(topic: str, text: str) -> bool:
    """Whether a text touches the topic "money", "crypto_wallet" or "telegram"."""
    return _topics()[topic].find(prepare(text)) is not None


# Said beside almost anything, so it is answered only when nothing else was said.
_SMALL_TALK = frozenset({"refuses", "hurries", "bye", "thanks", "asks_who", "greeting"})


@cache
def _moves() -> tuple[str, ...]:
    return tuple(load_data("moves")["moves"])


@cache
def _book() -> PhraseBook:
    entries = load_data("moves")
    return PhraseBook(entries["moves"].values(), entries["words"])


@cache
def _topics() -> Mapping[str, Phrases]:
    entries = load_data("moves")
    return {topic: compile_phrases(phrases, entries["words"]) for topic, phrases in entries["topics"].items()}
