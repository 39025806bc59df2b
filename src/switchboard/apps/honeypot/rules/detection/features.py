"""What the detector's linear model sees of a text: words, pairs of words and pieces of words.

Nothing that names one person or one day is seen: links, addresses, amounts and numbers are replaced by their kind.
What these features are worth is in `detector`; identifiers themselves are read in `extraction`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from switchboard.apps.honeypot.rules.extraction.links import domain_of, is_official, link_facts, suspicion
from switchboard.apps.honeypot.rules.text.folding import fold_for_reading
from switchboard.apps.honeypot.rules.text.romanising import romanise

READ_CHARACTERS = 8_000
"""How much of a text is read. A scam shows itself well before that, and a hostile text cannot cost more."""

_CURRENCY = r"(?:rs\.?|inr|usdt?|gbp|eur|aed|sgd|s\$|k\$|rm|[₹$£€])"
_UNIT = r"(?:k|m|cr|lakhs?|lacs?|crores?|million|thousand|hazaa?r)"
# Amounts come first because they may begin with a word, plain words next because most of a text is that.
_TOKEN = re.compile(
    rf"""
    (?P<money>{_CURRENCY}\ ?\d[\d,.]*(?:\ ?{_UNIT}\b)?
        |\d[\d,.]*\ ?(?:{_UNIT}\ )?(?:rs\b|rupees|rupaye|rupay|dollars?|bucks|pounds?|euros?|usdt?\b|/-)
        |\d[\d,.]*\ ?(?:lakhs?|lacs?|crores?|million)\b)
    |(?P<plain>[a-z]+(?=[ !?]|$)|[!?])
    |(?P<date>\d{{1,2}}(?P<mark>[-/.])\d{{1,2}}(?P=mark)\d{{2}}(?:\d\d)?(?![\d-])|\d{{4}}-\d\d-\d\d(?![\d-]))
    |(?P<time>\d{{1,2}}(?:[:.]\d\d){{1,2}}\ ?[ap]\.?m\b|\d{{1,2}}:\d\d(?::\d\d)?(?![\d:]))
    |(?P<link>h(?:tt|xx)ps?:?//\S+|www\.\S+)
    |(?P<address>[\w.+-]{{1,64}}@[\w.-]{{1,64}})
    |(?P<dotted>[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/\S*)?)
    |(?P<number>[x*]{{0,16}}[+(]?\d[\dx*]*(?:[-,./:() ]{{1,2}}[x*]{{0,16}}\d[\dx*]*)*)
    |(?P<word>[a-z]+(?:'[a-z]+)?|[^\W\d_]+)
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[a-z]+")
# That a text was an e-mail says nothing about what it is.
_HEADER = re.compile(r"(?<![a-z])(?:subject|re|fwd?) ?:")
_PIECE_SIZES = (3, 4)
_SHORTEST_IN_PIECES, _LONGEST_IN_PIECES = 4, 40


@dataclass(frozen=True, slots=True)
class Features:
    """A text as sets: single words and kinds, pairs of neighbours ("your account"), pieces of words ("^bloc")."""

    words: frozenset[str]
    pairs: frozenset[str]
    pieces: frozenset[str]


def read_features(text: str) -> Features:
    """The features of any text. Spelling tricks are folded away and Indian scripts romanised first."""
    words = list(_tokens(romanise(_HEADER.sub(" ", fold_for_reading(text[:READ_CHARACTERS])))))
    distinct = frozenset(words)
    return Features(
        words=distinct,
        pairs=frozenset(f"{first} {second}" for first, second in pairwise(words)),
        pieces=frozenset().union(*map(_pieces, distinct)),
    )


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        kind, written = match.lastgroup, match[0]
        if kind in ("plain", "word"):
            yield written
        elif kind == "link":
            yield _link_kind(domain_of(written))
        elif kind == "number":
            yield _number_kind(written)
        elif kind == "dotted":
            yield from _dotted(written)
        else:
            yield f"<{kind}>"


def _dotted(written: str) -> Iterator[str]:
    """A bare link, a number with points in it, or words whose full stop lacks its space."""
    domain = domain_of(written)
    if domain.rpartition(".")[2] in link_facts().endings and not domain.replace(".", "").isdigit():
        yield _link_kind(domain)
    elif domain.replace(".", "").replace("-", "").isdigit():
        yield _number_kind(written)
    else:
        yield from _WORD.findall(written)


def _link_kind(domain: str) -> str:
    if is_official(domain):
        return "<official link>"
    return "<suspicious link>" if suspicion(domain) else "<link>"


def _number_kind(written: str) -> str:
    if "x" in written or "*" in written:
        return "<masked number>"
    digits = sum(character.isdigit() for character in written)
    for longest, kind in ((2, "<small number>"), (4, "<number>"), (6, "<code>"), (9, "<long number>")):
        if digits <= longest:
            return kind
    return "<phone or account>"


@lru_cache(maxsize=16_384)
def _pieces(word: str) -> frozenset[str]:
    """Cached, because the words of one language are few."""
    if not _SHORTEST_IN_PIECES <= len(word) <= _LONGEST_IN_PIECES or word[0] == "<":
        return frozenset()
    marked = f"^{word}$"
    return frozenset(
        marked[start : start + size] for size in _PIECE_SIZES for start in range(len(marked) - size + 1)
    )
