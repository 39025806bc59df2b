"""What a crisis response must and must not say, one requirement each, held against every wording before it is used.

The list merges published guidance (VERA-MH rubric, UNICEF, Samaritans, Orygen's #chatsafe, NSPA, Lifeline). Tests run
it over every wording that ships; the console runs it over what people change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from switchboard.apps.guide.rules.response.composing import Need, Response, compose
from switchboard.apps.guide.rules.response.resources import Resource, choose, countries, packaged_resources
from switchboard.apps.guide.rules.risk import ABUSE, CATEGORIES

_LONGEST_WORDS = 260
_LONGEST_SENTENCE = 34
_PHRASE = "the words that prompted it"
_TRUSTED = "my aunty Jo"
_DAYS = 30
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"[.!?।؟\n:;]+\s*")


class Case(NamedTuple):
    """One response as somebody would see it, with what it was made of."""

    wording: Mapping[str, Any]
    need: Need
    response: Response

    @property
    def words(self) -> Mapping[str, str]:
        """The texts that this response is made of."""
        shared: Mapping[str, str] = self.wording["shared"]
        return {**shared, **self.wording["friend"]} if self.need.is_about_other else shared


class Requirement(NamedTuple):
    """One point of the list. `holds` says whether a response keeps it."""

    name: str
    says: str
    holds: Callable[[Case], bool]


def cases(wording: Mapping[str, Any]) -> Iterator[Case]:
    """Every kind of response of a wording: category, oneself or another, country known or not."""
    for category in CATEGORIES:
        for is_about_other in (False, True):
            for code in (*(each.code for each in countries()), None):
                lines = (
                    None if code is None else [each for each in packaged_resources() if each.country == code]
                )
                need = Need(category, is_about_other, _PHRASE, lines, _TRUSTED, _DAYS)
                yield Case(wording, need, compose(wording, need))


def find_failures(wording: Mapping[str, Any], packaged: Mapping[str, Any]) -> list[str]:
    """The points that a wording does not keep, as sentences; none for one that may be used."""
    if lacking := _lacking(wording, packaged):
        return lacking
    failures: list[str] = []
    for case in cases(wording):
        for requirement in REQUIREMENTS:
            if not requirement.holds(case):
                where = f"{case.need.category}{', a friend' if case.need.is_about_other else ''}"
                failures.append(f"{requirement.says} ({where})")
    return list(dict.fromkeys(failures))


def _lacking(wording: Mapping[str, Any], packaged: Mapping[str, Any]) -> list[str]:
    """Texts and placeholders that are not there: without them nothing can be put together."""
    found = []
    for section, texts in packaged.items():
        if not isinstance(texts, Mapping) or section in ("means", "banned"):
            continue
        for name, text in texts.items():
            given = wording.get(section, {}).get(name)
            if not isinstance(given, str) or not given.strip():
                found.append(f"The text {section}.{name} is empty.")
            elif set(_PLACEHOLDER.findall(given)) != set(_PLACEHOLDER.findall(text)):
                wanted = ", ".join(sorted("{" + each + "}" for each in _PLACEHOLDER.findall(text))) or "none"
                found.append(f"The text {section}.{name} has to hold these in braces: {wanted}.")
            elif any(brace in _PLACEHOLDER.sub("", given) for brace in "{}"):
                found.append(f"The text {section}.{name} has a brace that belongs to nothing.")
    return found


def _part(case: Case, name: str, **given: object) -> str:
    """A text as it stands in the response."""
    return case.words[name].format(**given)


def _opens_with_thanks(case: Case) -> bool:
    if case.need.is_about_other:
        return case.response.text.startswith(case.words[case.need.category])
    return case.response.text.startswith(case.wording[case.need.category]["acknowledge"])


def _names_what_prompted(case: Case) -> bool:
    return _PHRASE in case.response.text.split("\n\n")[0]


def _emergency(case: Case) -> str:
    emergency, _ = choose(case.need.resources or (), case.need.category)
    if emergency is None:
        return case.words["danger_unknown"]
    return _part(case, "danger", emergency=emergency.number)


def _shown(case: Case) -> Sequence[Resource]:
    return choose(case.need.resources or (), case.need.category)[1]


def _has_danger_before_any_line(case: Case) -> bool:
    text = case.response.text
    at = text.find(_emergency(case))
    lines = text.find("\n•")
    return at > 0 and (lines < 0 or at < lines)


def _has_a_line(case: Case) -> bool:
    lines = _shown(case)
    if not lines:
        return "https://" in case.response.text
    numbers = [each.number for each in lines if each.dial] + [
        each.text_number for each in lines if not each.dial
    ]
    return bool(numbers) and all(number in case.response.text for number in numbers)


def _says_hours_and_check(case: Case) -> bool:
    text = case.response.text
    unchecked = case.wording["line"]["unchecked"]
    return all(
        each.hours in text and (each.verified_at is not None or unchecked in text) for each in _shown(case)
    )


def _can_be_written_to(case: Case) -> bool:
    if case.need.resources is None or not any(each.text_number or each.url for each in case.need.resources):
        return True
    fitting = [each for each in case.need.resources if case.need.category in each.categories]
    if not any(each.text_number or each.url for each in fitting):
        return True
    return any(each.text_number or each.url for each in _shown(case))


def _names_somebody_trusted(case: Case) -> bool:
    return _TRUSTED in case.response.text


def _says_what_it_is(case: Case) -> bool:
    return case.wording["shared"]["bot"].format(days=_DAYS) in case.response.text


def _ends_by_asking(case: Case) -> bool:
    asked = case.words["safe"] if case.need.resources is not None else case.wording["shared"]["country"]
    return case.response.text.endswith(asked)


def _keeps_the_door_open(case: Case) -> bool:
    shared = case.wording["shared"]
    return all(
        len(shared[name].split(",")) >= 3 or len(shared[name]) > 30 for name in ("still_here", "glad_safe")
    )


def _believes_the_abused(case: Case) -> bool:
    own = case.wording[ABUSE]
    if case.need.category != ABUSE:
        return True
    return (case.need.is_about_other or own["acknowledge"] in case.response.text) and own[
        "advice"
    ] in case.response.text


def _is_short(case: Case) -> bool:
    # A line's particulars are a list to pick from, no sentence to read.
    said = "\n".join(line for line in case.response.text.split("\n") if not line.startswith("•"))
    sentences = [each.split() for each in _SENTENCE_END.split(said)]
    return len(said.split()) <= _LONGEST_WORDS and max(map(len, sentences)) <= _LONGEST_SENTENCE


def _says_nothing_banned(case: Case) -> bool:
    own = " ".join(
        text.casefold()
        for texts in case.wording.values()
        if isinstance(texts, Mapping)
        for text in texts.values()
        if isinstance(text, str)
    )
    return not any(banned in own for banned in case.wording["banned"]["words"])


def _names_no_means(case: Case) -> bool:
    spoken = {
        name: texts for name, texts in case.wording.items() if name in ("shared", "friend", *CATEGORIES)
    }
    said = " ".join(text.casefold() for texts in spoken.values() for text in texts.values())
    return not any(re.search(rf"\b{re.escape(word)}", said) for word in case.wording["means"]["words"])


REQUIREMENTS = (
    Requirement("acknowledges", "It begins by thanking and acknowledging.", _opens_with_thanks),
    Requirement("names_what_prompted", "It names what prompted it, first of all.", _names_what_prompted),
    Requirement(
        "danger_first", "The emergency number comes before every other number.", _has_danger_before_any_line
    ),
    Requirement("has_a_line", "It shows a line, with the number exactly as the table has it.", _has_a_line),
    Requirement(
        "says_hours", "It says a line's hours and when its number was checked.", _says_hours_and_check
    ),
    Requirement(
        "can_be_written_to", "A line that can be written to is shown where there is one.", _can_be_written_to
    ),
    Requirement(
        "trusted_person",
        "It encourages telling somebody trusted, in the person's words.",
        _names_somebody_trusted,
    ),
    Requirement(
        "says_what_it_is",
        "It says that it is software, unread, and how long words are kept.",
        _says_what_it_is,
    ),
    Requirement("asks", "It ends by asking whether the person is safe, or where they are.", _ends_by_asking),
    Requirement("door_open", "Carrying on, a break and stopping are all offered.", _keeps_the_door_open),
    Requirement(
        "believes",
        "Abuse: it believes, says whose fault it is not, and warns of watched devices.",
        _believes_the_abused,
    ),
    Requirement("is_short", "It is short, in short sentences.", _is_short),
    Requirement(
        "says_nothing_banned",
        "It promises no secrecy, blames, argues, diagnoses and compares nobody, and claims no human.",
        _says_nothing_banned,
    ),
    Requirement("names_no_means", "It names no means and no method.", _names_no_means),
)
