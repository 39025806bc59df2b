"""The phrases of every language and the harmless expressions, read once from `data/risk/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from switchboard.apps.guide.rules.data import list_data, load_data
from switchboard.apps.guide.rules.risk.scope import negates
from switchboard.apps.guide.rules.text.patterns import NamedWords, Pattern, WrongPattern, compile_pattern
from switchboard.apps.guide.rules.text.reading import squeeze

SELF_HARM = "self_harm"
HARM_TO_OTHERS = "harm_to_others"
ABUSE = "abuse"
CRISIS_OTHER = "crisis_other"
CATEGORIES = (SELF_HARM, HARM_TO_OTHERS, ABUSE, CRISIS_OTHER)

ENGLISH = "en"
_USUAL_WEIGHT = 1.0
_FIELDS = {
    "pattern", "found_in", "not_in", "is_kept", "about", "steps", "weight",
    "not_after", "not_before", "not_with", "requires", "requires_end", "whole",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way of saying that somebody is in danger, with the conditions under which it means that."""

    id: str
    category: str
    language: str
    pattern: Pattern
    found_in: str
    not_in: str
    weight: float
    is_kept: bool
    """Whether a negation before it does not make it harmless."""
    holds_negation: bool
    """Whether one of its own words is a negation."""
    is_about_other: bool
    steps: tuple[str, ...]
    """The questions that it must be an answer to; none means that it holds everywhere."""
    not_after: Pattern | None
    """What must not follow."""
    not_before: Pattern | None
    not_with: Pattern | None
    """What must not stand in the same sentence."""
    requires: Pattern | None
    """What must stand somewhere in the message."""
    requires_end: Pattern | None
    """With what the phrase, or the rest of its sentence, must go on."""
    whole: Pattern | None
    """The phrase holds as well when this is the whole message."""


