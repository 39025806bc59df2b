"""Which shapes phones have: Indian mobiles, landlines and toll-free numbers, and those of other countries.

Whether digits are meant as a phone at all is decided in `numbers`, by what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from switchboard.apps.honeypot.rules.extraction.numbering import INDIA, international
from switchboard.apps.honeypot.rules.extraction.readers.candidate import PHONE, Candidate

_INDIAN_MOBILE = re.compile(r"(?P<prefix>0091|91|0)?(?P<national>[6-9][0-9]{9})")
_TOLL_FREE = re.compile(r"(?:91|0)?(?P<national>1800[0-9]{6,7}|1860[0-9]{7})")
_LANDLINE = re.compile(r"0(?P<national>[1-8][0-9]{9})")
_METRO_LANDLINE = re.compile(r"(?P<national>(?:11|22|33|44|20|40|79|80)[2-7][0-9]{7})")
_AMERICAN = re.compile(r"1?(?P<national>[2-9][0-9]{2}[2-9][0-9]{6})")
_AMERICAN_TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
_BRITISH = re.compile(r"0(?P<national>[1-37-9][0-9]{8,9})")
# Only a number with its calling code may be shorter.
_LEAST_DIGITS = 10
_MOST_DIGITS = 15

_AT_HOME = re.compile(r"₹|\b(?:rs|inr|lakh|crore|upi|aadhaa?r|kyc|rupees?)\b", re.IGNORECASE)
_ABROAD = {
    "44": re.compile(
        r"£|\b(?:uk|gbp|pence|hmrc|nhs|london|royal mail|po ?box\w*|national rate|bt[- ]nat\w*|freephone)\b|p/min"
        r"|p per min|[0-9]ppm|[0-9]p\b|\.co\.uk",
        re.IGNORECASE,
    ),
    "1": re.compile(
        r"\$ ?[0-9]|\b(?:usd|usa|irs|usps|medicare|medicaid|social security|zip code|dollars?|student loan|at&t|comcast"
        r"|xfinity|verizon|zelle|venmo|cash ?app|walmart|wells fargo|chase bank|bank of america|federal"
        r"|(?:pacific|eastern|central|mountain) (?:standard )?time)\b",
        re.IGNORECASE,
    ),
}


class Group(NamedTuple):
    """Digits that stand together, and where."""

    digits: str
    start: int
    end: int


class Setting(NamedTuple):
    """What is known besides the digits: a plus before them, a word that says phone, a country spoken of."""

    has_plus: bool
    is_named: bool
    country: str | None


def country_spoken_of(text: str) -> str | None:
    """The calling code of the country that a text without a country code is about; None for India or unclear."""
    if _AT_HOME.search(text):
        return None
    return next((code for code, pattern in _ABROAD.items() if pattern.search(text)), None)


def is_mobile(digits: str) -> bool:
    """Whether digits are an Indian mobile, with or without a prefix."""
    return _INDIAN_MOBILE.fullmatch(digits) is not None


def find_phone(text: str, groups: Sequence[Group], start: int, setting: Setting) -> Candidate | None:
    """The longest phone that begins with the first of `groups`, at `start` in the text."""
    digits = ""
    best: Candidate | None = None
    for last, group in enumerate(groups):
        digits += group.digits
        if len(digits) > _MOST_DIGITS:
            break
        has_code = setting.has_plus or digits.startswith("00")
        if (len(digits) < _LEAST_DIGITS and not has_code) or not _may_end_here(text, groups, last):
            continue
        value, confidence = _phone(digits, [len(group.digits) for group in groups[: last + 1]], setting)
        if value:
            best = Candidate(PHONE, value, start, group.end, confidence)
    return best


def _phone(digits: str, lengths: Sequence[int], setting: Setting) -> tuple[str, float]:
    if setting.has_plus or digits.startswith("00"):
        return _with_country(digits.removeprefix("00"), lengths)
    if (free := _TOLL_FREE.fullmatch(digits)) is not None:
        is_clear = len(lengths) > 1 or len(digits) == 11
        if lengths[0] != 1:
            return f"+{INDIA}{free['national']}", 0.85 if setting.is_named else 0.75 if is_clear else 0.0
    if (foreign := _abroad(digits, lengths, setting)) is not None:
        return foreign, 0.8
    if (mobile := _INDIAN_MOBILE.fullmatch(digits)) is not None:
        return f"+{INDIA}{mobile['national']}", _grouping_confidence(
            _without_prefix(lengths, mobile["prefix"])
        )
    if (line := _LANDLINE.fullmatch(digits)) is not None and (setting.is_named or lengths[0] in (3, 4, 5)):
        return f"+{INDIA}{line['national']}", 0.8
    if setting.is_named and (line := _METRO_LANDLINE.fullmatch(digits)) is not None and lengths[0] == 2:
        return f"+{INDIA}{line['national']}", 0.7
    if setting.is_named and len(lengths) > 1 and lengths[0] <= 3 and len(digits) >= 10:
        # A calling code set apart, without its plus.
        return international(digits) or "", 0.7
    return "", 0.0


def _with_country(digits: str, lengths: Sequence[int]) -> tuple[str, float]:
    value = international(digits)
    if value is None:
        return "", 0.0
    if not digits.startswith(INDIA):
        return value, 0.9
    national = value.removeprefix(f"+{INDIA}")
    confidence = _grouping_confidence(_without_prefix(lengths, digits.removesuffix(national)))
    return value, max(confidence, 0.75) if national[0] in "6789" else 0.75


def _abroad(digits: str, lengths: Sequence[int], setting: Setting) -> str | None:
    """The number of a country that leaves its calling code out, where shape and text agree on it."""
    *_, middle, last = (0, 0, *lengths)
    if (american := _AMERICAN.fullmatch(digits)) is not None:
        is_american_shape = (middle, last) == (3, 4)
        national = american["national"]
        is_certain = setting.country == "1" or (
            is_american_shape
            and (national[:3] in _AMERICAN_TOLL_FREE or len(digits) == 11 or national[0] in "2345")
        )
        if is_certain and (setting.is_named or is_american_shape):
            return f"+1{national}"
    if (british := _BRITISH.fullmatch(digits)) is not None:
        is_british_mobile = digits.startswith("07") and list(lengths) == [5, 6]
        if setting.country == "44" or is_british_mobile:
            return f"+44{british['national']}"
    return None


def _without_prefix(lengths: Sequence[int], prefix: str | None) -> Sequence[int]:
    """The lengths of the groups of the national number alone, when its prefix stands in groups of its own."""
    remaining = len(prefix or "")
    while remaining and lengths and lengths[0] <= remaining:
        remaining -= lengths[0]
        lengths = lengths[1:]
    return lengths


def _grouping_confidence(lengths: Sequence[int]) -> float:
    """How sure a way of writing ten digits is: in one piece, in a few groups, or one by one; else 0.

    Four by four by four is how identity numbers are written, not phones.
    """
    if len(lengths) == 1:
        return 0.95
    if list(lengths) == [4, 4, 4]:
        return 0.0
    if all(length == 1 for length in lengths):
        return 0.75
    return 0.85 if len(lengths) <= 5 and sorted(lengths)[1] >= 2 else 0.0


def _may_end_here(text: str, groups: Sequence[Group], last: int) -> bool:
    if last + 1 == len(groups):
        return True
    gap = text[groups[last].end : groups[last + 1].start]
    return " " in gap or "(" in gap or ")" in gap or "\t" in gap
