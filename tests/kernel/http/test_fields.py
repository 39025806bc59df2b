"""What the shared fields take and refuse: texts, metadata, moments and the cursors of lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from switchboard.kernel.errors import Invalid
from switchboard.kernel.http.fields import (
    MESSAGE_LIMIT,
    METADATA_LIMIT,
    ClientMessageId,
    MessageText,
    Metadata,
    Moment,
    ShortText,
    decode_place,
    encode_place,
)

IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=36)
MOMENTS = st.datetimes(
    datetime(1000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9000, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]),
)


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    message: MessageText = "x"
    name: ShortText = "x"
    client_message_id: ClientMessageId = "x"
    metadata: Metadata = {}
    at: Moment = datetime(2026, 1, 1, tzinfo=UTC)


def takes(**fields: Any) -> bool:
    """Whether a body with these fields is taken, read from JSON as the edge reads it."""
    try:
        Asked.model_validate_json(json.dumps(fields))
    except ValidationError:
        return False
    return True


@given(st.text(max_size=200))
def test_a_message_is_taken_as_it_is_unless_it_is_blank_or_cannot_be_stored(text: str) -> None:
    storable = "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
    assert takes(message=text) == (storable and bool(text.strip()))
    if takes(message=text):
        assert Asked.model_validate_json(json.dumps({"message": text})).message == text


@pytest.mark.parametrize("sign", ["x", "न", "😀", "\u0301"])
def test_the_limit_of_a_message_counts_characters_of_any_script(sign: str) -> None:
    assert takes(message=sign * MESSAGE_LIMIT)
    assert not takes(message=sign * (MESSAGE_LIMIT + 1))


def test_half_a_character_is_refused_where_no_json_reader_stands_before_the_field() -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate({"message": "half \ud800"})
    with pytest.raises(ValidationError):
        Asked.model_validate({"metadata": {"half \ud800": 1}})


@pytest.mark.parametrize("id", ["a", "A-1_b.c:d", "x" * 100])
def test_a_clients_own_id_is_taken(id: str) -> None:
    assert takes(client_message_id=id)


@pytest.mark.parametrize("id", ["", "-a", "a b", "x" * 101, "a\n", "é", "a/b", "a\x00"])
def test_a_clients_own_id_that_could_be_misread_is_refused(id: str) -> None:
    assert not takes(client_message_id=id)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"campaign": "summer", "visits": 7, "score": 0.5, "tags": ["a", None, True]},
        {"largest": 2**63 - 1, "smallest": -(2**63) + 1},
        {"न": "😀"},
        {"text": "y" * (METADATA_LIMIT - 100)},
    ],
)
def test_metadata_of_any_shape_is_taken(metadata: dict[str, Any]) -> None:
    assert takes(metadata=metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        {"n": 2**63},
        {"n": [-(2**63)]},
        {"n": float("nan")},
        {"n": [{"m": float("-inf")}]},
        {"nul\x00": 1},
        {"text": ["a\x00"]},
        {"text": "y" * METADATA_LIMIT},
        {"y" * METADATA_LIMIT: 1},
        {"many": [0] * METADATA_LIMIT},
        {str(number): None for number in range(METADATA_LIMIT)},
        ["no object"],
    ],
)
def test_metadata_that_cannot_be_kept_is_refused(metadata: Any) -> None:
    assert not takes(metadata=metadata)


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00", "2026-01-01", "yesterday"])
def test_a_moment_without_its_zone_is_refused(at: str) -> None:
    assert not takes(at=at)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_of_the_calendar_in_utc_is_refused_in_words(at: str) -> None:
    assert not takes(at=at)


@given(MOMENTS, IDS)
def test_a_place_in_a_list_survives_its_cursor(at: datetime, id: str) -> None:
    cursor = encode_place(at, id)
    assert cursor.isascii()
    assert decode_place(cursor) == (at, id)


@given(st.text(max_size=60) | st.text("ABCwxyz019-_=", max_size=60))
def test_a_cursor_that_is_none_of_ours_is_refused_in_words(cursor: str) -> None:
    try:
        decode_place(cursor)
    except Invalid as refused:
        assert refused.status == 422
        assert refused.hint


@pytest.mark.parametrize(
    "inside", ["", "|", "2026-01-01T00:00:00|naive", "2026-01-01T00:00:00Z|", "0001-01-01T00:00:00+14:00|x"]
)
def test_a_forged_cursor_is_refused(inside: str) -> None:
    from base64 import urlsafe_b64encode

    with pytest.raises(Invalid):
        decode_place(urlsafe_b64encode(inside.encode()).decode())
