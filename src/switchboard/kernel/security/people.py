"""Who may sign in and who has: the values that `accounts` hands out, and the rules about names and roles.

Pure: nothing here asks a database or a clock.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from switchboard.kernel.errors import Conflict, Invalid
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import EVERYWHERE, ROLES, Role

NAME_LIMIT = 64
DISPLAY_NAME_LIMIT = 100
_SIGNS = frozenset("._-@")


class Person(NamedTuple):
    """Somebody signed in, as of now."""

    account_id: str
    name: str
    roles: Mapping[str, Role]
    session_id: str
    csrf_token: str
    """Goes into forms; it follows from the session's token and ends with it."""
    signed_in_at: datetime
    has_second_factor: bool
    display_name: str | None
    address: str | None = None
    correlation_id: str | None = None

    def asking(self, address: str | None, correlation_id: str | None) -> Person:
        """The same person, for the length of one request: what they do is recorded with both."""
        return self._replace(address=address, correlation_id=correlation_id)

    @property
    def caller(self) -> Caller:
        return Caller(
            actor=f"person:{self.name}",
            scope=f"account:{self.account_id}",
            correlation_id=self.correlation_id,
            address=self.address,
            roles=self.roles,
        )


class SignedIn(NamedTuple):
    """A session that has just begun. Both tokens go into cookies and nowhere else."""

    person: Person
    token: str
    device_token: str

    def __repr__(self) -> str:
        return f"<SignedIn {self.person.name}>"


class CodeNeeded(NamedTuple):
    """The password was right; the challenge is answered with a code of the second factor."""

    challenge: str

    def __repr__(self) -> str:
        return "<CodeNeeded>"


class Account(NamedTuple):
    """Somebody who may sign in, as an administrator sees it."""

    id: str
    name: str
    display_name: str | None
    roles: Mapping[str, Role]
    has_password: bool
    has_second_factor: bool
    created_at: datetime
    last_signed_in_at: datetime | None
    disabled_at: datetime | None

    @property
    def is_administrator(self) -> bool:
        """Whether it may administer everything, now."""
        return self.disabled_at is None and self.roles.get(EVERYWHERE) == "administrator"


def is_name(name: str) -> bool:
    """Whether an account can have this name, once normalised."""
    text = unicodedata.normalize("NFKC", name)
    return 1 <= len(text) <= NAME_LIMIT and all(_belongs_in_a_name(character) for character in text)


def checked_name(name: str) -> str:
    """The name as it is kept. Raises Invalid."""
    if not is_name(name):
        raise Invalid(
            f"An account's name has 1 to {NAME_LIMIT} characters: letters, digits and any of these: . _ - @ .",
            hint="Take a short name or an e-mail address.",
        )
    return unicodedata.normalize("NFKC", name)


def checked_display_name(name: str | None) -> str | None:
    """The name that is shown, on one line; None for an empty one. Raises Invalid."""
    text = " ".join((name or "").split())
    if len(text) > DISPLAY_NAME_LIMIT or not text.isprintable():
        raise Invalid(
            f"A display name has up to {DISPLAY_NAME_LIMIT} characters that can be printed.",
            hint="Shorten it.",
        )
    return text or None


def checked_roles(roles: Mapping[str, Role], apps: Collection[str]) -> dict[str, Role]:
    """Roles by app or '*', as they are kept. Raises Invalid for none, an unknown app or an unknown role."""
    if not roles:
        raise Invalid(
            "An account needs at least one role.", hint="To keep somebody out, disable the account."
        )
    for scope, role in roles.items():
        if scope != EVERYWHERE and scope not in apps:
            raise Invalid(
                f"There is no app called {scope!r}.",
                hint=f"Roles are held in one of: {', '.join((EVERYWHERE, *apps))}.",
            )
        if role not in ROLES:
            raise Invalid(f"There is no role called {role!r}.", hint=f"The roles are: {', '.join(ROLES)}.")
    return dict(sorted(roles.items()))


def require_other_administrator(accounts: Iterable[Account], account_id: str) -> None:
    """Raise Conflict when this account is the last administrator of everything who can sign in."""
    administrators = {account.id: account for account in accounts if account.is_administrator}
    leaving = administrators.pop(account_id, None)
    # Somebody invited who never came does not stand in for one who can sign in.
    if leaving is None or any(
        other.has_password or not leaving.has_password for other in administrators.values()
    ):
        return
    raise Conflict(
        f"{leaving.name} is the last administrator who can sign in.",
        hint="Make somebody else administrator of everything first, and have them sign in.",
    )


def _belongs_in_a_name(character: str) -> bool:
    # Marks too: in Indian scripts they are the vowels.
    return character in _SIGNS or unicodedata.category(character)[0] in "LM" or character.isdecimal()
