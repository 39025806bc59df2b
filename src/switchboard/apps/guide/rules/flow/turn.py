"""One turn as it is being decided: what is known, what is said, and what becomes of the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from switchboard.apps.guide.rules.flow.document import END, QUESTION, Flow, State
from switchboard.apps.guide.rules.flow.place import Place
from switchboard.apps.guide.rules.flow.wording import Voice
from switchboard.apps.guide.rules.hearing import Heard
from switchboard.apps.guide.rules.response.composing import Link, Response
from switchboard.apps.guide.rules.response.resources import Resource

ANSWERED, NONE, SKIPPED, LEFT_OPEN = "answered", "none", "skipped", "left_open"
"""How a question was left: with an answer, with the answer that there is nothing, skipped, or never answered."""
PARTIAL, COMPLETE = "partial", "complete"
EVERYTHING, SUMMARY_ONLY = "everything", "summary"


class Answer(NamedTuple):
    """What was answered to a question, in the person's exact words."""

    text: str | None
    how: str


class Save(NamedTuple):
    """An answer to be kept; without `how` the attempts alone."""

    step: str
    text: str | None
    how: str | None
    attempts: int


class Event(NamedTuple):
    """Something that is counted. It holds nothing that was written and nothing that names a session."""

    name: str
    data: Mapping[str, Any]


class Context(NamedTuple):
    """What a turn is decided with, besides the session's place and the message."""

    flow: Flow
    voice: Voice
    crisis: Mapping[str, Any]
    """The wording of crisis responses."""
    resources: Mapping[str, Sequence[Resource]]
    """Lines by country."""
    countries: Sequence[str]
    """The names of the countries that there are lines for, as they are offered."""
    country: str | None
    answers: Mapping[str, Answer]
    days: int

    @property
    def local_resources(self) -> Sequence[Resource] | None:
        """The lines of the person's country; None where it is not known."""
        return None if self.country is None else self.resources.get(self.country, ())


class Outcome(NamedTuple):
    """What a turn comes to."""

    place: Place
    reply: str
    buttons: tuple[str, ...]
    links: tuple[Link, ...]
    saves: tuple[Save, ...]
    events: tuple[Event, ...]
    country: str | None
    """The country that the person named, where they did."""
    is_danger: bool
    """Whether the message told of danger, so that it is recorded and help was shown."""
    is_complete: bool
    summary: str | None
    """PARTIAL or COMPLETE where a summary is to be made."""
    deletes: bool
    """Whether the person wants everything deleted, now."""


class Turn:
    """Collects what a turn says and does; the functions of the neighbouring modules decide it."""

    def __init__(self, context: Context, place: Place, heard: Heard) -> None:
        self.context = context
        self.voice = context.voice
        self.flow = context.flow
        self.place = replace(place, turn=place.turn + 1)
        self.heard = heard
        self.country: str | None = None
        self.is_danger = False
        self.deletes = False
        self.summary: str | None = None
        self._said: list[str] = []
        self._buttons: list[str] = []
        self._links: list[Link] = []
        self._saves: list[Save] = []
        self._events: list[Event] = []

    @property
    def state(self) -> State:
        return self.flow.states[self.place.state]

    @property
    def saved_here(self) -> Answer | None:
        """The answer that this question already has."""
        return self.context.answers.get(self.state.saves) if self.state.saves else None

    def answer_to(self, step: str) -> Answer | None:
        """The answer to a question, this turn's included."""
        for save in reversed(self._saves):
            if save.step == step and save.how is not None:
                return Answer(save.text, save.how)
        return self.context.answers.get(step)

    def say(self, text: str) -> None:
        self._said.append(text)

    def respond(self, response: Response) -> None:
        """Say a response about danger, with what can be tapped."""
        self._said.append(response.text)
        self._links.extend(response.links)

    def offer(self, *labels: str) -> None:
        """Offer answers to tap, in place of those offered before."""
        self._buttons = list(dict.fromkeys(labels))

    def count(self, name: str, **data: Any) -> None:
        self._events.append(Event(name, data))

    def save(self, text: str | None, how: str | None) -> None:
        """Keep an answer to this question, or with no `how` that it was attempted."""
        if self.state.kind == QUESTION and self.state.saves:
            attempts = self.place.attempt + (how in (ANSWERED, NONE))
            self._saves.append(Save(self.state.saves, text, how, attempts))

    def move(self, **changes: Any) -> None:
        """Change the place."""
        self.place = replace(self.place, **changes)

    def ask_aside(self, aside: str, *labels: str) -> None:
        """Ask something besides the question, once more if it is open already."""
        asked = self.place.asked + 1 if self.place.aside == aside else 1
        self.move(aside=aside, asked=asked)
        self.offer(*labels)

    def close_aside(self) -> None:
        self.move(aside=None, asked=0)

    def outcome(self) -> Outcome:
        return Outcome(
            self.place,
            "\n\n".join(self._said),
            tuple(self._buttons),
            tuple(self._links),
            tuple(self._saves),
            tuple(self._events),
            self.country,
            self.is_danger,
            self.state.kind == END,
            self.summary,
            self.deletes,
        )
