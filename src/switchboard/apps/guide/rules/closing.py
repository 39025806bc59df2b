"""A closing thought about somebody's answers, as a model may word it: what it is asked, and what is taken of it.

The answers themselves are never worded anew: they are the person's own. Nothing is asked where danger was told of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.risk import detect

MOST_TOKENS = 200
TEMPERATURE = 0.3
LONGEST = 400
_SHORTEST = 20
_NUMBER = re.compile(r"\d(?:[ ().-]?\d){5,}")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+|https?://|www\.", re.IGNORECASE)
_MARKUP = re.compile(r"[<>{}\[\]#*`|]|\n\s*\n")
_SENTENCE = re.compile(r"[^.!?]*[.!?]")

SYSTEM = (
    "Somebody has finished a short talk about the people who support them, their strengths, worries and goals. Write"
    " one or two warm, plain sentences to them that connect a strength or a person of theirs with their goal, in the"
    " language of their answers. Use only what they wrote. Give no advice and no orders, name no illness, promise"
    " nothing, and do not say that you are a person. No lists, no numbers, no links."
)


def answers_as_text(summary: Mapping[str, Any]) -> str:
    """What the model reads: headings and answers, which it has to take as something to read."""
    return "\n".join(f"{part['heading']}: {part['text']}" for part in summary["parts"])


def accept(text: str) -> str | None:
    """A model's words as they may be shown, cut at a sentence; None where they hold what they must not."""
    plain = " ".join(text.split())
    if not plain or _MARKUP.search(text) or _NUMBER.search(plain) or _ADDRESS.search(plain):
        return None
    said = plain.casefold()
    if any(part in said for parts in load_data("wording/guards.toml").values() for part in parts):
        return None
    if detect(plain) is not None:
        return None
    cut = _cut(plain)
    return cut if len(cut) >= _SHORTEST else None


def _cut(text: str) -> str:
    kept = ""
    for sentence in _SENTENCE.findall(text):
        if len(kept) + len(sentence) > LONGEST:
            break
        kept += sentence
    return kept.strip()
