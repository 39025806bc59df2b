"""The cookies of the console: who is signed in, which browser is known, what to say next, light or dark.

Behind TLS (`public_url` begins with https) they are Secure and bound to the host by their names.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from starlette.responses import Response

from switchboard.kernel.settings import Settings

_DEVICE_SECONDS = 180 * 86_400
_NOTICE_SECONDS = 60
_LONGEST_NOTICE = 500


class Cookies:
    """Reads and writes them, as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._is_secure = settings.is_behind_tls
        self._prefix = "__Host-" if self._is_secure else ""
        self._session_seconds = settings.session_days * 86_400

    def session_token(self, cookies: Mapping[str, str]) -> str | None:
        return cookies.get(f"{self._prefix}sb_session")

    def device_token(self, cookies: Mapping[str, str]) -> str | None:
        return cookies.get(f"{self._prefix}sb_device")

    def challenge(self, cookies: Mapping[str, str]) -> str | None:
        return cookies.get(f"{self._prefix}sb_challenge")

    def notice(self, cookies: Mapping[str, str]) -> str | None:
        """What the page before wanted said; it is text, and shown as text."""
        held = cookies.get(f"{self._prefix}sb_notice")
        if held is None:
            return None
        try:
            return base64.urlsafe_b64decode(held).decode()[:_LONGEST_NOTICE]
        except (binascii.Error, ValueError):
            return None

    def keep_signed_in(self, response: Response, token: str, device_token: str) -> None:
        self._set(response, "sb_session", token, self._session_seconds)
        self._set(response, "sb_device", device_token, _DEVICE_SECONDS)
        self.forget_challenge(response)

    def forget_session(self, response: Response) -> None:
        self._remove(response, "sb_session")

    def keep_challenge(self, response: Response, challenge: str) -> None:
        self._set(response, "sb_challenge", challenge, 600)

    def forget_challenge(self, response: Response) -> None:
        self._remove(response, "sb_challenge")

    def say_next(self, response: Response, notice: str) -> None:
        held = base64.urlsafe_b64encode(notice[:_LONGEST_NOTICE].encode()).decode("ascii")
        self._set(response, "sb_notice", held, _NOTICE_SECONDS)

    def forget_notice(self, response: Response) -> None:
        self._remove(response, "sb_notice")

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def _remove(self, response: Response, name: str) -> None:
        response.delete_cookie(
            self._prefix + name, path="/", secure=self._is_secure, httponly=True, samesite="lax"
        )
