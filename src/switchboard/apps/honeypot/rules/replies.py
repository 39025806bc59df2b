"""What the persona says: an answer to what was said, in the scammer's language, that leads on to what is missing.

A line is an opener, an answer to the scammer's move and a part that the phase asks for. The wording lies in
`data/personas` (each one's own) and `data/replies` (shared, by language); every line passes `guards`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, count
from typing import Any

from switchboard.apps.honeypot.rules import guards
from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.folding import fold, fold_for_reading
from switchboard.apps.honeypot.rules.grammar import Part, Speaker, is_used, lines, make_part
from switchboard.apps.honeypot.rules.language import ENGLISH, HINDI, HINGLISH
from switchboard.apps.honeypot.rules.links import domain_of
from switchboard.apps.honeypot.rules.moves import OTHER, invited_kinds, recognise
from switchboard.apps.honeypot.rules.personas import INDIA, Persona

TRUST = "trust"
ASK = "ask"
CORRECT = "correct"
STALL = "stall"

_TRUST_UNTIL_TURN = 2
_ASK_UNTIL_TURN = 5
_CORRECT_UNTIL_TURN = 8
_TURNS_OF_A_FULL_SESSION = 10
_SURELY_HARMLESS = 0.35
_OPENS_WITH_ADDRESS = 0.7
_ADDS_AN_ASIDE = 0.45

_ONLY_IN_INDIA = frozenset({"upi", "ifsc"})
_SPEAKS_OF = {
    "crypto_wallet": re.compile(r"crypto|bitcoin|btc|usdt|wallet|coin|क्रिप्टो|बिटकॉइन"),
    "telegram": re.compile(r"telegram|t\.me|टेलीग्राम"),
    "upi": re.compile(r"\bupi\b|यूपीआई"),
    "ifsc": re.compile(r"ifsc"),
}
_AMOUNT = re.compile(
    r"(?P<before>rs\.?|inr|₹|us\$|s\$|\$|£) ?(?P<sum>[0-9][0-9,]{0,9})"
    r"|(?P<sum_first>[0-9][0-9,]{0,9}) ?(?P<after>rs|inr|rupees?|rupay\w|rupaye|/-|dollars?|usd|pounds?|रुपये|रुपए)"
)
_Slots = Sequence[Sequence[Part]]
_NOTHING_KNOWN: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a conversation stands when the persona is to answer `text`, the scammer's message of this turn.

    Turns count from 1. `findings` are those of `text`, `verdict` the session's, `known` all the scammer's values
    by kind, this message's among them, and `missing` the kinds not known yet. `said` are the persona's earlier
    lines and `heard` the scammer's. `language` is the scammer's.
    """

    turn: int
    text: str
    verdict: Verdict
    seed: int
    language: str = ENGLISH
    max_turns: int = _TURNS_OF_A_FULL_SESSION
    findings: Sequence[Finding] = ()
    known: Mapping[str, Sequence[str]] = field(default_factory=lambda: _NOTHING_KNOWN)
    missing: Sequence[str] = ()
    said: Sequence[str] = ()
    heard: Sequence[str] = ()


def reply(persona: Persona, scene: Scene) -> str:
    """What the persona answers: at most 300 characters, none of `scene.said`, the same for the same arguments.

    A language the persona does not speak is answered in English, and said to be read badly.
    """
    wording = _wording(persona, scene.language)
    draw = random.Random(f"{scene.seed}:{scene.turn}")
    if _seems_harmless(scene.verdict):
        slots = _harmless_slots(wording, scene, draw)
    else:
        slots = _scam_slots(persona, wording, scene, draw)
    return _first_allowed(persona, wording, slots, _values(scene, wording), scene.said, scene.known, draw)


def close(persona: Persona, closing: str, *, language: str, seed: int, said: Sequence[str] = ()) -> str:
    """The persona's last line. `closing` is `lifecycle.Outcome.closing` or `"benign"`; KeyError for another."""
    wording = _wording(persona, language)
    draw = random.Random(f"{seed}:{closing}")
    slots = [wording.closings[closing]]
    if closing in _CLOSED_WITH_AN_OPENER:
        slots.insert(0, wording.own["openers"])
    return _first_allowed(persona, wording, slots, {}, said, _NOTHING_KNOWN, draw)


_CLOSED_WITH_AN_OPENER = frozenset({"completed", "limit"})


