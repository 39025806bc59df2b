"""People: how they are let in, stay in and leave; what an administrator does with them is `administration`.

Throttling, second factors, sessions and one-time tokens have modules of their own; here they are put in order.
No password, token or code goes into an error, a log line or the audit.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from switchboard.kernel.database.database import write_in_batches
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SwitchboardError, Unavailable
from switchboard.kernel.security import (
    account_rows,
    audit,
    one_time_tokens,
    passwords,
    refusals,
    second_factor,
    sessions,
    throttling,
)
from switchboard.kernel.security.account_rows import Deed, as_person
from switchboard.kernel.security.administration import Administration
from switchboard.kernel.security.caller import Caller, command_caller
from switchboard.kernel.security.people import Account, CodeNeeded, Person, SignedIn
from switchboard.kernel.security.permissions import EVERYWHERE, Role
from switchboard.kernel.security.sessions import NewSession, Origin, SessionRow

if TYPE_CHECKING:
    from switchboard.kernel.security.vault import Vault

__all__ = ["Account", "Accounts", "CodeNeeded", "Person", "SessionRow", "SignedIn"]

_USER_AGENT_LIMIT = 200
_VISITOR = "visitor:sign-in"

T = TypeVar("T")


class _Attempt(NamedTuple):
    """One attempt to sign in: what was found before the password is compared."""

    account_id: str | None
    password_hash: str | None
    device_id: str | None
    buckets: list[throttling.Bucket]
    origin: Origin


class Accounts(Administration):
    """The people of one installation."""

    # The first account

    def is_first_start(self) -> bool:
        """Whether no account exists."""
        return self._database.read_now(account_rows.is_first_start)

    def make_setup_token(self) -> str:
        """A token that makes the first administrator, once, within 24 hours; it voids the one before.

        Raises Conflict when there is an account.
        """
        now, audit_id = self._clock.now(), self._ids.new()
        new = one_time_tokens.draw(self._ids.new())

        def turn(tx: Transaction) -> None:
            _require_first_start(tx)
            one_time_tokens.issue(tx, "setup", new, now + one_time_tokens.SETUP_LIFETIME)
            audit.record(tx, command_caller(), "create", "setup_link", new.id, id=audit_id, at=now)

        self._database.write_now(turn)
        return new.token

    async def is_setup_token(self, token: str) -> bool:
        now = self._clock.now()
        return one_time_tokens.is_written_right(token) and await self._database.read(
            lambda tx: (
                account_rows.is_first_start(tx) and one_time_tokens.find(tx, "setup", token, now) is not None
            )
        )

    async def set_up(
        self, token: str, name: str, password: str, *, address: str | None, user_agent: str | None
    ) -> SignedIn:
        """Make the first administrator and sign them in. Raises NotFound for a link that is void, and Invalid."""
        if not await self.is_setup_token(token):
            raise refusals.void_link()
        row = self._new_row(name, {EVERYWHERE: "administrator"}, None)
        passwords.require_good(password, row["name"])
        row["password_hash"] = await self._keeper.hash(password)
        new, origin, now = self._draw_session(), _origin(address, user_agent), self._clock.now()

        def turn(tx: Transaction) -> SignedIn:
            _use_up(tx, "setup", token, now)
            _require_first_start(tx)
            account = account_rows.insert(tx, row, now)
            return self._let_in(tx, account, new, origin, None, now, "setup")

        return await self._database.write(turn)

    # Signing in

    async def sign_in(
        self,
        name: str,
        password: str,
        *,
        address: str | None,
        user_agent: str | None,
        device_token: str | None,
    ) -> SignedIn | CodeNeeded:
        """Let somebody in, or ask for a code.

        Raises Forbidden (401), with the same words and after the same work for an unknown name, a disabled
        account and a wrong password; and Unavailable (429) after too many failures, at no cost.
        """
        origin, counted_at = _origin(address, user_agent), self._clock.now()
        attempt = await self._database.read(_look_up, name, origin, device_token, counted_at)
        if attempt.device_id is None:
            self._keeper.require_room()
        await self._database.write(throttling.count_attempt, attempt.buckets, counted_at)
        verdict = await self._keeper.verify(password, attempt.password_hash)
        new, challenge = self._draw_session(), one_time_tokens.draw(self._ids.new())
        outcome = await self._database.write(
            self._finish_sign_in, attempt, verdict, counted_at, new, challenge, self._clock.now()
        )
        if isinstance(outcome, SwitchboardError):
            raise outcome
        return outcome

    def _finish_sign_in(
        self,
        tx: Transaction,
        attempt: _Attempt,
        verdict: passwords.Verdict,
        counted_at: datetime,
        new: NewSession,
        challenge: one_time_tokens.NewToken,
        now: datetime,
    ) -> SignedIn | CodeNeeded | SwitchboardError:
        account = None if attempt.account_id is None else account_rows.find_held(tx, attempt.account_id)
        # Disabled, or its password changed, while the password was being compared: as if it had been wrong.
        is_current = account is not None and account["password_hash"] == attempt.password_hash
        if account is None or not is_current or account["disabled_at"] is not None or not verdict.is_right:
            _record_failure(tx, account, attempt.origin, new.audit_id, now)
            return refusals.wrong_name_or_password()
        throttling.take_back(tx, attempt.buckets, counted_at, now)
        if verdict.better_hash is not None:
            account_rows.set_password(tx, account["id"], verdict.better_hash)
        if account["sealed_totp"] is None:
            return self._let_in(tx, account, new, attempt.origin, attempt.device_id, now, "sign_in")
        one_time_tokens.issue(
            tx,
            "challenge",
            challenge,
            now + one_time_tokens.CHALLENGE_LIFETIME,
            account_id=account["id"],
            device_id=attempt.device_id,
            bound_to=attempt.origin.browser,
        )
        return CodeNeeded(challenge.token)

    async def answer_challenge(
        self, challenge: str, code: str, *, address: str | None, user_agent: str | None
    ) -> SignedIn:
        """Let in who gave the right password before and a code now: of the app, or a recovery code.

        Raises Forbidden (401) for a wrong code and for a challenge that is over, was made for another
        browser or bore five wrong codes; Unavailable (429) after too many wrong codes.
        """
        if not one_time_tokens.is_written_right(challenge):
            raise refusals.challenge_over()
        new, origin, now = self._draw_session(), _origin(address, user_agent), self._clock.now()
        vault = self._vault()

        def turn(tx: Transaction) -> SignedIn | SwitchboardError:
            token = one_time_tokens.hold(tx, "challenge", challenge, now)
            if token is None or token["bound_to"] != origin.browser:
                return refusals.challenge_over()
            account = account_rows.find_held(tx, token["account_id"])
            if account is None or account["sealed_totp"] is None or account["disabled_at"] is not None:
                return refusals.challenge_over()
            used = _use_code(tx, account, code, token["device_id"], vault, now)
            if used is None:
                one_time_tokens.count_wrong_answer(tx, token["id"])
                if token["wrong_answers"] + 1 >= second_factor.WRONG_CODES_LIMIT:
                    one_time_tokens.remove(tx, token["id"])
                _record_failure(tx, account, origin, new.audit_id, now)
                return refusals.wrong_code()
            one_time_tokens.remove(tx, token["id"])
            details = {"second_factor": used}
            return self._let_in(tx, account, new, origin, token["device_id"], now, "sign_in", details)

        return _or_raise(await self._database.write(turn))

    # Being signed in

    async def find_person(self, token: str) -> Person | None:
        """Who has the session of this token, with the roles of this moment; None when it is over."""
        if not one_time_tokens.is_written_right(token):
            return None
        now = self._clock.now()
        row = await self._database.read(sessions.find_person, token, self._lifetime, now)
        if row is None:
            return None
        if now - row["last_seen_at"] >= sessions.SEEN_EVERY:
            await self._mark_seen(row["session_id"], now)
        return as_person(row, row["session_id"], token, row["signed_in_at"])

    async def _mark_seen(self, session_id: str, now: datetime) -> None:
        try:
            await self._database.write(sessions.mark_seen, session_id, now)
        except Unavailable:
            # A full disk must not sign out the person who came to look what is wrong.
            return

    async def are_live(self, session_ids: Sequence[str]) -> dict[str, Mapping[str, Role]]:
        """Those of the sessions that are still valid, with the roles of this moment."""
        rows = await self._database.read(sessions.find_live, session_ids, self._lifetime, self._clock.now())
        return {row["session_id"]: row["roles_json"] for row in rows}

    async def sign_out(self, person: Person) -> None:
        def turn(tx: Transaction, deed: Deed) -> None:
            if sessions.end(tx, person.account_id, person.session_id):
                deed.record(tx, "sign_out", person.account_id)

        await self._do(turn, person.caller)

    async def sign_out_everywhere(self, person: Person) -> None:
        """End all other sessions of the person."""

        def turn(tx: Transaction, deed: Deed) -> None:
            ended = sessions.end_all(tx, person.account_id, but_id=person.session_id)
            deed.record(tx, "sign_out_everywhere", person.account_id, {"sessions": ended})

        await self._do(turn, person.caller)

    async def my_sessions(self, person: Person) -> list[SessionRow]:
        return await self._database.read(
            sessions.list_of_account,
            person.account_id,
            self._lifetime,
            self._clock.now(),
            current_id=person.session_id,
        )

    async def end_my_session(self, person: Person, session_id: str) -> None:
        """End one of the person's own sessions. Raises NotFound."""

        def turn(tx: Transaction, deed: Deed) -> None:
            if not sessions.end(tx, person.account_id, session_id):
                raise NotFound("There is no such session of yours.", hint="It may have ended already.")
            deed.record(tx, "end_session", person.account_id)

        await self._do(turn, person.caller)

    async def change_password(self, person: Person, old: str, new: str) -> SignedIn:
        """Set a new password: this session goes on under a new token, all others end.

        Raises Forbidden (403) for a wrong old password, Invalid for a new one that breaks a rule.
        """
        passwords.require_good(new, person.name)
        confirmed = await self._confirm_password(person, old)
        new_hash = await self._keeper.hash(new)
        new_session, now = self._draw_session(), self._clock.now()

        def turn(tx: Transaction) -> SignedIn:
            account = confirmed.take_back(tx, now)
            current = [
                row
                for row in sessions.list_of_account(tx, person.account_id, self._lifetime, now)
                if row.id == person.session_id
            ]
            if not current:
                raise refusals.signed_out()
            account_rows.set_password(tx, account["id"], new_hash)
            sessions.end_all(tx, account["id"])
            one_time_tokens.void_all(tx, account["id"])
            origin = _origin(current[0].address, current[0].user_agent)
            return self._let_in(tx, account, new_session, origin, None, now, "change_password")

        return await self._database.write(turn)

    async def begin_second_factor(self, person: Person, password: str) -> tuple[str, str]:
        """A new secret and its otpauth address; it counts once `confirm_second_factor` saw a code of it.

        The password is asked for, or whoever finds a browser open could lock its owner out. Raises Forbidden (403)
        for a wrong one, Conflict when a second factor is on.
        """
        confirmed, now = await self._confirm_password(person, password), self._clock.now()
        secret, vault = second_factor.new_secret(), self._vault()
        sealed = vault.seal(secret, second_factor.context(person.account_id))

        def turn(tx: Transaction) -> None:
            confirmed.take_back(tx, now)
            _require_no_second_factor(account_rows.hold(tx, person.account_id))
            second_factor.begin(tx, person.account_id, sealed)

        await self._database.write(turn)
        return secret, second_factor.uri(secret, name=person.name, issuer=self._issuer)

    async def begun_second_factor(self, person: Person) -> tuple[str, str]:
        """The secret that was begun and waits for its first code, with its otpauth address. Raises Conflict."""
        account = await self._database.read(account_rows.get, person.account_id)
        if account["sealed_new_totp"] is None:
            raise _not_begun()
        context = second_factor.context(person.account_id)
        secret = self._vault().open_text(account["sealed_new_totp"], context)
        return secret, second_factor.uri(secret, name=person.name, issuer=self._issuer)

    async def confirm_second_factor(self, person: Person, code: str) -> list[str]:
        """Turn the begun second factor on; ten recovery codes, shown once.

        Raises Invalid for a wrong code, Conflict when none was begun, Unavailable (429) after too many.
        """
        vault, codes, now = self._vault(), second_factor.new_recovery_codes(), self._clock.now()

        def turn(tx: Transaction, deed: Deed) -> SwitchboardError | None:
            account = account_rows.hold(tx, person.account_id)
            _require_no_second_factor(account)
            if account["sealed_new_totp"] is None:
                return _not_begun()
            buckets = throttling.buckets_of_code(person.account_id, None)
            throttling.count_attempt(tx, buckets, now)
            secret = vault.open_text(account["sealed_new_totp"], second_factor.context(person.account_id))
            step = second_factor.matching_step(secret, code, now, None)
            if step is None:
                return Invalid("The code is wrong.", hint="Type the six digits that the app shows now.")
            throttling.take_back(tx, buckets, now, now)
            second_factor.confirm(tx, person.account_id, step, codes)
            deed.record(tx, "second_factor_on", person.account_id)
            return None

        _or_raise(await self._do(turn, person.caller))
        return codes

    async def remove_second_factor(self, person: Person, password: str) -> None:
        """Turn the second factor off. Raises Forbidden (403) for a wrong password."""
        confirmed = await self._confirm_password(person, password)
        now = self._clock.now()

        def turn(tx: Transaction, deed: Deed) -> None:
            confirmed.take_back(tx, now)
            second_factor.remove(tx, person.account_id)
            deed.record(tx, "second_factor_off", person.account_id)

        await self._do(turn, person.caller)

    async def renew_recovery_codes(self, person: Person, password: str) -> list[str]:
        """Ten new recovery codes, shown once; the older ones count no more.

        Raises Forbidden (403) for a wrong password, Conflict while no second factor is on.
        """
        confirmed = await self._confirm_password(person, password)
        codes, now = second_factor.new_recovery_codes(), self._clock.now()

        def turn(tx: Transaction, deed: Deed) -> None:
            account = confirmed.take_back(tx, now)
            if account["sealed_totp"] is None:
                raise Conflict("No second factor is on.", hint="Set it up; the codes come with it.")
            second_factor.keep_recovery_codes(tx, person.account_id, codes)
            deed.record(tx, "recovery_codes_renewed", person.account_id)

        await self._do(turn, person.caller)
        return codes

    async def count_recovery_codes(self, person: Person) -> int:
        """Recovery codes that are not used yet."""
        return await self._database.read(second_factor.count_recovery_codes, person.account_id)

    async def _confirm_password(self, person: Person, password: str) -> _Confirmed:
        """Compare the password of somebody signed in. Raises Forbidden (403) and Unavailable (429)."""
        now = self._clock.now()
        buckets = throttling.buckets_of_confirmation(person.account_id)

        def turn(tx: Transaction) -> Row:
            throttling.count_attempt(tx, buckets, now)
            return account_rows.hold(tx, person.account_id)

        account = await self._database.write(turn)
        verdict = await self._keeper.verify(password, account["password_hash"])
        if not verdict.is_right:
            raise Forbidden("The password is wrong.", hint="Type the password that you signed in with.")
        return _Confirmed(account["id"], account["password_hash"], buckets, now)

    # One-time links

    async def is_password_token(self, token: str) -> bool:
        return await self._find_link(token) is not None

    async def needs_code(self, token: str) -> bool:
        """Whether `set_password_by_token` wants a code of the second factor with this token."""
        account = await self._find_link(token)
        return account is not None and account["sealed_totp"] is not None

    async def set_password_by_token(
        self,
        token: str,
        password: str,
        *,
        address: str | None,
        user_agent: str | None,
        code: str | None = None,
    ) -> SignedIn:
        """Set a password by a one-time link and sign in; older sessions end.

        An account with a second factor keeps it: `code` is one of its codes. Raises NotFound for a link that
        is void, Invalid for a password that breaks a rule, Forbidden (403) for a missing or wrong code.
        """
        found = await self._find_link(token)
        if found is None:
            raise refusals.void_link()
        passwords.require_good(password, found["name"])
        if found["sealed_totp"] is not None and not code:
            raise refusals.code_wanted()
        password_hash = await self._keeper.hash(password)
        vault = self._vault() if found["sealed_totp"] is not None else None
        new, origin, now = self._draw_session(), _origin(address, user_agent), self._clock.now()

        def turn(tx: Transaction) -> SignedIn | SwitchboardError:
            link = one_time_tokens.hold(tx, "password", token, now)
            account = None if link is None else account_rows.find_held(tx, link["account_id"])
            if link is None or account is None or account["disabled_at"] is not None:
                return refusals.void_link()
            if account["sealed_totp"] is not None:
                if vault is None:
                    return refusals.code_wanted()
                if _use_code(tx, account, code or "", None, vault, now) is None:
                    return refusals.wrong_code(403)
            account_rows.set_password(tx, account["id"], password_hash)
            one_time_tokens.void_all(tx, account["id"])
            sessions.end_all(tx, account["id"])
            return self._let_in(tx, account, new, origin, None, now, "set_password")

        return _or_raise(await self._database.write(turn))

    async def _find_link(self, token: str) -> Row | None:
        """The account whose password the link sets."""
        if not one_time_tokens.is_written_right(token):
            return None
        now = self._clock.now()

        def query(tx: Transaction) -> Row | None:
            link = one_time_tokens.find(tx, "password", token, now)
            account = None if link is None else account_rows.find(tx, link["account_id"])
            return None if account is None or account["disabled_at"] is not None else account

        return await self._database.read(query)

    def upkeep(self, now: datetime) -> int:
        """Remove what has expired: sessions, links, devices, networks, counted failures; how many rows."""
        steps: list[Callable[[Transaction], int]] = [
            partial(sessions.forget_old_sessions, lifetime=self._lifetime, now=now),
            partial(sessions.forget_old_devices_and_networks, now=now),
            partial(one_time_tokens.forget_old, now=now),
            partial(throttling.forget_old, now=now),
        ]
        return sum(write_in_batches(self._database, step) for step in steps)

    # What the use cases share

    def _let_in(
        self,
        tx: Transaction,
        account: Row,
        new: NewSession,
        origin: Origin,
        device_id: str | None,
        now: datetime,
        action: str,
        details: dict[str, Any] | None = None,
    ) -> SignedIn:
        """Begin a session under tokens that nobody has seen before, and record by which deed."""
        sessions.open_session(
            tx, account["id"], new, origin, self._lifetime, known_device_id=device_id, now=now
        )
        person = as_person(account, new.id, new.token, now)
        caller = person.asking(origin.address, None).caller
        audit.record(tx, caller, action, "account", account["id"], id=new.audit_id, at=now, details=details)
        return SignedIn(person, new.token, new.device_token)

    def _draw_session(self) -> NewSession:
        return NewSession.draw(self._ids.new(), self._ids.new(), self._ids.new())


