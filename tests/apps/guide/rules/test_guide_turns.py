"""What a turn does in each state: every kind of answer, every word that steers, every danger, in every order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from switchboard.apps.guide.rules.flow.document import (
    CHOICE,
    END,
    QUESTION,
    REVIEW,
    Flow,
    packaged_documents,
    parse_flow,
)
from switchboard.apps.guide.rules.flow.place import place_from
from switchboard.apps.guide.service.rehearsal import Rehearsal

FOUR = parse_flow(packaged_documents()["four_steps"])
SHORT = parse_flow(packaged_documents()["check_in"])
ANSWERS = {
    "support_people": "my nan and my best mate Jai",
    "strengths": "I'm good at drawing",
    "worries": "exams and not sleeping",
    "goals": "finish year 12",
}
DANGERS = {
    "self_harm": "I want to kill myself",
    "harm_to_others": "I'm going to stab my brother tonight",
    "abuse": "my stepdad beats me with a belt",
    "crisis_other": "I have nowhere to sleep tonight and I'm scared",
}
STEPS = tuple(ANSWERS)


def at(step: str, flow: Flow = FOUR, country: str | None = "AU") -> Rehearsal:
    """A session that stands at a question."""
    session = Rehearsal(flow, country)
    session.begin()
    session.hear("yes")
    for earlier, said in ANSWERS.items():
        if session.place.state == step:
            break
        session.hear(said)
        assert earlier in session.answers
    assert session.place.state == step
    return session


def after(step: str) -> str:
    return {"support_people": "strengths", "strengths": "worries", "worries": "goals", "goals": "review"}[
        step
    ]


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_is_kept_in_its_exact_words_and_the_next_question_is_asked(step: str) -> None:
    session = at(step)
    session.hear("  well… MY own Words, ok?! 😀 ünd a ’ too")
    assert session.answers[step].text == "  well… MY own Words, ok?! 😀 ünd a ’ too"
    assert session.place.state == after(step)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("unclear", ["idk", "…", "?", "sdfghjkl", "hmm", "what do you mean", "🤷"])
def test_unclear_answers_are_asked_otherwise_then_with_buttons_then_left_open(
    step: str, unclear: str
) -> None:
    session = at(step)
    said = [session.hear(unclear) for _ in range(3)]
    state, text = FOUR.states[step], FOUR.states[step].text["en"]
    assert text["again"][0] in said[0]["reply"]
    assert session.answers[step].how == "left_open"
    assert text["choice"][0] in said[1]["reply"]
    assert set(text["options"]) < set(said[1]["quick_replies"])
    assert "Skip this one" in said[1]["quick_replies"]
    assert text["moved_on"][0] in said[2]["reply"]
    assert session.place.state == state.next
    assert session.place.attempt == 0


@pytest.mark.parametrize(
    ("step", "nothing"),
    [
        ("support_people", "no one"),
        ("support_people", "I don't have anyone"),
        ("support_people", "Nobody really"),
        ("strengths", "nothing"),
        ("strengths", "I'm not good at anything"),
        ("worries", "nothing really"),
        ("worries", "no worries"),
        ("goals", "none"),
    ],
)
def test_nothing_is_an_answer_met_with_care_and_kept(step: str, nothing: str) -> None:
    session = at(step)
    reply = session.hear(nothing)
    assert session.answers[step] == (nothing, "none")
    assert FOUR.states[step].text["en"]["none"][0] in reply["reply"]
    assert session.place.state == after(step)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "word", ["skip", "Skip this one", "I'd rather not say", "next question please", "pass"]
)
def test_a_question_can_be_skipped(step: str, word: str) -> None:
    session = at(step)
    session.hear(word)
    assert session.answers[step] == (None, "skipped")
    assert session.place.state == after(step)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "question",
    [
        "are you a real person?",
        "who can read this?",
        "how long does this take",
        "what's the capital of Peru?",
    ],
)
def test_a_question_about_something_else_is_answered_and_brings_the_same_question_back(
    step: str, question: str
) -> None:
    session = at(step)
    for _ in range(5):
        reply = session.hear(question)
        assert session.place.state == step
        assert session.place.attempt == 0
        assert any(prompt in reply["reply"] for prompt in FOUR.states[step].text["en"]["prompt"])
    assert step not in session.answers


@pytest.mark.parametrize("step", [*STEPS, "review", "summary"])
@pytest.mark.parametrize("word", ["help", "get help", "I need to talk to a real person", "numbers"])
def test_help_is_shown_in_every_state(step: str, word: str) -> None:
    session = _anywhere(step)
    reply = session.hear(word)
    assert "000" in reply["reply"]
    assert "13 11 14" in reply["reply"]
    assert session.place.state == step


@pytest.mark.parametrize("step", [*STEPS, "review", "summary"])
@pytest.mark.parametrize(("word", "aside"), [("stop", "stopped"), ("take a break", "paused")])
def test_stopping_and_pausing_keep_the_place_in_every_state(step: str, word: str, aside: str) -> None:
    session = _anywhere(step)
    known = session.answers
    session.hear(word)
    assert (session.place.state, session.place.aside) == (step, aside)
    reply = session.hear("hi I'm back")
    assert (session.place.state, session.place.aside) == (step, None)
    assert "Welcome back" in reply["reply"]
    assert session.answers == known


@pytest.mark.parametrize("step", [*STEPS, "review", "summary"])
def test_everything_can_be_deleted_from_every_state_and_only_when_confirmed(step: str) -> None:
    session = _anywhere(step)
    assert not session.hear("delete my data")["is_deleted"]
    assert not session.hear("no")["is_deleted"]
    assert session.place.state == step
    session.hear("delete everything")
    assert session.hear("Yes, delete everything")["is_deleted"]


@pytest.mark.parametrize("step", STEPS)
def test_why_is_answered_in_every_question(step: str) -> None:
    session = at(step)
    assert FOUR.states[step].text["en"]["why"][0] in session.hear("why do you ask?")["reply"]
    assert session.place.state == step


def test_back_leads_to_the_question_before_with_its_answer() -> None:
    session = at("worries")
    reply = session.hear("go back")
    assert session.place.state == "strengths"
    assert ANSWERS["strengths"] in reply["reply"]
    session.hear("Keep it")
    assert session.place.state == "worries"
    session.hear("back")
    session.hear("I never give up")
    assert session.answers["strengths"].text == "I never give up"
    session.hear("back")
    session.hear("back")
    assert session.place.state == "support_people"
    session.hear("back")
    assert session.place.state == "support_people"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("category", DANGERS)
def test_danger_is_answered_in_every_question_and_leads_back_to_it(step: str, category: str) -> None:
    session = at(step)
    session.hear("idk")
    reply = session.hear(DANGERS[category])
    assert reply["is_danger"]
    assert "000" in reply["reply"]
    assert reply["quick_replies"] == ["Yes, I'm safe", "I'm not sure", "No"]
    assert (session.place.state, session.place.attempt) == (step, 1)
    unsafe = session.hear("I'm not sure")
    assert "000" in unsafe["reply"]
    assert unsafe["quick_replies"] == ["Carry on", "Take a break", "Stop here"]
    again = session.hear("Carry on")
    assert (session.place.state, session.place.attempt, session.place.aside) == (step, 1, None)
    assert any(prompt in again["reply"] for prompt in FOUR.states[step].text["en"]["prompt"])
    assert step not in session.answers


def test_the_flow_waits_after_danger_until_the_person_wants_to_go_on() -> None:
    session = at("strengths")
    session.hear(DANGERS["self_harm"])
    session.hear("my guitar")
    assert (session.place.state, session.place.aside) == ("strengths", "carry_on")
    assert "strengths" not in session.answers


def test_a_person_who_is_not_safe_sees_the_lines_once_more_and_no_oftener() -> None:
    session = at("worries")
    session.hear(DANGERS["abuse"])
    first = session.hear("no")
    second = session.hear("no")
    assert "1800 737 732" in first["reply"]
    assert "1800 737 732" not in second["reply"]


def test_the_same_danger_again_gets_a_short_reminder_and_another_danger_the_whole_answer() -> None:
    session = at("worries")
    long = session.hear(DANGERS["abuse"])["reply"]
    short = session.hear("he beats me every day")["reply"]
    other = session.hear(DANGERS["self_harm"])["reply"]
    assert len(short) < len(long) / 2
    assert "000" in short
    assert len(other) > len(short) * 2


def test_a_disclosure_at_the_worries_can_be_kept_as_the_answer() -> None:
    session = at("worries")
    session.hear("my dad hits me when he drinks")
    session.hear("yes")
    reply = session.hear("carry on")
    assert "Keep what I said" in reply["quick_replies"]
    session.hear("Keep what I said")
    assert session.answers["worries"].text == "my dad hits me when he drinks"
    assert session.place.state == "goals"


def test_where_the_country_is_not_known_it_is_asked_and_never_guessed() -> None:
    session = at("worries", country=None)
    reply = session.hear(DANGERS["self_harm"])
    assert "call your local emergency number first" in reply["reply"]
    assert not any(number in reply["reply"] for number in ("000", "999", "911", "112"))
    assert "Which country are you in?" in reply["reply"]
    assert "findahelpline.com" in reply["reply"]
    shown = session.hear("I live in Scotland")
    assert "999" in shown["reply"]
    assert "116 123" in shown["reply"]
    assert session.place.aside == "safe"


@pytest.mark.parametrize("country", ["Brazil", "not telling", "Somewhere else", "Australia or New Zealand"])
def test_a_country_without_lines_gets_pages_of_every_country_and_no_other_countrys_numbers(
    country: str,
) -> None:
    session = at("worries", country=None)
    session.hear(DANGERS["self_harm"])
    reply = session.hear(country)["reply"]
    assert "findahelpline.com" in reply
    assert not any(number in reply for number in ("000", "999", "911", "13 11 14"))


def test_danger_of_a_friend_gets_how_to_help_a_friend() -> None:
    reply = at("worries").hear("my friend told me she wants to kill herself")["reply"]
    assert "How you can help a friend" in reply
    assert "Is your friend safe right now" in reply


def test_danger_in_the_very_first_message_is_answered_before_any_welcome() -> None:
    session = Rehearsal(FOUR, "GB")
    reply = session.begin("i want to die")
    assert reply["is_danger"]
    assert "999" in reply["reply"]
    assert session.place.state == "welcome"


def test_no_level_of_risk_is_said_anywhere() -> None:
    for danger in DANGERS.values():
        said = at("worries").hear(danger)["reply"].casefold()
        assert not any(level in said for level in ("high risk", "low risk", "medium risk", "risk level"))


def test_answers_are_reviewed_and_changed_before_the_summary() -> None:
    session = at("goals")
    reply = session.hear("finish year 12")
    assert all(answer in reply["reply"] for answer in ANSWERS.values())
    session.hear("Change: My worries")
    assert session.place.state == "worries"
    session.hear("my cat is sick")
    assert session.place.state == "review"
    done = session.hear("It's right")
    assert done["is_complete"]
    assert "my cat is sick" in done["reply"]
    assert ANSWERS["worries"] not in done["reply"]
    people = done["reply"].index(ANSWERS["support_people"])
    assert people < done["reply"].index(ANSWERS["strengths"]) < done["reply"].index("my cat is sick")


def test_after_the_end_a_session_is_no_dead_end() -> None:
    session = _anywhere("summary")
    session.hear("keep everything for now")
    session.hear("change my goals")
    assert session.place.state == "goals"
    session.hear("sleep more")
    session.hear("its right")
    assert session.place.state == "summary"
    session.hear("start again")
    assert session.place.state == "support_people"


def test_what_is_kept_can_be_decided_later_and_answers_changed_before() -> None:
    session = _anywhere("summary")
    session.hear("Change: My worries")
    assert session.place.state == "worries"
    session.hear("only sleep")
    session.hear("it's right")
    session.hear("keep everything for now")
    reply = session.hear("hello?")
    assert "Keep my summary only" in reply["quick_replies"]
    reply = session.hear("Keep my summary only")
    assert session.place.kept == "summary"
    assert "Keep my summary only" not in reply["quick_replies"]


def test_what_is_not_understood_is_said_otherwise_and_is_no_question() -> None:
    session = at("support_people")
    reply = session.hear("huh??")
    assert "another way" in reply["reply"]


def test_a_choice_leads_its_own_way() -> None:
    for said, following in (
        ("pretty good thanks", "strengths"),
        ("really hard", "worries"),
        ("meh", "worries"),
    ):
        session = Rehearsal(SHORT)
        session.begin()
        session.hear("ready")
        session.hear(said)
        assert (said, session.place.state) == (said, following)


def _anywhere(step: str) -> Rehearsal:
    if step not in ("review", "summary"):
        return at(step)
    session = at("goals")
    session.hear(ANSWERS["goals"])
    if step == "summary":
        session.hear("It's right")
        session.hear("Keep everything for now")
    assert session.place.state == step
    return session


MESSAGES = st.one_of(
    st.sampled_from(
        [
            *ANSWERS.values(), *DANGERS.values(), "yes", "no", "idk", "not sure", "skip", "back", "why", "stop", "pause",
            "help", "hi", "Carry on", "Keep what I said", "Keep it", "no one", "nothing", "It's right", "change goals",
            "Change: My people", "delete my data", "start again", "summary", "Australia", "Somewhere else", "…", "good",
            "hard", "who are you?", "keep my summary only", "I'm done", "मेरी नानी", "عائلتي", "我的朋友", "x" * 4_000,
        ]
    ),
    st.text(max_size=60),
)  # fmt: skip


class AnySession(RuleBasedStateMachine):
    """Any messages in any order, with the session taken up from its stored data at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.flow = FOUR
        self.session = Rehearsal(self.flow)
        self.session.begin()
        self.stays = 0

    @rule(message=MESSAGES)
    def hear(self, message: str) -> None:
        before = self.session.place
        known = self.session.answers
        reply = self.session.hear(message)
        after = self.session.place
        assert reply["reply"].strip()
        is_unclear = after.attempt > before.attempt
        self.stays = self.stays + 1 if is_unclear and after.state == before.state else 0
        for step, answer in known.items():
            kept = self.session.answers.get(step)
            assert kept is not None
            # An answer goes only where another one, or a wish to skip it, took its place.
            assert (
                kept == answer or kept.text == message or kept.text == before.pending or kept.how == "skipped"
            )

    @rule()
    def take_up_from_what_is_stored(self) -> None:
        place = self.session.place
        self.session.place = place_from(place.state, place.to_data())
        assert self.session.place == place

    @invariant()
    def stands_in_a_state_that_leads_on(self) -> None:
        state = self.flow.states[self.session.place.state]
        assert state.kind == END or state.ways_out
        assert self.session.place.aside != "" or state.kind in (QUESTION, REVIEW, CHOICE, END)

    @invariant()
    def asks_no_question_for_ever(self) -> None:
        most = self.flow.states[self.session.place.state].most_attempts
        assert self.stays < 3
        assert self.session.place.attempt < max(most, 1)