@dataclass(frozen=True, slots=True)
class _Wording:
    """All parts one persona has in one language. An answer's own parts stand beside the shared ones."""

    language: str
    hello: str
    amounts: Mapping[str, str]
    tongues: Mapping[str, str]
    own: Mapping[str, Sequence[Part]]
    own_answers: Mapping[str, Sequence[Part]]
    answers: Mapping[str, Sequence[Part]]
    asks: Mapping[str, Sequence[Part]]
    mistakes: Mapping[str, Sequence[Part]]
    closings: Mapping[str, Sequence[Part]]
    stalls: Sequence[Part]
    foreign: Sequence[Part]
    benign_first: Sequence[Part]


def _wording(persona: Persona, language: str) -> _Wording:
    return _load_wording(persona, language if language in persona.languages else ENGLISH)


@cache
def _load_wording(persona: Persona, language: str) -> _Wording:
    shared, own = load_data(f"replies/{language}"), persona.lines[language]
    facts = {"name": persona.name, "age": str(persona.age), **persona.facts[language]}

    def parts(templates: Sequence[str]) -> Sequence[Part]:
        return tuple(make_part(template, persona.gender, facts) for template in templates)

    def by_name(entries: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[Part]]:
        return {name: parts(templates) for name, templates in entries.items()}

    return _Wording(
        language=language,
        hello=shared["hello"],
        amounts=shared["amount"],
        tongues=shared["tongues"],
        own=by_name({name: templates for name, templates in own.items() if name != "answers"}),
        own_answers=by_name(own["answers"]),
        answers=by_name(shared["answers"]),
        asks=by_name(shared["ask"]),
        mistakes=by_name(shared["wrong"]),
        closings=by_name(shared["closings"]),
        stalls=parts(shared["stalls"]),
        foreign=parts(shared["foreign"]),
        benign_first=parts(shared["benign_first"]),
    )


def _seems_harmless(verdict: Verdict) -> bool:
    return not verdict.is_scam and verdict.confidence < _SURELY_HARMLESS


def _harmless_slots(wording: _Wording, scene: Scene, draw: random.Random) -> _Slots:
    """Who is this, and a goodbye from the second turn on: polite, and open should it turn out a scam."""
    greeting = [wording.own["openers"]] if draw.random() < _OPENS_WITH_ADDRESS else []
    if scene.turn == 1:
        return [*greeting, wording.benign_first]
    return [*greeting, wording.closings["benign"]]


def _scam_slots(persona: Persona, wording: _Wording, scene: Scene, draw: random.Random) -> _Slots:
    """The parts to choose from, by phase: win trust, ask for theirs, mistake what they gave, stall."""
    moves = recognise(scene.text, scene.findings)
    opener = [wording.own["openers"]] if draw.random() < _OPENS_WITH_ADDRESS else []
    aside = [wording.own["asides"]] if draw.random() < _ADDS_AN_ASIDE else []
    answer = _foreign(wording, scene) or _answer(wording, moves, scene)
    ask = _ask(persona, wording, moves, scene)
    phase = phase_of(scene.turn, scene.max_turns)
    mistake = _mistake(wording, scene) if phase in (CORRECT, STALL) else ()
    if phase == TRUST:
        return [*opener, answer, ask if _is_invited(moves, scene) else wording.own["trust"]]
    if phase == STALL and draw.random() < 0.5:
        return [answer, wording.own["stalls"], ask]
    if mistake:
        return [*opener, mistake, ask] if draw.random() < 0.5 else [answer, mistake]
    if phase == STALL:
        return [*opener, answer, wording.stalls, ask]
    return [*opener, answer, *aside, ask]


def phase_of(turn: int, max_turns: int) -> str:
    """TRUST, ASK, CORRECT or STALL. A session of fewer than ten turns goes through them faster."""
    progress = turn * _TURNS_OF_A_FULL_SESSION / min(max_turns, _TURNS_OF_A_FULL_SESSION)
    if progress <= _TRUST_UNTIL_TURN or turn == 1:
        return TRUST
    if progress <= _ASK_UNTIL_TURN:
        return ASK
    return CORRECT if progress <= _CORRECT_UNTIL_TURN else STALL


def _foreign(wording: _Wording, scene: Scene) -> Sequence[Part]:
    """That a language none of them writes is read badly; said until every such part was used."""
    if scene.language in (ENGLISH, HINDI, HINGLISH):
        return ()
    return tuple(part for part in wording.foreign if not is_used(part, scene.said))


def _answer(wording: _Wording, moves: Sequence[str], scene: Scene) -> Sequence[Part]:
    """Unused parts that answer the first move which still has any: the persona's own before the shared ones."""
    for move in moves:
        candidates = [wording.own_answers.get(move, ()), wording.answers.get(move, ())]
        ...
    return wording.answers[OTHER]