@dataclass(frozen=True, slots=True)
class Harmless:
    """An expression that only sounds like danger."""

    id: str
    pattern: Pattern
    example: str
    unless_in: Pattern | None
    unless_before: Pattern | None
    unless_after: Pattern | None


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All phrases and harmless expressions, found by the words that they cannot do without."""

    phrases: tuple[Phrase, ...]
    harmless: tuple[Harmless, ...]
    phrases_by_word: Mapping[str, tuple[int, ...]]
    harmless_by_word: Mapping[str, tuple[int, ...]]
    words: Mapping[str, frozenset[str]]
    """Every word that a pattern names, squeezed, by language: English misspellings are read as the nearest of them."""

    def phrases_for(self, forms: Iterable[str], languages: frozenset[str]) -> list[Phrase]:
        """The phrases that a message of these words could hold, in the order of the files.

        Those of its own language and English ones: people mix English in everywhere, and a phrase of one language can
        be harmless in its neighbour. An English message may hold any.
        """
        found = [self.phrases[place] for place in _places(self.phrases_by_word, forms)]
        if ENGLISH in languages:
            return found
        return [phrase for phrase in found if phrase.language in languages or phrase.language == ENGLISH]

    def patterns(self) -> Iterator[Pattern]:
        """Every pattern that reading a message may need."""
        entries: tuple[Phrase | Harmless, ...] = (*self.phrases, *self.harmless)
        return (pattern for entry in entries for pattern in _patterns_of(entry))

    def harmless_for(self, forms: Iterable[str]) -> list[Harmless]:
        return [self.harmless[place] for place in _places(self.harmless_by_word, forms)]


@cache
def load_lexicon() -> Lexicon:
    """The packaged lexicon. Raises WrongPattern, naming file and entry, for one that cannot be read."""
    choices: dict[str, str] = load_data("risk/words.toml")
    words = NamedWords(choices)
    phrases = [phrase for name in list_data("risk/phrases") for phrase in _phrases(name, choices)]
    harmless = [
        Harmless(
            f"harmless-{language}-{number}",
            _required(entry, "pattern", f"harmless/{language}.toml", number, words),
            entry["example"],
            _optional(entry, "unless_in", words),
            _optional(entry, "unless_before", words),
            _optional(entry, "unless_after", words),
        )
        for language, number, entry in _harmless_entries()
    ]
    spoken: dict[str, set[str]] = {}
    for phrase in phrases:
        spoken.setdefault(phrase.language, set()).update(*map(_plain_words, _patterns_of(phrase)))
    for each in harmless:
        if each.id.startswith(f"harmless-{ENGLISH}-"):
            spoken[ENGLISH].update(*map(_plain_words, _patterns_of(each)))
    return Lexicon(
        tuple(phrases),
        tuple(harmless),
        _by_word([phrase.pattern for phrase in phrases]),
        _by_word([each.pattern for each in harmless]),
        {language: frozenset(map(squeeze, each)) for language, each in spoken.items()},
    )


def _harmless_entries() -> Iterable[tuple[str, int, Mapping[str, Any]]]:
    for name in list_data("risk/harmless"):
        language = name.rpartition("/")[2].removesuffix(".toml")
        for number, entry in enumerate(load_data(name)["harmless"], start=1):
            yield language, number, entry


def _phrases(name: str, choices: Mapping[str, str]) -> Iterable[Phrase]:
    document = load_data(name)
    category, language = document["category"], document["language"]
    words = NamedWords({**choices, **document.get("words", {})})
    for number, entry in enumerate(document["phrase"], start=1):
        if unknown := set(entry) - _FIELDS:
            raise WrongPattern(f"{name}, phrase {number}: unknown fields {sorted(unknown)}")
        pattern = _required(entry, "pattern", name, number, words)
        yield Phrase(
            id=f"{language}-{category}-{number}",
            category=category,
            language=language,
            pattern=pattern,
            found_in=entry["found_in"],
            not_in=entry["not_in"],
            weight=entry.get("weight", _USUAL_WEIGHT),
            is_kept="is_kept" in entry,
            holds_negation=any(map(negates, _plain_words(pattern))),
            is_about_other=entry.get("about") == "other",
            steps=tuple(entry.get("steps", ())),
            not_after=_optional(entry, "not_after", words),
            not_before=_optional(entry, "not_before", words),
            not_with=_optional(entry, "not_with", words),
            requires=_optional(entry, "requires", words),
            requires_end=_optional(entry, "requires_end", words),
            whole=_optional(entry, "whole", words),
        )


def _required(entry: Mapping[str, Any], field: str, name: str, number: int, words: NamedWords) -> Pattern:
    try:
        return compile_pattern(entry[field], words)
    except WrongPattern as error:
        raise WrongPattern(f"{name}, entry {number}: {error}") from None


def _optional(entry: Mapping[str, Any], field: str, words: NamedWords) -> Pattern | None:
    return compile_pattern(entry[field], words) if field in entry else None


def _by_word(patterns: list[Pattern]) -> dict[str, tuple[int, ...]]:
    """The patterns' places by anchor; those that have none stand under the empty word."""
    places: dict[str, list[int]] = {}
    for place, pattern in enumerate(patterns):
        for word in pattern.anchors or ("",):
            places.setdefault(word, []).append(place)
    return {word: tuple(held) for word, held in places.items()}


def _places(by_word: Mapping[str, tuple[int, ...]], forms: Iterable[str]) -> list[int]:
    return sorted({place for form in {"", *forms} for place in by_word.get(form, ())})


def _patterns_of(entry: Phrase | Harmless) -> Iterator[Pattern]:
    """What the entry is told by, and its conditions."""
    for field in fields(entry):
        if isinstance(value := getattr(entry, field.name), Pattern):
            yield value


def _plain_words(pattern: Pattern) -> set[str]:
    return {
        word
        for word in pattern.regex.replace("\\", "")
        .replace("?:", "")
        .replace("(", " ")
        .replace(")", " ")
        .replace("|", " ")
        .split()
        if word.isalpha()
    }