class AnyCheckIn(AnySession):
    """The same in the other flow."""

    def __init__(self) -> None:
        super().__init__()
        self.flow = SHORT
        self.session = Rehearsal(self.flow, "GB")
        self.session.begin()


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestAnyCheckIn = AnyCheckIn.TestCase
TestAnyCheckIn.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)


@given(messages=st.lists(st.sampled_from(["idk", "…", "what?", "hmm"]), min_size=40, max_size=40))
@settings(max_examples=10, deadline=None)
def test_somebody_who_never_answers_comes_to_the_end(messages: list[str]) -> None:
    session = Rehearsal(FOUR)
    session.begin("yes")
    for message in messages:
        session.hear(message)
    assert session.place.state == "summary"


def test_a_whole_session_in_spanish() -> None:
    session = Rehearsal(FOUR, "ES", "es")
    session.begin()
    for said, state in (
        ("Empecemos", "support_people"),
        ("no sé", "support_people"),
        ("mi abuela y mi prima", "strengths"),
        ("prefiero no decirlo", "worries"),
        ("¿por qué lo preguntas?", "worries"),
    ):
        session.hear(said)
        assert (said, session.place.state) == (said, state)
    crisis = session.hear("mi padre me pega cuando bebe")
    assert crisis["is_danger"]
    assert "No es culpa tuya" in crisis["reply"] or "no es culpa tuya" in crisis["reply"]
    assert "016" in crisis["reply"]
    for said in (
        "sí, estoy a salvo",
        "Seguir",
        "Dejar lo que dije",
        "terminar el curso",
        "cambiar mis personas",
    ):
        session.hear(said)
    assert session.place.state == "support_people"
    session.hear("mi tía Jo")
    assert session.hear("está bien")["is_complete"]
    session.hear("borra mis datos")
    assert session.hear("Sí, borrar todo")["is_deleted"]
