"""What a turn comes to: danger first, then words that steer, then what is open, then the question. Pure.

The order is the promise: nothing that is asked or said can keep a cry for help from being answered.
"""

from __future__ import annotations

from switchboard.apps.guide.rules.flow import danger, states, steering
from switchboard.apps.guide.rules.flow.place import COUNTRY, DELETE, KEEP, PAUSED, STOPPED, Place
from switchboard.apps.guide.rules.flow.turn import Context, Outcome, Turn
from switchboard.apps.guide.rules.hearing import Heard

_URGENT = ("help", "stop", "pause", "delete")


def begin(context: Context, heard: Heard) -> Outcome:
    """A session's first turn. `heard` is what the person wrote first: empty where they opened a page.

    Danger and a wish for help are answered at once; anything else gets the welcome.
    """
    turn = Turn(context, Place(context.flow.start, trail=(context.flow.start,)), heard)
    turn.count("session_started", flow=context.flow.id)
    turn.count("step_entered", flow=context.flow.id, step=context.flow.start)
    if heard.risk is not None:
        danger.meet_danger(turn)
    elif heard.word == "help":
        danger.show_help(turn)
    elif heard.intent.is_question or heard.word == "carry_on" or heard.answer == "yes":
        # A page shows the welcome before anybody writes; whoever says yes to it has read it.
        states.answer(turn)
    else:
        states.ask(turn)
    return turn.outcome()


def decide(context: Context, place: Place, heard: Heard) -> Outcome:
    """A turn of a session that stands at `place`."""
    turn = Turn(context, place, heard)
    aside = place.aside
    if heard.risk is not None:
        danger.meet_danger(turn)
    elif aside == DELETE or (aside in (PAUSED, STOPPED) and heard.word not in ("help", "delete")):
        steering.answer_aside(turn)
    elif heard.word in _URGENT:
        steering.follow_word(turn, heard.word)
    elif aside == KEEP or (
        aside is not None and not (heard.word and aside != COUNTRY and _leaves(turn, heard.word))
    ):
        steering.answer_aside(turn)
    elif aside is None and not (heard.word and steering.follow_word(turn, heard.word)):
        states.answer(turn)
    return turn.outcome()


def come_back(context: Context, place: Place, heard: Heard) -> Outcome:
    """A session opened again, elsewhere or later: what is open is asked again, and nothing changes but a break's end."""
    turn = Turn(context, place, heard)
    turn.count("session_resumed", flow=context.flow.id, step=place.state)
    turn.say(context.voice.around("welcome_back"))
    steering.ask_again(turn)
    return turn.outcome()


def _leaves(turn: Turn, word: str) -> bool:
    """Whether a steering word takes a session away from what was asked besides the question."""
    return word in (
        "carry_on",
        "skip",
        "back",
        "why",
        "summary",
        "start_again",
        "keep",
    ) and steering.follow_word(turn, word)
