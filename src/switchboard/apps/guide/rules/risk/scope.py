"""What the words around a phrase do to it: denials, things long past, and negations that deny nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from switchboard.apps.guide.rules.text.patterns import compile_pattern
from switchboard.apps.guide.rules.text.reading import PAUSE, QUOTE, STOP, Word, squeeze

_REACH = 8


def _set(words: str) -> frozenset[str]:
    return frozenset(map(squeeze, words.split()))


_NEGATORS = _set("not deny never no none nobody nothing neither nor without hardly")
# Between a negation and what it denies; any other word ends its reach.
_CARRY_ON = _set(
    "do does did would will could can should am is are was were be been being have has had having ever really actually even"
    " going to want wanted wanting wish thinking think thought about of feel feeling felt like any thoughts ideas plan plans"
    " planning intention intend intending gonna just one one's or a an the in on with having considered considering i"
    " say said promise swear guarantee claim anything anyone need trying tried try urge urges desire feelings actively currently seriously at all hit hurt touched him her me"
)
_DENIES_NOTHING = _set(
    "stop stops stopped help only just wait sure know like that care understand surprised okay ok alone fair matter sleep"
)
_PAST = compile_pattern(
    "used to|year ago|years ago|in the past|when i was (young|younger|a teenager|a kid|little)|long time ago|back then"
)
_OVER = compile_pattern(
    "been .2 (well|clean|fine|ok|better|free|safe)|stopped|not any more|better now|doing (well|better)|good place"
    "|recovered|over it|feel strong|am .2 (fine|well|good|better|ok) now|got through|have not since|behind me|feeling good"
)
_CURRENT = compile_pattern(
    "again|relapse|relapsed|still|back|coming back|now i (want|think|feel|am thinking|have)|tonight|at the moment|worse"
    "|urge|urges|want to die|thoughts (are|have)|once more|these days|wish|scared|afraid"
)


def negates(form: str) -> bool:
    """Whether a squeezed word denies what follows it."""
    return form in _NEGATORS


def is_denied(words: Sequence[Word], first: int, last: int, *, counts_inside: bool) -> bool:
    """Whether the words from `first` to `last` are said not to be so. Two negations deny nothing.

    `counts_inside` is for words that hold no negation of their own.
    """
    inside = range(first, last + 1) if counts_inside else ()
    negations = sum(_is_negation(words, place) and words[place].form != "without" for place in inside)
    reached = 0
    for place in range(first - 1, max(-1, first - 1 - _REACH), -1):
        form = words[place].form
        if form in (STOP, PAUSE, QUOTE):
            break
        if _is_negation(words, place):
            reached += 1
        elif form not in _CARRY_ON and not (
            form in _DENIES_NOTHING and place and words[place - 1].form in _NEGATORS
        ):
            break
    return (negations + reached) % 2 == 1


def _is_negation(words: Sequence[Word], place: int) -> bool:
    form = words[place].form
    following = words[place + 1].form if place + 1 < len(words) else ""
    if form == "no" and following in ("i", "he", "she", "they", "it", PAUSE):
        return False
    return form in _NEGATORS and following not in _DENIES_NOTHING


@cache
def is_over(plain: str) -> bool:
    """Whether a message tells of something long past that has ended, and of nothing present."""
    return _PAST.is_in(plain) and _OVER.is_in(plain) and not _CURRENT.is_in(plain)
