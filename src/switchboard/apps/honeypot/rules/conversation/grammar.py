"""Lines put together from parts: alternatives with holes, the least used first.

`{a|b}` in a part is the masculine or the feminine form, `{name}` a hole that a persona or the scene fills. What
the parts say, and which of them fit, is decided in `replies`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

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

    def is_used(self, memory: str) -> bool:
        """Whether one of the remembered lines holds this part, however its holes were filled."""
        return self.stem in memory


def make_part(template: str, gender: str, facts: Mapping[str, str] = _NO_FACTS) -> Part:
    """A part with the forms of `gender` ("m" or "f") chosen and the facts filled in; the rest stay holes."""
    form = 1 if gender == "m" else 2
    text = _FORMS.sub(lambda match: match[form], template)
    text = _HOLE.sub(lambda match: facts.get(match[1], match[0]), text)
    stretches = _HOLE.split(text)[::2]
    return Part(text, frozenset(_HOLE.findall(text)), remember([max(stretches, key=len)]))


def remember(lines: Iterable[str]) -> str:
    """Lines as parts are looked for in them: case and the last full stop differ with a part's place."""
    return "\n".join(lines).casefold().strip(" .।")


def compose(
    slots: Sequence[Sequence[Part]], values: Mapping[str, str], memory: str, draw: random.Random
) -> Iterator[str]:
    """Every line the slots make, one part from each, the least used parts first, else in the order drawn.

    Parts with a hole that `values` does not fill are left out, and so is a slot that has no other.
    """
    ordered = [_least_used_first(slot, values, memory, draw) for slot in slots]
    for parts in product(*filter(None, ordered)):
        yield _join([_HOLE.sub(lambda match: values[match[1]], part.text) for part in parts])


def as_texted(line: str) -> str:
    """The line as somebody types it who uses neither capitals nor a last full stop."""
    return line.lower().rstrip(".")


def _least_used_first(
    slot: Sequence[Part], values: Mapping[str, str], memory: str, draw: random.Random
) -> list[Part]:
    fillable = [part for part in slot if values.keys() >= part.holes]
    draw.shuffle(fillable)
    return sorted(fillable, key=lambda part: memory.count(part.stem))


def _join(parts: Sequence[str]) -> str:
    """One line; after a comma a part goes on in lower case, and every sentence begins with a capital."""
    line = parts[0] if parts else ""
    for part in parts[1:]:
        goes_on = line.endswith(",") and not _KEEPS_CAPITAL.match(part)
        line = f"{line} {part[0].lower() + part[1:] if goes_on else part}"
    return _SENTENCE_START.sub(lambda match: match[0].upper(), line)
