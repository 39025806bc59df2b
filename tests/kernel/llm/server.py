"""Somebody's model server: it speaks chat completions over HTTP on this machine and answers as it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """One HTTP answer, after a pause. `body` is sent as it is when it is bytes, else as JSON."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()
    pause_seconds: float = 0.0


def completion(content: Any, **more: Any) -> dict[str, Any]:
    """A chat completion as the API describes it; `more` replaces whole keys of it, None takes them away."""
    usual = {
        "id": "c-1",
        "object": "chat.completion",
        "model": "small-model-1",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }
    return {key: value for key, value in (usual | more).items() if value is not None}


class ModelServer(ThreadingHTTPServer):
    """Gives its replies in order, the last one again and again. `got` holds paths, headers and bodies."""

    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = [Reply(200, completion("Hello"))]
        self.answer: Callable[[dict[str, Any]], Reply] | None = None
        self.got: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def next_reply(self, request: dict[str, Any]) -> Reply:
        if self.answer is not None:
            return self.answer(request)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: a client that gives up breaks the connection, which is what the test wants."""


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.got.append(
            (self.path, {name.lower(): text for name, text in self.headers.items()}, request)
        )
        reply = self.server.next_reply(request)
        time.sleep(reply.pause_seconds)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, text in reply.headers:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def running_server() -> Iterator[ModelServer]:
    server = ModelServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
