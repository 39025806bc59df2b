"""Everything one persona can say in one language, read from the data files as parts of the grammar.

`data/personas` holds each one's own wording and facts, `data/replies` what all share. Which part is said when is
decided in `replies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from switchboard.apps.honeypot.rules.conversation.grammar import Part, make_part
from switchboard.apps.honeypot.rules.conversation.personas import Persona
from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.language import ENGLISH

Parts = Sequence[Part]


@dataclass(frozen=True, slots=True)
class Wording:
    """A persona's parts in one language.

    `openers` to `stalls` are the persona's own, and so are `own_answers`, by move; `asks` and `mistakes` are by
    kind of identifier, `closings` by name. `amounts` says how a sum is written by currency, `tongues` what a
    language is called by its code, the empty code for any other (English only, as `foreign` is); `offers` bring up money first; `address` is what they
    call a stranger, `hello` is left when everything else was said.
    """

    language: str
    openers: Parts
    trust: Parts
    asides: Parts
    stalls: Parts
    own_answers: Mapping[str, Parts]
    answers: Mapping[str, Parts]
    asks: Mapping[str, Parts]
    mistakes: Mapping[str, Parts]
    closings: Mapping[str, Parts]
    offers: Parts
    shared_stalls: Parts
    foreign: Parts
    strangers: Parts
    amounts: Mapping[str, str]
    tongues: Mapping[str, str]
    address: str
    hello: str


def wording_of(persona: Persona, language: str) -> Wording:
    """The persona's wording in that language, or in English when they do not speak it."""
    return _load_wording(persona, language if language in persona.languages else ENGLISH)


@cache
def _load_wording(persona: Persona, language: str) -> Wording:
    shared, own = load_data(f"replies/{language}"), persona.lines[language]
    facts = {"name": persona.name, "age": str(persona.age), **persona.facts[language]}

    def parts(templates: Sequence[str]) -> Parts:
        return tuple(make_part(template, persona.gender, facts) for template in templates)

    def by_name(entries: Mapping[str, Sequence[str]]) -> Mapping[str, Parts]:
        return {name: parts(templates) for name, templates in entries.items()}

    return Wording(
        language=language,
        openers=parts(own["openers"]),
        trust=parts(own["trust"]),
        asides=parts(own["asides"]),
        stalls=parts(own["stalls"]),
        own_answers=by_name(own["answers"]),
        answers=by_name(shared["answers"]),
        asks=by_name(shared["ask"]),
        mistakes=by_name(shared["wrong"]),
        closings=by_name(shared["closings"]),
        offers=parts(shared["offers"]),
        shared_stalls=parts(shared["stalls"]),
        foreign=parts(shared.get("foreign", ())),
        strangers=parts(shared["benign_first"]),
        amounts=shared["amount"],
        tongues=shared.get("tongues", {}),
        address=facts["you"].casefold(),
        hello=shared["hello"],
    )
