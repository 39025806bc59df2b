"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes, each accepted once.

The shared secret is kept sealed. How often a code may be wrong is `throttling`; who asks is `accounts`.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime

from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.security.one_time_tokens import hash_of
from switchboard.kernel.security.vault import Vault

RECOVERY_CODES = 10
WRONG_CODES_LIMIT = 5
"""Wrong codes that one challenge bears."""
# A clock may be one step (30 s) off, as RFC 6238, 5.2 recommends.
_STEPS_OFF = (0, -1, 1)
_TOTP_CODE = re.compile(r"[0-9]{6}")
# Crockford's base32 without what looks alike; 16 of them are 80 bits, so one round of SHA-256 keeps them.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_RECOVERY_CODE = re.compile(f"[{_LETTERS}]{{16}}")
_SEPARATORS = re.compile(r"[\s-]+")

_BEGIN = Statement("UPDATE {accounts} SET sealed_new_totp = :sealed WHERE id = :id")
_CONFIRM = Statement(
    "UPDATE {accounts} SET sealed_totp = sealed_new_totp, sealed_new_totp = NULL, totp_last_step = :step"
    " WHERE id = :id"
)
_REMOVE = Statement(
    "UPDATE {accounts} SET sealed_totp = NULL, sealed_new_totp = NULL, totp_last_step = NULL WHERE id = :id"
)
_USE_STEP = Statement(
    "UPDATE {accounts} SET totp_last_step = :step"
    " WHERE id = :id AND (totp_last_step IS NULL OR totp_last_step < :step)"
)
_ADD_CODE = Statement("INSERT INTO {recovery_codes} (account_id, code_hash) VALUES (:account_id, :code_hash)")
_USE_CODE = Statement(
    "DELETE FROM {recovery_codes} WHERE account_id = :account_id AND code_hash = :code_hash"
)
_FORGET_CODES = Statement("DELETE FROM {recovery_codes} WHERE account_id = :account_id")
_COUNT_CODES = Statement("SELECT count(*) AS codes FROM {recovery_codes} WHERE account_id = :account_id")


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226, 4 recommends."""
    import pyotp

    return pyotp.random_base32(32)


def uri(secret: str, *, name: str, issuer: str) -> str:
    """The otpauth address that an authenticator app scans."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The step of time that a code is of, one later than the last accepted; None for a wrong code."""
    import pyotp

    code = _plain(code)
    if not _TOTP_CODE.fullmatch(code):
        return None
    totp = pyotp.TOTP(secret)
    for step in (totp.timecode(now) + off for off in _STEPS_OFF):
        is_new = last_step is None or step > last_step
        if hmac.compare_digest(totp.generate_otp(step), code) and is_new:
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes to be shown once, in groups of four."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
        for _ in range(RECOVERY_CODES)
    ]


def begin(tx: Transaction, account_id: str, sealed_secret: str) -> None:
    """Keep a secret that counts once a code of it was given."""
    tx.run(_BEGIN, id=account_id, sealed=sealed_secret)


def confirm(tx: Transaction, account_id: str, step: int, recovery_codes: list[str]) -> None:
    """The begun secret is the second factor from now on, with these codes in place of all older ones."""
    tx.run(_CONFIRM, id=account_id, step=step)
    keep_recovery_codes(tx, account_id, recovery_codes)


def keep_recovery_codes(tx: Transaction, account_id: str, recovery_codes: list[str]) -> None:
    """These codes in place of all older ones."""
    tx.run(_FORGET_CODES, account_id=account_id)
    tx.run_many(_ADD_CODE, [{"account_id": account_id, "code_hash": _hash(code)} for code in recovery_codes])


def remove(tx: Transaction, account_id: str) -> None:
    tx.run(_REMOVE, id=account_id)
    tx.run(_FORGET_CODES, account_id=account_id)


def use(tx: Transaction, account: Row, code: str, vault: Vault, now: datetime) -> str | None:
    """Use a code up; 'totp' or 'recovery_code', or None for a wrong or used one.

    `account` holds id, sealed_totp and totp_last_step as they are in this turn.
    """
    secret = vault.open_text(account["sealed_totp"], context(account["id"]))
    step = matching_step(secret, code, now, account["totp_last_step"])
    if step is not None:
        return "totp" if tx.run(_USE_STEP, id=account["id"], step=step) else None
    code = _plain(code)
    if not _RECOVERY_CODE.fullmatch(code):
        return None
    used = tx.run(_USE_CODE, account_id=account["id"], code_hash=_hash(code))
    return "recovery_code" if used else None


def count_recovery_codes(tx: Transaction, account_id: str) -> int:
    """Codes not used yet."""
    row = tx.find(_COUNT_CODES, account_id=account_id)
    return 0 if row is None else int(row["codes"])


def context(account_id: str) -> str:
    """What the seal of an account's secret is bound to."""
    return f"platform|accounts|sealed_totp|{account_id}"


def _plain(code: str) -> str:
    return _SEPARATORS.sub("", code[:100]).lower()


def _hash(code: str) -> str:
    return hash_of(_plain(code))
