"""Signed webhooks: the specification's own vector, every part tampered with, rotation and replays."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from switchboard.kernel.errors import Forbidden, Invalid
from switchboard.kernel.outbound import signatures

# The worked example of the Standard Webhooks reference libraries.
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
VECTOR_AT = datetime.fromtimestamp(1614265330, UTC)
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

SECRET = b"s" * 32
OTHER_SECRET = b"t" * 32
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MESSAGE_IDS = st.from_regex(r"[!-\-/-~]{1,64}", fullmatch=True)
SECRETS = st.binary(min_size=24, max_size=64)


def signed(
    body: bytes = b"{}", *, secrets: tuple[bytes, ...] = (SECRET,), at: datetime = NOW
) -> dict[str, str]:
    return signatures.headers(secrets, message_id="msg_1", timestamp=at, body=body)


def test_the_worked_example_of_standard_webhooks_is_reproduced() -> None:
    secret = signatures.decode_secret(VECTOR_SECRET)
    assert signatures.sign(secret, VECTOR_ID, VECTOR_AT, VECTOR_BODY) == VECTOR_SIGNATURE


def test_the_worked_example_of_standard_webhooks_is_accepted() -> None:
    headers = {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": VECTOR_SIGNATURE,
    }
    secret = signatures.decode_secret(VECTOR_SECRET)
    assert signatures.verify([secret], headers, VECTOR_BODY, VECTOR_AT) == VECTOR_ID


@given(
    secret=SECRETS,
    message_id=MESSAGE_IDS,
    body=st.binary(max_size=500),
    at=st.integers(0, 9_999_999_999).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_whatever_is_signed_verifies(secret: bytes, message_id: str, body: bytes, at: datetime) -> None:
    headers = signatures.headers([secret], message_id=message_id, timestamp=at, body=body)
    assert signatures.verify([secret], headers, body, at) == message_id


@given(body=st.binary(max_size=200), position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_refused(body: bytes, position: int, bit: int) -> None:
    headers = signed(body + b"}")
    changed = bytearray(body + b"}")
    changed[position % len(changed)] ^= 1 << bit
    with pytest.raises(Forbidden):
        signatures.verify([SECRET], headers, bytes(changed), NOW)


@given(secret=SECRETS, other=SECRETS)
def test_a_signature_made_with_another_secret_is_refused(secret: bytes, other: bytes) -> None:
    assume(secret != other)
    with pytest.raises(Forbidden):
        signatures.verify([other], signed(secrets=(secret,)), b"{}", NOW)


@given(secret=SECRETS)
def test_a_secret_survives_its_written_form(secret: bytes) -> None:
    assert signatures.decode_secret("whsec_" + base64.b64encode(secret).decode()) == secret


@pytest.mark.parametrize("position", range(len(VECTOR_SIGNATURE)))
def test_a_changed_character_of_the_signature_is_refused(position: int) -> None:
    headers = signed()
    text = headers["webhook-signature"]
    changed = "A" if text[position] != "A" else "B"
    headers["webhook-signature"] = text[:position] + changed + text[position + 1 :]
    with pytest.raises(Forbidden):
        signatures.verify([SECRET], headers, b"{}", NOW)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "msg_2"),
        ("webhook-id", "msg.1"),
        ("webhook-id", "msg 1"),
        ("webhook-id", "msg_１"),
        ("webhook-timestamp", str(int(NOW.timestamp()) + 1)),
        ("webhook-timestamp", f"{int(NOW.timestamp())}.0"),
        ("webhook-timestamp", f" {int(NOW.timestamp())}"),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "١٧"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1a,AAAA"),
        ("webhook-signature", "ünïcode \ud800"),
    ],
)
def test_a_changed_header_is_refused_with_401(header: str, value: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        signatures.verify([SECRET], signed() | {header: value}, b"{}", NOW)
    assert refusal.value.status == 401
    assert refusal.value.hint


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_or_empty_header_is_refused_by_name(header: str) -> None:
    headers = signed()
    with pytest.raises(Forbidden, match=header):
        signatures.verify([SECRET], headers | {header: ""}, b"{}", NOW)
    del headers[header]
    with pytest.raises(Forbidden, match=header):
        signatures.verify([SECRET], headers, b"{}", NOW)


def test_a_full_stop_cannot_move_the_border_between_id_and_timestamp_and_body() -> None:
    later = int(NOW.timestamp())
    headers = signed(f"{later}.rest".encode())
    moved = headers | {"webhook-id": f"msg_1.{headers['webhook-timestamp']}", "webhook-timestamp": str(later)}
    with pytest.raises(Forbidden):
        signatures.verify([SECRET], moved, b"rest", NOW)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_timestamp_within_five_minutes_is_accepted(seconds: int) -> None:
    assert signatures.verify([SECRET], signed(), b"{}", NOW + timedelta(seconds=seconds)) == "msg_1"


@pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
def test_a_timestamp_outside_five_minutes_is_refused_although_well_signed(seconds: int) -> None:
    with pytest.raises(Forbidden, match="timestamp"):
        signatures.verify([SECRET], signed(), b"{}", NOW + timedelta(seconds=seconds))


def test_during_a_rotation_old_and_new_receivers_both_accept() -> None:
    headers = signed(secrets=(SECRET, OTHER_SECRET))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OTHER_SECRET):
        assert signatures.verify([secret], headers, b"{}", NOW) == "msg_1"
    assert signatures.verify([OTHER_SECRET, SECRET], signed(), b"{}", NOW) == "msg_1"


def test_signatures_of_other_schemes_are_passed_over() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,c29tZXRoaW5n {headers['webhook-signature']} v2,eA=="
    assert signatures.verify([SECRET], headers, b"{}", NOW) == "msg_1"


def test_header_names_may_have_any_case() -> None:
    headers = {name.title(): value for name, value in signed().items()}
    assert signatures.verify([SECRET], headers, b"{}", NOW) == "msg_1"


def test_a_receiver_without_secrets_accepts_nothing() -> None:
    with pytest.raises(Forbidden):
        signatures.verify([], signed(), b"{}", NOW)


def test_a_sender_without_secrets_or_with_an_ambiguous_id_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="secret"):
        signatures.headers([], message_id="msg_1", timestamp=NOW, body=b"")
    with pytest.raises(ValueError, match="full stop"):
        signatures.sign(SECRET, "msg.1", NOW, b"")
    with pytest.raises(ValueError, match="time zone"):
        signatures.sign(SECRET, "msg_1", NOW.replace(tzinfo=None), b"")


def test_the_moment_counts_and_not_the_time_zone_it_is_given_in() -> None:
    in_india = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert signed(at=in_india) == signed()


def test_new_secrets_are_usable_and_never_alike() -> None:
    secrets = {signatures.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(signatures.decode_secret(secret)) for secret in secrets} == {32}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2hvcnQ=",
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_ünïcode",
    ],
)
def test_an_unusable_secret_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        signatures.decode_secret(text)
    assert len(text) < 8 or text.removeprefix("whsec_") not in str(refusal.value) + refusal.value.hint
