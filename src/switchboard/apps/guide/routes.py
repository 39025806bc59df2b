"""The guide over HTTP: requests and answers as schemas, each route one call of the service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from switchboard.apps.guide.service import Guide
from switchboard.kernel.http.direct import DirectRoute
from switchboard.kernel.http.edge import caller_of
from switchboard.kernel.http.errors import ERROR_RESPONSES
from switchboard.kernel.http.fields import ClientMessageId, MessageText

router = APIRouter(tags=["guide"], responses=ERROR_RESPONSES)
turns = APIRouter(tags=["guide"], responses=ERROR_RESPONSES, route_class=DirectRoute)

Said = Annotated[MessageText, StringConstraints(max_length=4_000)]
FlowId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Country = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(description="Two capital letters: AU, GB, IN")
]
Secret = Annotated[str, StringConstraints(min_length=16, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StartSession(_Request):
    """Begins a session. Without a message the welcome is the first thing said."""

    message: Said | None = None
    flow: FlowId | None = None
    language: Language | None = None
    country: Country | None = None
    client_message_id: ClientMessageId | None = None


class NextMessage(_Request):
    """What the person writes next."""

    message: Said
    client_message_id: ClientMessageId | None = None


class ResumeSession(_Request):
    """The secret of a link that opens a session elsewhere."""

    secret: Secret


class Link(BaseModel):
    """Something to tap: a telephone number, a text message, a page."""

    label: str
    href: str


class Progress(BaseModel):
    """How many of the questions lie behind or are open."""

    step: int
    of: int


class Risk(BaseModel):
    """Danger that the message told of. There is no level: whoever says so is answered."""

    category: Literal["self_harm", "harm_to_others", "abuse", "crisis_other"]
    trigger_phrase: str


class Intent(BaseModel):
    """What the message was held to be for, and by which method."""

    name: str
    confidence: float
    method: Literal["distilbert", "rule_based", "hybrid"]


class TurnAnswer(BaseModel):
    """One turn: what is said and where the session stands. Both are on disk."""

    session_id: str
    reply: str
    quick_replies: list[str]
    links: list[Link]
    state: str
    progress: Progress
    is_complete: bool
    is_deleted: bool
    risk: Risk | None
    intent: Intent


class FlowName(BaseModel):
    """The flow that a session follows, in the version that it began with."""

    id: str
    version: int


class SessionState(BaseModel):
    """Where a session stands, without anything that was said in it."""

    session_id: str
    state: str
    progress: Progress
    flow: FlowName
    language: str
    country: str | None
    is_complete: bool
    is_paused: bool
    created_at: datetime
    last_activity: datetime
    completion_time: datetime | None
    deleted_after: datetime


class SummaryPart(BaseModel):
    """One answer in the person's own words."""

    step: str
    heading: str
    text: str


class Summary(BaseModel):
    """What was answered so far, under the headings of the flow."""

    session_id: str
    type: Literal["partial", "complete"]
    flow: str
    language: str
    title: str
    parts: list[SummaryPart]
    closing: str | None
    text: str


class Closing(BaseModel):
    """A closing thought, which a model worded and the guards let pass."""

    closing: str | None


class ResumeSecret(BaseModel):
    """The secret, shown this once: only its hash is stored."""

    secret: str


def _guide(request: Request) -> Guide:
    service: Guide = request.app.state.services["guide"]
    return service


@turns.post("/sessions", status_code=201, response_model=TurnAnswer)
async def start_session(asked: StartSession, request: Request) -> TurnAnswer:
    """Begin a session. A message that tells of danger is answered at once, before any welcome."""
    answer = await _guide(request).start_session(
        caller_of(request),
        asked.message or "",
        flow=asked.flow,
        language=asked.language,
        country=asked.country,
        client_message_id=asked.client_message_id,
    )
    return TurnAnswer.model_validate(answer)


@turns.post("/sessions/{session_id}/messages", response_model=TurnAnswer)
async def receive_message(session_id: str, asked: NextMessage, request: Request) -> TurnAnswer:
    """Send what the person writes next; the same `client_message_id` twice is one turn."""
    answer = await _guide(request).receive_message(
        caller_of(request), session_id, asked.message, asked.client_message_id
    )
    return TurnAnswer.model_validate(answer)


@router.get("/sessions/{session_id}")
async def get_session(session_id: str, request: Request) -> SessionState:
    """Where a session stands."""
    return SessionState(**await _guide(request).get_session(caller_of(request), session_id))


@router.get("/sessions/{session_id}/summary")
async def get_summary(session_id: str, request: Request) -> Summary:
    """What was answered so far, in the person's own words."""
    return Summary(**await _guide(request).get_summary(caller_of(request), session_id))


@router.post("/sessions/{session_id}/summary/closing")
async def word_closing(session_id: str, request: Request) -> Closing:
    """A closing thought that the configured language model words about the answers; null where there is none."""
    return Closing(closing=await _guide(request).word_closing(caller_of(request), session_id))


@router.get(
    "/sessions/{session_id}/summary.txt",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def get_summary_text(session_id: str, request: Request) -> Response:
    """The same as plain text."""
    made = await _guide(request).get_summary(caller_of(request), session_id)
    return PlainTextResponse(made["text"])


@router.get(
    "/sessions/{session_id}/summary.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_summary_page(session_id: str, request: Request) -> Response:
    """The same as a page to print."""
    page = await _guide(request).print_summary(caller_of(request), session_id)
    return Response(page, media_type="application/pdf")


@router.delete("/sessions/{session_id}", status_code=204)
async def delete_session(session_id: str, request: Request) -> Response:
    """Delete a session and everything that was said in it, at once and for good."""
    await _guide(request).delete_session(caller_of(request), session_id)
    return Response(status_code=204)


@router.post("/sessions/{session_id}/resume-link", status_code=201)
async def make_resume_link(session_id: str, request: Request) -> ResumeSecret:
    """A secret that opens this session elsewhere; an earlier one stops working."""
    return ResumeSecret(secret=await _guide(request).make_resume_link(caller_of(request), session_id))


@router.post("/resume")
async def resume_session(asked: ResumeSession, request: Request) -> SessionState:
    """The session that a secret opens."""
    return SessionState(**await _guide(request).resume_session(caller_of(request), asked.secret))


router.include_router(turns)
