"""In which language a message is written, told by its commonest words and by its script."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.text.reading import split_words

_NEAR = 1
_HELD_IN = 2
ENGLISH = "en"
_SCRIPTS = (("\u0600", "\u06ff", "ar"), ("\u0900", "\u097f", "hi"))


def guess_languages(
    words: Sequence[str],
    english: Collection[str],
    others: Mapping[str, Collection[str]],
    likely: str = ENGLISH,
) -> frozenset[str]:
    """The languages of split words: English unless more of them are words of others, which may be as good as even.

    `english` and `others` are known words besides the commonest ones; `likely` is the language that a session is held
    in, which counts as much as two words of it.
    """
    if script := _script(words):
        return frozenset({script})
    # Single letters are words of several languages, and what spaced-out words fall into.
    words = [word for word in words if len(word) > 1]
    counts = {
        language: sum(word in common or word in others.get(language, ()) for word in words)
        for language, common in _common().items()
    }
    if likely in counts:
        counts[likely] += _HELD_IN
    most = max(counts.values(), default=0)
    if most <= sum(word in english for word in words):
        return frozenset({ENGLISH})
    return frozenset(language for language, count in counts.items() if count >= most - _NEAR)


def _script(words: Sequence[str]) -> str | None:
    letters = "".join(words)
    for first, last, language in _SCRIPTS:
        if 2 * sum(first <= letter <= last for letter in letters) > len(letters):
            return language
    return None


@cache
def _common() -> Mapping[str, frozenset[str]]:
    return {
        language: frozenset(split_words(entry["common"]))
        for language, entry in load_data("languages.toml").items()
    }
