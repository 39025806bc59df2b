"""The rows of a replay file: one message each, or the reason why a row is none. Nothing is stored here."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from switchboard.apps.honeypot.fields import SourceType
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.http.fields import MessageText

DEFAULT_SOURCE_TYPE = "sms"
_MESSAGE: TypeAdapter[str] = TypeAdapter(MessageText)
_SOURCE_TYPE: TypeAdapter[str] = TypeAdapter(SourceType)

_MESSAGE_COLUMNS = ("message", "text")
_SCAM_LABELS = frozenset({"scam", "spam", "smishing", "fraud", "true", "yes", "1"})
_HARMLESS_LABELS = frozenset({"ham", "legit", "legitimate", "normal", "false", "no", "0"})
# What every build of the csv module takes; a message that is too long is refused by its own rule.
_LARGEST_FIELD = 2**31 - 1
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# How files name the kinds of values, beside the honeypot's own names for them.
_KINDS = {
    "phone": "phone",
    "phones": "phone",
    "phone_numbers": "phone",
    "upi": "upi",
    "upi_ids": "upi",
    "link": "url",
    "links": "url",
    "url": "url",
    "urls": "url",
    "phishing_links": "url",
}

Values = frozenset[tuple[str, str]]
"""Kinds with normalised values."""


class Row(NamedTuple):
    """One message, with what its author says about it."""

    line: int
    message: str
    source_type: str
    conversation: str | None
    is_scam: bool | None
    """None: not labelled."""
    expected: Values | None
    """What the message gives away; None: not said."""
    id: str | None


class Refusal(NamedTuple):
    """A row that cannot be played."""

    line: int
    reason: str


class ReplayFile(NamedTuple):
    """What a file holds, in its order."""

    path: Path
    digest: str
    rows: list[Row]
    refused: list[Refusal]


class _Refused(Exception):
    """Why a row is refused."""


def read_file(path: Path, limit: int | None) -> ReplayFile:
    """The first `limit` rows of a file. Raises NotFound, or Invalid for a file that is no list of messages."""
    _reader_of(path)
    return read_content(path, _content(path), limit)


def read_content(path: Path, content: bytes, limit: int | None = None) -> ReplayFile:
    """The first `limit` rows of what a file of that name holds. Raises Invalid where that is no list of messages."""
    read = _reader_of(path)
    if not content.strip():
        raise _empty(path)
    text = _decoded(path, content)
    rows: list[Row] = []
    refused: list[Refusal] = []
    for number, (line, fields) in enumerate(read(path, text), start=1):
        if limit is not None and number > limit:
            break
        try:
            rows.append(_row(line, fields))
        except _Refused as refusal:
            refused.append(Refusal(line, str(refusal)))
    if not rows and not refused:
        raise _empty(path)
    return ReplayFile(path, hashlib.sha256(content).hexdigest(), rows, refused)


def _reader_of(path: Path) -> Callable[[Path, str], Iterator[tuple[int, Any]]]:
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise Invalid(
            f"{_named(path)} is neither a .jsonl nor a .csv file.",
            hint="Save it as .jsonl (one JSON object a line) or .csv (with a `message` column).",
        )
    return read


def conversations(rows: list[Row]) -> list[list[Row]]:
    """The rows as sessions: those that name the same conversation together, every other one alone."""
    found: dict[object, list[Row]] = {}
    for row in rows:
        found.setdefault(row.line if row.conversation is None else row.conversation, []).append(row)
    return list(found.values())


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no file {_named(path)}.", hint="Check the name and the folder.") from None
    except IsADirectoryError:
        raise Invalid(f"{_named(path)} is a folder.", hint="Name a .jsonl or .csv file in it.") from None
    except OSError as error:
        raise Invalid(
            f"{_named(path)} cannot be read: {error.strerror}.", hint="Check who may read the file."
        ) from None
    return content


def _decoded(path: Path, content: bytes) -> str:
    if content.startswith(_UTF16_MARKS):
        raise Invalid(
            f"{_named(path)} is UTF-16 text, not UTF-8.",
            hint="Save it again as UTF-8 (in Excel: 'CSV UTF-8').",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            f"Line {line} of {_named(path)} is not UTF-8 text.",
            hint="Save the file again as UTF-8 (in Excel: 'CSV UTF-8').",
        ) from None


def _json_lines(_path: Path, text: str) -> Iterator[tuple[int, Any]]:
    # Only a newline ends a line: JSON text may hold every other character that Python would split at.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, _Refused("no valid JSON; each line holds one object")


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    csv.field_size_limit(_LARGEST_FIELD)
    delimiter = _delimiter(path, text)
    # Strict: a quote that is never closed would else swallow the rows after it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = _header(path, reader)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, _Refused("a quote is never closed or stands in the wrong place")
            continue
        if not any(value.strip() for value in values):
            continue
        if len(values) > len(columns):
            yield line, _Refused(f"{len(values)} columns where the header names {len(columns)}")
            continue
        yield line, dict(zip(columns, values, strict=False))


def _delimiter(path: Path, text: str) -> str:
    """What separates the columns: the first of `,`, `;` and tab that makes the header name a message."""
    header = io.StringIO(text, newline="").readline()
    for delimiter in ",;\t":
        columns = next(csv.reader([header], delimiter=delimiter), [])
        if any(_column(name) in _MESSAGE_COLUMNS for name in columns):
            return delimiter
    raise Invalid(
        f"The first line of {_named(path)} names no `message` column.",
        hint="Start the file with a header, for example: message,source_type,conversation,label",
    )


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        return [_column(name) for name in next(reader)]
    except csv.Error:
        raise Invalid(
            f"The header of {_named(path)} has a quote that is never closed.", hint="Correct its first line."
        ) from None


def _column(name: str) -> str:
    return name.strip().lower()


_READERS = {".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _csv_rows}


def _row(line: int, fields: Any) -> Row:
    if isinstance(fields, _Refused):
        raise fields
    if not isinstance(fields, dict):
        raise _Refused("no JSON object")
    message = next((fields[name] for name in _MESSAGE_COLUMNS if fields.get(name) is not None), None)
    if message is None:
        raise _Refused("no message")
    try:
        return Row(
            line=line,
            message=terminal.checked(_MESSAGE, message, "the message", ""),
            source_type=terminal.checked(
                _SOURCE_TYPE, fields.get("source_type") or DEFAULT_SOURCE_TYPE, "the source_type", ""
            ),
            conversation=_word(fields, "conversation"),
            is_scam=_label(_word(fields, "label")),
            expected=_expected(fields.get("expected")),
            id=_word(fields, "id"),
        )
    except Invalid as error:
        raise _Refused(error.message.rstrip(".")) from None


def _word(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).strip() or None


def _label(label: str | None) -> bool | None:
    if label is None:
        return None
    word = label.lower()
    if word in _SCAM_LABELS:
        return True
    if word in _HARMLESS_LABELS:
        return False
    raise _Refused("the label is neither scam nor ham")


def _expected(value: Any) -> Values | None:
    """Expected values of the kinds that are looked for; whatever else a row expects is not judged here."""
    if not isinstance(value, dict):
        return None
    return frozenset(
        (_KINDS[name], str(each))
        for name, values in value.items()
        if name in _KINDS
        for each in (values if isinstance(values, list) else [values])
    )


def _named(path: Path) -> str:
    return terminal.one_line(str(path))


def _empty(path: Path) -> Invalid:
    return Invalid(f"{_named(path)} holds no messages.", hint="Write one message on each line.")
