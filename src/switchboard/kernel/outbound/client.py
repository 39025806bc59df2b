"""Sending to a judged address: the name is looked up once, every answer is judged, and the connection goes there.

So a name cannot change its mind in between. Retrying belongs to the outbox.
"""

from __future__ import annotations

import asyncio
import functools
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import IPv6Address, ip_address
from typing import Literal, NamedTuple

import httpx

from switchboard.kernel.clock import Clock, SystemClock
from switchboard.kernel.errors import Unavailable
from switchboard.kernel.outbound.addresses import (
    PUBLIC_ONLY,
    Address,
    AddressPolicy,
    Target,
    parse_target,
    refuse_unless_allowed,
    unmapped,
)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
FailureReason = Literal["name", "connection", "certificate", "timeout", "protocol"]

TIMEOUT_SECONDS = 10.0
_SECONDS = re.compile(r"[0-9]{1,9}")


class Answer(NamedTuple):
    """What a receiver answered. Its body is neither read nor kept, so that it can teach nobody anything."""

    status_code: int
    retry_after_seconds: int | None


class DeliveryFailed(Unavailable):
    """No answer came: worth another try later. `reason` is one of `FailureReason`."""

    def __init__(self, reason: FailureReason, message: str) -> None:
        super().__init__(
            message, hint="It is tried again later; check the address and that its server is up."
        )
        self.reason = reason


async def look_up(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver: every address of a name, the best first (RFC 6724). Raises OSError."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]


async def resolve(target: Target, policy: AddressPolicy, resolver: Resolver = look_up) -> Address:
    """The one address to connect to. A name is looked up once and every answer must be allowed.

    Raises Invalid for a refused answer, DeliveryFailed when the name cannot be looked up.
    """
    if target.address is not None:
        refuse_unless_allowed(target, target.address, policy)
        return target.address
    try:
        answers = await resolver(target.host, target.port)
    except OSError as error:
        raise DeliveryFailed("name", f"The name {target.host} cannot be looked up.") from error
    if not answers:
        raise DeliveryFailed("name", f"The name {target.host} has no address.")
    addresses = [unmapped(ip_address(answer)) for answer in answers]
    for address in addresses:
        refuse_unless_allowed(target, address, policy)
    return addresses[0]


class OutboundClient:
    """Posts to judged addresses. It holds no connection, so it need not be closed.

    `ssl_context` defaults to the certificates that ship with httpx, or those named in SSL_CERT_FILE.
    `timeout_seconds` bounds one post as a whole, look-up and slow receivers included.
    """

    def __init__(
        self,
        policy: AddressPolicy = PUBLIC_ONLY,
        *,
        resolver: Resolver = look_up,
        ssl_context: ssl.SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._ssl_context = ssl_context
        self._timeout_seconds = timeout_seconds
        self._clock = clock or SystemClock()

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a body, JSON unless `headers` say otherwise; any status is an answer, redirects too.

        Raises Invalid for a refused address and DeliveryFailed when no answer comes in time.
        """
        target = parse_target(url, self._policy)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                address = await resolve(target, self._policy, self._resolver)
                return await self._exchange(target, _pinned_request(target, address, body, headers or {}))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise DeliveryFailed("timeout", f"{target.host} did not answer in time.") from error
        except httpx.TransportError as error:
            raise _failure(target, error) from error

    async def _exchange(self, target: Target, request: httpx.Request) -> Answer:
        # The bare transport, because redirects, cookies, .netrc and proxies from the environment live in
        # httpx's client. A new one each time, because its pool tells connections apart by address alone and
        # would hand a connection verified for one name to another name at that address.
        transport = httpx.AsyncHTTPTransport(
            verify=self._ssl_context or _default_ssl_context(), trust_env=False
        )
        async with transport:
            response = await transport.handle_async_request(request)
            await response.aclose()
            return Answer(response.status_code, self._retry_after(response.headers))

    def _retry_after(self, headers: httpx.Headers) -> int | None:
        """Retry-After in seconds, given as seconds or as a date (RFC 9110, 10.2.3); None for anything else."""
        text = headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            return int(text)
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, round((moment - self._clock.now()).total_seconds()))


@functools.cache
def _default_ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _pinned_request(
    target: Target, address: Address, body: bytes, headers: Mapping[str, str]
) -> httpx.Request:
    """A request to the judged address that still speaks to the name: Host here, SNI and certificate in TLS."""
    sent = httpx.Headers({"content-type": "application/json", "user-agent": "Switchboard"})
    sent.update(dict(headers))
    sent.update({"host": target.host_header, "connection": "close"})
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return httpx.Request(
        "POST",
        f"{target.scheme}://{host}:{target.port}{target.path}",
        headers=sent,
        content=body,
        extensions={"sni_hostname": target.host},
    )


def _failure(target: Target, error: httpx.TransportError) -> DeliveryFailed:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return DeliveryFailed(
                "certificate", f"{target.host} did not prove who it is: its certificate fails."
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return DeliveryFailed("connection", f"{target.host} accepts no connection on port {target.port}.")
    return DeliveryFailed("protocol", f"{target.host} broke off or did not answer in HTTP.")
