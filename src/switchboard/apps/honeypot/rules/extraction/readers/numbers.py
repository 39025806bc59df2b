"""Numbers that are told apart by what they are called: phones, bank accounts, Aadhaar.

Each run of digits is looked at once. What names it ("a/c", "call", "order no.") decides; its shape decides only
where nothing does. Which shapes phones have is known in `phones`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.extraction.banks import bank_names
from switchboard.apps.honeypot.rules.extraction.checksums import is_verhoeff
from switchboard.apps.honeypot.rules.extraction.readers.candidate import (
    AADHAAR,
    BANK_ACCOUNT,
    Candidate,
    Reading,
)
from switchboard.apps.honeypot.rules.extraction.readers.phones import (
    Group,
    Setting,
    country_spoken_of,
    find_phone,
    is_mobile,
)

# No row of numbers has a thousand digits; a longer run is read in pieces, so that its length costs no memory.
_RUN = re.compile(r"(?:\+ ?)?\(?\+?[0-9](?:[ \t.\-()*_]{0,4}[0-9]){0,999}")
_DIGITS = re.compile(r"[0-9]+")
_LEAST_DIGITS = 8
_NAME_WORD = re.compile(r"[a-z]+(?:/[a-z]\b)?|[\u0900-\u0963]+|[#₹$£€]|[0-9]+", re.IGNORECASE)
_SAME_NAME_GOES_ON = re.compile(r"\s*(?:[/,&|]|or|and|aur|ya|या|और)\s*", re.IGNORECASE)
_SENTENCE_BEFORE = re.compile(r"(?:(?<!\b[Nn]o)[.!?]|।) (?=[A-Z\u0900-\u097f])|। ")
_SENTENCE_END = re.compile(r"[.;!?।](?: |$)|\n|\b(?:or|and|aur|ya|warna|nahi to)\b", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?:[0-3]?[0-9]([.\-])[01]?[0-9]\1(?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}([.\-])[01][0-9]\2[0-3][0-9])(?![0-9.\-])"
)
_LONG_NUMBER = re.compile(r"[0-9]{6}")
_GLUED_BEFORE = re.compile(r"[a-z]+(?:/[a-z])?$", re.IGNORECASE)
_GLUED_AFTER = re.compile(r"[a-z]{2,12}(?![a-z0-9@])", re.IGNORECASE)
_REACH_BEFORE, _REACH_AFTER = 64, 32
# How many words that name nothing may stand between a name and its number.
_STRANGERS = {"account": 3, "phone": 4, "aadhaar": 2, "upi": 1, "other": 0}
_MOST_STRANGERS = max(_STRANGERS.values())
_SAYS_PHONE = ("phone", "upi")
_ACCOUNT_DIGITS = range(9, 19)
_AADHAAR_DIGITS = 12
# One more than the longest account has digits, so that a longer row of groups shows as one.
_MOST_GROUPS = 19
_IFSC = re.compile(r"(?<![A-Za-z0-9])[A-Z]{4}0[A-Z0-9]{6}(?![A-Za-z0-9])")
_IFSC_REACH, _BANK_REACH = 80, 40
_TRANSFER = re.compile(
    r"\b(?:transfer|deposit|remit|credit|send|pay|neft|rtgs|imps|jama|bhej\w{0,4}|daal\w{0,3}|dalo|wire|bank details)\b"
    r"|जमा|भेज",
    re.IGNORECASE,
)


class _Message(NamedTuple):
    """What the whole message says about its numbers: the country it is about, whether money is to be moved."""

    text: str
    country: str | None
    speaks_of_transfer: bool


def read_numbers(reading: Reading) -> Iterator[Candidate]:
    """Phones in E.164, accounts and Aadhaar as digits, each once."""
    text = reading.text
    message: _Message | None = None
    last_end, last_name = 0, ""
    for run in _RUN.finditer(text):
        if run.end() - run.start() < _LEAST_DIGITS:
            continue
        groups = [Group(m[0], m.start(), m.end()) for m in _DIGITS.finditer(text, run.start(), run.end())]
        if sum(len(group.digits) for group in groups) < _LEAST_DIGITS:
            continue
        message = message or _Message(text, country_spoken_of(text), _TRANSFER.search(text) is not None)
        name = _name_of(text, run, last_end, last_name)
        last_end, last_name = run.end(), name
        if not _stands_free_after(text, groups[-1].end):
            groups.pop()
        if groups and _stands_free_before(text, run.start()) and not _MOMENT.match(text, groups[0].start):
            yield from _read_run(message, run.start(), groups, name)


def _name_of(text: str, run: re.Match[str], last_end: int, last_name: str) -> str:
    """What a number is called: account, aadhaar, phone, upi, other, or nothing.

    The name before it counts first; one behind it only where no other number follows that it may belong to. A
    number joined to the last one by "or" is called the same.
    """
    if last_end and _SAME_NAME_GOES_ON.fullmatch(text, last_end, run.start()):
        return last_name
    before = _SENTENCE_BEFORE.split(text[max(last_end, run.start() - _REACH_BEFORE) : run.start()])[-1]
    if name := _nearest_name(_NAME_WORD.findall(before)[::-1]):
        return name
    after = text[run.end() : run.end() + _REACH_AFTER]
    if _LONG_NUMBER.search(after):
        return ""
    name = _nearest_name(_NAME_WORD.findall(_SENTENCE_END.split(after)[0]))
    return "" if name == "other" else name


def _nearest_name(words: Sequence[str]) -> str:
    strangers = 0
    kinds = [_names().get(word.lower()) for word in words]
    for place, kind in enumerate(kinds):
        if kind == "neutral":
            continue
        if kind == "other" and kinds[place + 1 : place + 2] == ["aadhaar"]:
            return "aadhaar"
        if kind == "account" and words[place + 1 : place + 2] and words[place + 1].lower() in _no_bank():
            return "other"
        if kind is not None:
            return kind if strangers <= _STRANGERS[kind] else ""
        strangers += 1
        if strangers > _MOST_STRANGERS:
            break
    return ""


@cache
def _no_bank() -> frozenset[str]:
    return frozenset(load_data("number_names")["no_bank"])


@cache
def _names() -> dict[str, str]:
    return {
        word: kind for kind, words in load_data("number_names").items() if kind != "no_bank" for word in words
    }


def _stands_free_before(text: str, start: int) -> bool:
    """Whether digits begin here: not the tail of a longer code or of an address, but a name may be glued on."""
    before = text[max(0, start - 1) : start]
    if before.isalnum() and before.isascii():
        glued = _GLUED_BEFORE.search(text, max(0, start - 12), start)
        return glued is not None and _names().get(glued[0].lower(), "other") != "other"
    is_mention = before == "@" and not text[max(0, start - 2) : start - 1].isalnum()
    return is_mention or before not in ("@", "_", "%", "*")


def _stands_free_after(text: str, end: int) -> bool:
    """Whether digits end here: no code, address, percentage or time goes on, but the sentence may be glued on."""
    after = text[end : end + 1]
    if after.isalnum() and after.isascii():
        glued = _GLUED_AFTER.match(text, end)
        return glued is not None and glued[0].lower() in _names()
    is_time = after == ":" and text[end + 1 : end + 2].isdigit()
    return after not in ("@", "_", "%") and not is_time


def _read_run(message: _Message, run_start: int, groups: Sequence[Group], name: str) -> Iterator[Candidate]:
    has_plus = "+" in message.text[run_start : groups[0].start]
    index = 0
    while index < len(groups):
        ahead = groups[index : index + _MOST_GROUPS]
        found = None
        if index == 0:
            setting = Setting(has_plus, name in _SAYS_PHONE, message.country)
            found = _read_first(message, run_start, ahead, name, setting)
        elif _may_start_here(message.text, groups[index - 1], groups[index]):
            setting = Setting(False, name in _SAYS_PHONE, message.country)
            found = _read_following(message, ahead, name, setting)
        if found is None:
            index += 1
            continue
        yield _within_brackets(message.text, found)
        while index < len(groups) and groups[index].start < found.end:
            index += 1


def _read_first(
    message: _Message, run_start: int, groups: Sequence[Group], name: str, setting: Setting
) -> Candidate | None:
    """The number that `name` belongs to."""
    if name == "other":
        return None
    if name == "aadhaar":
        return _aadhaar(groups, 0.95)
    if name == "account" and not setting.has_plus:
        return _account(message.text, groups, 0.9)
    phone = find_phone(message.text, groups, run_start, setting)
    return phone if phone or name in _SAYS_PHONE else _read_unnamed(message, groups)


def _read_following(
    message: _Message, groups: Sequence[Group], name: str, setting: Setting
) -> Candidate | None:
    """A number behind the one that was named, with nothing but a gap between."""
    if name == "other":
        # What is left may be the rest of an order number, unless it can be nothing but a mobile.
        groups = groups[:1] if is_mobile(groups[0].digits) else ()
    start = groups[0].start if groups else 0
    phone = find_phone(message.text, groups, start - (message.text[start - 1] == "("), setting)
    return phone if phone or name in (*_SAYS_PHONE, "other") else _read_unnamed(message, groups)


def _read_unnamed(message: _Message, groups: Sequence[Group]) -> Candidate | None:
    """What a number shows itself to be: an account beside its branch or its bank, an Aadhaar as it is printed."""
    account = _account(message.text, groups, 0.0)
    if account and not is_mobile(account.value):
        confidence = _account_confidence(message, account)
        if confidence:
            return replace(account, confidence=confidence)
    is_as_printed = [len(group.digits) for group in groups[:3]] == [4, 4, 4]
    return _aadhaar(groups, 0.75) if is_as_printed else None


def _account(text: str, groups: Sequence[Group], confidence: float) -> Candidate | None:
    """An account number of one group, or of all that stand together."""
    if len(groups[0].digits) in _ACCOUNT_DIGITS and (len(groups) == 1 or text[groups[0].end].isspace()):
        groups = groups[:1]
    digits = "".join(group.digits for group in groups)
    if len(digits) not in _ACCOUNT_DIGITS:
        return None
    return Candidate(BANK_ACCOUNT, digits, groups[0].start, groups[-1].end, confidence)


def _aadhaar(groups: Sequence[Group], confidence: float) -> Candidate | None:
    digits = ""
    for group in groups:
        digits += group.digits
        if len(digits) >= _AADHAAR_DIGITS:
            break
    if len(digits) != _AADHAAR_DIGITS or digits[0] in "01" or not is_verhoeff(digits):
        return None
    return Candidate(AADHAAR, digits, groups[0].start, group.end, confidence)


def _account_confidence(message: _Message, account: Candidate) -> float:
    """How sure an account is that nothing calls one: by an IFSC or a bank's name beside it."""
    start, end = account.start, account.end
    if _IFSC.search(message.text, max(0, start - _IFSC_REACH), end + _IFSC_REACH):
        return 0.85
    bank = bank_names().pattern.search(message.text, max(0, start - _BANK_REACH), end + _BANK_REACH)
    if bank is None or not message.speaks_of_transfer:
        return 0.0
    lengths = bank_names().account_lengths[bank_names().full_names[bank[0].lower()]]
    return 0.75 if len(account.value) in lengths else 0.0


def _may_start_here(text: str, previous: Group, group: Group) -> bool:
    gap = text[previous.end : group.start]
    return " " in gap or "(" in gap or "\t" in gap


def _within_brackets(text: str, found: Candidate) -> Candidate:
    """The candidate without a bracket that was opened before it and closes behind it, or with one it needs."""
    written = text[found.start : found.end]
    if written.count("(") <= written.count(")"):
        return found
    if written[0] == "(" and written.count("(") == 1:
        return replace(found, start=found.start + 1)
    return replace(found, end=found.end + 1) if text[found.end : found.end + 1] == ")" else found
