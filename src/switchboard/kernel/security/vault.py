"""The vault: small secrets sealed before they are stored, opened when they are used.

AES-256-GCM, with the key's id in the sealed text and the place it is kept bound into the seal. Walking the
rows that need resealing after a rotation belongs to the services that own those rows.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from switchboard.kernel.errors import Internal, Invalid

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "v1"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_KEY_FILE_HEAD = (
    "# The keys of the vault, one per line as id:base64key. The first seals, all open.\n"
    "# Back this file up apart from the data: without it the stored secrets are lost.\n"
)
_HOW_TO_MAKE_A_KEY = (
    "Each key is written id:base64key, with 32 random bytes: `openssl rand -base64 32` makes them."
)


class KeysUnusable(Invalid):
    """The keys given to the vault cannot be used: badly written, open to others, or not readable."""


class KeyMissing(Internal):
    """The vault does not hold the key that sealed a value. `key_id` names it."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"A stored secret is sealed with the key {key_id}, which the vault lacks.",
            hint=f"The key file lacks key {key_id}: restore it from your backup, "
            "or add the key to SWITCHBOARD_VAULT_KEYS.",
        )
        self.key_id = key_id


class SealBroken(Internal):
    """A sealed value was changed, moved to another place, or its key id now names another key."""


class NotSealed(Internal):
    """A text that should be a sealed value is none."""


@dataclass(frozen=True)
class VaultKey:
    """One key: an id that may be shown and `KEY_BYTES` bytes that may not."""

    id: str
    material: bytes = field(repr=False)


class _Sealed(NamedTuple):
    key_id: str
    nonce: bytes
    ciphertext: bytes


class Vault:
    """Seals with the first of its keys and opens with any.

    A sealed value reads `v1:<key id>:<nonce>:<ciphertext and tag>`, the last two in base64url without
    padding (RFC 4648, 5). The nonce is 96 random bits (NIST SP 800-38D, 8.2.2), so one key should seal
    fewer than 2^32 values.
    """

    def __init__(self, keys: Sequence[VaultKey]) -> None:
        """Raises KeysUnusable for no key, an id twice, a malformed id or a key of another length."""
        if not keys:
            raise KeysUnusable("The vault has no key.", hint=_HOW_TO_MAKE_A_KEY)
        self._ciphers: dict[str, AESGCM] = {}
        for position, key in enumerate(keys, start=1):
            _check_key(key, position)
            if key.id in self._ciphers:
                raise KeysUnusable(
                    f"The key id {key.id} is given twice.",
                    hint="Keep the line that belongs to it, or give the other its own id.",
                )
            self._ciphers[key.id] = AESGCM(key.material)
        self.active_key_id = keys[0].id
        self._oldest_key = keys[-1]

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Every key held, the sealing one first. Ids may be shown and written into a backup's manifest."""
        return tuple(self._ciphers)

    def __repr__(self) -> str:
        return f"<Vault sealing with {self.active_key_id}, opening with {', '.join(self.key_ids)}>"

    def seal(self, plain: str | bytes, context: str) -> str:
        """Seal a secret for one place: `context` names it, as in 'honeypot|callbacks|secret|<row id>'.

        The same context must be given to `open`. Raises ValueError for an empty one.
        """
        key_id, nonce = self.active_key_id, secrets.token_bytes(_NONCE_BYTES)
        data = plain.encode() if isinstance(plain, str) else plain
        ciphertext = self._ciphers[key_id].encrypt(nonce, data, _bound_data(key_id, context))
        return f"{_VERSION}:{key_id}:{_to_base64url(nonce)}:{_to_base64url(ciphertext)}"

    def open(self, sealed: str, context: str) -> bytes:
        """The secret sealed for this context. Raises NotSealed, KeyMissing or SealBroken."""
        parts = _split(sealed)
        cipher = self._ciphers.get(parts.key_id)
        if cipher is None:
            raise KeyMissing(parts.key_id)
        try:
            return cipher.decrypt(parts.nonce, parts.ciphertext, _bound_data(parts.key_id, context))
        except InvalidTag:
            raise SealBroken(
                "A stored secret does not open: it was changed or moved, "
                f"or key {parts.key_id} is not the key that sealed it.",
                hint="Restore the row or the key file from your backup, or enter the secret again.",
            ) from None

    def open_text(self, sealed: str, context: str) -> str:
        """As `open`, for a secret that was sealed as text. Raises NotSealed for one that was not."""
        try:
            return self.open(sealed, context).decode()
        except UnicodeDecodeError:
            # Its cause would carry the secret's bytes into a traceback.
            raise NotSealed("A stored secret holds bytes where text was expected.") from None

    def fingerprint(self, text: str, context: str) -> str:
        """A keyed hash (HMAC-SHA-256, 64 hex digits) that is the same for the same text and context.

        For values that are compared and never shown again, and too short for a plain hash to hide. The key is
        the oldest one held, so fingerprints stay the same when a new key is put on top. Raises ValueError for
        an empty context.
        """
        context_key = hmac.digest(self._oldest_key.material, _bound_data("fingerprint", context), "sha256")
        return hmac.digest(context_key, text.encode(), "sha256").hex()

    def key_id_of(self, sealed: str) -> str:
        """The id of the key that sealed a value, held or not. Raises NotSealed."""
        return _split(sealed).key_id

    def needs_resealing(self, sealed: str) -> bool:
        """Whether a value is sealed with another key than the one that seals now. Raises NotSealed."""
        return self.key_id_of(sealed) != self.active_key_id


