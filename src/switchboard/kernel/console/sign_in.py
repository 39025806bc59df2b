"""The pages that nobody has to be signed in for: the first set-up, signing in, a new password by a link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from switchboard.kernel.console.cookies import Cookies
from switchboard.kernel.console.forgery import require_our_page
from switchboard.kernel.errors import Invalid, NotFound, SwitchboardError
from switchboard.kernel.http.errors import retry_after
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import CodeNeeded, SignedIn

_LONGEST = 1_000

Plain = Callable[[Callable[[Request], Awaitable[Response]]], Any]


class SignInPages:
    """Forms that make a session. Each is believed only from a page of this server."""

    def __init__(self, platform: Platform, cookies: Cookies, environment: Environment) -> None:
        self._platform = platform
        self._accounts = platform.accounts
        self._cookies = cookies
        self._environment = environment

    def routes(self, plain: Plain) -> list[Route]:
        return [
            Route("/sign-in", plain(self.show)),
            Route("/sign-in", plain(self.sign_in), methods=["POST"]),
            Route("/sign-in/code", plain(self.show_code)),
            Route("/sign-in/code", plain(self.give_code), methods=["POST"]),
            Route("/setup/{token}", plain(self.show_setup)),
            Route("/setup/{token}", plain(self.set_up), methods=["POST"]),
            Route("/password/{token}", plain(self.show_password)),
            Route("/password/{token}", plain(self.set_password), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        is_first = await self._is_first_start()
        return self._page(request, "frame/sign_in.html", is_first_start=is_first, error=None, name="")

    async def sign_in(self, request: Request) -> Response:
        form = await self._form(request)
        # A phone's keyboard puts a space behind a name.
        name, password = form["name"].strip(), form["password"]
        try:
            answer = await self._accounts.sign_in(
                name,
                password,
                address=_address(request),
                user_agent=_user_agent(request),
                device_token=self._cookies.device_token(request.cookies),
            )
        except SwitchboardError as error:
            return self._page(
                request, "frame/sign_in.html", error=error, name=name, is_first_start=False, failed=error
            )
        if isinstance(answer, CodeNeeded):
            onward = RedirectResponse(f"/sign-in/code?next={_quoted(request)}", 303)
            self._cookies.keep_challenge(onward, answer.challenge)
            return onward
        return self._welcome(request, answer)

    async def show_code(self, request: Request) -> Response:
        if self._cookies.challenge(request.cookies) is None:
            return RedirectResponse("/sign-in", 303)
        return self._page(request, "frame/code.html", error=None)

    async def give_code(self, request: Request) -> Response:
        form = await self._form(request)
        challenge = self._cookies.challenge(request.cookies)
        if challenge is None:
            return RedirectResponse("/sign-in", 303)
        try:
            signed_in = await self._accounts.answer_challenge(
                challenge, form["code"], address=_address(request), user_agent=_user_agent(request)
            )
        except SwitchboardError as error:
            return self._page(request, "frame/code.html", error=error, failed=error)
        return self._welcome(request, signed_in)

    async def show_setup(self, request: Request) -> Response:
        if not await self._accounts.is_setup_token(request.path_params["token"]):
            raise _used_up("set-up", "switchboard accounts setup-link")
        return self._page(request, "frame/setup.html", error=None, name="")

    async def set_up(self, request: Request) -> Response:
        form = await self._form(request)
        try:
            _require_same(form)
            signed_in = await self._accounts.set_up(
                request.path_params["token"],
                form["name"],
                form["password"],
                address=_address(request),
                user_agent=_user_agent(request),
            )
        except NotFound:
            raise
        except SwitchboardError as error:
            return self._page(request, "frame/setup.html", error=error, name=form["name"], failed=error)
        return self._welcome(request, signed_in)

    async def show_password(self, request: Request) -> Response:
        if not await self._accounts.is_password_token(request.path_params["token"]):
            raise _used_up("password", "switchboard accounts reset-password NAME")
        needs_code = await self._accounts.needs_code(request.path_params["token"])
        return self._page(request, "frame/password.html", error=None, needs_code=needs_code)

    async def set_password(self, request: Request) -> Response:
        form = await self._form(request)
        try:
            _require_same(form)
            signed_in = await self._accounts.set_password_by_token(
                request.path_params["token"],
                form["password"],
                address=_address(request),
                user_agent=_user_agent(request),
                code=form["code"] or None,
            )
        except NotFound:
            raise
        except SwitchboardError as error:
            needs_code = await self._accounts.needs_code(request.path_params["token"])
            return self._page(
                request, "frame/password.html", error=error, failed=error, needs_code=needs_code
            )
        return self._welcome(request, signed_in)

    async def _form(self, request: Request) -> _Fields:
        require_our_page(request, self._platform.settings)
        form = await request.form(max_files=0, max_fields=20)
        return _Fields({name: value for name, value in form.items() if isinstance(value, str)})

    async def _is_first_start(self) -> bool:
        return await asyncio.to_thread(self._accounts.is_first_start)

    def _welcome(self, request: Request, signed_in: SignedIn) -> Response:
        response = RedirectResponse(_next(request), 303)
        self._cookies.keep_signed_in(response, signed_in.token, signed_in.device_token)
        return response

    def _page(
        self, request: Request, template: str, *, failed: SwitchboardError | None = None, **context: Any
    ) -> Response:
        theme = request.cookies.get("sb_theme", "")
        notice = self._cookies.notice(request.cookies)
        text = self._environment.get_template(template).render(
            {
                "request": request,
                "theme": theme if theme in ("light", "dark") else "",
                "notice": notice,
                "next": request.query_params.get("next", ""),
                "live": None,
                "person": None,
                "here": "",
                **context,
            }
        )
        status = 200 if failed is None else failed.status
        response = HTMLResponse(text, status, headers={} if failed is None else retry_after(failed))
        if notice is not None:
            self._cookies.forget_notice(response)
        return response


class _Fields(dict[str, str]):
    """What was typed; a field that is not there is empty, one that is too long is cut."""

    def __missing__(self, name: str) -> str:
        return ""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name)[:_LONGEST] if name in self else ""


def _require_same(form: _Fields) -> None:
    if form["password"] != form["again"]:
        raise Invalid("The two passwords differ.", hint="Type the same password twice.")


def _used_up(what: str, command: str) -> NotFound:
    return NotFound(
        f"This {what} link is not valid: it was used, or it is too old.",
        hint=f"Make a new one where the server runs: `{command}`.",
    )


def _next(request: Request) -> str:
    """Where to go after signing in: a path of this server, whatever the address says."""
    asked = request.query_params.get("next", "")
    is_ours = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if is_ours else "/"


def _quoted(request: Request) -> str:
    return quote(_next(request), safe="")


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")[:200]
