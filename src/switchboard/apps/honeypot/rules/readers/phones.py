"""Phones: Indian mobiles as people write them, and international numbers with a plus.

Landlines, toll-free numbers and digits spelled as words are not read here yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.readers.candidate import PHONE, Candidate

_DIGIT_RUN = re.compile(r"(?:\+ ?)?\(?[0-9](?:[ \t.\-()]{0,3}[0-9])*")
_DIGITS = re.compile(r"[0-9]+")
_INDIAN_MOBILE = re.compile(r"(?:0091|91|0)?([6-9][0-9]{9})")
_MOST_GROUPS = 15
_GLUED_PHONE_WORD = re.compile(
    r"(?:ph|phn|phone|mob|mobile|call|cell|tel|contact|whatsapp|wa|at|on)$", re.IGNORECASE
)
_OTHER_NUMBER_CUE = re.compile(
    r"(?:(?<![a-z])(?:a/c|acct?|account|khata|ref(?:erence)?|txn|transaction|utr|rrn|pnr|order|otp|awb|tracking|consignment"
    r"|policy|imei|invoice|meter|consumer|customer id|fir)(?: ?(?:no\.?|number|num|id))?|(?<![a-z])(?:rs\.?|inr)|#|₹|[$£€])"
    r" ?[:\-.#]? ?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    start: int
    end: int


def read_phones(text: str) -> Iterator[Candidate]:
    """Each phone once, in E.164; digits that belong to a longer or differently named number are left alone."""
    for run in _DIGIT_RUN.finditer(text):
        if len(run[0]) < 8:
            continue
        groups = [_Group(m[0], m.start(), m.end()) for m in _DIGITS.finditer(text, run.start(), run.end())]
        index = 0
        while index < len(groups):
            is_international = index == 0 and run[0].startswith("+")
            phone = _read_phone(text, groups, index, run.start(), is_international)
            if phone is None:
                index += 1
                continue
            yield phone
            while index < len(groups) and groups[index].start < phone.end:
                index += 1


def _read_phone(
    text: str, groups: Sequence[_Group], index: int, run_start: int, is_international: bool
) -> Candidate | None:
    if not _may_start_here(text, groups, index, run_start):
        return None
    digits = ""
    best: Candidate | None = None
    for last in range(index, min(index + _MOST_GROUPS, len(groups))):
        digits += groups[last].digits
        if len(digits) > 15:
            break
        if not _may_end_here(text, groups, last):
            continue
        used = groups[index : last + 1]
        value, confidence = _international(digits, used) if is_international else _indian_mobile(digits, used)
        if value:
            start = run_start if index == 0 else used[0].start
            best = Candidate(PHONE, value, start, used[-1].end, confidence)
    return best


def _indian_mobile(digits: str, used: Sequence[_Group]) -> tuple[str, float]:
    match = _INDIAN_MOBILE.fullmatch(digits)
    if match is None:
        return "", 0.0
    lengths = [len(group.digits) for group in used]
    prefix_length = len(digits) - 10
    if prefix_length and lengths[0] == prefix_length:
        lengths = lengths[1:]
    if lengths == [4, 4, 4]:
        # Written as identity numbers and cards are, not as a phone.
        return "", 0.0
    return _indian(match[1]), _grouping_confidence(lengths)


def _international(digits: str, used: Sequence[_Group]) -> tuple[str, float]:
    if digits.startswith("91"):
        national = digits[2:].removeprefix("0")
        if len(national) != 10:
            return "", 0.0
        lengths = [len(group.digits) for group in used if group.digits not in ("91", "0")]
        is_mobile = national[0] in "6789"
        return _indian(national), _grouping_confidence(lengths) if is_mobile else 0.75
    for length in (1, 2, 3):
        expected = load_data("calling_codes")["national_lengths"].get(digits[:length])
        if expected:
            return (f"+{digits}", 0.9) if len(digits) - length in expected else ("", 0.0)
    return (f"+{digits}", 0.7) if 9 <= len(digits) <= 15 else ("", 0.0)


def _indian(national: str) -> str:
    return f"+91{national}"


def _grouping_confidence(lengths: Sequence[int]) -> float:
    """How sure a way of writing ten digits is: in one piece, in a few groups, or one by one; else 0."""
    if len(lengths) == 1:
        return 0.95
    if all(length == 1 for length in lengths):
        return 0.75
    return 0.85 if len(lengths) <= 5 and min(lengths) >= 2 else 0.0


def _may_start_here(text: str, groups: Sequence[_Group], index: int, run_start: int) -> bool:
    if index > 0:
        gap = text[groups[index - 1].end : groups[index].start]
        return " " in gap or "(" in gap
    before = text[max(0, run_start - 24) : run_start]
    if _OTHER_NUMBER_CUE.search(before):
        return False
    if before and (before[-1].isalnum() and before[-1].isascii()):
        return _GLUED_PHONE_WORD.search(before) is not None
    return not before.endswith(("@", "_", "=", "+"))


def _may_end_here(text: str, groups: Sequence[_Group], last: int) -> bool:
    end = groups[last].end
    if last + 1 < len(groups):
        gap = text[end : groups[last + 1].start]
        return " " in gap or "(" in gap or ")" in gap
    after = text[end : end + 1]
    return not (after.isascii() and after.isalnum()) and after not in ("@", "_", "%")
