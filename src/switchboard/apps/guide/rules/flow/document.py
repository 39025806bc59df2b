"""A flow: its states, their texts in each language, and the ways between them, read from a plain document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from switchboard.apps.guide.rules.data import list_data, load_data

WELCOME, QUESTION, CHOICE, REVIEW, END = "welcome", "question", "choice", "review", "end"
KINDS = (WELCOME, QUESTION, CHOICE, REVIEW, END)

_STATE_FIELDS = {
    "name",
    "kind",
    "next",
    "saves",
    "most_attempts",
    "most_visits",
    "most_changes",
    "keeps_disclosures",
    "branch",
    "text",
}
_FLOW_FIELDS = {"id", "version", "title", "languages", "start", "state"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NEEDED_TEXTS = {
    WELCOME: ("prompt", "again", "why", "buttons"),
    QUESTION: (
        "heading",
        "prompt",
        "again",
        "choice",
        "options",
        "thanks",
        "none",
        "moved_on",
        "skipped",
        "why",
    ),
    CHOICE: ("prompt", "again", "choice", "moved_on", "skipped", "why"),
    REVIEW: ("prompt", "ask", "again", "why", "buttons", "change", "unanswered"),
    END: ("prompt", "again", "why"),
}
_MOST_ATTEMPTS = 3
_MOST_CHANGES = 20
_LONGEST_TEXT = 600
_MOST_STATES = 60


class WrongFlow(ValueError):
    """A document that is no flow. `problems` are sentences, each naming where to look."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Branch:
    """A way out of a choice; the texts of its name are what people may answer for it, the first one its button."""

    name: str
    next: str


@dataclass(frozen=True, slots=True)
class State:
    """One place in a flow. `text` holds variants by language and purpose."""

    name: str
    kind: str
    next: str | None
    saves: str | None
    most_attempts: int
    """Answers at most that could not be used, before the flow goes on."""
    most_visits: int
    """How often a session may come here by itself; 0 for no limit, which a circle of states must not have."""
    most_changes: int
    keeps_disclosures: bool
    """Whether words that told of danger here may be kept as the answer, if the person wants that."""
    branches: tuple[Branch, ...]
    text: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def ways_out(self) -> tuple[str, ...]:
        """The states that may come next, each once."""
        ways = [branch.next for branch in self.branches] + ([self.next] if self.next else [])
        return tuple(dict.fromkeys(ways))


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole flow. A session keeps to the version that it began with."""

    id: str
    version: int
    title: Mapping[str, str]
    languages: tuple[str, ...]
    start: str
    states: Mapping[str, State]

    @property
    def questions(self) -> tuple[State, ...]:
        """The states whose answers are kept, in the order of the document."""
        return tuple(state for state in self.states.values() if state.kind == QUESTION)

    def state_that_saves(self, step: str) -> State | None:
        return next((state for state in self.questions if state.saves == step), None)


def parse_flow(document: Mapping[str, Any]) -> Flow:
    """A flow from its document. Raises WrongFlow with everything that is wrong in its form.

    Whether its states hang together is asked of `graph.find_problems`.
    """
    problems = _problems(document)
    if problems:
        raise WrongFlow(problems)
    states = [_state(entry) for entry in document["state"]]
    return Flow(
        id=document["id"],
        version=document["version"],
        title=dict(document["title"]),
        languages=tuple(document["languages"]),
        start=document["start"],
        states={state.name: state for state in states},
    )


@cache
def packaged_documents() -> Mapping[str, Mapping[str, Any]]:
    """The documents of the flows that ship, by the flow's id."""
    documents: list[Mapping[str, Any]] = [load_data(name) for name in list_data("flows")]
    return {document["id"]: document for document in documents}


def _state(entry: Mapping[str, Any]) -> State:
    return State(
        name=entry["name"],
        kind=entry["kind"],
        next=entry.get("next"),
        saves=entry.get("saves"),
        most_attempts=entry.get("most_attempts", 0),
        most_visits=entry.get("most_visits", 0),
        most_changes=entry.get("most_changes", 0),
        keeps_disclosures=entry.get("keeps_disclosures", False),
        branches=tuple(Branch(branch["name"], branch["next"]) for branch in entry.get("branch", ())),
        text={
            language: {purpose: _variants(given) for purpose, given in texts.items()}
            for language, texts in entry["text"].items()
        },
    )


