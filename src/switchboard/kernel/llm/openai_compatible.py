"""A language model behind the chat-completions API: OpenAI's, which most vendors and local servers speak.

One time limit for all of a call, no second try but to connect. It writes no log line, and its errors hold neither
texts nor the key.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from switchboard.kernel.clock import Clock, SystemClock
from switchboard.kernel.errors import Invalid
from switchboard.kernel.llm.model import Completion, ModelUnavailable, Prompt, estimate_tokens

if TYPE_CHECKING:
    import httpx

RESPONSE_LIMIT_BYTES = 1_048_576
_PATH = "/chat/completions"
_MOST_CONNECTIONS = 20
_MOST_WAIT_SECONDS = 86_400
# Models that think aloud are often served with their thoughts before the answer.
_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)\s*", re.DOTALL)


class OpenAICompatibleModel:
    """One model at one address, for instance `https://api.vendor.example/v1` or `http://127.0.0.1:11434/v1`.

    The address is the operator's own setting, never a user's or a stranger's, so private networks and plain
    HTTP are allowed here, unlike in `outbound`. `timeout_seconds` bounds one call as a whole. Raises Invalid for
    an address or a key that is none.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: SecretStr | None = None,
        *,
        timeout_seconds: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._url = _endpoint(url)
        self._host = urlsplit(self._url).netloc.rpartition("@")[2]
        self._model = model
        self._key = _checked(key)
        self._timeout_seconds = timeout_seconds
        self._clock = clock or SystemClock()
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limit_name = "max_tokens"
        self._sends_temperature = True

    async def complete(self, prompt: Prompt) -> Completion:
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._ask(prompt)
        except TimeoutError:
            raise ModelUnavailable(
                "timeout",
                f"The model at {self._host} did not answer within {self._timeout_seconds:g} seconds.",
                hint="Raise SWITCHBOARD_LLM_TIMEOUT_SECONDS or choose a faster model.",
            ) from None
        return self._completion(prompt, answer, (self._clock.monotonic() - started) * 1000)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()

    async def _ask(self, prompt: Prompt) -> Mapping[str, Any]:
        request = self._request(prompt)
        status, headers, body = await self._post(request)
        if status == 400:
            self._learn(body)
            if (learnt := self._request(prompt)) != request:
                status, headers, body = await self._post(learnt)
        if status != 200:
            raise self._refusal(status, headers)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise self._malformed()
        return answer

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        turns = [{"role": turn.role, "content": turn.text} for turn in prompt.turns]
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, *turns],
            self._limit_name: prompt.max_tokens,
            "stream": False,
        }
        if self._sends_temperature:
            request["temperature"] = prompt.temperature
        return request

    def _learn(self, refusal: bytes) -> None:
        """Take from a refusal how this model wants its settings: newer ones renamed one and refuse another."""
        if b"max_completion_tokens" in refusal:
            self._limit_name = "max_completion_tokens"
        elif b"temperature" in refusal:
            self._sends_temperature = False

    async def _post(self, request: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        import httpx

        # Compressed answers are declined, because a small one can unfold beyond any limit.
        headers = {"accept-encoding": "identity", "content-type": "application/json"}
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key.get_secret_value()}"
        content = json.dumps(request).encode()
        try:
            async with self._open().stream("POST", self._url, content=content, headers=headers) as response:
                return response.status_code, response.headers, await self._read(response)
        except httpx.TimeoutException:
            raise TimeoutError from None
        except httpx.ConnectError:
            raise ModelUnavailable(
                "connection",
                f"Nothing answers at {self._host}.",
                hint="Check SWITCHBOARD_LLM_URL and that the model's server is up.",
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise self._malformed() from None

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > RESPONSE_LIMIT_BYTES:
                raise ModelUnavailable(
                    "too_large",
                    f"The model at {self._host} answered with more than {RESPONSE_LIMIT_BYTES} bytes.",
                )
        return bytes(body)

    def _open(self) -> httpx.AsyncClient:
        """The one client of this event loop: its connections cannot be used from another one."""
        import httpx

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            # Nothing is taken from the environment: a .netrc would put another key in place of ours.
            transport = httpx.AsyncHTTPTransport(
                retries=1, trust_env=False, limits=httpx.Limits(max_connections=_MOST_CONNECTIONS)
            )
            self._client = httpx.AsyncClient(
                transport=transport, timeout=self._timeout_seconds, follow_redirects=False, trust_env=False
            )
            self._loop = loop
        return self._client

    def _completion(self, prompt: Prompt, answer: Mapping[str, Any], latency_ms: float) -> Completion:
        try:
            choice = answer["choices"][0]
            text = _text(choice["message"].get("content"))
        except (LookupError, TypeError, AttributeError):
            raise self._malformed() from None
        usage = answer.get("usage")
        counts = usage if isinstance(usage, dict) else {}
        name = answer.get("model")
        return Completion(
            text=_THOUGHTS.sub("", text, count=1) if text.lstrip().startswith("<think") else text,
            model=name if isinstance(name, str) else self._model,
            prompt_tokens=_count(counts.get("prompt_tokens"), sum(map(estimate_tokens, prompt.texts()))),
            completion_tokens=_count(counts.get("completion_tokens"), estimate_tokens(text)),
            latency_ms=latency_ms,
            is_cut=choice.get("finish_reason") == "length",
        )

    def _refusal(self, status: int, headers: httpx.Headers) -> ModelUnavailable:
        if status in (401, 403):
            return ModelUnavailable(
                "key", f"The model at {self._host} refused the key.", hint="Check SWITCHBOARD_LLM_KEY."
            )
        if status == 404:
            return ModelUnavailable(
                "model",
                f"{self._host} has no model {self._model!r}, or no {_PATH} below the address.",
                hint="Check SWITCHBOARD_LLM_MODEL and SWITCHBOARD_LLM_URL, which often ends in /v1.",
            )
        if status == 429:
            return ModelUnavailable(
                "rate",
                f"{self._host} takes no more calls for now.",
                hint="Ask less often, or raise the limits of the account there.",
                retry_after_seconds=_retry_after(headers),
            )
        if status >= 500:
            return ModelUnavailable(
                "server",
                f"The model at {self._host} failed ({status}).",
                retry_after_seconds=_retry_after(headers),
            )
        return ModelUnavailable(
            "request",
            f"{self._host} refused the request ({status}).",
            hint="Check SWITCHBOARD_LLM_URL: it must be the address itself, redirects are not followed.",
        )

    def _malformed(self) -> ModelUnavailable:
        return ModelUnavailable(
            "malformed",
            f"What {self._host} answered is no chat completion.",
            hint="Check SWITCHBOARD_LLM_URL: it takes an address that speaks OpenAI's chat-completions API.",
        )


def _endpoint(url: str) -> str:
    url = url.strip().rstrip("/")
    if not _is_address(url):
        raise Invalid(
            "The address of the model is none.",
            hint="Set SWITCHBOARD_LLM_URL to something like http://127.0.0.1:11434/v1.",
        )
    return url if url.endswith(_PATH) else f"{url}{_PATH}"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_port_sane = parts.port != 0
    except ValueError:
        return False
    is_plain = url.isprintable() and " " not in url and not (parts.query or parts.fragment or parts.username)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_port_sane and is_plain


def _checked(key: SecretStr | None) -> SecretStr | None:
    """The key without stray space; None for an empty one.

    It is checked here, because what a header cannot hold would come back in the transport's error.
    """
    text = key.get_secret_value().strip() if key else ""
    if not (text.isascii() and text.isprintable()):
        raise Invalid(
            "The key of the model holds characters that no key has.", hint="Set SWITCHBOARD_LLM_KEY."
        )
    return SecretStr(text) if text else None


def _text(content: Any) -> str:
    """The text of a message: plain, in parts, or none at all.

    Halves of characters, which JSON can smuggle in and nothing can store, are replaced.
    """
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    text = content if isinstance(content, str) else ""
    return text.encode(errors="replace").decode()


def _count(given: Any, estimated: int) -> int:
    is_count = isinstance(given, int) and not isinstance(given, bool) and given >= 0
    return given if is_count else estimated


def _retry_after(headers: httpx.Headers) -> int:
    given = headers.get("retry-after", "").strip()
    return min(int(given), _MOST_WAIT_SECONDS) if given.isascii() and given.isdigit() else 1
