"""What each kind of state does with a message that answers it."""

from __future__ import annotations

from switchboard.apps.guide.rules.flow.document import CHOICE, END, QUESTION, REVIEW, WELCOME, Branch, State
from switchboard.apps.guide.rules.flow.place import AGAIN, KEEP
from switchboard.apps.guide.rules.flow.turn import (
    ANSWERED,
    COMPLETE,
    EVERYTHING,
    LEFT_OPEN,
    NONE,
    SKIPPED,
    SUMMARY_ONLY,
    Turn,
)
from switchboard.apps.guide.rules.text.reading import STOP, read_words

_SIDES = ("identity", "purpose", "privacy", "length")
_UNCLEAR = ("unclear", "unsure", "yes", "no")
_MARKS = ' .,"'


def enter(turn: Turn, name: str) -> None:
    """Come to a state and ask what it asks. One that was visited often enough is passed over."""
    state = turn.flow.states[name]
    visits = turn.place.visits.get(name, 0) + 1
    if state.most_visits and visits > state.most_visits and state.next:
        enter(turn, state.next)
        return
    trail = turn.place.trail if name in turn.place.trail else (*turn.place.trail, name)
    turn.move(
        state=name,
        attempt=0,
        aside=None,
        asked=0,
        pending=None,
        trail=trail,
        visits={**turn.place.visits, name: visits},
    )
    if visits == 1:
        turn.count("step_entered", flow=turn.flow.id, step=name)
    if state.kind == END:
        _complete(turn)
        return
    ask(turn)


def ask(turn: Turn) -> None:
    """Ask, or ask again, what the state asks."""
    state, voice = turn.state, turn.voice
    if state.kind == REVIEW:
        _ask_review(turn)
        return
    if state.kind == END:
        turn.say(voice.of_state(state, "again"))
        offer_after_end(turn)
        return
    turn.say(voice.of_state(state, "prompt"))
    earlier = turn.saved_here
    if turn.place.pending is not None:
        turn.say(voice.around("disclosed"))
        turn.offer(voice.button("keep_disclosed"), voice.button("skip"))
        return
    if earlier is not None and earlier.text:
        turn.say(voice.around("earlier_answer", answer=earlier.text))
        turn.offer(voice.button("keep"), voice.button("skip"))
        return
    _offer_for(turn)


def _offer_for(turn: Turn) -> None:
    state, voice = turn.state, turn.voice
    if state.kind == WELCOME:
        turn.offer(*voice.all_of_state(state, "buttons"))
    elif state.kind == CHOICE:
        turn.offer(
            *(voice.all_of_state(state, branch.name)[0] for branch in state.branches), voice.button("skip")
        )
    else:
        turn.offer(voice.button("skip"))


def answer(turn: Turn) -> None:
    """Take the message as an answer to what the state asks."""
    _ANSWERS[turn.state.kind](turn)


def _answer_welcome(turn: Turn) -> None:
    heard, state = turn.heard, turn.state
    if heard.intent.is_question:
        _stay(turn)
        return
    says_no = heard.answer == "no" or heard.intent.name == "negation"
    says_nothing = heard.is_empty or heard.intent.name == "greeting" or heard.answer == "unsure"
    if says_no or says_nothing:
        _stay(turn)
        return
    if heard.answer != "yes" and heard.intent.name != "affirmation" and heard.word != "carry_on":
        turn.say(turn.voice.around("feeling"))
    go_on(turn, state.next)


def _answer_question(turn: Turn) -> None:
    heard, state = turn.heard, turn.state
    if heard.answer == "none" or heard.intent.name.startswith("no_"):
        turn.save(heard.text, NONE)
        turn.say(turn.voice.of_state(state, "none"))
        turn.count("step_completed", flow=turn.flow.id, step=state.name, how=NONE)
        go_on(turn, state.next)
        return
    if heard.is_empty or heard.word or heard.answer in _UNCLEAR or _is_no_answer(turn):
        _stay(turn)
        return
    turn.save(heard.text, ANSWERED)
    turn.say(turn.voice.of_state(state, "thanks"))
    turn.count("step_completed", flow=turn.flow.id, step=state.name, how=ANSWERED)
    go_on(turn, state.next)