def _variants(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _problems(document: Any) -> list[str]:
    if not isinstance(document, Mapping):
        return ["A flow is a table of fields."]
    found = [f"The flow has an unknown field {name!r}." for name in document if name not in _FLOW_FIELDS]
    found += [f"The flow lacks the field {name!r}." for name in sorted(_FLOW_FIELDS - set(document))]
    if found:
        return found
    if not _is_name(document["id"]):
        found.append("`id` takes small letters, digits and underscores, at most 40.")
    if not isinstance(document["version"], int) or document["version"] < 1:
        found.append("`version` is a whole number from 1.")
    languages = document["languages"]
    if (
        not isinstance(languages, list)
        or not languages
        or not all(isinstance(each, str) for each in languages)
    ):
        found.append('`languages` is a list of at least one language, as ["en"].')
        return found
    if not isinstance(document["title"], Mapping) or any(
        not _is_text(document["title"].get(each)) for each in languages
    ):
        found.append("`title` needs a text in each language.")
    entries = document["state"]
    if not isinstance(entries, list) or not 1 < len(entries) <= _MOST_STATES:
        found.append(f"A flow has 2 to {_MOST_STATES} states, each a [[state]].")
        return found
    for number, entry in enumerate(entries, start=1):
        found += _state_problems(number, entry, languages)
    names = [entry.get("name") for entry in entries if isinstance(entry, Mapping)]
    found += [
        f"Two states are called {name!r}."
        for name in dict.fromkeys(names)
        if isinstance(name, str) and names.count(name) > 1
    ]
    saved = [
        entry.get("saves")
        for entry in entries
        if isinstance(entry, Mapping) and entry.get("saves") is not None
    ]
    found += [
        f"Two states save their answer as {name!r}." for name in dict.fromkeys(saved) if saved.count(name) > 1
    ]
    return found


def _state_problems(number: int, entry: Any, languages: list[str]) -> list[str]:
    if not isinstance(entry, Mapping) or not _is_name(entry.get("name")):
        return [f"State {number} has no `name` of small letters, digits and underscores."]
    where = f"State {entry['name']!r}"
    kind = entry.get("kind")
    if kind not in KINDS:
        return [f"{where}: `kind` is one of {', '.join(KINDS)}."]
    found = [f"{where} has an unknown field {name!r}." for name in entry if name not in _STATE_FIELDS]
    if kind != END and not isinstance(entry.get("next"), str):
        found.append(f"{where} has no `next`: the state that follows.")
    if kind == END and "next" in entry:
        found.append(f"{where} is an end, so nothing follows it.")
    if (kind == QUESTION) != ("saves" in entry) or ("saves" in entry and not _is_name(entry["saves"])):
        found.append(
            f"{where}: `saves` names what a question's answer is kept as; other states keep no answer."
        )
    if kind != END and not _is_count(entry.get("most_attempts"), _MOST_ATTEMPTS):
        found.append(f"{where}: `most_attempts` is 1 to {_MOST_ATTEMPTS}, so that nobody is asked for ever.")
    if kind == REVIEW and not _is_count(entry.get("most_changes"), _MOST_CHANGES):
        found.append(
            f"{where}: `most_changes` is 1 to {_MOST_CHANGES}: a review leads back to questions, which has to end."
        )
    if "most_visits" in entry and not _is_count(entry["most_visits"], _MOST_CHANGES):
        found.append(f"{where}: `most_visits` is 1 to {_MOST_CHANGES}.")
    if not isinstance(entry.get("keeps_disclosures", False), bool):
        found.append(f"{where}: `keeps_disclosures` is true or false.")
    found += _branch_problems(where, kind, entry.get("branch", []))
    return found + _text_problems(where, entry, languages)


def _branch_problems(where: str, kind: str, branches: Any) -> list[str]:
    if kind == CHOICE and (not isinstance(branches, list) or len(branches) < 2):
        return [f"{where} is a choice, so it needs at least two [[state.branch]]."]
    if kind != CHOICE and branches:
        return [f"{where} is no choice, so it has no [[state.branch]]."]
    return [
        f"{where}: a branch has a `name` and a `next`."
        for branch in branches
        if not isinstance(branch, Mapping)
        or set(branch) != {"name", "next"}
        or not _is_name(branch["name"])
        or not isinstance(branch["next"], str)
    ]


def _text_problems(where: str, entry: Mapping[str, Any], languages: list[str]) -> list[str]:
    text = entry.get("text")
    if not isinstance(text, Mapping):
        return [f"{where} has no [state.text.{languages[0]}]."]
    branches = entry.get("branch", ())
    needed = (
        *_NEEDED_TEXTS[entry["kind"]],
        *(branch["name"] for branch in branches if isinstance(branch, Mapping) and "name" in branch),
    )
    found = [
        f"{where} has texts in {language!r}, which is none of the flow's languages."
        for language in text
        if language not in languages
    ]
    for language in languages:
        texts = text.get(language)
        if not isinstance(texts, Mapping):
            found.append(f"{where} has no texts in {language!r}.")
            continue
        for purpose in needed:
            given = texts.get(purpose)
            variants = [given] if isinstance(given, str) else given
            if not isinstance(variants, list) or not variants or not all(map(_is_text, variants)):
                found.append(
                    f"{where}, {language!r}: {purpose!r} is a list of texts of 1 to {_LONGEST_TEXT} characters."
                )
        found += [
            f"{where}, {language!r}: there is no use for {purpose!r}."
            for purpose in texts
            if purpose not in needed
        ]
    return found


def _is_name(given: Any) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and len(given.strip()) > 0 and len(given) <= _LONGEST_TEXT


def _is_count(given: Any, most: int) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= most
