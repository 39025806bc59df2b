"""Text for people with a spreadsheet: no cell is a formula, and none loses digits."""

from __future__ import annotations

import re

# OWASP, CSV injection: the characters that open a formula, in both widths, also behind space that is dropped.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[0-9][0-9.,:/\- ]*(?:[eE][+\-]?[0-9]+)?")
# Control characters, which end or hide text, marks that turn its direction, and spaces of no width; no letter
# needs any of them (the joiners that Indian scripts need stay).
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def plain_cell(text: str) -> str:
    """The text as a cell that a spreadsheet shows and does not interpret."""
    text = _UNPRINTABLE.sub("\ufffd", text)
    is_taken_for_more = _FORMULA.match(text) or _NUMBER.fullmatch(text.strip())
    return f"'{text}" if is_taken_for_more else text
