"""Whether a change was asked for by a page of ours: another site's page can make a browser send a form, too."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from switchboard.kernel.errors import Forbidden
from switchboard.kernel.settings import Settings

_OURS = ("same-origin", "none")


def require_our_page(request: Request, settings: Settings) -> None:
    """Raise Forbidden unless the browser says that a page of this server sends the request.

    Browsers name the sending page's origin with every POST. A request without one comes from no browser of the
    last years, so it is refused rather than believed.
    """
    fetched = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    wanted = {request.headers.get("host", ""), urlsplit(settings.public_url or "").netloc} - {""}
    if fetched in _OURS and _host_of(origin) in wanted:
        return
    raise Forbidden(
        "This was not sent by a page of the console.",
        hint="Open the console and do it there. Behind a proxy, set SWITCHBOARD_PUBLIC_URL to the address people use.",
    )


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def require_token(given: str, expected: str) -> None:
    """Raise Forbidden unless the form carries its session's token."""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden(
            "This form is too old, or was not made for you.",
            hint="Load the page again, then do it once more.",
        )
