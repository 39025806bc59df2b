"""What is written `local@something`: a UPI id when a payment handle follows, an e-mail when a domain does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.extraction.links import link_facts
from switchboard.apps.honeypot.rules.extraction.readers.candidate import EMAIL, UPI, Candidate, Reading

_AT_SIGN = re.compile(
    r"(?<![\w.@\-+])(?P<local>[a-z0-9][a-z0-9._\-+]{0,255})@(?P<handle>[a-z0-9][a-z0-9\-]{1,63})"
    r"(?P<rest>(?:\.[a-z0-9][a-z0-9\-]{0,62}){0,6})(?![\w@])",
    re.IGNORECASE | re.ASCII,
)
# "call9000012345@ybl" is one id; a phone written with a gap before its handle is one, too.
_GAP_IN_PHONE = re.compile(r"(?<![0-9])(?P<phone>(?:\+?91[ \-]?)?[6-9][0-9]{1,8}[ \-][0-9]{1,8})$")
_MOBILE = re.compile(r"(?:\+?91|0)?([6-9][0-9]{9})")
_SPLIT_HANDLE = re.compile(r" (?P<rest>[a-z]{1,12}(?: bank)?)(?!\w)", re.IGNORECASE)
_UPI_CUE = re.compile(
    r"(?:upi|vpa|g ?pay|google ?pay|phone ?pe|paytm|bhim|payment|pay|send|transfer|deposit|bhej\w{0,4}|यूपीआई|भेज\w{0,3}|paise|paisa)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_CUE_REACH = 40
_SCHEME_BEFORE = re.compile(r"[a-z]://$", re.IGNORECASE)
_SCHEME_REACH = 4
_GLUED_CUE = re.compile(r"^(?:e-?mail|mail|gmail|upi|id)[:\-]?(?=[a-z0-9])", re.IGNORECASE)
_MAIL_PROVIDERS = frozenset(
    (
        "gmail",
        "yahoo",
        "ymail",
        "hotmail",
        "outlook",
        "rediffmail",
        "protonmail",
        "icloud",
        "live",
        "aol",
        "mail",
    )
)
_LEAST_MISSPELLED = 5


class _Handles(NamedTuple):
    """Confidence by payment handle, and what unlisted handles are made of.

    Unlisted handles exist: the lists are public facts, not the live register.
    """

    confidence: dict[str, float]
    stems: tuple[str, ...]


@cache
def _handles() -> _Handles:
    facts = load_data("upi_handles")
    return _Handles(
        dict.fromkeys(facts["recent"], 0.9) | dict.fromkeys(facts["established"], 0.95), tuple(facts["stems"])
    )


def read_addresses(reading: Reading) -> Iterator[Candidate]:
    """UPI ids and e-mail addresses, in lower case."""
    if "@" not in reading.text:
        return
    for match in _AT_SIGN.finditer(reading.text):
        handle, rest = match["handle"].lower(), match["rest"]
        if rest and not _starts_a_sentence(handle, rest):
            yield from _email(match)
        else:
            yield from _upi(reading.text, match, handle)


def _email(match: re.Match[str]) -> Iterator[Candidate]:
    ending = match["rest"].rpartition(".")[2].lower()
    local = match["local"]
    start = match.start()
    if glued := _GLUED_CUE.match(local):
        local = local[glued.end() :]
        start += glued.end()
    if ending in link_facts().endings and local[-1:] not in (".", "", "-"):
        value = f"{local}@{match['handle']}{match['rest']}".lower()
        yield Candidate(EMAIL, value, start, match.end(), 0.95 if local == match["local"] else 0.85)


def _upi(text: str, match: re.Match[str], handle: str) -> Iterator[Candidate]:
    start, end, local = match.start(), match.end("handle"), match["local"]
    if "+" in local or "-" in handle or not handle[0].isalpha() or handle in _MAIL_PROVIDERS:
        return
    if _SCHEME_BEFORE.search(text, max(0, start - _SCHEME_REACH), start):
        # The user of a link, whatever its host.
        return
    if handle not in _handles().confidence and (split := _SPLIT_HANDLE.match(text, end)):
        joined = f"{handle}{split['rest']}".lower().replace(" ", "")
        if joined in _handles().confidence:
            handle, end = joined, split.end()
    if local.isdigit() and (gap := _GAP_IN_PHONE.search(text[max(0, start - 12) : start + len(local)])):
        whole = gap["phone"].replace(" ", "").replace("-", "")
        if _MOBILE.fullmatch(whole):
            start, local = start + len(local) - len(gap["phone"]), whole
    if _MOBILE.fullmatch(local.replace("-", "")):
        local = local.replace("-", "")
    confidence, details = _judge_handle(text, start, local, handle)
    if confidence and len(local) > 1:
        yield Candidate(UPI, f"{local}@{handle}".lower(), start, end, confidence, details)


def _judge_handle(text: str, start: int, local: str, handle: str) -> tuple[float, dict[str, str]]:
    mobile = _MOBILE.fullmatch(local)
    details = {"phone": f"+91{mobile[1]}"} if mobile else {}
    known = _handles().confidence.get(handle)
    if known:
        return known, details
    if alike := _misspelled(handle):
        return 0.75, details | {"looks_like": alike}
    is_named = _UPI_CUE.search(text, max(0, start - _CUE_REACH), start) is not None
    is_plausible = mobile is not None or any(stem in handle and stem != handle for stem in _handles().stems)
    return (0.7 if is_named and is_plausible else 0.6 if is_named or is_plausible else 0.0), details


@cache
def _one_edit_away() -> dict[str, str]:
    """Every text that misses a coined handle by one letter: left out, put in anew as a wildcard, or exchanged."""
    alike: dict[str, str] = {}
    for handle in _handles().confidence:
        if len(handle) >= _LEAST_MISSPELLED:
            alike |= dict.fromkeys(_wildcards(handle), handle)
    return alike


def _wildcards(handle: str) -> Iterator[str]:
    for place in range(len(handle)):
        yield f"{handle[:place]}{handle[place + 1 :]}"
        yield f"{handle[:place]}?{handle[place + 1 :]}"
        yield f"{handle[:place]}{handle[place + 1 : place + 2]}{handle[place]}{handle[place + 2 :]}"


def _misspelled(handle: str) -> str | None:
    """The listed handle that this one misses by a letter, if it is long enough for that to mean anything."""
    if len(handle) < _LEAST_MISSPELLED:
        return None
    alike = _one_edit_away()
    return next((alike[form] for form in (handle, *_wildcards(handle)) if form in alike), None)


def _starts_a_sentence(handle: str, rest: str) -> bool:
    """Whether what follows the handle is the next sentence, typed without a space, and not a domain."""
    return handle in _handles().confidence and rest.rpartition(".")[2].lower() not in link_facts().endings
