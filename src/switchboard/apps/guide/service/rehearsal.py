"""A session that is held in memory alone: a flow is tried before people meet it."""

from __future__ import annotations

from typing import Any

from switchboard.apps.guide.rules.flow import engine
from switchboard.apps.guide.rules.flow.document import Flow
from switchboard.apps.guide.rules.flow.place import Place
from switchboard.apps.guide.rules.flow.turn import Answer, Context, Outcome
from switchboard.apps.guide.rules.flow.wording import Voice, packaged_session_wording
from switchboard.apps.guide.rules.hearing import hear
from switchboard.apps.guide.rules.response.composing import packaged_wording
from switchboard.apps.guide.rules.response.resources import Resource, countries, packaged_resources

_DAYS = 30


class Rehearsal:
    """One session of a flow, with the wording and the lines that ship."""

    def __init__(self, flow: Flow, country: str | None = None, language: str = "en") -> None:
        self._flow = flow
        self._country = country
        self._language = language
        self._answers: dict[str, Answer] = {}
        self._turn = 0
        self.place = Place(flow.start)
        self._resources: dict[str, list[Resource]] = {}
        for resource in packaged_resources():
            self._resources.setdefault(resource.country, []).append(resource)

    @property
    def answers(self) -> dict[str, Answer]:
        return dict(self._answers)

    def begin(self, message: str = "") -> dict[str, Any]:
        """The first turn; what is said, in the form of the service's answers."""
        return self._take(engine.begin(self._context(), hear(message, None, self._language)))

    def hear(self, message: str) -> dict[str, Any]:
        """The next turn."""
        step = self._flow.states[self.place.state].saves
        heard = hear(message, step, self._language)
        return self._take(engine.decide(self._context(), self.place, heard))

    def _context(self) -> Context:
        self._turn += 1
        return Context(
            self._flow,
            Voice(self._flow, packaged_session_wording(self._language), self._language, self._turn, _DAYS),
            packaged_wording(self._language),
            self._resources,
            [each.name for each in countries()],
            self._country,
            self._answers,
            _DAYS,
        )

    def _take(self, outcome: Outcome) -> dict[str, Any]:
        self.place = outcome.place
        self._country = outcome.country or self._country
        for save in outcome.saves:
            if save.how is not None:
                self._answers[save.step] = Answer(save.text, save.how)
        return {
            "reply": outcome.reply,
            "quick_replies": list(outcome.buttons),
            "is_deleted": outcome.deletes,
            "is_danger": outcome.is_danger,
            "is_complete": outcome.is_complete,
        }