class _Confirmed(NamedTuple):
    """A password that was right a moment ago."""

    account_id: str
    password_hash: str
    buckets: list[throttling.Bucket]
    counted_at: datetime

    def take_back(self, tx: Transaction, now: datetime) -> Row:
        """The account, held. Raises Forbidden (401) when the password was changed or reset meanwhile."""
        account = account_rows.hold(tx, self.account_id)
        if account["password_hash"] != self.password_hash:
            raise refusals.signed_out()
        throttling.take_back(tx, self.buckets, self.counted_at, now)
        return account


def _look_up(tx: Transaction, name: str, origin: Origin, device_token: str | None, now: datetime) -> _Attempt:
    """What an attempt to sign in is about. Raises Unavailable (429) when it is one too many."""
    account = account_rows.find_by_name(tx, name)
    id = None if account is None else account["id"]
    device_id = None if id is None else sessions.find_device(tx, id, device_token, now)
    is_known_network = id is not None and sessions.is_known_network(tx, id, origin.network, now)
    buckets = throttling.buckets_of_sign_in(
        account_rows.fold_typed(name),
        origin.network,
        account_id=id,
        device_id=device_id,
        is_known_network=is_known_network,
    )
    throttling.require_room(tx, buckets, now)
    may_sign_in = account is not None and account["disabled_at"] is None
    return _Attempt(
        account_id=id,
        password_hash=account["password_hash"] if account is not None and may_sign_in else None,
        device_id=device_id,
        buckets=buckets,
        origin=origin,
    )


