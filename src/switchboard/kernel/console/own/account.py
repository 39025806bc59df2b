"""One's own account: password, second factor, where one is signed in."""

from __future__ import annotations

import io
from dataclasses import replace

import segno
from markupsafe import Markup
from starlette.responses import Response

from switchboard.kernel.console.cookies import Cookies
from switchboard.kernel.console.page import Answer, Redirect, Shown, Visit
from switchboard.kernel.errors import Invalid

_HERE = "/account"


async def show(visit: Visit) -> Shown:
    return await _shown(visit)


async def change_password(visit: Visit) -> Answer:
    new = visit.field("password", longest=1_000)
    if new != visit.field("again", longest=1_000):
        raise Invalid("The two new passwords differ.", hint="Go back and type the same password twice.")
    signed_in = await visit.platform.accounts.change_password(
        visit.person, visit.field("old", longest=1_000), new
    )
    response = Response(status_code=303, headers={"Location": _HERE})
    cookies = Cookies(visit.platform.settings)
    cookies.keep_signed_in(response, signed_in.token, signed_in.device_token)
    cookies.say_next(response, "Your password is changed. You are signed out everywhere else.")
    return response


async def begin_second_factor(visit: Visit) -> Answer:
    password = visit.field("password", longest=1_000)
    secret, address = await visit.platform.accounts.begin_second_factor(visit.person, password)
    return await _shown(visit, secret=secret, picture=_picture(address))


async def confirm_second_factor(visit: Visit) -> Answer:
    """Turn it on; the recovery codes are shown in this answer and nowhere else."""
    accounts = visit.platform.accounts
    try:
        codes = await accounts.confirm_second_factor(visit.person, visit.field("code", longest=40))
    except Invalid as error:
        # The same picture again: the app has scanned it already.
        secret, address = await accounts.begun_second_factor(visit.person)
        shown = await _shown(visit, secret=secret, picture=_picture(address), refused=error)
        return replace(shown, status=error.status)
    return await _shown(visit, codes=codes)


async def remove_second_factor(visit: Visit) -> Redirect:
    await visit.platform.accounts.remove_second_factor(visit.person, visit.field("password", longest=1_000))
    return Redirect(_HERE, "The second step is off. Your password alone signs you in.")


async def renew_recovery_codes(visit: Visit) -> Answer:
    """New ones, shown in this answer and nowhere else."""
    password = visit.field("password", longest=1_000)
    return await _shown(
        visit, codes=await visit.platform.accounts.renew_recovery_codes(visit.person, password)
    )


async def end_session(visit: Visit) -> Redirect:
    await visit.platform.accounts.end_my_session(visit.person, visit.field("session_id", longest=64))
    return Redirect(_HERE, "That browser is signed out.")


async def end_others(visit: Visit) -> Redirect:
    await visit.platform.accounts.sign_out_everywhere(visit.person)
    return Redirect(_HERE, "You are signed out everywhere else.")


async def _shown(visit: Visit, **more: object) -> Shown:
    sessions = await visit.platform.accounts.my_sessions(visit.person)
    left = await visit.platform.accounts.count_recovery_codes(visit.person)
    context = {"sessions": sessions, "codes_left": left, "secret": None, "picture": None, "codes": None}
    return Shown("frame/account.html", context | more)


def _picture(address: str) -> Markup:
    """The address as a code to be scanned: paths and attributes only, so the page's policy lets it stand."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        scale=5,
        border=3,
        dark="#000",
        light="#fff",
        title="Scan me",
    )
    # Drawn by the library from an address of ours; nobody's text is in it but as dots.
    return Markup(drawn.getvalue().decode())  # noqa: S704
