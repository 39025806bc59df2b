"""What a turn does when a message tells of danger, or when somebody asks for help."""

from __future__ import annotations

from switchboard.apps.guide.rules.flow import states
from switchboard.apps.guide.rules.flow.place import CARRY_ON, COUNTRY, SAFE
from switchboard.apps.guide.rules.flow.turn import Turn
from switchboard.apps.guide.rules.response.composing import (
    Need,
    compose,
    compose_again,
    compose_lines,
    compose_located,
    compose_unsafe,
)
from switchboard.apps.guide.rules.response.resources import Resource, find_country
from switchboard.apps.guide.rules.text.reading import read_words

_SUPPORT = "support_people"
_LONG_ENOUGH = 3


def meet_danger(turn: Turn) -> None:
    """Answer danger before anything else. The question, its attempts and its answer stay as they are."""
    risk = turn.heard.risk
    if risk is None:
        return
    turn.is_danger = True
    danger = {"category": risk.category, "is_about_other": risk.is_about_other, "phrase": risk.phrase}
    key = f"{risk.category}:other" if risk.is_about_other else risk.category
    shown = turn.place.shown.get(key, 0)
    turn.move(danger=danger, shown={**turn.place.shown, key: shown + 1})
    if turn.state.keeps_disclosures and turn.place.aside is None:
        turn.move(pending=turn.heard.text)
    turn.count("risk_shown", flow=turn.flow.id, step=turn.place.state, category=risk.category)
    need = _need(turn)
    if shown:
        turn.respond(compose_again(turn.context.crisis, need))
        ask_safe(turn)
        return
    turn.respond(compose(turn.context.crisis, need))
    ask_safe(turn) if turn.context.country else ask_country(turn)


def show_help(turn: Turn) -> None:
    """The lines, because somebody asked for them; then the same question again."""
    turn.count("help_shown", flow=turn.flow.id, step=turn.place.state)
    turn.move(danger=None)
    intro = turn.voice.around("help")
    turn.respond(compose_lines(turn.context.crisis, turn.context.local_resources, intro))
    if turn.context.country is None:
        ask_country(turn)
        return
    turn.say(turn.voice.around("after_help"))
    turn.close_aside()
    states.ask(turn)


def ask_safe(turn: Turn) -> None:
    voice = turn.voice
    turn.ask_aside(SAFE, voice.button("yes_safe"), voice.button("unsure_safe"), voice.button("not_safe"))


def ask_country(turn: Turn) -> None:
    turn.ask_aside(COUNTRY, *turn.context.countries, turn.voice.button("somewhere_else"))


def hear_country(turn: Turn) -> None:
    """The answer to which country somebody is in; one that there are no lines for is never taken for another."""
    found = find_country(turn.heard.reading.plain)
    lines: list[Resource] | None = None
    if found is not None and found.code in turn.context.resources:
        turn.country = found.code
        lines = list(turn.context.resources[found.code])
    shared = turn.context.crisis["shared"]
    if turn.place.danger is None:
        intro = turn.voice.around("help") if lines else shared["country_again"]
        response = compose_lines(turn.context.crisis, lines or (), intro)
        turn.respond(response)
        turn.say(turn.voice.around("after_help"))
        turn.close_aside()
        states.ask(turn)
        return
    # What comes first in a response stays first when the numbers are known.
    turn.respond(compose_located(turn.context.crisis, _need(turn)._replace(resources=lines or ())))
    ask_safe(turn)


def hear_safe(turn: Turn) -> None:
    """The answer to whether somebody is safe. Not safe, or not sure, shows the lines once more and no oftener."""
    answer = turn.heard.answer
    shared = turn.context.crisis["shared"]
    if answer == "yes":
        turn.say(shared["glad_safe"])
    elif answer in ("no", "unsure"):
        turn.respond(compose_unsafe(turn.context.crisis, _need(turn)))
        turn.count("not_safe", flow=turn.flow.id)
    else:
        turn.say(shared["still_here"])
    ask_to_carry_on(turn)


def ask_to_carry_on(turn: Turn) -> None:
    voice = turn.voice
    turn.ask_aside(CARRY_ON, voice.button("carry_on"), voice.button("pause"), voice.button("stop"))


def _need(turn: Turn) -> Need:
    danger = turn.place.danger or {}
    return Need(
        str(danger.get("category", "self_harm")),
        bool(danger.get("is_about_other")),
        str(danger.get("phrase", "")),
        turn.context.local_resources,
        _trusted(turn),
        turn.context.days,
    )


def _trusted(turn: Turn) -> str | None:
    """Whom the person named as their support, unless the danger may come from that very person."""
    answer = turn.context.answers.get(_SUPPORT)
    if answer is None or answer.how != "answered" or not answer.text:
        return None
    said = set(read_words(f"{turn.heard.text} {(turn.place.danger or {}).get('phrase', '')}"))
    named = {word for word in read_words(answer.text) if len(word) >= _LONG_ENOUGH}
    return None if named & said else answer.text