def _use_code(
    tx: Transaction, account: Row, code: str, device_id: str | None, vault: Vault, now: datetime
) -> str | None:
    """Use a code up, within the limit of wrong ones; which kind it was, None for a wrong one."""
    buckets = throttling.buckets_of_code(account["id"], device_id)
    throttling.count_attempt(tx, buckets, now)
    used = second_factor.use(tx, account, code, vault, now)
    if used is not None:
        throttling.take_back(tx, buckets, now, now)
    return used


def _record_failure(
    tx: Transaction, account: Row | None, origin: Origin, audit_id: str, now: datetime
) -> None:
    # What was typed is named only where it is an account's name: else it may be a password.
    details = None if account is None else {"name": account["name"]}
    id = None if account is None else account["id"]
    caller = Caller(actor=_VISITOR, scope=_VISITOR, address=origin.address)
    audit.record(tx, caller, "sign_in_failed", "account", id, id=audit_id, at=now, details=details)


def _use_up(tx: Transaction, kind: one_time_tokens.Kind, token: str, now: datetime) -> None:
    """Raises NotFound when it is void, or somebody else just used it."""
    held = one_time_tokens.hold(tx, kind, token, now)
    if held is None or not one_time_tokens.remove(tx, held["id"]):
        raise refusals.void_link()


def _require_first_start(tx: Transaction) -> None:
    if not account_rows.is_first_start(tx):
        raise Conflict(
            "There is an account already, so nothing is to be set up.",
            hint="Sign in, or make another account with `switchboard accounts create`.",
        )


def _require_no_second_factor(account: Row) -> None:
    if account["sealed_totp"] is not None:
        raise Conflict("A second factor is on already.", hint="Turn it off first to set up another.")


def _origin(address: str | None, user_agent: str | None) -> Origin:
    """What a request says about itself, cut to what is stored; an address that is none is left out."""
    printable = "".join(character for character in (user_agent or "") if character.isprintable())
    try:
        text = None if address is None else str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        text = None
    network = throttling.network_key(throttling.network_of(text))
    return Origin(text, printable[:_USER_AGENT_LIMIT] or None, network)


def _not_begun() -> Conflict:
    return Conflict("No second factor was begun.", hint="Begin anew and scan the code again.")


def _or_raise(outcome: T | SwitchboardError) -> T:
    """A turn that has to keep what it counted returns its error instead of raising it."""
    if isinstance(outcome, SwitchboardError):
        raise outcome
    return outcome
