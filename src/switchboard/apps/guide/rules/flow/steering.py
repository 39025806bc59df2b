"""What words that steer a session do, in every state, and how what was asked besides the question is answered."""

from __future__ import annotations

from collections.abc import Callable

from switchboard.apps.guide.rules.flow import danger, states
from switchboard.apps.guide.rules.flow.document import CHOICE, END, QUESTION, REVIEW, WELCOME
from switchboard.apps.guide.rules.flow.place import (
    AGAIN,
    CARRY_ON,
    COUNTRY,
    DELETE,
    KEEP,
    PAUSED,
    SAFE,
    STOPPED,
)
from switchboard.apps.guide.rules.flow.turn import EVERYTHING, PARTIAL, Turn

_MOST_ASKED = 2
_ALWAYS = ("help", "stop", "pause", "delete")
_AT_QUESTIONS = ("back", "skip", "why", "start_again", "summary", "carry_on")


def follow_word(turn: Turn, word: str) -> bool:
    """Do what a steering word says; False where it steers nothing here, so that it is an answer like any other."""
    kind = turn.state.kind
    if word in _ALWAYS:
        _WORDS[word](turn)
    elif word == "keep" and kind == QUESTION:
        return states.keep(turn)
    elif word == "carry_on" and kind in (WELCOME, REVIEW):
        states.answer(turn)
    elif (word == "change" and kind in (REVIEW, END)) or (word == "back" and kind == END):
        states.offer_changes(turn)
    elif word in _AT_QUESTIONS:
        turn.close_aside()
        _WORDS[word](turn)
    else:
        return False
    return True


def _stop(turn: Turn) -> None:
    turn.count("session_stopped", flow=turn.flow.id, step=turn.place.state)
    turn.summary = None if turn.state.kind == END else PARTIAL
    turn.say(turn.voice.around("stop"))
    turn.ask_aside(STOPPED, turn.voice.button("carry_on"), turn.voice.button("delete_everything"))


def _pause(turn: Turn) -> None:
    turn.count("session_paused", flow=turn.flow.id, step=turn.place.state)
    turn.say(turn.voice.around("pause"))
    turn.ask_aside(PAUSED, turn.voice.button("carry_on"))


def _ask_delete(turn: Turn) -> None:
    turn.say(turn.voice.around("delete_sure"))
    turn.ask_aside(DELETE, turn.voice.button("yes_delete"), turn.voice.button("no_delete"))


def _show_summary(turn: Turn) -> None:
    turn.summary = None if turn.state.kind == END else PARTIAL
    lines = states.summary_lines(turn)
    heading = turn.voice.around("summary_heading" if turn.state.kind == END else "summary_partial")
    turn.say(f"{heading}\n\n{lines}" if lines else turn.voice.around("summary_empty"))
    states.ask(turn)


_WORDS: dict[str, Callable[[Turn], None]] = {
    "help": danger.show_help,
    "stop": _stop,
    "pause": _pause,
    "delete": _ask_delete,
    "back": states.go_back,
    "skip": states.skip,
    "why": states.explain,
    "start_again": states.start_again,
    "summary": _show_summary,
    "carry_on": states.ask,
}


def answer_aside(turn: Turn) -> None:
    """Take the message as an answer to what was asked besides the question."""
    _ASIDES[turn.place.aside or ""](turn)


def _hear_carry_on(turn: Turn) -> None:
    heard = turn.heard
    if heard.answer == "no":
        _pause(turn)
        return
    if heard.answer == "yes" or turn.place.asked >= _MOST_ASKED or heard.word in ("keep", "skip", "back"):
        turn.close_aside()
        if heard.word is None or not follow_word(turn, heard.word):
            states.ask(turn)
        return
    turn.say(turn.context.crisis["shared"]["not_clear"])
    danger.ask_to_carry_on(turn)


def _hear_delete(turn: Turn) -> None:
    heard = turn.heard
    if heard.word == "delete" or heard.answer == "yes" or states.is_button(turn, "yes_delete"):
        turn.deletes = True
        turn.count("data_deleted", flow=turn.flow.id)
        turn.say(turn.voice.around("deleted"))
        turn.offer()
        return
    if (
        heard.answer == "no"
        or states.is_button(turn, "no_delete")
        or turn.place.asked >= _MOST_ASKED
        or heard.word
    ):
        turn.say(turn.voice.around("delete_no"))
        turn.close_aside()
        states.ask(turn)
        return
    _ask_delete(turn)


def _hear_after_break(turn: Turn) -> None:
    """Back after a break: what answers the question is an answer, anything else brings the question again."""
    heard = turn.heard
    turn.close_aside()
    turn.count("session_resumed", flow=turn.flow.id, step=turn.place.state)
    turn.say(turn.voice.around("welcome_back"))
    is_answer = (
        turn.state.kind in (QUESTION, CHOICE)
        and heard.word is None
        and heard.answer is None
        and not heard.is_empty
        and not heard.intent.is_question
        and heard.intent.name not in ("greeting", "affirmation", "negation")
    )
    if heard.word is not None and heard.word != "carry_on" and follow_word(turn, heard.word):
        return
    states.answer(turn) if is_answer else states.ask(turn)


def _hear_keep(turn: Turn) -> None:
    voice = turn.voice
    if (target := states.find_question(turn)) is not None:
        turn.close_aside()
        states.change(turn, target)
        return
    if states.is_button(turn, "keep_summary") or " sumary " in turn.heard.reading.plain:
        states.keep_summary_only(turn)
    elif states.is_button(turn, "delete_everything"):
        _ask_delete(turn)
        return
    elif (
        states.is_button(turn, "keep_everything")
        or turn.heard.answer == "yes"
        or turn.place.asked >= _MOST_ASKED
    ):
        turn.move(kept=EVERYTHING)
        turn.say(voice.around("keep_everything"))
    elif turn.heard.answer == "no":
        _ask_delete(turn)
        return
    else:
        states.ask_what_to_keep(turn)
        return
    turn.close_aside()
    states.offer_after_end(turn)


def ask_again(turn: Turn) -> None:
    """Ask once more what is open. A break is over; deleting is not asked twice of somebody who went away."""
    shared = turn.context.crisis["shared"]
    aside = turn.place.aside
    if aside == SAFE:
        turn.say(shared["safe"])
        danger.ask_safe(turn)
    elif aside == COUNTRY:
        turn.say(shared["country"])
        danger.ask_country(turn)
    elif aside == CARRY_ON:
        turn.say(shared["still_here"])
        danger.ask_to_carry_on(turn)
    elif aside == KEEP:
        turn.close_aside()
        states.ask_what_to_keep(turn)
    else:
        turn.close_aside()
        states.ask(turn)


_ASIDES: dict[str, Callable[[Turn], None]] = {
    SAFE: danger.hear_safe,
    COUNTRY: danger.hear_country,
    CARRY_ON: _hear_carry_on,
    DELETE: _hear_delete,
    KEEP: _hear_keep,
    PAUSED: _hear_after_break,
    STOPPED: _hear_after_break,
    AGAIN: _hear_after_break,
}
