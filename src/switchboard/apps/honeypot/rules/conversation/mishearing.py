"""What a message said, as the persona gives it back: identifiers always a little wrong, sums as they were.

No result is a valid identifier, and none holds a right ending: a scammer who wants the money must correct it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from switchboard.apps.honeypot.rules.extraction.links import domain_of
from switchboard.apps.honeypot.rules.text.folding import fold_for_reading

_LAST_DIGITS = 4
_LONGEST_WORD = 12
_BEFORE = r"(?P<before>rs\.?|inr|₹|us\$|s\$|\$|£)"
_AFTER = r"(?P<after>rs|inr|rupees?|rupay\w|rupaye|/-|dollars?|usd|pounds?|gbp|रुपये|रुपए)"
_SUM = r"[0-9][0-9,]{0,9}"
_AMOUNT = re.compile(rf"{_BEFORE} ?(?P<sum>{_SUM})|(?<![0-9,])(?P<sum_first>{_SUM}) ?{_AFTER}")
_LARGEST_SUM = 9_999_999


class Amount(NamedTuple):
    """A sum of money: its currency ("rupees", "dollars" or "pounds") and the number with commas."""

    currency: str
    sum: str


def misheard_holes(kind: str, value: str) -> Mapping[str, str]:
    """What fills the holes of a line that gives this value back wrongly; empty when it cannot be mistaken.

    `wrong_digits` and `wrong_tail` are single characters with spaces, `wrong_word` is one word, `handle` what
    stood right behind it.
    """
    if kind in ("phone", "bank_account", "ifsc"):
        return _wrong_ending("wrong_digits", "".join(filter(str.isdigit, value)))
    if kind == "crypto_wallet":
        return _wrong_ending("wrong_tail", value.lower())
    if kind == "url":
        return _wrong_word(domain_of(value).rpartition(".")[0].rpartition(".")[2])
    if kind == "telegram":
        return _wrong_word(value.lstrip("@"))
    if kind in ("upi", "email"):
        local, _, handle = value.partition("@")
        wrong = _wrong_word(local)
        return {**wrong, "handle": handle} if wrong else {}
    return {}


def named_amount(text: str) -> Amount | None:
    """The first sum of money in a text, if it is of a size that people pay."""
    match = _AMOUNT.search(fold_for_reading(text))
    if match is None:
        return None
    number = int((match["sum"] or match["sum_first"]).replace(",", ""))
    if not 0 < number <= _LARGEST_SUM:
        return None
    unit = match["before"] or match["after"]
    if unit.startswith(("£", "pound", "gbp")):
        return Amount("pounds", f"{number:,}")
    is_dollars = "$" in unit or unit.startswith(("dollar", "usd"))
    return Amount("dollars" if is_dollars else "rupees", f"{number:,}")


def _wrong_ending(hole: str, characters: str) -> Mapping[str, str]:
    wrong = _misheard(characters[-_LAST_DIGITS:])
    return {hole: " ".join(wrong)} if len(wrong) >= _LAST_DIGITS - 1 else {}


def _wrong_word(word: str) -> Mapping[str, str]:
    letters = "".join(filter(str.isalpha, word))[:_LONGEST_WORD]
    return {"wrong_word": _misheard(letters)} if len(letters) > 2 else {}


def _misheard(word: str) -> str:
    """The word with its last two different neighbours exchanged, or its end dropped when all are alike."""
    for place in range(len(word) - 1, 0, -1):
        if word[place] != word[place - 1]:
            return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    return word[:-1]
