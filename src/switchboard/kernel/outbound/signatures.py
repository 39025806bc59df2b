"""Signed webhooks after the Standard Webhooks specification (symmetric, `v1`): sign, verify, make secrets.

Pure: nothing is sent, stored or looked up here. Providers with a scheme of their own (Meta, Telegram) verify
in their channel.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_bytes

from switchboard.kernel.clock import require_utc
from switchboard.kernel.errors import Forbidden, Invalid

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
TOLERANCE = timedelta(minutes=5)

_PREFIX = "whsec_"
_NEW_SECRET_BYTES = 32
_SECRET_BYTES = range(24, 65)
# Visible ASCII without the full stop, which parts id, timestamp and body in what is signed.
_MESSAGE_ID = re.compile(r"[!-\-/-~]+")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def new_secret() -> str:
    """A fresh secret of 32 random bytes, as `whsec_<base64>`."""
    return _PREFIX + base64.b64encode(token_bytes(_NEW_SECRET_BYTES)).decode("ascii")


def decode_secret(secret: str) -> bytes:
    """The bytes of a `whsec_<base64>` secret. Raises Invalid unless they are 24 to 64."""
    if secret.startswith(_PREFIX):
        try:
            decoded = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if len(decoded) in _SECRET_BYTES:
            return decoded
    raise Invalid(
        "The webhook secret is not usable.",
        hint="It reads whsec_ and then 24 to 64 bytes in base64, with padding.",
    )


def sign(secret: bytes, message_id: str, timestamp: datetime, body: bytes) -> str:
    """The signature `v1,<base64>` of one message: HMAC-SHA256 over `id.timestamp.body`, seconds since 1970.

    Raises ValueError for an id with a full stop, space or non-ASCII character and for a naive timestamp.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("a message id is visible ASCII without a full stop")
    return _signature(secret, message_id, _seconds(timestamp), body)


def headers(secrets: Sequence[bytes], *, message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one message, with a signature for every active secret, spaces between them.

    Raises ValueError without a secret and as `sign` does.
    """
    if not secrets:
        raise ValueError("a webhook is signed with at least one secret")
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: _seconds(timestamp),
        SIGNATURE_HEADER: " ".join(sign(secret, message_id, timestamp, body) for secret in secrets),
    }


def verify(
    secrets: Sequence[bytes],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> str:
    """Check a received webhook on its raw bytes; its message id, by which a repeat is known.

    Header names may have any case. One signature that fits one of the secrets suffices; signatures of other
    schemes are passed over. Raises Forbidden (401).
    """
    named = {name.lower(): value for name, value in headers.items()}
    message_id, sent_at, offered = (
        _required(named, name) for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
    )
    if not _MESSAGE_ID.fullmatch(message_id):
        raise _refused("The webhook's id is not usable.", "Use visible ASCII without spaces and full stops.")
    if not _TIMESTAMP.fullmatch(sent_at):
        raise _refused(
            "The webhook's timestamp is not a number of seconds.", "Send whole seconds since 1970."
        )
    if abs(require_utc(now).timestamp() - int(sent_at)) > tolerance.total_seconds():
        raise _refused(
            "The webhook's timestamp is too far from the time here.",
            f"It may be {int(tolerance.total_seconds())} seconds off: check the clocks of both machines.",
        )
    expected = [_signature(secret, message_id, sent_at, body).encode() for secret in secrets]
    if not _fits_any(expected, [text.encode("utf-8", "replace") for text in offered.split(" ")]):
        raise _refused(
            "No signature of the webhook fits its content.",
            "Sign `id.timestamp.body` over the bytes as sent, with the current secret.",
        )
    return message_id


def _fits_any(expected: Sequence[bytes], offered: Sequence[bytes]) -> bool:
    # No early return: how long it takes must not tell which secret or signature was close.
    matches = [hmac.compare_digest(one, other) for one in expected for other in offered]
    return any(matches)


def _signature(secret: bytes, message_id: str, seconds: str, body: bytes) -> str:
    digest = hmac.digest(secret, f"{message_id}.{seconds}.".encode("ascii") + body, "sha256")
    return "v1," + base64.b64encode(digest).decode("ascii")


def _seconds(moment: datetime) -> str:
    return str(int(require_utc(moment).timestamp()))


def _required(named: Mapping[str, str], name: str) -> str:
    if not named.get(name):
        raise _refused(f"The webhook lacks the header {name}.", "Sign it as Standard Webhooks describes.")
    return named[name]


def _refused(message: str, hint: str) -> Forbidden:
    return Forbidden(message, hint=hint, status=401)
