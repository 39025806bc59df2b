"""Who answers the scammer, and what they say: believable, never twice the same, never anything real.

A line is put together from parts written in the persona's data file. Which part fits follows from what was
said, how far the conversation is and what is still missing; which of the fitting ones, from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, count, product
from typing import Any

from switchboard.apps.honeypot.rules.data import list_data, load_data
from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.extraction import Finding, extract
from switchboard.apps.honeypot.rules.folding import fold_for_reading
from switchboard.apps.honeypot.rules.language import ENGLISH
from switchboard.apps.honeypot.rules.vocabulary import topics

DEFAULT_PERSONA_ID = "elderly_victim"
MAX_REPLY_CHARACTERS = 300

_TRUST_UNTIL_TURN = 2
_ASK_UNTIL_TURN = 5
_CORRECT_UNTIL_TURN = 8

_Slots = tuple[Sequence[str], ...]


class UnknownPersona(LookupError):
    """No persona has this id."""

    def __init__(self, persona_id: str) -> None:
        super().__init__(f"There is no persona {persona_id!r}.")
        self.persona_id = persona_id


@dataclass(frozen=True)
class Persona:
    """An invented victim. `scam_types` are those it suits best; `lines` holds its wording by language."""

    id: str
    name: str
    age: int
    occupation: str
    city: str
    backstory: str
    traits: tuple[str, ...]
    style: str
    scam_types: tuple[str, ...]
    lines: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages this persona can answer in."""
        return tuple(self.lines)


def list_personas() -> tuple[Persona, ...]:
    """Every persona, sorted by id."""
    return tuple(_personas().values())


def get_persona(persona_id: str) -> Persona:
    """The persona of that id. Raises UnknownPersona."""
    try:
        return _personas()[persona_id]
    except KeyError:
        raise UnknownPersona(persona_id) from None


def reply(
    persona: Persona,
    *,
    turn: int,
    text: str,
    verdict: Verdict,
    missing: Sequence[str],
    said: Collection[str],
    seed: int,
    language: str,
) -> str:
    """What the persona answers to `text`, the scammer's message of this turn (counted from 1).

    `verdict` is the session's; `missing` the kinds of identifier not yet known, `said` the persona's earlier
    lines, of which none is repeated. At most MAX_REPLY_CHARACTERS, the same for the same arguments. A language
    the persona does not speak is answered in English.
    """
    wording = persona.lines.get(language) or persona.lines[ENGLISH]
    if verdict.is_scam:
        slots = _scam_slots(wording, turn, text, missing)
    else:
        slots = (wording["benign_opener"], wording["benign"], wording["benign_close"])
    draw = random.Random(f"{seed}:{turn}")
    return next(line for line in _lines(slots, said, draw) if line not in said)


@cache
def _personas() -> Mapping[str, Persona]:
    return {persona.id: persona for persona in map(_load_persona, list_data("personas"))}


def _load_persona(name: str) -> Persona:
    facts = load_data(name)
    return Persona(**{**facts, "traits": tuple(facts["traits"]), "scam_types": tuple(facts["scam_types"])})


def _scam_slots(wording: Mapping[str, Any], turn: int, text: str, missing: Sequence[str]) -> _Slots:
    """The parts to choose from, by phase: win trust, ask for theirs, mistake what they gave, stall."""
    findings = extract(text)
    reaction = wording["reaction"][_topic(text, findings)]
    ask = _asks(wording, turn, missing)
    if turn <= _TRUST_UNTIL_TURN:
        return wording["opener"], reaction, wording["trust"]
    if turn <= _ASK_UNTIL_TURN:
        return wording["opener"], reaction, ask
    if turn > _CORRECT_UNTIL_TURN:
        return reaction, wording["stall"], ask
    mistaken = _mistaken(wording, findings)
    return (wording["opener"], mistaken, ask) if mistaken else (reaction, wording["wrong"]["none"], ask)


def _topic(text: str, findings: Sequence[Finding]) -> str:
    said = fold_for_reading(text)
    if any(finding.kind == "url" for finding in findings):
        return "url"
    return next((topic for topic, pattern in topics() if pattern.search(said)), "other")


def _asks(wording: Mapping[str, Any], turn: int, missing: Sequence[str]) -> Sequence[str]:
    """Lines that ask for one of the missing kinds, another each turn; for anything when none is missing."""
    askable = [kind for kind in missing if kind in wording["ask"]]
    lines: Sequence[str] = wording["ask"][askable[turn % len(askable)] if askable else "any"]
    return lines


def _mistaken(wording: Mapping[str, Any], findings: Sequence[Finding]) -> Sequence[str]:
    """Lines that give back an identifier of this message slightly wrong; empty when there is none to mistake."""
    for finding in findings:
        if finding.kind == "url":
            return tuple(wording["wrong"]["url"])
        if finding.kind == "phone":
            wrong = " ".join(_misheard(finding.value[-4:]))
            return tuple(line.format(wrong_digits=wrong) for line in wording["wrong"]["phone"])
        local, _, handle = finding.value.partition("@")
        letters = "".join(filter(str.isalpha, local))[:12]
        if finding.kind == "upi" and len(letters) >= 2:
            wrong = f"{_misheard(letters)} at {handle}"
            return tuple(line.format(wrong_upi=wrong) for line in wording["wrong"]["upi"])
    return ()


def _misheard(word: str) -> str:
    """The word with its last two different neighbours exchanged, or its end dropped when all are alike."""
    for place in range(len(word) - 1, 0, -1):
        if word[place] != word[place - 1]:
            return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    return word[:-1]


def _lines(slots: _Slots, said: Collection[str], draw: random.Random) -> Iterator[str]:
    """Every line the parts make, the least worn parts first; never exhausted."""
    ordered = [_least_worn_first(parts, said, draw) for parts in slots]
    sentences = (line[:1].upper() + line[1:] for line in map(" ".join, product(*ordered)))
    lines = (line for line in sentences if len(line) <= MAX_REPLY_CHARACTERS)
    # Hundreds of lines later she can only ask again whether anyone is there.
    return chain(lines, (f"Hello? {'Hello? ' * times}".strip() for times in count()))


def _least_worn_first(parts: Sequence[str], said: Collection[str], draw: random.Random) -> list[str]:
    shuffled = draw.sample(list(parts), len(parts))
    # Without its first letter, which is a capital where the part opened the line.
    return sorted(shuffled, key=lambda part: sum(part[1:] in line for line in said))
