"""Field types that the apps' requests share, with the limits that hold at every edge."""

from __future__ import annotations

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, StringConstraints

from switchboard.kernel.clock import require_utc, to_iso
from switchboard.kernel.errors import Invalid

MESSAGE_LIMIT = 8_000
METADATA_LIMIT = 16_384
_LARGEST_INTEGER = 2**63


def _storable_text(text: str) -> str:
    """Refuse what no database keeps: NUL, and halves of characters that JSON escapes can smuggle in."""
    if "\x00" in text:
        raise ValueError("holds a NUL character, which cannot be stored; remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a character (a lone surrogate), which cannot be stored") from None
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write at least one character")
    return text


def _storable_json(value: dict[str, Any]) -> dict[str, Any]:
    size = 0
    rest: list[Any] = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            rest.extend(part.keys())
            rest.extend(part.values())
        elif isinstance(part, list):
            rest.extend(part)
        elif isinstance(part, str):
            size += len(_storable_text(part))
        elif isinstance(part, float) and not math.isfinite(part):
            raise ValueError("holds a number that is not finite")
        elif isinstance(part, int) and abs(part) >= _LARGEST_INTEGER:
            raise ValueError("holds a number of more than 64 bits; send it as text")
        size += 8
        if size > METADATA_LIMIT:
            raise ValueError(f"is larger than {METADATA_LIMIT} characters")
    return value


# What the validators below ask for, as the API's document can say it: something to read and no NUL.
_READABLE = {"minLength": 1, "pattern": r"^[^\u0000]*\S[^\u0000]*$"}

MessageText = Annotated[
    str,
    StringConstraints(max_length=MESSAGE_LIMIT),
    AfterValidator(_storable_text),
    AfterValidator(_not_blank),
    Field(description=f"What was said, 1 to {MESSAGE_LIMIT} characters", json_schema_extra=_READABLE),
]
ShortText = Annotated[
    str,
    StringConstraints(max_length=255),
    AfterValidator(_storable_text),
    AfterValidator(_not_blank),
    Field(json_schema_extra=_READABLE),
]
ClientMessageId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"),
    Field(description="Your own name for this request: sent twice, it has one effect and the same answer"),
]
Metadata = Annotated[
    dict[str, JsonValue],
    AfterValidator(_storable_json),
    Field(description="Anything you want kept with the session, as a JSON object"),
]
Moment = Annotated[AwareDatetime, AfterValidator(require_utc)]
SearchText = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(_storable_text),
    AfterValidator(_not_blank),
    Field(json_schema_extra=_READABLE),
]


FilterText = Annotated[str, StringConstraints(max_length=50), AfterValidator(_storable_text)]


def encode_place(at: datetime, id: str) -> str:
    """A place in a list ordered by moment and id, as an opaque cursor."""
    return urlsafe_b64encode(f"{to_iso(at)}|{id}".encode()).decode().rstrip("=")


def decode_number(cursor: str | None) -> int | None:
    """The place of a cursor that is a number. Raises Invalid for a text that is none of ours."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise _not_ours()
    return int(cursor)


def decode_place(cursor: str) -> tuple[datetime, str]:
    """The place of a cursor. Raises Invalid for a text that is none of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, _, id = urlsafe_b64decode(padded.encode("ascii")).decode("ascii").partition("|")
        if not 0 < len(id) <= 36:
            raise ValueError("no id")
        return require_utc(datetime.fromisoformat(at)), _storable_text(id)
    except ValueError:
        raise _not_ours() from None


def _not_ours() -> Invalid:
    return Invalid(
        "This cursor is not one that the server gave out.",
        hint="Take `next` from the page before, unchanged.",
    )