def _is_no_answer(turn: Turn) -> bool:
    return turn.heard.intent.is_question or turn.heard.intent.name == "greeting"


def _answer_choice(turn: Turn) -> None:
    state = turn.state
    chosen = find_branch(turn, state)
    if chosen is None:
        _stay(turn)
        return
    turn.count("step_completed", flow=turn.flow.id, step=state.name, how=chosen.name)
    go_on(turn, chosen.next)


def find_branch(turn: Turn, state: State) -> Branch | None:
    """The branch whose answer the message is or, if it is one alone, holds."""
    said = [word.form for word in turn.heard.reading.words if word.form not in (STOP, ",", '"')]
    plain = f" {' '.join(said)} "
    whole, held = [], []
    for branch in state.branches:
        for label in turn.voice.all_of_state(state, branch.name):
            words = f" {' '.join(read_words(label))} "
            if words == plain:
                whole.append((len(words), branch))
            elif words in plain:
                held.append((len(words), branch))
    found = whole or held
    return max(found, key=lambda each: each[0])[1] if found else None


def _answer_review(turn: Turn) -> None:
    heard, state = turn.heard, turn.state
    if heard.word in ("right", "carry_on") or heard.answer == "yes" or heard.intent.name == "affirmation":
        go_on(turn, state.next)
        return
    if (target := find_question(turn)) is not None:
        change(turn, target)
        return
    _stay(turn)


def _answer_end(turn: Turn) -> None:
    if turn.place.kept == EVERYTHING and is_button(turn, "keep_summary"):
        keep_summary_only(turn)
        offer_after_end(turn)
        return
    if (target := find_question(turn)) is not None and turn.place.aside != AGAIN:
        change(turn, target)
        return
    turn.say(turn.voice.of_state(turn.state, "again"))
    offer_after_end(turn)


_ANSWERS = {
    WELCOME: _answer_welcome,
    QUESTION: _answer_question,
    CHOICE: _answer_choice,
    REVIEW: _answer_review,
    END: _answer_end,
}


def _stay(turn: Turn) -> None:
    """The message answers nothing. A question about the session is answered and brings this one back; otherwise:
    say it in other words, then offer answers, then note it and go on."""
    state, voice = turn.state, turn.voice
    if side := _side_answer(turn):
        turn.say(side)
        ask(turn)
        return
    turn.move(attempt=turn.place.attempt + 1)
    if turn.place.attempt >= state.most_attempts:
        _leave_open(turn)
        return
    turn.save(None, None)
    if turn.place.attempt == 1 or state.kind == WELCOME:
        turn.say(voice.of_state(state, "again"))
        _offer_review(turn) if state.kind == REVIEW else _offer_for(turn)
        return
    turn.say(voice.of_state(state, "ask" if state.kind == REVIEW else "choice"))
    if state.kind == REVIEW:
        _offer_review(turn)
        return
    if state.kind == CHOICE:
        _offer_for(turn)
        return
    turn.offer(*voice.all_of_state(state, "options"), voice.button("skip"))


def _leave_open(turn: Turn) -> None:
    state = turn.state
    if state.kind in (QUESTION, CHOICE):
        if turn.saved_here is None:
            turn.save(None, LEFT_OPEN)
        turn.say(turn.voice.of_state(state, "moved_on"))
        turn.count("step_completed", flow=turn.flow.id, step=state.name, how=LEFT_OPEN)
    go_on(turn, state.next)


