"""The edge of the HTTP service: everything that happens to a request before and after its route.

One ASGI layer, because each layer costs every request: it names the request (correlation id), checks the
API key and its rate limit before the body is read, reads the body within its limits, adds the security
headers, counts and logs. It knows no app: `/api/<app>/…` tells it which key scope to ask for.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from switchboard.kernel.errors import Forbidden, Invalid, SwitchboardError
from switchboard.kernel.http import metrics
from switchboard.kernel.http.docs import CONTENT_POLICY
from switchboard.kernel.http.errors import error_body, error_page, retry_after
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.keys import ApiKey
from switchboard.kernel.security.rate_limits import RateLimits

DEPTH_LIMIT = 32
_CORRELATION_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# A string that never ends is taken to the end of the body, so that the scan stays linear.
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_NO_FRAMES = (b"x-frame-options", b"DENY")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    _NO_FRAMES,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
# The API answers JSON and nothing that a browser should run.
_STRICT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_DOCS_POLICY = (b"content-security-policy", CONTENT_POLICY.encode("ascii"))

log = structlog.get_logger("switchboard.http")


class Edge:
    """Wraps the application."""

    def __init__(
        self,
        app: ASGIApp,
        platform: Platform,
        rate_limits: RateLimits,
        takes_upload: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        """`takes_upload` says which paths take a file, which may be larger than other bodies."""
        self._app = app
        self._platform = platform
        self._rate_limits = rate_limits
        self._body_limit = platform.settings.body_limit_bytes
        self._upload_limit = platform.settings.upload_limit_bytes + platform.settings.body_limit_bytes
        self._takes_upload = takes_upload
        self._logs_requests = platform.settings.log_level == "debug"
        self._body_seconds = platform.settings.request_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation_id = self._correlation_id(headers)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        response = _Response(send, correlation_id, scope["path"], _is_for_people(scope["path"], headers))
        started = perf_counter()
        try:
            await self._admit(scope, headers, correlation_id)
            await self._app(scope, await self._read_body(scope, headers, receive), response.send)
        except SwitchboardError as error:
            await response.refuse(error)
        except Exception as error:
            log.exception("request failed", path=scope["path"], correlation_id=correlation_id)
            self._platform.error_log.note(_template(scope, self._platform.app_names), error, correlation_id)
            await response.refuse(None)
        finally:
            self._account(scope, response.status, perf_counter() - started, correlation_id)

    def _correlation_id(self, headers: Mapping[bytes, bytes]) -> str:
        given = headers.get(b"x-correlation-id", b"")
        return given.decode("ascii") if _CORRELATION_ID.fullmatch(given) else self._platform.ids.new()

    async def _admit(self, scope: Scope, headers: Mapping[bytes, bytes], correlation_id: str) -> None:
        """Check the key and its rate limit for `/api/<app>/…`. Raises Forbidden or Unavailable."""
        path: str = scope["path"]
        if not path.startswith("/api/"):
            return
        app = path.split("/", 3)[2]
        key = await self._authenticate(headers)
        if app in self._platform.app_names and not key.opens(app):
            raise Forbidden(
                f"This API key may not use {app}.",
                hint=f"Make one that may with `switchboard keys create --app {app}`.",
            )
        self._rate_limits.spend(key.id, key.rate_limit_per_minute)
        client = scope.get("client")
        scope["state"]["caller"] = Caller(
            actor=f"key:{key.prefix} {key.name}",
            scope=f"key:{key.id}",
            correlation_id=correlation_id,
            address=client[0] if client else None,
            roles=key.roles,
        )

    async def _authenticate(self, headers: Mapping[bytes, bytes]) -> ApiKey:
        kind, _, token = headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() != b"bearer" or not token:
            raise Forbidden(
                "This needs an API key.",
                hint="Send it as `Authorization: Bearer <key>`; make one with `switchboard keys create`.",
                status=401,
            )
        return await self._platform.keys.authenticate(token.strip().decode("latin-1"))

    async def _read_body(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Receive:
        """The whole body, read within its limits, as a `receive` that gives it once."""
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            return receive
        limit = self._upload_limit if self._takes_upload(scope["path"]) else self._body_limit
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 18 or int(declared) > limit:
            raise self._too_large(limit)
        body = await self._collect(receive, limit)
        if body is None:
            return _disconnected
        if body and scope["path"].startswith("/api/"):
            check_json(body, headers.get(b"content-type", b""))
        return _replay(body, receive)

    async def _collect(self, receive: Receive, limit: int) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    size += len(part)
                    if size > limit:
                        raise self._too_large(limit)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise Invalid(
                f"The request body did not arrive within {self._body_seconds:g} s.",
                hint="Send it again on a faster connection.",
                status=400,
            ) from None

    def _too_large(self, limit: int) -> Invalid:
        return Invalid(
            f"The request body is larger than {limit} bytes.",
            hint="Send less at once; a message may have 8,000 characters.",
            status=413,
        )

    def _account(self, scope: Scope, status: int, seconds: float, correlation_id: str) -> None:
        path = _template(scope, self._platform.app_names)
        metrics.count_request(scope["method"], path, status, seconds)
        # What is usual is in the metrics; a line for every request would cost more than the request.
        if status >= 500 or self._logs_requests:
            write = log.warning if status >= 500 else log.debug
            write(
                "request",
                method=scope["method"],
                path=path,
                status=status,
                ms=round(seconds * 1000, 1),
                correlation_id=correlation_id,
            )


class _Response:
    """Watches one response: adds headers, remembers the status."""

    def __init__(self, send: Send, correlation_id: str, path: str, is_for_people: bool) -> None:
        self._send = send
        self._is_for_people = is_for_people
        self._extra = [*_HEADERS, (b"x-correlation-id", correlation_id.encode("ascii"))]
        self._extra.append(_DOCS_POLICY if path.startswith("/docs") else _STRICT_POLICY)
        if path.startswith("/chat/"):
            # Which sites may show a chat stands in its policy, which knows more than this header can say.
            self._extra.remove(_NO_FRAMES)
        self._correlation_id = correlation_id
        self.status = 500
        self._started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self.status = message["status"]
            # What an answer says of itself stays: a page has its own policy, an asset may be kept.
            given = message.get("headers", ())
            said = {name.lower() for name, _ in given}
            message["headers"] = [*given, *(each for each in self._extra if each[0] not in said)]
        await self._send(message)

    async def refuse(self, error: SwitchboardError | None) -> None:
        """Answer with an error, unless an answer is already under way."""
        if self._started:
            return
        status, body = error_body(error, self._correlation_id)
        if self._is_for_people:
            kind, content = b"text/html; charset=utf-8", error_page(body)
        else:
            kind, content = b"application/json", json.dumps(body).encode()
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(content))]
        headers.extend((name.encode(), value.encode()) for name, value in retry_after(error).items())
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if status in (400, 413):
            # The rest of the body is not read, so the connection cannot be used again.
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content})


def _is_for_people(path: str, headers: Mapping[bytes, bytes]) -> bool:
    return not path.startswith(("/api/", "/live/")) and b"text/html" in headers.get(b"accept", b"")


def check_json(body: bytes, content_type: bytes) -> None:
    """Refuse what the JSON reader should never see: another type (415) or hostile nesting (422)."""
    kind = content_type.partition(b";")[0].strip().lower()
    if kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        raise Invalid(
            "The request body has to be JSON.", hint="Send `Content-Type: application/json`.", status=415
        )
    if body.count(b"[") + body.count(b"{") > DEPTH_LIMIT and _depth(body) > DEPTH_LIMIT:
        raise Invalid(
            f"The request body is nested deeper than {DEPTH_LIMIT} levels.", hint="Send a flatter document."
        )


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for match in _NESTING.finditer(body):
        first = match[0][:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _template(scope: Scope, apps: tuple[str, ...]) -> str:
    """The route's path as it is written in the code, so that no id becomes a label.

    A request refused before it had a route is counted under its app.
    """
    path: str | None = getattr(scope.get("route"), "path", None)
    asked: str = scope["path"]
    if path is None or path == "":
        app = asked.split("/", 3)[2] if asked.startswith("/api/") else ""
        return f"/api/{app}" if app in apps else "unmatched"
    if asked.startswith("/api/") and not path.startswith("/api/"):
        return f"/api/{asked.split('/', 3)[2]}{path}"
    return path


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}


def caller_of(request: Any) -> Caller:
    """The caller that the edge admitted: a FastAPI dependency without a cost of its own."""
    caller: Caller = request.scope["state"]["caller"]
    return caller
