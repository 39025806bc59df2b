"""What commands need at the terminal: harmless text, plain consoles, the limits of typed values."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from switchboard.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from pydantic import TypeAdapter
    from rich.console import Console

_PIPED_WIDTH = 160
_COLOUR_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
# The joiners shape letters in Indian scripts and compose emoji.
_KEPT = frozenset("\n\u200c\u200d")


def harmless(text: str) -> str:
    """A stranger's text without anything a terminal would obey; lines are ended by newlines alone.

    Control characters, colour sequences, half characters and whatever turns the direction of writing or is
    invisible are left out. Text that a longer sequence would have hidden stays readable.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", _COLOUR_SEQUENCE.sub("", text)).replace("\t", " ")
    return "".join(
        character
        for character in text
        if character in _KEPT or unicodedata.category(character) not in _DROPPED_CATEGORIES
    )


def one_line(text: str) -> str:
    """`harmless`, on one line with single spaces."""
    return _SPACES.sub(" ", harmless(text)).strip()


def output() -> Console:
    """Standard output: no markup is read in what it prints, no colours leave when it is no terminal."""
    return _console(sys.stdout)


def notices() -> Console:
    """Standard error, for what is about the command and not its result."""
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    from rich.console import Console

    # A terminal or pipe that cannot show a letter gets a question mark for it, never a failure.
    with suppress(AttributeError):
        stream.reconfigure(errors="replace")
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = max(console.width, _PIPED_WIDTH)
    return console


def write_file(out: Path, pieces: Iterable[str]) -> int:
    """Write beside the file and put it in place at the end, so that nobody reads half of it; its size in bytes.

    Raises Invalid where it cannot be written.
    """
    unfinished = out.with_name(f"{out.name}.part")
    try:
        with unfinished.open("wb") as file, notices().status("Writing …"):
            file.writelines(piece.encode() for piece in pieces)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise Invalid(
            f"{out} cannot be written: {error.strerror}.", hint="Name a file in a folder you may write to."
        ) from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return size


def checked(kind: TypeAdapter[str], value: object, what: str, hint: str) -> str:
    """A value that keeps the rule of its kind. Raises Invalid, in words and without the value."""
    from pydantic import ValidationError

    try:
        return kind.validate_python(value, strict=True)
    except ValidationError as error:
        raise Invalid(f"{what} {_broken_rule(error)}.", hint=hint) from None


def _broken_rule(error: Any) -> str:
    broken = error.errors(include_input=False, include_url=False)[0]
    limits = broken.get("ctx", {})
    match broken["type"]:
        case "string_too_long":
            return f"is longer than {limits['max_length']:,} characters"
        case "string_too_short":
            return "is empty; write at least one character"
        case "string_type":
            return "is not text"
        case "string_unicode":
            return "holds half of a character, which cannot be stored"
        case "string_pattern_mismatch":
            return "has a character it may not have, or too many of them"
        case _:
            return str(broken["msg"]).removeprefix("Value error, ")


def moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
