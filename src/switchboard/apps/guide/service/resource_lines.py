"""Lines as people change them: every change is a version that can be read and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from switchboard.apps.guide import repository, statements
from switchboard.apps.guide.rules.response.resources import EMERGENCY, LINE
from switchboard.apps.guide.rules.risk import CATEGORIES
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Invalid, NotFound

RESOURCE = "resource"
_TEXTS = (
    "name",
    "number",
    "dial",
    "text_number",
    "text_keyword",
    "url",
    "hours",
    "audience",
    "note",
    "source",
)
_LONGEST = 300
_DIALLED = frozenset("0123456789+*#")


def change_resource(
    tx: Transaction, id: str, changes: Mapping[str, Any], by: str, note: str, now: datetime
) -> Row:
    """Change what is given of a line. A changed number is no longer a verified one. Raises NotFound, Invalid."""
    row = require_resource(tx, id, lock=True)
    after = {**row, **_checked(changes)}
    if any(after[name] != row[name] for name in ("number", "dial", "text_number", "text_keyword", "url")):
        after["verified_at"], after["verified_by"] = None, None
    _require_reachable(after)
    return _put(tx, after, by, note, now)


def verify_resource(tx: Transaction, id: str, by: str, now: datetime) -> Row:
    """Put down that somebody made sure of a line now. Raises NotFound."""
    row = require_resource(tx, id, lock=True)
    return _put(tx, {**row, "verified_at": now, "verified_by": by}, by, "verified", now)


def require_resource(tx: Transaction, id: str, *, lock: bool = False) -> Row:
    """A line; `lock` keeps it for this turn. Raises NotFound."""
    row = tx.find(statements.LOCK_RESOURCE if lock else statements.FIND_RESOURCE, id=id)
    if row is None:
        raise NotFound(f"There is no line {id[:60]!r}.", hint="`switchboard guide resources list` shows all.")
    return row


def _put(tx: Transaction, row: Row, by: str, note: str, now: datetime) -> Row:
    after = {**row, "version": row["version"] + 1, "updated_at": now}
    repository.save_resource(tx, after)
    body = {
        name: value
        for name, value in after.items()
        if name not in ("verified_at", "updated_at") and value is not None
    }
    repository.save_content_version(
        tx,
        RESOURCE,
        row["id"],
        after["version"],
        body,
        note,
        by,
        now,
        reviewed_by=after["verified_by"],
        reviewed_at=after["verified_at"],
    )
    return after


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in changes.items():
        if name in _TEXTS:
            if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
                raise Invalid(f"{name} is one line of at most {_LONGEST} characters.", hint="Shorten it.")
            given[name] = value.strip()
        elif name == "is_shown":
            given[name] = bool(value)
        elif name == "kind" and value in (EMERGENCY, LINE):
            given[name] = value
        elif name == "categories" and value and set(value) <= set(CATEGORIES):
            given["categories_json"] = list(value)
        elif name == "languages":
            given["languages_json"] = [str(each)[:2] for each in value]
        else:
            raise Invalid(f"{name[:40]!r} cannot be changed to that.", hint="See docs/use/guide.md.")
    return given


def _require_reachable(row: Mapping[str, Any]) -> None:
    if not row["name"]:
        raise Invalid("A line has a name.", hint="Write what the line is called.")
    if not (row["dial"] or row["text_number"] or row["url"]):
        raise Invalid("Nobody could reach this line.", hint="Give a number to call or text, or a page.")
    if set(row["dial"]) - _DIALLED or set(row["text_number"].replace(" ", "")) - _DIALLED:
        raise Invalid(
            "A number to dial has digits only.",
            hint="Write it as a telephone takes it, without country code.",
        )
    if row["url"] and not row["url"].startswith("https://"):
        raise Invalid("A page begins with https://.", hint="Copy its whole address.")
