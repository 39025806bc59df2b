"""Whether the service lives, is ready, and how it fares: for load balancers and Prometheus, without a key."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from switchboard import __version__
from switchboard.kernel import outbox
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import SwitchboardError, Unavailable
from switchboard.kernel.http import metrics
from switchboard.kernel.http.errors import ERROR_RESPONSES
from switchboard.kernel.platform import PLATFORM, Platform

router = APIRouter(tags=["health"])

_ANSWER = Statement("SELECT 1 AS answer")


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"]
    version: str


class Ready(BaseModel):
    """The databases answer too."""

    status: Literal["ready"]
    databases: list[str]


@router.get("/health")
async def health() -> Alive:
    """Whether the process answers."""
    return Alive(status="alive", version=__version__)


@router.get("/health/ready", responses={503: ERROR_RESPONSES[503]})
async def ready(request: Request) -> Ready:
    """Whether the service can take messages: every database answers."""
    platform: Platform = request.app.state.platform
    names = [PLATFORM, *platform.app_names]
    answers = await asyncio.gather(*(_ask(platform, name) for name in names), return_exceptions=True)
    failing = [name for name, answer in zip(names, answers, strict=True) if answer is not None]
    if failing:
        raise Unavailable(
            f"Not ready: {', '.join(failing)} does not answer.", hint="`switchboard doctor` says more."
        )
    return Ready(status="ready", databases=names)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def read_metrics(request: Request) -> Response:
    """Figures in Prometheus' text format."""
    platform: Platform = request.app.state.platform
    for name in (PLATFORM, *platform.app_names):
        await _measure(platform, name)
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


async def _ask(platform: Platform, name: str) -> None:
    await platform.database(name).read(lambda tx: tx.find(_ANSWER))


async def _measure(platform: Platform, name: str) -> None:
    database = platform.database(name)
    try:
        figures: dict[str, Any] = await asyncio.to_thread(database.health)
        counts = {} if name == PLATFORM else await database.read(outbox.count_by_status)
    except SwitchboardError:
        # A database that is down must not take the figures of the others with it.
        return
    metrics.set_database(
        name, waiting=figures["waiting_turns"], size_bytes=figures["size_bytes"], outbox=counts
    )
