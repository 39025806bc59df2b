"""What a session says: the flow's own texts and the texts around them, in the session's language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from switchboard.apps.guide.rules.data import list_data, load_data
from switchboard.apps.guide.rules.flow.document import Flow, State
from switchboard.apps.guide.rules.risk import detect, read_message
from switchboard.apps.guide.rules.text.reading import read_words
from switchboard.apps.guide.rules.text.whole import session_words, short_answers

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LONGEST_BUTTON = 40


def packaged_session_wording(language: str) -> Mapping[str, Any]:
    """The texts around the questions that ship in a language."""
    wording: Mapping[str, Any] = load_data(f"wording/session/{language}.toml")
    return wording


def session_languages() -> tuple[str, ...]:
    return tuple(name.rpartition("/")[2].removesuffix(".toml") for name in list_data("wording/session"))


def find_failures(wording: Mapping[str, Any], packaged: Mapping[str, Any], language: str) -> list[str]:
    """What keeps texts and buttons from being used, as sentences; none for those that may be."""
    failures = []
    for name, shipped in packaged["text"].items():
        wanted, allowed = set(_placeholders(shipped)), {*_placeholders(shipped), "days", "questions"}
        variants = wording["text"].get(name) or []
        if not variants:
            failures.append(f"The text {name} is empty.")
        for variant in variants:
            held = set(_placeholders([variant]))
            if held - allowed or wanted - {"days", "questions"} - held or _has_stray_brace(variant):
                can = ", ".join(sorted("{" + each + "}" for each in allowed))
                failures.append(f"In the text {name} only these can stand in braces: {can}.")
    buttons = wording["buttons"]
    for name, shipped in packaged["buttons"].items():
        label = buttons.get(name) or ""
        if not label or len(label) > _LONGEST_BUTTON:
            failures.append(f"The button {name} has 1 to {_LONGEST_BUTTON} characters.")
        elif _read_button(label, language) != _read_button(shipped, language):
            failures.append(
                f"The button {name} would not be understood when it is tapped: “{label}” does not say what"
                f" “{shipped}” says."
            )
    labels = [" ".join(read_words(label)) for label in buttons.values()]
    if len(labels) != len(set(labels)):
        failures.append("Two buttons say the same.")
    return failures


def _placeholders(variants: Sequence[str]) -> list[str]:
    return [name for variant in variants for name in _PLACEHOLDER.findall(variant)]


def _has_stray_brace(text: str) -> bool:
    return any(brace in _PLACEHOLDER.sub("", text) for brace in "{}")


def _read_button(label: str, language: str) -> tuple[str | None, str | None, str | None]:
    """What tapping it says: a tapped label comes in as a message."""
    plain = read_message(label, language).plain
    risk = detect(label)
    return (
        session_words(language).find(plain),
        short_answers(language).find(plain),
        None if risk is None else risk.category,
    )


class Voice:
    """Chooses among variants by a seed, so that a turn that is run again says the same."""

    def __init__(self, flow: Flow, wording: Mapping[str, Any], language: str, seed: int, days: int) -> None:
        """`days` is how long what people write is kept."""
        self._flow = flow
        self._wording = wording
        self.language = language if language in flow.languages else flow.languages[0]
        self._seed = seed
        self._given = {"days": days, "questions": len(flow.questions)}

    def of_state(self, state: State, purpose: str, **given: Any) -> str:
        """One of a state's texts for a purpose."""
        return self._choose(state.text[self.language][purpose], given)

    def all_of_state(self, state: State, purpose: str) -> Sequence[str]:
        return state.text[self.language][purpose]

    def heading(self, state: State) -> str:
        return state.text[self.language]["heading"][0]

    def around(self, name: str, **given: Any) -> str:
        """One of the texts around the questions."""
        return self._choose(self._wording["text"][name], given)

    def button(self, name: str) -> str:
        return str(self._wording["buttons"][name])

    def _choose(self, variants: Sequence[str], given: Mapping[str, Any]) -> str:
        text = variants[self._seed % len(variants)]
        # What people wrote is put in last and whole: braces in it mean nothing.
        for name, value in {**self._given, **given}.items():
            text = text.replace("{" + name + "}", str(value))
        return text
