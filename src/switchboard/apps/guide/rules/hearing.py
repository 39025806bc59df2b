"""What is read in a message before anything is decided: danger, steering words, short answers, what it is for."""

from __future__ import annotations

import re
from typing import NamedTuple

from switchboard.apps.guide.rules.intents.classifier import WORDS_ALONE, Intent, Methods, classify
from switchboard.apps.guide.rules.risk import Risk, detect_in, read_message
from switchboard.apps.guide.rules.risk.lexicon import load_lexicon
from switchboard.apps.guide.rules.text.reading import Reading
from switchboard.apps.guide.rules.text.whole import session_words, short_answers

_VOWEL = re.compile(r"[aeiouy]")
_LATIN = re.compile(r"[a-z]+")
_LEAST_LETTERS = 2
_LEAST_GIBBERISH = 5


def prepare() -> None:
    """Read what the first messages would otherwise wait seconds for: phrases, their patterns, models, vocabularies."""
    hear("a misspeled answre, and one more", None, "en")
    for pattern in load_lexicon().patterns():
        pattern.compile()


class Heard(NamedTuple):
    """A message with what the rules read in it, as an answer to the question `step`.

    `word` steers the session ('stop', 'skip', …); `answer` is a short answer ('yes', 'none', 'unclear', …).
    """

    text: str
    step: str | None
    reading: Reading
    risk: Risk | None
    word: str | None
    answer: str | None
    intent: Intent
    is_empty: bool
    """Whether it holds too little to be an answer: signs, one letter, keys hit at random."""


def hear(text: str, step: str | None, language: str, methods: Methods = WORDS_ALONE) -> Heard:
    """Read a message once; the same every time."""
    reading = read_message(text, language)
    return Heard(
        text,
        step,
        reading,
        detect_in(reading, step),
        session_words(language).find(reading.plain),
        short_answers(language).find(reading.plain),
        classify(reading, step, language, methods),
        _is_empty(text),
    )


def _is_empty(text: str) -> bool:
    letters = [character for character in text.casefold() if character.isalpha()]
    if len(letters) < _LEAST_LETTERS and not any(character.isdigit() for character in text):
        # One sign is a word in scripts that write whole words as signs.
        return not any(character > "\u3000" for character in letters)
    words = _LATIN.findall(text.casefold())
    plain = "".join(words)
    if len(words) == 1 and len(plain) == len(letters) >= _LEAST_GIBBERISH:
        return _VOWEL.search(plain) is None or len(set(plain)) <= 2
    return False
