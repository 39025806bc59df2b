"""Text that a spreadsheet opens as it is: CSV in which no cell is a formula and none loses digits.

RFC 4180. Text that a spreadsheet would compute or read as a number begins with an apostrophe (so
`'+919876543210`). What must be read back unchanged belongs in JSON.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from switchboard.kernel.clock import to_iso

Cell = str | int | float | bool | datetime | None
T = TypeVar("T")

BYTE_ORDER_MARK = "\ufeff"
"""Tells Excel that a file is UTF-8; other programs do without it."""

# OWASP, CSV injection: the characters that open a formula, in both widths, also behind space that is dropped.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[0-9][0-9.,:/\- ]*(?:[eE][+\-]?[0-9]+)?")
# Control characters, which end or hide text, marks that turn its direction, and spaces of no width; no letter
# needs any of them (the joiners that Indian scripts need stay).
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def stream(
    columns: Mapping[str, Callable[[T], Cell]], rows: Iterable[T], *, byte_order_mark: bool = False
) -> Iterator[str]:
    """A line of titles and a line for each row, each column read by its function."""
    yield (BYTE_ORDER_MARK if byte_order_mark else "") + line(columns)
    for row in rows:
        yield line(read(row) for read in columns.values())


def line(cells: Iterable[Cell]) -> str:
    """One line of CSV, with its end."""
    written: str = _writer(_Line(), lineterminator="\r\n").writerow([_written(cell) for cell in cells])
    return written


def plain_cell(text: str) -> str:
    """The text as a cell that a spreadsheet shows and does not interpret."""
    text = _UNPRINTABLE.sub("\ufffd", text)
    is_taken_for_more = _FORMULA.match(text) or _NUMBER.fullmatch(text.strip())
    return f"'{text}" if is_taken_for_more else text


# typeshed says that writerow returns whatever it likes.
_writer: Any = csv.writer


class _Line:
    """What the csv module writes to: it gives each finished line back."""

    def write(self, line: str) -> str:
        return line


def _written(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return to_iso(cell)
    return plain_cell(cell) if isinstance(cell, str) else cell
