"""Lines put together from parts: alternatives with holes, the least used first, never the same line twice.

`{a|b}` in a part is the masculine or the feminine form, `{name}` a hole that a persona or the scene fills. What
the parts say, and which of them fit, is decided in `replies`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import NamedTuple

_FORMS = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")
_HOLE = re.compile(r"\{([a-z_]+)\}")
_SENTENCE_START = re.compile(r"(?:^|[.!?] )[a-z]")
_KEEPS_CAPITAL = re.compile(r"I\b|[A-Z][A-Z]|\{")
_NO_FACTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line. `stem` is its longest stretch without a hole, by which a used part is recognised."""

    text: str
    holes: frozenset[str]
    stem: str


class Speaker(NamedTuple):
    """Who speaks, as far as grammar cares: "m" or "f", and whether they write without capitals."""

    gender: str
    texting: bool


def make_part(template: str, gender: str, facts: Mapping[str, str] = _NO_FACTS) -> Part:
    """A part with the speaker's forms chosen and their facts filled in; what is no fact stays a hole."""
    form = 1 if gender == "m" else 2
    text = _FORMS.sub(lambda match: match[form], template)
    text = _HOLE.sub(lambda match: facts.get(match[1], match[0]), text)
    stretches = _HOLE.split(text)[::2]
    return Part(text, frozenset(_HOLE.findall(text)), _stem(max(stretches, key=len)))


def lines(
    slots: Sequence[Sequence[Part]],
    values: Mapping[str, str],
    said: Collection[str],
    draw: random.Random,
    speaker: Speaker,
) -> Iterator[str]:
    """Every line the slots make, one part from each, the least used parts first.

    Parts with a hole that `values` does not fill are left out; a slot that is left empty is skipped. Among parts
    used equally often those of an earlier list place stand no better: `draw` shuffles them.
    """
    earlier = _stem("\n".join(said))
    ordered = [_least_used_first(slot, values, earlier, draw) for slot in slots]
    for parts in product(*filter(None, ordered)):
        line = _join([_HOLE.sub(lambda match: values[match[1]], part.text) for part in parts])
        yield _as_texted(line) if speaker.texting else line


def is_used(part: Part, said: Collection[str]) -> bool:
    """Whether an earlier line holds the part, however its holes were filled."""
    return part.stem in _stem("\n".join(said))


def _least_used_first(
    slot: Sequence[Part], values: Mapping[str, str], earlier: str, draw: random.Random
) -> list[Part]:
    fillable = [part for part in slot if values.keys() >= part.holes]
    draw.shuffle(fillable)
    return sorted(fillable, key=lambda part: earlier.count(part.stem))


@lru_cache(maxsize=1024)
def _stem(text: str) -> str:
    """The text as lines are compared: case and closing full stops differ with a part's place in the line."""
    return text.casefold().strip(" .।")


def _join(parts: Sequence[str]) -> str:
    """One line; after a comma a part goes on in lower case, and every sentence begins with a capital."""
    line = parts[0]
    for part in parts[1:]:
        goes_on = line.endswith(",") and not _KEEPS_CAPITAL.match(part)
        line = f"{line} {part[0].lower() + part[1:] if goes_on else part}"
    return _SENTENCE_START.sub(lambda match: match[0].upper(), line)


def _as_texted(line: str) -> str:
    return line.lower().rstrip(".")
