"""Risk language: every phrase is found where it should be and not in its trap; no disguise hides it."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.risk import CATEGORIES, detect, detect_in, read_message
from switchboard.apps.guide.rules.risk.disguises import DISGUISES
from switchboard.apps.guide.rules.risk.finding import find_phrases
from switchboard.apps.guide.rules.risk.lexicon import Phrase, load_lexicon

PHRASES = load_lexicon().phrases
ACCEPTED: list[dict[str, Any]] = load_data("risk/accepted_false_alarms.toml")["accepted"]


def found_ids(text: str, phrase: Phrase) -> set[str]:
    step = phrase.steps[0] if phrase.steps else None
    return {each.phrase.id for each in find_phrases(read_message(text), step, load_lexicon()).found}


FILES = sorted({phrase.id.rpartition("-")[0] for phrase in PHRASES})


def phrases_of(file: str) -> list[Phrase]:
    return [phrase for phrase in PHRASES if phrase.id.rpartition("-")[0] == file]


@pytest.mark.parametrize("file", FILES)
def test_every_phrase_is_found_in_its_example_and_not_in_its_trap(file: str) -> None:
    missed = [each.found_in for each in phrases_of(file) if each.id not in found_ids(each.found_in, each)]
    trapped = [each.not_in for each in phrases_of(file) if each.id in found_ids(each.not_in, each)]
    assert (missed, trapped) == ([], [])


@pytest.mark.parametrize("file", FILES)
def test_what_every_phrase_says_is_answered_and_quoted(file: str) -> None:
    for phrase in phrases_of(file):
        risk = detect(phrase.found_in, phrase.steps[0] if phrase.steps else None)
        assert risk is not None, phrase.found_in
        assert risk.phrase in phrase.found_in


def test_what_only_sounds_like_danger_is_none() -> None:
    alarms = [each.example for each in load_lexicon().harmless if detect(each.example) is not None]
    assert alarms == []


@pytest.mark.parametrize("each", ACCEPTED, ids=lambda each: each["text"][:40])
def test_an_accepted_false_alarm_is_one_and_says_why(each: dict[str, Any]) -> None:
    """The list stays true: what is mended leaves it."""
    assert detect(each["text"], each.get("step")) is not None
    assert len(each["because"]) > 20


NEGATED = {
    "I don't want to die": False,
    "I don't want to live": True,
    "I'm not suicidal": False,
    "I am not going to kill myself": False,
    "I don't want to be here any more": True,
    "I'm not gonna hurt myself, I'm gonna hurt him": True,
    "not tonight, but I do want to die": True,
    "I never want to wake up again": True,
    "nobody hits me": False,
    "it's not like he hits me every day": True,
    "I can't do this anymore, I want to end it": True,
}


@pytest.mark.parametrize("text", NEGATED)
def test_a_denial_is_none_and_a_negation_that_is_the_danger_is_one(text: str) -> None:
    assert (detect(text) is not None) == NEGATED[text]


def test_an_answer_is_read_as_an_answer_to_its_question() -> None:
    assert detect("him coming into my room at night", "worries") is not None
    assert detect("kill this session") is None
    assert detect("I don't want to be here, can I finish tomorrow?") is None


def test_who_is_in_danger_is_told_apart() -> None:
    own, friend = detect("I want to kill myself"), detect("my best friend wants to kill herself")
    assert own is not None
    assert friend is not None
    assert (own.is_about_other, friend.is_about_other) == (False, True)


def test_what_was_found_is_told_by_its_own_words_and_entry() -> None:
    risk = detect("Hey. So, erm, I wanna k1ll mys3lf tonight :(")
    assert risk is not None
    assert risk.phrase == "wanna k1ll mys3lf tonight" or "k1ll mys3lf" in risk.phrase
    assert risk.phrase_id is not None
    assert 0 < risk.confidence < 1


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_disguise_hides_the_phrases(disguise: str) -> None:
    """A sample of English phrases; `make bench` measures the loss over the labelled messages."""
    english = [phrase for phrase in PHRASES if phrase.language == "en" and not phrase.steps]
    sample = random.Random(7).sample(english, 120)
    hidden = [
        phrase.found_in
        for phrase in sample
        if detect(phrase.found_in) and not detect(DISGUISES[disguise](phrase.found_in))
    ]
    assert len(hidden) <= 2, hidden


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_is_read_without_failing_and_quoted_from_it(text: str) -> None:
    risk = detect_in(read_message(text))
    assert risk is None or (risk.category in CATEGORIES and risk.phrase in text)


def test_the_longest_message_is_read() -> None:
    assert detect("I want to die. " * 300) is not None
    assert detect("la " * 1_300) is None


def test_the_command_answers_line_by_line_without_database_or_network(tmp_path: Any) -> None:
    lines = [
        '{"text": "i want to die", "step": null}',
        '{"text": "hello", "step": "goals"}',
        "no json",
        '{"text": 3}',
        '{"text": "him again", "step": "worries", "more": 1}',
    ]
    blocked = "import socket\ndef no(*a, **k): raise OSError('no network')\nsocket.socket.connect = no\n"
    code = f"{blocked}import sys; sys.argv = ['switchboard', 'guide', 'risk', '--jsonl']\nfrom switchboard.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(lines).encode(),
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [each["category"] for each in answers[:2]] == ["self_harm", "none"]
    assert ["error" in each for each in answers] == [False, False, True, True, False]
    assert set(answers[0]) == {"category", "trigger_phrase", "confidence"}
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []
    assert socket.socket
