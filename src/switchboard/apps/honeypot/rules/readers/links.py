"""Web addresses: with a scheme, or bare when the ending and the words around say that a link is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from switchboard.apps.honeypot.rules.links import domain_of, link_facts, suspicion
from switchboard.apps.honeypot.rules.readers.candidate import URL, Candidate

_TAIL = r"(?:[/?#][\w\-.~:/?#\[\]@!$&'()*+,;=%]{0,2048})?"
_URL = re.compile(rf"(?<![a-z0-9])https?://(?P<host>[^\W_][\w.:@%\-]*)(?P<tail>(?a:{_TAIL}))", re.IGNORECASE)
_BARE_LINK = re.compile(
    rf"(?<![\w@.\-/])(?P<host>[a-z0-9][a-z0-9\-]*\.[a-z0-9.\-]*)(?P<port>:[0-9]{{1,5}})?(?P<tail>{_TAIL})(?![@\w])",
    re.IGNORECASE | re.ASCII,
)
_CLOSING = ".,;:!?'*_~-"
_BRACKETS = {")": "(", "]": "["}
# A word such as "in" or "me" is only an ending when something else says that a link is meant.
_LINK_CUE = re.compile(
    r"(?:visit|click|open|link|website|site|login|log ?in|portal|at|on|go to|via|from|pe|par|:)[ :\-]*$",
    re.IGNORECASE,
)


def read_urls(text: str) -> Iterator[Candidate]:
    """Links written with a scheme."""
    for match in _URL.finditer(text):
        link = _trim(match[0])
        domain = domain_of(link)
        if "." not in domain.strip("."):
            continue
        scheme, rest = link.split("://", 1)
        value = f"{scheme.lower()}://{_lower_host(rest)}"
        yield Candidate(URL, value, match.start(), match.start() + len(link), _link_confidence(domain, 0.85))


def read_bare_links(text: str) -> Iterator[Candidate]:
    """Links written as a host, with or without a path."""
    for match in _BARE_LINK.finditer(text):
        link = _trim(match[0])
        domain = domain_of(link)
        if not _is_host(domain) or not _is_meant_as_link(text, match, domain):
            continue
        value = _lower_host(link)
        yield Candidate(URL, value, match.start(), match.start() + len(link), _link_confidence(domain, 0.7))


def _trim(link: str) -> str:
    """The link without the sentence's own punctuation; a closing bracket stays when it was opened inside."""
    while link:
        last = link[-1]
        is_stray = last in _BRACKETS and link.count(last) > link.count(_BRACKETS[last])
        if last not in _CLOSING and not is_stray:
            break
        link = link[:-1]
    return link


def _lower_host(link: str) -> str:
    end = min((place for place in map(link.find, "/?#") if place >= 0), default=len(link))
    return link[:end].lower() + link[end:]


def _is_host(domain: str) -> bool:
    labels = domain.split(".")
    return (
        len(labels) >= 2
        and all(labels)
        and max(map(len, labels)) <= 63
        and labels[-1] in link_facts().endings
        and not all(label.isdigit() for label in labels[:-1])
    )


def _is_meant_as_link(text: str, match: re.Match[str], domain: str) -> bool:
    if match["host"].lower().startswith("www.") or match["tail"]:
        return True
    name, _, ending = domain.rpartition(".")
    if ending not in link_facts().word_endings:
        return True
    if "." in name or "-" in name or any(character.isdigit() for character in name):
        return True
    return _LINK_CUE.search(text[max(0, match.start() - 16) : match.start()]) is not None


def _link_confidence(domain: str, plain: float) -> float:
    return 0.95 if suspicion(domain) else plain
