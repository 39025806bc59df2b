"""A crisis response put together: acknowledge, danger first, lines, somebody trusted, what this is, are you safe.

The order and the points follow what published guidance agrees on (UNICEF, Samaritans, Orygen's #chatsafe, NSPA, the
VERA-MH rubric); tests hold each point that must and must not stand in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from switchboard.apps.guide.rules.data import list_data, load_data
from switchboard.apps.guide.rules.response.resources import (
    Resource,
    choose,
    describe,
    directories,
)

_LONGEST_QUOTE = 80
_LONGEST_TRUSTED = 60


class Link(NamedTuple):
    """Something to tap: a telephone number, a text message, a page."""

    label: str
    href: str


class Response(NamedTuple):
    """What is said, in paragraphs, and what can be tapped beside it."""

    text: str
    links: tuple[Link, ...]


class Need(NamedTuple):
    """What a response has to fit. `resources` are those of the person's country, None where it is not known.

    `trusted` is the person's own word for somebody who supports them; `phrase` what prompted the response.
    """

    category: str
    is_about_other: bool
    phrase: str
    resources: Sequence[Resource] | None
    trusted: str | None
    days: int


@cache
def wording_languages() -> tuple[str, ...]:
    """The languages that have a wording."""
    return tuple(name.rpartition("/")[2].removesuffix(".toml") for name in list_data("wording/crisis"))


def packaged_wording(language: str) -> Mapping[str, Any]:
    """The wording that ships in a language."""
    wording: Mapping[str, Any] = load_data(f"wording/crisis/{language}.toml")
    return wording


def compose(wording: Mapping[str, Any], need: Need) -> Response:
    """The whole response, as it is shown the first time."""
    shared, own = wording["shared"], wording[need.category]
    spoken = {**shared, **wording["friend"]} if need.is_about_other else shared
    emergency, lines = choose(need.resources or (), need.category)
    first = spoken[need.category] if need.is_about_other else f"{own['acknowledge']} {own['advice']}"
    paragraphs = [
        f"{_opening(first, own, need)} {_because(wording, need.phrase)}",
        _danger(spoken, emergency),
        _where(wording, spoken, lines),
        _trusted(shared, need.trusted),
        shared["bot"].format(days=need.days),
    ]
    paragraphs.append(shared["country"] if need.resources is None else spoken["safe"])
    return Response("\n\n".join(paragraphs), links_of(emergency, lines))


def compose_again(wording: Mapping[str, Any], need: Need) -> Response:
    """The short reminder, for danger that was spoken of before."""
    shared = wording["shared"]
    emergency, lines = choose(need.resources or (), need.category)
    text = f"{shared['reminder']} {_danger(shared, emergency)}\n\n{shared['safe']}"
    return Response(text, links_of(emergency, lines[:1]))


def compose_unsafe(wording: Mapping[str, Any], need: Need) -> Response:
    """What is said, once, to somebody who is not safe or not sure."""
    shared = wording["shared"]
    emergency, lines = choose(need.resources or (), need.category)
    paragraphs = [
        shared["unsafe"],
        _danger(shared, emergency),
        _where(wording, shared, lines),
        shared["still_here"],
    ]
    return Response("\n\n".join(paragraphs), links_of(emergency, lines))


def compose_located(wording: Mapping[str, Any], need: Need) -> Response:
    """The numbers of a country that was just named, danger first; pages that list lines where there are none."""
    shared = wording["shared"]
    spoken = {**shared, **wording["friend"]} if need.is_about_other else shared
    emergency, lines = choose(need.resources or (), need.category)
    unknown = {**spoken, "no_lines": shared["country_again"]}
    paragraphs = [_danger(spoken, emergency), _where(wording, unknown, lines), spoken["safe"]]
    return Response("\n\n".join(paragraphs), links_of(emergency, lines))


def compose_lines(wording: Mapping[str, Any], resources: Sequence[Resource] | None, intro: str) -> Response:
    """The lines alone, as help that was asked for."""
    shared = wording["shared"]
    emergency, lines = choose(resources or (), None)
    paragraphs = [intro, _danger(shared, emergency), _where(wording, shared, lines)]
    if resources is None:
        paragraphs.append(shared["country"])
    return Response("\n\n".join(paragraphs), links_of(emergency, lines))


def _opening(first: str, own: Mapping[str, str], need: Need) -> str:
    # Somebody who tells of a friend's abuse may share a device with whoever does it, too.
    return f"{first} {own['advice']}" if need.is_about_other and need.category == "abuse" else first


def _because(wording: Mapping[str, Any], phrase: str) -> str:
    said = phrase.casefold()
    if not phrase or len(phrase) > _LONGEST_QUOTE or any(word in said for word in wording["means"]["words"]):
        return str(wording["shared"]["because_unquoted"])
    return str(wording["shared"]["because"].format(phrase=phrase))


def _danger(words: Mapping[str, str], emergency: Resource | None) -> str:
    if emergency is None:
        return words["danger_unknown"]
    return words["danger"].format(emergency=emergency.number)


def _where(wording: Mapping[str, Any], spoken: Mapping[str, str], lines: Sequence[Resource]) -> str:
    if not lines:
        shown = [f"• {each.name}: {each.url}" for each in directories()]
        return "\n".join([spoken["no_lines"], *shown])
    return "\n".join([spoken["lines"], *(describe(each, wording["line"]) for each in lines)])


def _trusted(shared: Mapping[str, str], trusted: str | None) -> str:
    if trusted and len(trusted) <= _LONGEST_TRUSTED and "\n" not in trusted:
        return shared["trusted"].format(trusted=f"“{trusted}”")
    return shared["trusted_unknown"]


def links_of(emergency: Resource | None, lines: Sequence[Resource]) -> tuple[Link, ...]:
    """What can be tapped: the emergency number first; pages that list lines where there are no lines."""
    links = []
    for each in ([emergency] if emergency else []) + list(lines):
        if each.dial:
            links.append(Link(f"{each.name}: {each.number}", f"tel:{each.dial}"))
        elif each.text_number:
            links.append(Link(f"{each.name}: {each.text_number}", f"sms:{each.text_number.replace(' ', '')}"))
        if each.url:
            links.append(Link(f"{each.name}: chat", each.url))
    return tuple(links) or tuple(Link(each.name, each.url) for each in directories())
