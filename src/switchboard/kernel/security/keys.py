"""API keys: made once, shown once, kept hashed, checked in memory, revocable within a second everywhere.

The secret has 256 random bits, so one round of SHA-256 is enough to keep it: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Forbidden, Invalid, NotFound, SwitchboardError
from switchboard.kernel.ids import Ids
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import (
    ADMINISTER,
    ANYWHERE,
    EVERYWHERE,
    PLATFORM_SCOPE,
    ROLES,
    Role,
    is_role,
    may,
    operation,
)

ALL_APPS = EVERYWHERE
DEFAULT_ROLE: Role = "analyst"
"""Enough for everything that programs do over HTTP."""

_TOKEN = re.compile(r"sb_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
_STARTS_AS_SHOWN = re.compile(r"sb_([0-9a-f]{8})(?:_|$)")
_COLUMNS = "id, name, prefix, secret_hash, apps_json, role, rate_limit_per_minute, created_at, expires_at, last_used_at, revoked_at"
_INSERT = Statement(
    "INSERT INTO {api_keys} (id, name, prefix, secret_hash, apps_json, role, rate_limit_per_minute, created_at,"
    " expires_at)"
    " VALUES (:id, :name, :prefix, :secret_hash, :apps, :role, :rate_limit_per_minute, :created_at, :expires_at)"
)
_ALL = Statement(f"SELECT {_COLUMNS} FROM {{api_keys}} ORDER BY created_at, id")
_LIVE = Statement(f"SELECT {_COLUMNS} FROM {{api_keys}} WHERE revoked_at IS NULL")
_BY_NAME = Statement(
    f"SELECT {_COLUMNS} FROM {{api_keys}} WHERE (prefix = :name OR id = :name OR name = :name) AND revoked_at IS NULL"
)
_COUNT = Statement("SELECT count(*) AS keys FROM {api_keys}")
_REVOKE = Statement("UPDATE {api_keys} SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
_TOUCH = Statement("UPDATE {api_keys} SET last_used_at = :now WHERE id = :id")


class ApiKey(NamedTuple):
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    apps: frozenset[str]
    role: Role
    """What it may do in each of its apps."""
    roles: Mapping[str, Role]
    """The same by app, as a caller carries it; built once, because every request takes it from here."""
    rate_limit_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def opens(self, app: str) -> bool:
        return app in self.apps or ALL_APPS in self.apps


class ApiKeys:
    """The keys of one installation, as one process sees them."""

    REFRESH_SECONDS = 0.4
    _LOOKUPS_PER_REFRESH = 20

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._live: dict[str, ApiKey] = {}
        self._used: dict[str, datetime] = {}
        self._lookups_left = self._LOOKUPS_PER_REFRESH
        self._changes = 0

    @operation(ADMINISTER, within=ANYWHERE)
    def create(
        self,
        caller: Caller,
        name: str,
        apps: Sequence[str],
        *,
        role: Role = DEFAULT_ROLE,
        lifetime: timedelta | None = None,
        rate_limit_per_minute: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; the key and its secret token, which nobody can read again.

        `apps` holds app names or '*', and `role` is what it may do in each of them. Raises Invalid for an empty
        name, no app or a role that does not exist, Forbidden for an app that the caller does not administer.
        """
        _require_administrator(caller, apps)
        if not name.strip() or len(name) > 100:
            raise Invalid(
                "A key needs a name of 1 to 100 characters.", hint="Name it after what will use it."
            )
        if not apps:
            raise Invalid("A key needs at least one app.", hint="Name the apps it may use.")
        if not is_role(role):
            raise Invalid(f"There is no role {role!r}.", hint=f"Use one of: {', '.join(ROLES)}.")
        now = self._clock.now()
        prefix = secrets.token_hex(4)
        token = f"sb_{prefix}_{secrets.token_urlsafe(32)}"
        row: Row = {
            "id": self._ids.new(),
            "name": name.strip(),
            "prefix": prefix,
            "secret_hash": _hash(token),
            "apps": as_json(sorted(set(apps))),
            "role": role,
            "rate_limit_per_minute": rate_limit_per_minute,
            "created_at": now,
            "expires_at": None if lifetime is None else now + lifetime,
        }
        audit_id = self._ids.new()

        def turn(tx: Transaction) -> None:
            tx.run(_INSERT, **row)
            audit.record(
                tx,
                caller,
                "create",
                "api_key",
                row["id"],
                id=audit_id,
                at=now,
                details={"name": row["name"], "apps": sorted(set(apps)), "role": role},
            )

        self._database.write_now(turn)
        key = _key({**row, "apps_json": sorted(set(apps)), "last_used_at": None, "revoked_at": None})
        self._changes += 1
        self._live[row["secret_hash"]] = key
        return key, token

    def is_first_start(self) -> bool:
        """Whether no key was ever made."""
        row = self._database.read_now(lambda tx: tx.find(_COUNT))
        return row is not None and row["keys"] == 0

    @operation(ADMINISTER, within=ANYWHERE)
    def list_keys(self, caller: Caller) -> list[ApiKey]:
        """Every key ever made whose apps the caller administers, oldest first, the revoked ones too."""
        keys = [_key(row) for row in self._database.read_now(lambda tx: tx.rows(_ALL))]
        return [key for key in keys if _administers(caller, key.apps)]

    @operation(ADMINISTER, within=ANYWHERE)
    def revoke(self, caller: Caller, name: str) -> ApiKey:
        """Revoke the key of this prefix (alone, or as the key begins with it), id or name.

        Raises NotFound, Invalid for a name several share, Forbidden for a key whose apps the caller does not
        administer.
        """
        now, audit_id = self._clock.now(), self._ids.new()
        if as_shown := _STARTS_AS_SHOWN.match(name):
            name = as_shown[1]

        def turn(tx: Transaction) -> Row:
            known = tx.rows(_BY_NAME, name=name)
            if not known:
                raise NotFound(
                    f"There is no working key called {name!r}.",
                    hint="`switchboard keys list` shows all keys.",
                )
            found = [row for row in known if _administers(caller, row["apps_json"])]
            if not found:
                _require_administrator(caller, known[0]["apps_json"])
            if len(found) > 1:
                raise Invalid(
                    f"{len(found)} keys are called {name!r}.",
                    hint="Name it by its prefix, which `switchboard keys list` shows.",
                )
            tx.run(_REVOKE, id=found[0]["id"], now=now)
            audit.record(tx, caller, "revoke", "api_key", found[0]["id"], id=audit_id, at=now)
            return found[0]

        row = self._database.write_now(turn)
        self._changes += 1
        self._live.pop(row["secret_hash"], None)
        return _key({**row, "revoked_at": now})

    async def authenticate(self, token: str) -> ApiKey:
        """The key of this token. Raises Forbidden (401), with the same words for every cause but expiry."""
        hashed = _hash(token)
        key = self._live.get(hashed)
        if key is None and _TOKEN.fullmatch(token) and self._lookups_left > 0:
            # A key made a moment ago by another process; the count keeps guessing from becoming load.
            self._lookups_left -= 1
            await self._reload()
            key = self._live.get(hashed)
        if key is None:
            raise Forbidden(
                "This API key is not known, or was revoked.",
                hint="Make one with `switchboard keys create --app honeypot` and send it as `Authorization: Bearer <key>`.",
                status=401,
            )
        now = self._clock.now()
        if key.expires_at is not None and key.expires_at <= now:
            raise Forbidden(
                "This API key has expired.", hint="Make a new one with `switchboard keys create`.", status=401
            )
        self._used[key.id] = now
        return key

    async def refresh(self) -> None:
        """Take over what other processes made or revoked."""
        await self._reload()
        self._lookups_left = self._LOOKUPS_PER_REFRESH

    async def _reload(self) -> None:
        """Read the keys; again if one was made or revoked here while they were being read."""
        while True:
            changes = self._changes
            rows = await self._database.read(lambda tx: tx.rows(_LIVE))
            if changes == self._changes:
                self._live = {row["secret_hash"]: _key(row) for row in rows}
                return

    async def write_last_used(self) -> None:
        """Record when each key was last used, since the last call."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._database.write(
                lambda tx: tx.run_many(_TOUCH, [{"id": id, "now": at} for id, at in used.items()])
            )
        except SwitchboardError:
            self._used = used | self._used
            raise


def _administers(caller: Caller, apps: Collection[str]) -> bool:
    """Whether keys of these apps are the caller's to make, see and revoke."""
    if may(caller, ADMINISTER, PLATFORM_SCOPE):
        return True
    return ALL_APPS not in apps and all(may(caller, ADMINISTER, app) for app in apps)


def _require_administrator(caller: Caller, apps: Collection[str]) -> None:
    if _administers(caller, apps):
        return
    foreign = [app for app in apps if app == ALL_APPS or not may(caller, ADMINISTER, app)]
    raise Forbidden(
        "Keys for all apps are the platform's administrators' to make and revoke."
        if ALL_APPS in foreign
        else f"You may not administer {', '.join(sorted(foreign))}.",
        hint="Name only apps that you administer, or ask an administrator of the platform.",
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row) -> ApiKey:
    # Keys from before there were roles may do what every key could then.
    role: Role = row["role"] or DEFAULT_ROLE
    return ApiKey(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        apps=frozenset(row["apps_json"]),
        role=role,
        roles=MappingProxyType(dict.fromkeys(row["apps_json"], role)),
        rate_limit_per_minute=row["rate_limit_per_minute"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
