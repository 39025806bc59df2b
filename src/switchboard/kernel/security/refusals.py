"""What people are told who are not let in or name what is not there. Words only; when, is decided elsewhere."""

from __future__ import annotations

from switchboard.kernel.errors import Forbidden, NotFound


def wrong_name_or_password() -> Forbidden:
    return Forbidden(
        "The name or the password is wrong.",
        hint="Try again. An administrator can send you a link that sets a new password.",
        status=401,
    )


def wrong_code(status: int = 401) -> Forbidden:
    return Forbidden(
        "The code is wrong or was used before.",
        hint="Type the six digits that the app shows now, or a recovery code that you have not used.",
        status=status,
    )


def code_wanted() -> Forbidden:
    return Forbidden(
        "This account has a second factor, so a code of it is needed as well.",
        hint="Give a code of the app or a recovery code. If both are lost, an administrator resets them.",
    )


def challenge_over() -> Forbidden:
    return Forbidden("The sign-in took too long or was wrong too often.", hint="Sign in again.", status=401)


def signed_out() -> Forbidden:
    return Forbidden("You are not signed in any more.", hint="Sign in again.", status=401)


def void_link() -> NotFound:
    return NotFound(
        "This link is not valid: it was used, has expired or was replaced.",
        hint="Ask for a new one: `switchboard accounts setup-link` or `switchboard accounts reset-password`.",
    )


def no_such_account() -> NotFound:
    return NotFound("There is no such account.", hint="`switchboard accounts list` shows all.")
