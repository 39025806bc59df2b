"""What a language model is asked when it words a persona's reply: the part, the phase, the chat so far.

Only the system text instructs. What the scammer wrote stands fenced in the turns; what comes back goes
through `guards`, and `replies` answers when it fails them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from switchboard.apps.honeypot.rules.conversation.personas import Persona
from switchboard.apps.honeypot.rules.conversation.replies import Scene, phase_of
from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.language import ENGLISH

_MOST_EARLIER_TURNS = 6
_MOST_CHARACTERS = 1_000


class Line(NamedTuple):
    """One line of the chat: the scammer's is `user`, the persona's `assistant`."""

    role: Literal["user", "assistant"]
    text: str


class Request(NamedTuple):
    """The system text, and the chat as the model is told it: scammer and persona by turns, scammer last."""

    system: str
    lines: tuple[Line, ...]


def request(persona: Persona, scene: Scene, *, fence_rule: str, enclose: Callable[[str], str]) -> Request:
    """What to ask for the persona's next line.

    `enclose` puts untrusted text between marks, and `fence_rule` tells the model what those mean. Of a long
    chat the last turns are told, of a long message its beginning.
    """
    facts = load_data("prompt")
    system = "\n".join(facts["system"]).format(
        **_part(persona),
        rule=fence_rule,
        phase=facts["phases"][phase_of(scene.turn, scene.max_turns)],
        wish=_wish(facts, scene),
        language=_language(facts, persona, scene),
    )
    return Request(system, (*_earlier(scene, enclose), _heard(scene.text, enclose)))


def _part(persona: Persona) -> dict[str, Any]:
    """What the persona is, in words for the system text."""
    lists = {name: ", ".join(getattr(persona, name)) for name in ("traits", "knows", "fears", "stalling")}
    texts = ("name", "age", "occupation", "city", "family", "backstory", "style")
    return lists | {name: getattr(persona, name) for name in texts}


def _wish(facts: dict[str, Any], scene: Scene) -> str:
    """One missing kind to ask for, another one each turn, so that the persona does not press."""
    kinds = [kind for kind in scene.missing if kind in facts["kinds"]]
    if not kinds:
        return str(facts["no_wish"])
    return str(facts["wish"].format(kind=facts["kinds"][kinds[scene.turn % len(kinds)]]))


def _language(facts: dict[str, Any], persona: Persona, scene: Scene) -> str:
    spoken = scene.language if scene.language in persona.languages else ENGLISH
    return str(facts["languages"][spoken])


def _earlier(scene: Scene, enclose: Callable[[str], str]) -> Iterator[Line]:
    """The last turns before this one, each a scammer's line and the persona's answer to it."""
    turns = list(zip(scene.heard, scene.said, strict=False))
    for heard, said in turns[-_MOST_EARLIER_TURNS:]:
        yield _heard(heard, enclose)
        yield Line("assistant", said)


def _heard(text: str, enclose: Callable[[str], str]) -> Line:
    return Line("user", enclose(text[:_MOST_CHARACTERS]))
