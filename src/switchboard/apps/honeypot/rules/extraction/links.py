"""What a web address gives away: its domain, and whether it dresses up as somebody else."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.folding import skeleton


class LinkFacts(NamedTuple):
    """Known hosts and endings, all lower case. Lists of common knowledge, not a public suffix list.

    `sure_endings` are those that no sentence goes on with, `file_endings` those of files as well; `name_words`
    are what site names are made of beside `lure_words`, which are suspicious on top; `chat_words` stand around
    a full stop typed without a space; `no_hosts` look like hosts and are none.
    """

    endings: frozenset[str]
    sure_endings: frozenset[str]
    file_endings: frozenset[str]
    second_levels: frozenset[str]
    chat_words: frozenset[str]
    no_hosts: frozenset[str]
    chat_hosts: frozenset[str]
    suspicious_endings: frozenset[str]
    shorteners: frozenset[str]
    official_domains: frozenset[str]
    brands: tuple[str, ...]
    lure_words: tuple[str, ...]
    name_words: tuple[str, ...]


@cache
def link_facts() -> LinkFacts:
    """The packaged lists behind every judgement about links."""
    facts = load_data("links")
    return LinkFacts(
        endings=frozenset(facts["endings"]) | frozenset(facts["suspicious_endings"]),
        sure_endings=frozenset(facts["sure_endings"]),
        file_endings=frozenset(facts["file_endings"]),
        second_levels=frozenset(facts["second_levels"]),
        chat_words=frozenset(facts["chat_words"]),
        no_hosts=frozenset(facts["no_hosts"]),
        chat_hosts=frozenset(facts["chat_hosts"]),
        suspicious_endings=frozenset(facts["suspicious_endings"]),
        shorteners=frozenset(facts["shorteners"]),
        official_domains=frozenset(facts["official_domains"]),
        brands=tuple(facts["brands"]),
        lure_words=tuple(facts["lure_words"]),
        name_words=tuple(facts["name_words"]),
    )


def domain_of(url: str) -> str:
    """The host of a URL with or without scheme, lower case, without user, port and leading `www.`."""
    rest = url.split("://", 1)[-1]
    for mark in "/?#":
        rest = rest.split(mark, 1)[0]
    host = rest.rsplit("@", 1)[-1].split(":", 1)[0]
    return host.lower().removeprefix("www.")


def is_official(domain: str) -> bool:
    """Whether the domain, or a parent of it, belongs to an organisation scammers like to imitate."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in link_facts().official_domains for start in range(len(labels)))


def written_out(domain: str) -> str:
    """The domain as it is registered: labels of other scripts in punycode, those of ASCII as they are."""
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
        for label in domain.split(".")
    )


def dressed_as(domain: str) -> str | None:
    """The plain Latin domain that one with letters of other scripts is mistaken for, if that is what it does.

    A domain written in punycode is judged by what a browser shows.
    """
    shown = ".".join(map(_shown, domain.split(".")))
    plain = skeleton(shown)
    return plain if plain != shown and plain.isascii() else None


def suspicion(domain: str) -> str | None:
    """Why a domain deserves suspicion, as a sentence for people; None when nothing speaks against it."""
    facts = link_facts()
    if is_official(domain):
        return None
    if domain in facts.shorteners:
        return "Hides where its link leads behind a shortener"
    if domain.replace(".", "").isdigit():
        return "Links to a bare address instead of a named site"
    name, _, ending = domain.rpartition(".")
    pieces = name.replace("-", ".").split(".")
    if any(brand in piece for piece in pieces for brand in facts.brands if len(brand) > 4 or brand == piece):
        return "Links to a site that borrows a known name"
    if any(word in piece for piece in pieces for word in facts.lure_words):
        return "Links to a site named to lure people in"
    if ending in facts.suspicious_endings or not domain.isascii():
        return "Links to a kind of address often used for fraud"
    return None


def _shown(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label
