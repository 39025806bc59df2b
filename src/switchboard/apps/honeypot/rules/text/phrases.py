"""Lists of phrases from the data files, compiled and looked for. What a phrase means is decided elsewhere.

Repetitions in phrases are bounded, so that a hostile text cannot make them slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.text.beginnings import beginnings_of
from switchboard.apps.honeypot.rules.text.folding import fold_for_reading

_HINDI = r"\u0900-\u0963\u0966-\u097f"
_HAS_HINDI = re.compile(f"[{_HINDI}]")
_WORD_START = re.compile(
    r"(?<![a-z0-9@ ])(?<![a-z0-9][.'\-])(?=[a-z0-9])|(?<=[a-z]{3}\.)(?=[a-z]{3})"
    rf"|(?<![{_HINDI} ])(?=[{_HINDI}])"
)
_WORD_LIST = re.compile(r"<([a-z_]+)>")
_LATIN_END = "(?![a-z0-9@])"
_NO_WORDS: Mapping[str, str] = {}


class Prepared(NamedTuple):
    """A text made ready for phrases: folded, every word behind a space; `hindi` is empty when it holds none."""

    latin: str
    hindi: str


class Phrases(NamedTuple):
    """Compiled phrases. Both patterns begin with a space, which the regex engine finds fastest by far."""

    latin: re.Pattern[str]
    hindi: re.Pattern[str]

    def find(self, text: Prepared) -> str | None:
        """The first phrase that the text holds, as it stands there."""
        match = self.latin.search(text.latin) or (self.hindi.search(text.hindi) if text.hindi else None)
        return match[0].strip() if match else None

    def without(self, text: Prepared) -> Prepared:
        """The text with the phrases taken out; what stood around one does not become a phrase."""
        return Prepared(self.latin.sub(" #", text.latin), self.hindi.sub(" #", text.hindi))


class PhraseBook:
    """Several lists of phrases that are looked for at once: each word is looked up by how it begins.

    A message is read for a hundred things, of which it says a few.
    """

    def __init__(
        self, lists: Iterable[Mapping[str, Sequence[str]]], words: Mapping[str, str] | None = None
    ) -> None:
        """Each list as `compile_phrases` takes it, and raising what that raises."""
        self._latin: dict[str, list[tuple[int, re.Pattern[str]]]] = {}
        self._hindi: list[re.Pattern[str]] = []
        for number, phrases in enumerate(lists):
            self._hindi.append(compile_phrases(phrases, words or _NO_WORDS).hindi)
            for phrase in phrases["latin"]:
                written = _spell_out(phrase, words or _NO_WORDS)
                pattern = re.compile(f"(?:{written}){_LATIN_END}")
                for beginning in beginnings_of(written):
                    self._latin.setdefault(beginning, []).append((number, pattern))

        self._lengths = sorted({len(beginning) for beginning in self._latin})

    def numbers_in(self, text: Prepared) -> list[int]:
        """Which of the lists have a phrase in the text: their places, in order."""
        found: set[int] = set()
        latin, by_beginning = text.latin, self._latin
        start = latin.find(" ") + 1
        while start:
            for length in self._lengths:
                for number, pattern in by_beginning.get(latin[start : start + length], ()):
                    if number not in found and pattern.match(latin, start):
                        found.add(number)
            start = latin.find(" ", start) + 1
        if text.hindi:
            found.update(number for number, hindi in enumerate(self._hindi) if hindi.search(text.hindi))
        return sorted(found)


@lru_cache(maxsize=32)
def prepare(text: str) -> Prepared:
    """Any text, folded as vocabulary is read, ready for any number of phrases. One message is read for many things."""
    spaced = " " + _WORD_START.sub(" ", fold_for_reading(text))
    return Prepared(spaced, spaced if _HAS_HINDI.search(spaced) else "")


def compile_phrases(phrases: Mapping[str, Sequence[str]], words: Mapping[str, str] = _NO_WORDS) -> Phrases:
    """The `"latin"` and `"devanagari"` phrases, matched from the start of a word.

    `<name>` in a phrase stands for the words of that name. A Latin phrase ends where a word ends; a Devanagari
    one need not, because Hindi inflects. Raises KeyError for a name that is not in `words`.
    """

    return Phrases(
        latin=re.compile(f" (?:{_spell_out('|'.join(phrases['latin']), words)}){_LATIN_END}"),
        hindi=re.compile(f" (?:{_spell_out('|'.join(phrases['devanagari']), words)})"),
    )


def _spell_out(phrase: str, words: Mapping[str, str]) -> str:
    # Word lists may be made of word lists.
    once = _WORD_LIST.sub(lambda match: words[match[1]], phrase)
    return _WORD_LIST.sub(lambda match: words[match[1]], once)
