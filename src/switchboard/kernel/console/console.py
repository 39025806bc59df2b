"""The console, put together: who is asking, which page that is, what it answers, in the frame or as an error."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from time import perf_counter
from typing import Any
from urllib.parse import quote

import structlog
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from switchboard import __version__
from switchboard.kernel.changes import Changes
from switchboard.kernel.console import own
from switchboard.kernel.console.cookies import Cookies
from switchboard.kernel.console.forgery import require_our_page, require_token
from switchboard.kernel.console.live import Streams
from switchboard.kernel.console.page import Answer, Page, Redirect, Section, Show, Shown, Visit, sees
from switchboard.kernel.console.rendering import FRAME, make_environment
from switchboard.kernel.console.sign_in import SignInPages
from switchboard.kernel.errors import Forbidden, Internal, NotFound, SwitchboardError
from switchboard.kernel.http.errors import error_body, retry_after
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.accounts import Person
from switchboard.kernel.security.permissions import READ, require

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ASSETS = {"console.css": "text/css", "console.js": "text/javascript", "mark.svg": "image/svg+xml"}
_YEAR_SECONDS = 31_536_000
_MOST_FIELDS = 200
_THEMES = ("light", "dark")

log = structlog.get_logger("switchboard.console")


class Console:
    """The console of one process. `app` answers every path that nothing else does."""

    def __init__(self, platform: Platform, services: Mapping[str, Any], changes: Changes) -> None:
        self._platform = platform
        self._services = services
        self._cookies = Cookies(platform.settings)
        sections = [each.pages() for each in platform.apps if each.pages is not None]
        self._sections: tuple[Section, ...] = (*sections, own.SECTION)
        self._environment = make_environment(self._sections)
        self._environment.globals |= {
            "version": __version__,
            "asset": self._asset_address,
            "sections": self._sections,
        }
        self._assets = {name: files(FRAME).joinpath("assets", name).read_bytes() for name in _ASSETS}
        self.streams = Streams(changes, platform.accounts, platform.ids.new())
        self.app: ASGIApp = Starlette(
            routes=self._routes(), exception_handlers={HTTPException: self._refused}
        )
        self.app.state.sections = self._sections
        self.app.state.services = services
        self._upload_paths = frozenset(
            f"{page.path}/{name}" for _, page in self.pages if page.uploads for name in page.acts
        )

    @property
    def pages(self) -> list[tuple[Section, Page]]:
        """Every page, in the order of the navigation."""
        return [(section, page) for section in self._sections for page in section.pages]

    @property
    def upload_paths(self) -> frozenset[str]:
        return self._upload_paths

    def _routes(self) -> list[Route]:
        routes = [
            Route("/", self._begin),
            Route("/assets/{name}", self._asset),
            Route("/live/{name}", self._guarded(self._live)),
            Route("/sign-out", self._guarded(self._sign_out), methods=["POST"]),
            *SignInPages(self._platform, self._cookies, self._environment).routes(self._plainly),
        ]
        for section, page in self.pages:
            routes.append(Route(page.path, self._guarded(self._showing(section, page))))
            routes.extend(
                Route(
                    f"{page.path}/{name}", self._guarded(self._acting(section, page, act)), methods=["POST"]
                )
                for name, act in page.acts.items()
            )
        return routes

    def _showing(self, section: Section, page: Page) -> Callable[[Request, Person], Awaitable[Response]]:
        async def show(request: Request, person: Person) -> Response:
            # What the metrics and the error log call it: the path as it is written, without ids.
            request.scope["route"] = page
            visit = self._visit(request, person, section)
            self._require_offered(visit, page)
            return await self._answer(visit, page, page.show)

        return show

    def _acting(
        self, section: Section, page: Page, act: Show
    ) -> Callable[[Request, Person], Awaitable[Response]]:
        async def do(request: Request, person: Person) -> Response:
            request.scope["route"] = page
            form = await self._form(request, person)
            visit = self._visit(request, person, section, form)
            self._require_offered(visit, page)
            try:
                return await self._answer(visit, page, act)
            except SwitchboardError as error:
                return await self._shown_again(visit, page, error)

        return do

    async def _shown_again(self, visit: Visit, page: Page, error: SwitchboardError) -> Response:
        """The page where something was refused: what is wrong with it, and what was typed still there."""
        if error.status == 401:
            raise error
        try:
            answer = await page.show(visit)
        except SwitchboardError:
            # It may be the page itself that is gone or not for this person.
            raise error from None
        if not isinstance(answer, Shown):
            raise error
        again = replace(answer, status=error.status, context={**answer.context, "refused": error}, watch=None)
        response = self._framed(visit, page, again, None)
        response.headers.update(retry_after(error))
        return response

    def _require_offered(self, visit: Visit, page: Page) -> None:
        if page.needs is not None and not sees(visit.caller, visit.section, page):
            require(visit.caller, page.needs, visit.section.scope)

    def _visit(
        self, request: Request, person: Person, section: Section, form: FormData | None = None
    ) -> Visit:
        return Visit(
            request, person, person.caller, self._platform, self._services.get(section.scope), section, form
        )

    async def _form(self, request: Request, person: Person) -> FormData:
        """The fields of a change. Raises Forbidden unless a page of ours, made for this person, sends them."""
        require_our_page(request, self._platform.settings)
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS)
        given = form.get("csrf", "")
        require_token(given if isinstance(given, str) else "", person.csrf_token)
        return form

    async def _answer(self, visit: Visit, page: Page, show: Show) -> Response:
        # Before anything is read, so that what changes meanwhile is told to the page afterwards.
        marks = {name: self.streams.mark(name) for name in (visit.section.scope,)}
        began = perf_counter()
        answer: Answer = await show(visit)
        if isinstance(answer, Redirect):
            gone = RedirectResponse(answer.to, 303)
            if answer.notice:
                self._cookies.say_next(gone, answer.notice)
            return gone
        if isinstance(answer, Shown):
            framed = self._framed(visit, page, answer, marks.get(answer.watch or ""))
            framed.headers["Server-Timing"] = f"page;dur={(perf_counter() - began) * 1000:.1f}"
            return framed
        return _protected(answer)

    def _framed(self, visit: Visit, page: Page, shown: Shown, mark: str | None) -> Response:
        notice = self._cookies.notice(visit.request.cookies)
        text = self._environment.get_template(shown.template).render(
            self._frame_context(visit.request, visit.person)
            | {
                "visit": visit,
                "page": page,
                "title": shown.title or page.title,
                "here": _here(visit, page),
                "typed": visit.typed,
                "live": f"/live/{shown.watch}?since={quote(mark)}" if shown.watch and mark else None,
                "notice": notice,
                **shown.context,
            }
        )
        response = HTMLResponse(text, shown.status)
        if notice is not None:
            self._cookies.forget_notice(response)
        return _protected(response)

    def _frame_context(self, request: Request, person: Person | None) -> dict[str, Any]:
        theme = request.cookies.get("sb_theme", "")
        caller = None if person is None else person.caller
        return {
            "request": request,
            "person": person,
            "csrf": person.csrf_token if person else "",
            "theme": theme if theme in _THEMES else "",
            "navigation": [] if caller is None else self._navigation(caller),
            "notice": None,
            "live": None,
            "refused": None,
            "here": "",
        }

    def _navigation(self, caller: Any) -> list[tuple[str, list[Page]]]:
        offered = (
            (section.title, [page for page in section.pages if page.place and sees(caller, section, page)])
            for section in self._sections
        )
        return [(title, pages) for title, pages in offered if pages]

    def _guarded(self, show: Callable[[Request, Person], Awaitable[Response]]) -> Any:
        """For a signed-in person alone; everybody else is asked to sign in, and led back then."""

        async def guarded(request: Request) -> Response:
            try:
                person = await self._person(request)
            except SwitchboardError as error:
                return self._failed(request, None, error)
            if person is None:
                return self._ask_to_sign_in(request)
            try:
                return await show(request, person)
            except SwitchboardError as error:
                return self._failed(request, person, error)
            except HTTPException:
                raise
            except Exception as error:
                correlation_id = request.state.correlation_id
                log.exception("page failed", path=request.url.path, correlation_id=correlation_id)
                self._platform.error_log.note(_place(request), error, correlation_id)
                return self._failed(request, person, None)

        return guarded

    def _plainly(self, show: Callable[[Request], Awaitable[Response]]) -> Any:
        """For pages that nobody has to be signed in for."""

        async def shown(request: Request) -> Response:
            try:
                return _protected(await show(request))
            except SwitchboardError as error:
                return self._failed(request, None, error)

        return shown

    async def _person(self, request: Request) -> Person | None:
        token = self._cookies.session_token(request.cookies)
        person = None if token is None else await self._platform.accounts.find_person(token)
        return person and person.asking(_address(request), request.state.correlation_id)

    def _ask_to_sign_in(self, request: Request) -> Response:
        if request.method != "GET":
            error = Forbidden(
                "You are not signed in any more.",
                hint="Nothing was done. Sign in again, then do it once more.",
                status=401,
            )
            return self._failed(request, None, error)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        response = RedirectResponse(_sign_in_address(asked), 303)
        if self._cookies.session_token(request.cookies) is not None:
            self._cookies.forget_session(response)
            self._cookies.say_next(response, "You were signed out. Sign in to go on where you were.")
        return _protected(response)

    async def _begin(self, request: Request) -> Response:
        """The first page that this person may see."""
        person = await self._person(request)
        if person is None:
            return _protected(RedirectResponse("/sign-in", 303))
        offered = self._navigation(person.caller)
        return _protected(RedirectResponse(offered[0][1][0].path if offered else "/account", 303))

    async def _sign_out(self, request: Request, person: Person) -> Response:
        await self._form(request, person)
        await self._platform.accounts.sign_out(person)
        response = RedirectResponse("/sign-in", 303)
        self._cookies.forget_session(response)
        self._cookies.say_next(response, "You are signed out.")
        return _protected(response)

    async def _live(self, request: Request, person: Person) -> Response:
        name = request.path_params["name"]
        require(person.caller, READ, name)
        fetched = request.headers.get("sec-fetch-site", "same-origin")
        if request.headers.get("origin") is not None or fetched != "same-origin":
            require_our_page(request, self._platform.settings)
        return self.streams.response(person, name, request.query_params.get("since", ""))

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = self._assets.get(name)
        if content is None:
            raise HTTPException(404)
        is_current = request.query_params.get("v") == _digest(content)
        kept = f"public, max-age={_YEAR_SECONDS}, immutable" if is_current else "no-cache"
        return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": kept})

    def _asset_address(self, name: str) -> str:
        return f"/assets/{name}?v={_digest(self._assets[name])}"

    async def _refused(self, request: Request, error: Exception) -> Response:
        """What the router refuses: a path that is nothing, a method that a page does not take, a broken form."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status >= 500:
            return self._failed(request, None, None)
        if status == 405:
            said: SwitchboardError = NotFound(
                "There is nothing to look at here.", hint="Go back and try again."
            )
        elif status == 404:
            said = NotFound("There is no such page.", hint="Check the address, or begin at the first page.")
        else:
            said = NotFound(
                "This request cannot be read.", hint="Go back, load the page again and try again."
            )
        if "text/html" not in request.headers.get("accept", ""):
            body = error_body(said, request.state.correlation_id)[1]
            return _protected(JSONResponse(body, status))
        return self._failed(request, None, said, status)

    def _failed(
        self,
        request: Request,
        person: Person | None,
        error: SwitchboardError | None,
        status: int | None = None,
    ) -> Response:
        """An error as a page: what is wrong, what to do, and the number under which the log knows it."""
        shown = error or Internal(
            "Something went wrong here.", hint="Try again; if it stays, tell the operator."
        )
        text = self._environment.get_template("frame/error.html").render(
            self._frame_context(request, person)
            | {
                "title": shown.message,
                "error": shown,
                "correlation_id": request.state.correlation_id,
                "sign_in": _sign_in_address(request.url.path.rpartition("/")[0])
                if person is None and shown.status == 401
                else None,
            }
        )
        return _protected(HTMLResponse(text, status or shown.status, headers=retry_after(shown)))


def _sign_in_address(then: str) -> str:
    """Where to sign in, and be led on to a page. Two thousand characters of an address are kept."""
    return f"/sign-in?next={quote(then[:2_000], safe='')}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _here(visit: Visit, page: Page) -> str:
    """The page's own address, also where the answer to something done on it is shown."""
    return visit.request.url.path if visit.form is None else visit.request.url.path.rpartition("/")[0]


def _place(request: Request) -> str:
    """The page's path as it is written in the list of pages, without ids."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "a page"))


def _protected(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    # With no referrer at all browsers would call the origin of our own forms "null".
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
