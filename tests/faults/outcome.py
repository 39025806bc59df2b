"""What a proof found, in one line."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Outcome(NamedTuple):
    """A proof's name, its verdict, and what was done and found in words."""

    name: str
    word: Literal["PASS", "FAIL", "not run"]
    text: str