def _side_answer(turn: Turn) -> str | None:
    """What is said to a question about the session; None where the message asks none."""
    if not turn.heard.intent.is_question or turn.heard.answer == "unclear":
        # "What?" asks nothing about the session: the question was not understood.
        return None
    about = turn.heard.intent.name.removeprefix("question_")
    return turn.voice.around(f"side_{about}" if about in _SIDES else "side_other")


def explain(turn: Turn) -> None:
    """Say why the state asks, and ask it again."""
    turn.say(turn.voice.of_state(turn.state, "why"))
    offer_after_end(turn) if turn.state.kind == END else ask(turn)


def skip(turn: Turn) -> None:
    """Leave a question without an answer; an earlier answer stays as it was."""
    state = turn.state
    if state.kind == END:
        turn.say(turn.voice.around("cannot_skip"))
        offer_after_end(turn)
        return
    if state.kind in (QUESTION, CHOICE):
        if turn.saved_here is None or not turn.place.is_changing:
            turn.save(None, SKIPPED)
        turn.say(turn.voice.of_state(state, "skipped"))
        turn.count("step_completed", flow=turn.flow.id, step=state.name, how=SKIPPED)
    go_on(turn, state.next)


def keep(turn: Turn) -> bool:
    """Keep what was said in a disclosure, or the earlier answer; False where there is nothing to keep."""
    pending, earlier = turn.place.pending, turn.saved_here
    if pending is None and (earlier is None or not earlier.text):
        return False
    if pending is not None:
        turn.save(pending, ANSWERED)
        turn.count("step_completed", flow=turn.flow.id, step=turn.state.name, how=ANSWERED)
        turn.say(turn.voice.around("kept_words"))
    else:
        turn.say(turn.voice.around("kept"))
    go_on(turn, turn.state.next)
    return True


def go_back(turn: Turn) -> None:
    """To the question before, with the answer that it has."""
    trail = [
        name
        for name in turn.place.trail
        if turn.flow.states[name].kind in (QUESTION, CHOICE) or name == turn.place.state
    ]
    at = trail.index(turn.place.state) if turn.place.state in trail else len(trail)
    if at == 0 or turn.state.kind == WELCOME:
        turn.say(turn.voice.around("back_nowhere"))
        ask(turn)
        return
    turn.say(turn.voice.around("back"))
    turn.move(
        state=trail[at - 1],
        attempt=0,
        aside=None,
        asked=0,
        pending=None,
        trail=tuple(turn.place.trail[: turn.place.trail.index(trail[at - 1]) + 1]),
    )
    ask(turn)


def change(turn: Turn, target: State) -> None:
    """From the review, or after the end, to a question whose answer is to be another one."""
    review = next((state for state in turn.flow.states.values() if state.kind == REVIEW), None)
    if review is None or turn.place.changes >= review.most_changes:
        turn.say(turn.voice.of_state(turn.state, "again"))
        go_on(turn, turn.state.next) if turn.state.kind == REVIEW else offer_after_end(turn)
        return
    turn.move(
        state=target.name,
        attempt=0,
        aside=None,
        asked=0,
        is_changing=True,
        changes=turn.place.changes + 1,
    )
    turn.count("answer_changed", flow=turn.flow.id, step=target.name)
    ask(turn)


def go_on(turn: Turn, following: str | None) -> None:
    """To the next state; back to the review when an answer was being changed."""
    if turn.place.is_changing:
        review = next(state.name for state in turn.flow.states.values() if state.kind == REVIEW)
        turn.move(is_changing=False)
        enter(turn, review)
        return
    if following is not None:
        enter(turn, following)


def start_again(turn: Turn) -> None:
    """From the beginning; new answers will take the place of the old ones."""
    turn.say(turn.voice.around("again_from_start"))
    turn.move(is_changing=False, changes=0, trail=(), visits={}, kept=None)
    enter(turn, turn.flow.states[turn.flow.start].next or turn.flow.start)


