"""What the trained model sees of a message: its words, the same words by the kind of person or deed they name, and
their parts.

`my uncle` and `my coach` are alike in "makes me", so runs of words are counted in both forms. `strangling` was never
seen where `strangled` was, so pieces of words are counted too: they find what runs of whole words miss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.text.reading import PAUSE, QUOTE, Reading, squeeze

_EDGE = "^"
_PIECE_LENGTHS = (3, 4)
_BEARING = frozenset({"KIN", "ELDER", "PARTNER", "STRIKE", "HURT", "KILL", "SEX", "DEATH", "WEAPON", "DRUG"})


@cache
def _kinds() -> Mapping[str, str]:
    """The kind of person, deed or thing that a squeezed word names; of several the first counts."""
    kinds: dict[str, str] = {}
    for kind, words in load_data("risk/classes.json").items():
        for word in words.split():
            kinds.setdefault(squeeze(word), kind)
    return kinds


def read_features(reading: Reading, step: str | None, covered: frozenset[int] = frozenset()) -> list[str]:
    """The features of a message, each once; `covered` are the places of words that only sound like danger."""
    forms = [
        "_" if place in covered else word.form
        for place, word in enumerate(reading.words)
        if word.form not in (PAUSE, QUOTE)
    ]
    kinds = [_kinds().get(form, form) for form in forms]
    return list(
        dict.fromkeys(
            [
                *_runs("w", forms, 2),
                *_runs("k", kinds, 3),
                *_apart(kinds),
                *_pieces(forms),
                *_answers(step, kinds),
            ]
        )
    )


def bears_risk(reading: Reading, covered: frozenset[int]) -> bool:
    """Whether any word names a person, a deed or a thing that danger is told with."""
    return any(
        _kinds().get(word.form) in _BEARING
        for place, word in enumerate(reading.words)
        if place not in covered
    )


def _runs(name: str, words: Sequence[str], longest: int) -> Iterator[str]:
    edged = [_EDGE, *words, _EDGE]
    for length in range(1, longest + 1):
        for start in range(len(edged) - length + 1):
            run = edged[start : start + length]
            if run != [_EDGE]:
                yield f"{name}:{' '.join(run)}"


def _apart(kinds: Sequence[str]) -> Iterator[str]:
    """Pairs with one or two other words between them."""
    for distance in (2, 3):
        for start in range(len(kinds) - distance):
            yield f"a{distance}:{kinds[start]} {kinds[start + distance]}"


def _pieces(forms: Sequence[str]) -> Iterator[str]:
    """Runs of letters within a word, whose two ends count as letters."""
    for form in forms:
        letters = f"{_EDGE}{form}{_EDGE}"
        for length in _PIECE_LENGTHS:
            for start in range(len(letters) - length + 1):
                yield f"p:{letters[start : start + length]}"


def _answers(step: str | None, kinds: Sequence[str]) -> Iterator[str]:
    return (f"s:{step} {kind}" for kind in kinds) if step is not None else iter(())
