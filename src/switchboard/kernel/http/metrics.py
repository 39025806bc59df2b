"""What operators watch, in Prometheus' text format."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

# When a counter was made is of no use to anybody here, and doubles the page.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()

_requests = Counter(
    "switchboard_http_requests", "Requests answered", ["method", "path", "status"], registry=REGISTRY
)
_seconds = Histogram(
    "switchboard_http_request_seconds",
    "Time from the first byte of a request to its answer",
    ["method", "path"],
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
_waiting = Gauge(
    "switchboard_database_waiting_turns", "Turns accepted and not begun", ["database"], registry=REGISTRY
)
_size = Gauge("switchboard_database_size_bytes", "Size of a database", ["database"], registry=REGISTRY)
_outbox = Gauge(
    "switchboard_outbox_messages", "Results by state of delivery", ["database", "status"], registry=REGISTRY
)
_wordings = Counter(
    "switchboard_model_wordings",
    "Replies that a language model was asked for",
    ["app", "result"],
    registry=REGISTRY,
)


@lru_cache(4096)
def _children(method: str, path: str, status: int) -> tuple[Any, Any]:
    return _requests.labels(method, path, str(status)), _seconds.labels(method, path)


def count_request(method: str, path: str, status: int, seconds: float) -> None:
    """Count one answered request. `path` is the route's template, never what was asked for."""
    counter, histogram = _children(method if method in _METHODS else "other", path, status)
    counter.inc()
    histogram.observe(seconds)


def count_wording(app: str, result: str) -> None:
    """Count one call of the language model: `used`, `refused`, or why no answer came."""
    _wordings.labels(app, result).inc()


def set_database(name: str, *, waiting: int, size_bytes: int, outbox: dict[str, int]) -> None:
    """Take over one database's figures, just before they are read out."""
    _waiting.labels(name).set(waiting)
    _size.labels(name).set(size_bytes)
    for status, count in outbox.items():
        _outbox.labels(name, status).set(count)


def render() -> bytes:
    return generate_latest(REGISTRY)


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
