"""Where an app can be reached: the accounts of its channels, made and changed by people who administer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from switchboard.kernel.clock import Clock
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.ids import Ids
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ADMINISTER, READ, operation

WEBCHAT = "webchat"
_COLUMNS = "id, channel, name, settings_json, created_at, updated_at, disabled_at"
_LIST = Statement(f"SELECT {_COLUMNS} FROM {{channel_accounts}} ORDER BY channel, name")
_FIND = Statement(f"SELECT {_COLUMNS} FROM {{channel_accounts}} WHERE channel = :channel AND name = :name")
_INSERT = Statement(
    "INSERT INTO {channel_accounts} (id, channel, name, settings_json, created_at, updated_at)"
    " VALUES (:id, :channel, :name, :settings, :now, :now) ON CONFLICT (channel, name) DO NOTHING"
)
_CHANGE = Statement(
    "UPDATE {channel_accounts} SET settings_json = :settings, disabled_at = :disabled_at, updated_at = :now"
    " WHERE id = :id"
)
_MOST_ORIGINS = 50


class ChannelAccount(NamedTuple):
    """One place where an app can be reached."""

    id: str
    channel: str
    name: str
    allowed_origins: tuple[str, ...]
    """The sites that may show the chat within their own pages."""
    title: str
    greeting: str
    is_enabled: bool


class ChannelAccounts:
    """The accounts of one app."""

    def __init__(self, platform: Platform, app: str) -> None:
        self.scope = app
        self._database: Database = platform.database(app)
        self._clock: Clock = platform.clock
        self._ids: Ids = platform.ids

    @operation(READ)
    async def list_accounts(self, caller: Caller) -> list[ChannelAccount]:
        return [_account(row) for row in await self._database.read(lambda tx: tx.rows(_LIST))]

    @operation(ADMINISTER)
    async def change_account(
        self,
        caller: Caller,
        channel: str,
        *,
        allowed_origins: Sequence[str] | None = None,
        title: str | None = None,
        greeting: str | None = None,
        is_enabled: bool | None = None,
    ) -> ChannelAccount:
        """Change what is given of an account. Raises NotFound, Invalid for an origin that is none."""
        now, audit_id = self._clock.now(), self._ids.new()
        given: dict[str, Any] = {
            "allowed_origins": None if allowed_origins is None else _checked_origins(allowed_origins),
            "title": _short(title, "title", 60),
            "greeting": _short(greeting, "greeting", 500),
        }
        changes = {name: value for name, value in given.items() if value is not None}

        def turn(tx: Transaction) -> Row:
            row = _require(tx, channel, self.scope)
            disabled_at = row["disabled_at"]
            if is_enabled is not None:
                disabled_at = None if is_enabled else now
            settings = {**row["settings_json"], **changes}
            tx.run(_CHANGE, id=row["id"], settings=as_json(settings), disabled_at=disabled_at, now=now)
            audit.record(
                tx, caller, "change", "channel_account", row["id"], id=audit_id, at=now, details=changes
            )
            return _require(tx, channel, self.scope)

        return _account(await self._database.write(turn))

    async def find_webchat(self) -> ChannelAccount | None:
        """The account of the app's chat page, if it is open. Read for every visitor, whom nobody knows."""
        row = await self._database.read(lambda tx: tx.find(_FIND, channel=WEBCHAT, name=self.scope))
        return None if row is None or row["disabled_at"] is not None else _account(row)

    async def ensure_webchat(self, title: str, greeting: str) -> None:
        """Make the account of the app's chat page, unless there is one."""
        now = self._clock.now()
        settings = as_json({"allowed_origins": [], "title": title, "greeting": greeting})
        row = {
            "id": self._ids.new(),
            "channel": WEBCHAT,
            "name": self.scope,
            "settings": settings,
            "now": now,
        }
        await self._database.write(lambda tx: tx.run(_INSERT, **row))


def _require(tx: Transaction, channel: str, name: str) -> Row:
    row = tx.find(_FIND, channel=channel[:20], name=name)
    if row is None:
        raise NotFound(
            f"{name} has no account of the channel {channel[:20]!r}.",
            hint="Turn it on first: SWITCHBOARD_WEBCHAT_APPS names the apps that have a chat page.",
        )
    return row


def _account(row: Row) -> ChannelAccount:
    settings = row["settings_json"]
    return ChannelAccount(
        id=row["id"],
        channel=row["channel"],
        name=row["name"],
        allowed_origins=tuple(settings.get("allowed_origins", ())),
        title=settings.get("title") or "Chat",
        greeting=settings.get("greeting") or "",
        is_enabled=row["disabled_at"] is None,
    )


def _checked_origins(origins: Sequence[str]) -> list[str]:
    if len(origins) > _MOST_ORIGINS:
        raise Invalid(f"At most {_MOST_ORIGINS} sites may show one chat.", hint="Leave some out.")
    return list(dict.fromkeys(_checked_origin(each) for each in origins))


def _checked_origin(origin: str) -> str:
    """An origin as browsers write it. Nothing else may stand in the page's content policy."""
    try:
        parts = urlsplit(origin.strip().rstrip("/"))
        port = f":{parts.port}" if parts.port is not None else ""
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):
        parts, port, host = urlsplit(""), "", ""
    is_plain = host and all(letter.isalnum() or letter in ".-" for letter in host)
    if parts.scheme not in ("http", "https") or not is_plain or parts.path or parts.query or parts.username:
        raise Invalid(
            f"{origin[:80]!r} is no site that could show the chat.",
            hint="Write it as https://shop.example.org.",
        )
    return f"{parts.scheme}://{host}{port}"


def _short(text: str | None, name: str, longest: int) -> str | None:
    if text is None:
        return None
    if len(text) > longest or "\0" in text:
        raise Invalid(f"The {name} takes at most {longest} characters.", hint="Shorten it.")
    return text.strip()