def find_question(turn: Turn) -> State | None:
    """The question that a message names by its heading or by what it saves; None for none or several."""
    plain = turn.heard.reading.plain
    named = []
    for state in turn.flow.questions:
        heading = read_words(turn.voice.heading(state))
        names = [heading, heading[1:] if heading[:1] in (["my"], ["who"], ["what"]) else heading]
        names.append(read_words((state.saves or "").replace("_", " ")))
        names += [name[-1:] for name in names if len(name) > 1]
        if any(name and f" {' '.join(name)} " in plain for name in names):
            named.append(state)
    return named[0] if len(named) == 1 else None


def summary_lines(turn: Turn) -> str:
    """The answers under their headings, people and strengths first."""
    parts = []
    for state in sorted(turn.flow.questions, key=_comes_first):
        given = turn.answer_to(state.saves or "")
        if given is not None and given.text:
            parts.append(f"{turn.voice.heading(state)}\n{given.text}")
    return "\n\n".join(parts)


def _comes_first(state: State) -> int:
    order = ("support_people", "strengths")
    return order.index(state.saves) if state.saves in order else len(order)


def _ask_review(turn: Turn) -> None:
    state, voice = turn.state, turn.voice
    turn.say(voice.of_state(state, "prompt"))
    parts = []
    for question in turn.flow.questions:
        if question.name not in turn.place.visits:
            continue
        given = turn.answer_to(question.saves or "")
        shown = given.text if given is not None and given.text else voice.of_state(state, "unanswered")
        parts.append(f"{voice.heading(question)}\n{shown}")
    turn.say("\n\n".join(parts))
    turn.say(voice.of_state(state, "ask"))
    _offer_review(turn)


def _offer_review(turn: Turn) -> None:
    state, voice = turn.state, turn.voice
    turn.offer(*voice.all_of_state(state, "buttons"), *_changes(turn, state))


def _changes(turn: Turn, review: State) -> list[str]:
    return [
        turn.voice.of_state(review, "change", heading=turn.voice.heading(question))
        for question in turn.flow.questions
        if question.name in turn.place.visits
    ]


def offer_after_end(turn: Turn) -> None:
    voice = turn.voice
    less = [voice.button("keep_summary")] if turn.place.kept == EVERYTHING else []
    turn.offer(voice.button("change"), voice.button("start_again"), *less, voice.button("delete_everything"))


def keep_summary_only(turn: Turn) -> None:
    """The person wants the answers and the summary kept, and the conversation removed."""
    turn.move(kept=SUMMARY_ONLY)
    turn.say(turn.voice.around("keep_summary"))


def is_button(turn: Turn, name: str) -> bool:
    """Whether the message is what a button says."""
    return [word.form for word in turn.heard.reading.words] == read_words(turn.voice.button(name))


def offer_changes(turn: Turn) -> None:
    """Ask which answer is to be changed."""
    review = next((state for state in turn.flow.states.values() if state.kind == REVIEW), None)
    if review is None:
        ask(turn)
        return
    turn.say(turn.voice.of_state(review, "again"))
    turn.offer(*_changes(turn, review))


def _complete(turn: Turn) -> None:
    turn.summary = COMPLETE
    turn.say(turn.voice.of_state(turn.state, "prompt"))
    lines = summary_lines(turn)
    turn.say(
        f"{turn.voice.around('summary_heading')}\n\n{lines}" if lines else turn.voice.around("summary_empty")
    )
    if turn.place.visits[turn.place.state] == 1:
        turn.count("session_completed", flow=turn.flow.id)
    if turn.place.kept is None:
        ask_what_to_keep(turn)
    else:
        offer_after_end(turn)


def ask_what_to_keep(turn: Turn) -> None:
    """Ask what of a finished session is kept: the person decides."""
    voice = turn.voice
    turn.say(voice.around("keep_ask"))
    turn.ask_aside(
        KEEP,
        voice.button("keep_summary"),
        voice.button("keep_everything"),
        voice.button("delete_everything"),
    )
