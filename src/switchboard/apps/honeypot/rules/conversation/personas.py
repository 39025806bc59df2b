"""Who answers the scammer: invented people, read from data files, and which of them suits a scam.

What they say is put together in `replies`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from switchboard.apps.honeypot.rules.data import list_data, load_data
from switchboard.apps.honeypot.rules.detection import UNKNOWN
from switchboard.apps.honeypot.rules.text.language import ENGLISH, UNDETERMINED
from switchboard.apps.honeypot.rules.text.phrases import PhraseBook, prepare

DEFAULT_PERSONA_ID = "elderly_victim"
AUTO = "auto"
"""In place of a persona's id: the kind of scam chooses."""
INDIA = "IN"


class UnknownPersona(LookupError):
    """No persona has this id."""

    def __init__(self, persona_id: str) -> None:
        super().__init__(f"There is no persona {persona_id!r}.")
        self.persona_id = persona_id


@dataclass(frozen=True)
class Persona:
    """An invented victim.

    `gender` is "m" or "f" and decides the verb forms of Hindi; `country` is an ISO 3166 code. `texting` says
    that they write without capitals, as the young text. `facts` and `lines` hold, by language, what they say of
    themselves and their own wording.
    """

    id: str
    name: str
    age: int
    gender: str
    occupation: str
    city: str
    country: str
    family: str
    backstory: str
    traits: tuple[str, ...]
    knows: tuple[str, ...]
    fears: tuple[str, ...]
    style: str
    stalling: tuple[str, ...]
    texting: bool
    facts: Mapping[str, Mapping[str, str]] = field(repr=False, compare=False)
    lines: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages this persona can answer in."""
        return tuple(self.lines)

    @property
    def scam_types(self) -> tuple[str, ...]:
        """The types this persona is chosen for, in the order of the choice's table."""
        return tuple(kind for kind, ids in load_data("persona_choice")["suited"].items() if self.id in ids)


def list_personas() -> tuple[Persona, ...]:
    """Every persona, sorted by id."""
    return tuple(_personas().values())


def get_persona(persona_id: str) -> Persona:
    """The persona of that id. Raises UnknownPersona."""
    try:
        return _personas()[persona_id]
    except KeyError:
        raise UnknownPersona(persona_id) from None


def choose_persona(scam_type: str | None, language: str, seed: int, text: str = "") -> Persona:
    """A persona that suits the scam, the same for the same arguments.

    The suited ones are drawn with weights 1, 1/2, 1/3 and so on in the order of the table. English about
    dollars, pounds or a foreign office is answered from abroad, everything else from India. A language nobody
    speaks counts as English.
    """
    suited = [get_persona(persona_id) for persona_id in _suited(scam_type or UNKNOWN, language, text)]
    speakers = [persona for persona in suited if language in persona.languages] or suited
    weights = [1 / place for place in range(1, len(speakers) + 1)]
    draw = random.Random(f"{seed}:{scam_type}")
    return draw.choices(speakers, weights)[0]


def _suited(scam_type: str, language: str, text: str) -> Sequence[str]:
    choice = load_data("persona_choice")
    country = _country(text) if language in (ENGLISH, UNDETERMINED) else INDIA
    if country != INDIA:
        local: Sequence[str] = choice["abroad"][country]
        return local
    suited: Mapping[str, Sequence[str]] = choice["suited"]
    return suited.get(scam_type, suited[UNKNOWN])


def _country(text: str) -> str:
    """The country whose money, offices or parcel services a text speaks of; India when none or several do."""
    countries, book = _country_signs()
    named = [countries[number] for number in book.numbers_in(prepare(text))]
    return named[0] if named and INDIA not in named else INDIA


@cache
def _country_signs() -> tuple[tuple[str, ...], PhraseBook]:
    signs: Mapping[str, Mapping[str, Sequence[str]]] = load_data("persona_choice")["signs"]
    return tuple(signs), PhraseBook(signs.values())


@cache
def _personas() -> Mapping[str, Persona]:
    return {persona.id: persona for persona in map(_load_persona, list_data("personas"))}


def _load_persona(name: str) -> Persona:
    facts = load_data(name)
    lists = {key: tuple(facts[key]) for key in ("traits", "knows", "fears", "stalling")}
    return Persona(**{**facts, **lists})
