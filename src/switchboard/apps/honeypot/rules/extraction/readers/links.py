"""Web addresses: with a scheme, or bare when the ending and the words around say that a link is meant.

Links to a chat or a payment carry the phone, the name or the UPI id behind them, which an analyst needs more than
the link: they are read here as parts of it and reported beside it, each with its own characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from switchboard.apps.honeypot.rules.extraction.links import (
    domain_of,
    dressed_as,
    is_official,
    link_facts,
    suspicion,
    written_out,
)
from switchboard.apps.honeypot.rules.extraction.numbering import international
from switchboard.apps.honeypot.rules.extraction.readers.candidate import (
    PHONE,
    TELEGRAM,
    UPI,
    URL,
    Candidate,
    Reading,
)

_TAIL = r"(?a:[/?#][\w\-.~:/?#\[\]@!$&()*+,;=%]{0,2048})?"
_URL = re.compile(rf"(?:https?|ftp)://(?P<host>[^\W_][\w.:@%\-]{{0,512}})(?P<tail>{_TAIL})", re.IGNORECASE)
_BARE_LINK = re.compile(
    r"(?:(?<![\w@.\-/])|(?<=//))(?P<host>[^\W_][\w\-]{0,62}\.[\w.\-]{2,253})(?P<port>:[0-9]{1,5})?"
    rf"(?P<tail>{_TAIL})(?![\w@])",
    re.IGNORECASE,
)
# A script that writes no spaces before its particles goes on right behind the address.
_FOREIGN_ENDING = re.compile(r"\.[a-z]{2,24}(?=[^\x00-\x7f])", re.IGNORECASE)
_GLUED_SENTENCE = re.compile(r"[a-z]+\.(?=www\.)", re.IGNORECASE)
_CLOSING = ".,;:!?'*_~-"
_BRACKETS = {")": "(", "]": "["}
_LINK_CUE = re.compile(
    r"(?:visit|click|open|links?|url|web ?site|site|log ?in|portal|go to|log on(?: to)?|download|kholo|kholiye"
    r"|लिंक|क्लिक|वेबसाइट|साइट)(?: (?:is|on|at|to|here|hai|pe|par|karo|kare|this|our|the|पर|करें))*[ :\-=>]*$",
    re.IGNORECASE,
)
_CUE_REACH = 32
_CHAT_PHONE = re.compile(
    r"(?:wa\.me/|api\.whatsapp\.com/send/?\?(?:[\w=&%]{0,60}&)?phone=)(?P<phone>\+?(?P<digits>[0-9]{8,15}))(?![0-9])",
    re.IGNORECASE,
)
_CHAT_NAME = re.compile(
    r"(?<![\w.\-])(?:t|telegram)\.(?:me|dog)/(?:s/)?(?P<name>[a-z][a-z0-9_]{4,31})(?!\w)",
    re.IGNORECASE | re.ASCII,
)
_NO_CHAT_NAMES = frozenset(("joinchat", "share", "addstickers", "proxy", "socks", "login", "setlanguage"))
_PAYEE = re.compile(
    r"[?&]pa=(?P<id>[a-z0-9][a-z0-9._\-]{1,255}(?:@|%40)[a-z][a-z0-9]{1,63})(?![\w.])",
    re.IGNORECASE | re.ASCII,
)


def read_urls(reading: Reading) -> Iterator[Candidate]:
    """Links written with a scheme."""
    for match in _URL.finditer(reading.text):
        link = _trim(match[0])
        domain = domain_of(link)
        if _is_host(domain, any_ending=True) or _is_machine_address(domain):
            yield _candidate(reading, match.start(), link, 0.85)


def read_bare_links(reading: Reading) -> Iterator[Candidate]:
    """Links written as a host, with or without a path."""
    for match in _BARE_LINK.finditer(reading.text):
        glued = _GLUED_SENTENCE.match(match[0])
        start = match.start() + (glued.end() if glued else 0)
        link = _trim(reading.text[start : match.end()])
        if _is_meant_as_link(reading.text, start, link):
            yield _candidate(reading, start, link, 0.7)


def _candidate(reading: Reading, start: int, link: str, plain: float) -> Candidate:
    written = reading.written[start : start + len(link)]
    scheme, separator, rest = written.rpartition("://") if "://" in written[:8] else ("", "", written)
    value = f"{scheme.lower()}{separator}{_lower_host(rest)}"
    domain = domain_of(value)
    details = {"domain": domain}
    if not domain.isascii():
        details["punycode"] = written_out(domain)
    if plainly := dressed_as(domain):
        details["looks_like"] = plainly
    confidence = 0.95 if suspicion(domain) else plain
    parts = tuple(_parts(reading.text, start, start + len(link)))
    return Candidate(URL, value, start, start + len(link), confidence, details, parts)


def _parts(text: str, start: int, end: int) -> Iterator[Candidate]:
    if (chat := _CHAT_PHONE.search(text, start, end)) and (phone := international(chat["digits"])):
        yield Candidate(PHONE, phone, *chat.span("phone"), 0.95)
    if (chat := _CHAT_NAME.search(text, start, end)) and chat["name"].lower() not in _NO_CHAT_NAMES:
        yield Candidate(TELEGRAM, f"@{chat['name'].lower()}", *chat.span("name"), 0.9)
    if payee := _PAYEE.search(text, start, end):
        yield Candidate(UPI, payee["id"].lower().replace("%40", "@"), *payee.span("id"), 0.9)


def _trim(link: str) -> str:
    """The link without the sentence around it; a closing bracket stays when it was opened inside."""
    if (
        not link.isascii()
        and (foreign := _FOREIGN_ENDING.search(link))
        and _is_host(domain_of(link[: foreign.end()]))
    ):
        link = link[: foreign.end()]
    stray = {closing: link.count(closing) - link.count(opening) for closing, opening in _BRACKETS.items()}
    end = len(link)
    while end and (link[end - 1] in _CLOSING or stray.get(link[end - 1], 0) > 0):
        if link[end - 1] in stray:
            stray[link[end - 1]] -= 1
        end -= 1
    return link[:end]


def _lower_host(link: str) -> str:
    end = min((place for place in map(link.find, "/?#") if place >= 0), default=len(link))
    return link[:end].lower() + link[end:]


def _is_host(domain: str, *, any_ending: bool = False) -> bool:
    labels = domain.split(".")
    return (
        len(labels) >= 2
        and all(labels)
        and max(map(len, labels)) <= 63
        and (
            labels[-1] in link_facts().endings
            or (any_ending and labels[-1].isalpha() and len(labels[-1]) > 1)
        )
        and not all(label.isdigit() for label in labels[:-1])
    )


def _is_machine_address(domain: str) -> bool:
    """Whether the host is an IPv4 address, in four numbers or in one."""
    parts = domain.split(".")
    if not domain.isascii() or not all(part.isdigit() and len(part) <= 10 for part in parts):
        return False
    return len(domain) >= 8 if len(parts) == 1 else len(parts) == 4 and all(int(part) < 256 for part in parts)


def _is_meant_as_link(text: str, start: int, link: str) -> bool:
    domain = domain_of(link)
    has_path = len(link.partition("/")[2]) > 0 or "?" in link
    if _is_machine_address(domain):
        return "." in domain and (has_path or (":" in link and _has_cue(text, start)))
    if not _is_host(domain) or domain in link_facts().no_hosts:
        return False
    if link[:4].lower() == "www." or _is_known(domain):
        return True
    if domain.rpartition(".")[2] in link_facts().file_endings and not has_path:
        return False
    return _speaks_for_itself(link, domain, has_path) or _has_cue(text, start)


def _is_known(domain: str) -> bool:
    return domain in link_facts().shorteners or domain in link_facts().chat_hosts or is_official(domain)


def _speaks_for_itself(link: str, domain: str, has_path: bool) -> bool:
    """Whether no sentence would be typed like this: its ending is no word, or its name is none."""
    facts = link_facts()
    *names, ending = domain.split(".")
    if _is_typed_without_space(link, names):
        return False
    if has_path or ending in facts.sure_endings or (len(names) > 1 and names[-1] in facts.second_levels):
        return True
    return _is_site_name(names)


def _is_typed_without_space(link: str, names: list[str]) -> bool:
    """Whether it reads as the end of one sentence and the beginning of the next."""
    host = link.split("/", 1)[0]
    begins_anew = host.rpartition(".")[2][:1].isupper() and host[:1].islower()
    return (
        begins_anew or not link_facts().chat_words.isdisjoint(names) or all(len(name) == 1 for name in names)
    )


def _is_site_name(names: list[str]) -> bool:
    facts = link_facts()
    name = names[-1]
    if len(names) > 1 and min(map(len, names)) > 2:
        return True
    if len(name) > 4 and ("-" in name or (any(map(str.isdigit, name)) and not name[0].isdigit())):
        return True
    known = (*facts.brands, *facts.lure_words, *facts.name_words)
    return any(word in name and len(name) > len(word) + 1 for word in known)


def _has_cue(text: str, start: int) -> bool:
    return _LINK_CUE.search(text[max(0, start - _CUE_REACH) : start]) is not None
