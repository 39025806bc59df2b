"""What the rules decide about one message in one session.

Pure, so that it comes out alike before the transaction, where a model is asked by it, and inside, where it is
recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from switchboard.apps.honeypot.rules import detection, intelligence, lifecycle, scoring
from switchboard.apps.honeypot.rules.conversation import personas, replies
from switchboard.apps.honeypot.rules.text import language
from switchboard.apps.honeypot.service.listening import Heard
from switchboard.kernel.clock import to_iso
from switchboard.kernel.database.statement import Row
from switchboard.kernel.errors import Invalid

# Words from which on a message alone says which language it is in.
_TELLING = 7
_WORD = re.compile(r"[^\W\d_]{2,}")


class Before(NamedTuple):
    """A session as a turn finds it: its row, what is known, the lines of both sides, the oldest first."""

    session: Row
    known: Mapping[str, list[intelligence.Item]]
    said: Sequence[str]
    heard: Sequence[str]
    is_new: bool


class Decision(NamedTuple):
    """A turn as decided: all of it but the words of the reply."""

    speaker: personas.Persona
    verdict: detection.Verdict
    items: dict[str, list[intelligence.Item]]
    new_items: list[intelligence.Item]
    score: float
    outcome: lifecycle.Outcome
    scene: replies.Scene

    @property
    def turn(self) -> int:
        return self.scene.turn


def decide(before: Before, heard: Heard, *, max_turns: int, goal_score: float) -> Decision:
    """The session's next turn. Raises Invalid for a persona that exists no more."""
    session = before.session
    turn = session["turn_count"] + 1
    verdict = detection.combine(_earlier_verdict(session), heard.verdict)
    items, new_items = intelligence.merge(before.known, heard.findings, turn, to_iso(heard.now))
    score = scoring.intelligence_score(intelligence.confidences(items))
    scene = replies.Scene(
        turn=turn,
        text=heard.text,
        verdict=verdict,
        seed=heard.seed,
        language=_spoken(before, heard),
        max_turns=max_turns,
        findings=heard.findings,
        known=intelligence.values_by_kind(items),
        missing=intelligence.missing_kinds(items),
        said=before.said,
        heard=before.heard,
    )
    return Decision(
        get_persona(session["persona_id"]),
        verdict,
        items,
        new_items,
        score,
        lifecycle.decide(turn, max_turns, score, verdict, heard.danger, goal_score),
        scene,
    )


def get_persona(persona_id: str) -> personas.Persona:
    """The persona of that id. Raises Invalid."""
    try:
        return personas.get_persona(persona_id)
    except LookupError:
        known = ", ".join(each.id for each in personas.list_personas())
        raise Invalid(f"There is no persona {persona_id!r}.", hint=f"Choose one of: {known}.") from None


def _spoken(before: Before, heard: Heard) -> str:
    """The language of the message, or of all that was heard where the message is too short to tell."""
    is_telling = len(_WORD.findall(heard.text)) >= _TELLING
    return language.detect_language(heard.text if is_telling else " ".join([*before.heard, heard.text]))


def _earlier_verdict(session: Row) -> detection.Verdict | None:
    if session["scam_confidence"] is None:
        return None
    return detection.Verdict(
        is_scam=session["is_scam"],
        scam_type=session["scam_type"],
        confidence=session["scam_confidence"],
        reasons=tuple(session["reasons_json"] or ()),
    )