def load_vault(*, key_file: Path, keys_from_environment: str | None) -> tuple[Vault, bool]:
    """The vault of this process, and whether the key file was made just now (then ask for a backup of it).

    Keys given in the environment win, as `id:base64key[,id:base64key…]`, and the file is left alone.
    Otherwise the file is read; where there is none it is made with one new key, in a folder made for it.
    Raises KeysUnusable.
    """
    if keys_from_environment is not None and keys_from_environment.strip():
        return Vault(_parse_keys(keys_from_environment)), False
    try:
        try:
            return Vault(_read_key_file(key_file)), False
        except FileNotFoundError:
            is_new = _make_key_file(key_file)
            return Vault(_read_key_file(key_file)), is_new
    except OSError as error:
        raise KeysUnusable(
            f"The key file {key_file} cannot be read or made: {error.strerror}.",
            hint="Give this user the right to it, or set SWITCHBOARD_VAULT_KEYS.",
        ) from error


def _check_key(key: VaultKey, position: int) -> None:
    # A malformed id is not repeated in the message: it may be a key that lost its id.
    if not _KEY_ID.fullmatch(key.id):
        raise KeysUnusable(
            f"The id of vault key {position} is not 1 to 32 letters, digits, '-' or '_'.",
            hint=_HOW_TO_MAKE_A_KEY,
        )
    if len(key.material) != KEY_BYTES:
        raise KeysUnusable(
            f"The vault key {key.id} has {len(key.material)} bytes, not {KEY_BYTES}.", hint=_HOW_TO_MAKE_A_KEY
        )


def _bound_data(key_id: str, context: str) -> bytes:
    if not context:
        raise ValueError("a secret is sealed for one place: name it in the context")
    return f"{_VERSION}:{key_id}:{context}".encode()


def _split(sealed: str) -> _Sealed:
    parts = sealed.split(":")
    if len(parts) == 4 and parts[0] == _VERSION and _KEY_ID.fullmatch(parts[1]):
        nonce, ciphertext = (_from_base64url(part) for part in parts[2:])
        if nonce is not None and len(nonce) == _NONCE_BYTES and ciphertext is not None:
            return _Sealed(parts[1], nonce, ciphertext)
    raise NotSealed(
        "A stored secret is not in the sealed form v1:key:nonce:ciphertext.",
        hint="Restore the row from your backup, or enter the secret again.",
    )


def _to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_base64url(text: str) -> bytes | None:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    # Python skips foreign characters and ignores spare bits; one value has one spelling here.
    return data if _to_base64url(data) == text else None


def _parse_keys(text: str) -> list[VaultKey]:
    lines = [line.strip() for line in text.splitlines()]
    entries = [
        entry.strip()
        for line in lines
        if not line.startswith("#")
        for entry in line.split(",")
        if entry.strip()
    ]
    return [_parse_key(entry, position) for position, entry in enumerate(entries, start=1)]


def _parse_key(entry: str, position: int) -> VaultKey:
    key_id, colon, encoded = entry.partition(":")
    if not colon:
        raise KeysUnusable(f"The vault key {position} has no id before a colon.", hint=_HOW_TO_MAKE_A_KEY)
    digits = encoded.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        material = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KeysUnusable(f"The vault key {position} is not base64.", hint=_HOW_TO_MAKE_A_KEY) from None
    return VaultKey(key_id.strip(), material)


def _read_key_file(path: Path) -> list[VaultKey]:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & 0o077:
            raise KeysUnusable(
                f"Others on this machine may use the key file {path} (mode {mode & 0o777:04o}).",
                hint=f"Run `chmod 600 {path}`. If they could have read it, rotate the keys.",
            )
        content = file.read()
    try:
        keys = _parse_keys(content.decode())
    except UnicodeDecodeError:
        raise KeysUnusable(f"The key file {path} is not text.", hint="Restore it from your backup.") from None
    if not keys:
        raise KeysUnusable(f"The key file {path} holds no key.", hint="Restore it from your backup.")
    return keys


def _make_key_file(path: Path) -> bool:
    """Make the key file with one new key, whole or not at all; False when another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # A rename would replace a key that another starting process already seals with. The lock is freed
        # by the kernel when the process ends, however it ends.
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return False
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.unlink(missing_ok=True)
        key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{_KEY_FILE_HEAD}{secrets.token_hex(4)}:{key}\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        os.fsync(folder)
        return True
    finally:
        os.close(folder)
