"""What a proof found, in one line."""

from __future__ import annotations

from typing import Literal, NamedTuple

Word = Literal["PASS", "FAIL", "not run"]


class Outcome(NamedTuple):
    """A proof's name, its verdict, and what was done and found in words.

    A proof that could not be carried out for a reason of its own raises instead: that is no verdict.
    """

    name: str
    word: Word
    text: str
