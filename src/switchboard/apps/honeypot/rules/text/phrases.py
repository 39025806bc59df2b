"""Lists of phrases from the data files, compiled and looked for. What a phrase means is decided elsewhere.

Repetitions in phrases are bounded, so that a hostile text cannot make them slow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.text.folding import fold_for_reading

_HINDI = r"\u0900-\u0963\u0966-\u097f"
_HAS_HINDI = re.compile(f"[{_HINDI}]")
_WORD_START = re.compile(
    r"(?<![a-z0-9@ ])(?<![a-z0-9][.'\-])(?=[a-z0-9])|(?<=[a-z]{3}\.)(?=[a-z]{3})"
    rf"|(?<![{_HINDI} ])(?=[{_HINDI}])"
)
_WORD_LIST = re.compile(r"<([a-z_]+)>")
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

    def are_in(self, text: Prepared) -> bool:
        """Whether the text holds any of the phrases."""
        return self.latin.search(text.latin) is not None or (
            text.hindi != "" and self.hindi.search(text.hindi) is not None
        )

    def without(self, text: Prepared) -> Prepared:
        """The text with the phrases taken out; what stood around one does not become a phrase."""
        return Prepared(self.latin.sub(" #", text.latin), self.hindi.sub(" #", text.hindi))


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

    def spelled_out(listed: Sequence[str]) -> str:
        # Word lists may be made of word lists.
        once = _WORD_LIST.sub(lambda match: words[match[1]], "|".join(listed))
        return _WORD_LIST.sub(lambda match: words[match[1]], once)

    return Phrases(
        latin=re.compile(rf" (?:{spelled_out(phrases['latin'])})(?![a-z0-9@])"),
        hindi=re.compile(f" (?:{spelled_out(phrases['devanagari'])})"),
    )
