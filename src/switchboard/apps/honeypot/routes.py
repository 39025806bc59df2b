"""The honeypot over HTTP: requests and answers as schemas, each route one call of the service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from switchboard.apps.honeypot.fields import PersonaId, SourceType
from switchboard.apps.honeypot.service import Honeypot, Opening, Place
from switchboard.kernel.http.direct import DirectRoute, sent
from switchboard.kernel.http.edge import caller_of
from switchboard.kernel.http.errors import ERROR_RESPONSES
from switchboard.kernel.http.fields import (
    ClientMessageId,
    FilterText,
    MessageText,
    Metadata,
    Moment,
    SearchText,
    ShortText,
    decode_place,
    encode_place,
)

router = APIRouter(tags=["honeypot"], responses=ERROR_RESPONSES)
turns = APIRouter(tags=["honeypot"], responses=ERROR_RESPONSES, route_class=DirectRoute)

Status = Literal["INITIAL", "ONGOING", "COMPLETED", "TERMINATED", "MAX_TURNS_REACHED", "SAFETY_EXIT"]
Limit = Annotated[int, Query(ge=1, le=200, description="How many to answer with at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OpenSession(_Request):
    """A suspicious message that starts a session."""

    message: MessageText
    source_type: SourceType = "sms"
    source_identifier: ShortText | None = None
    persona_id: PersonaId | None = None
    metadata: Metadata | None = None
    client_message_id: ClientMessageId | None = None


class NextMessage(_Request):
    """The scammer's next message."""

    message: MessageText
    client_message_id: ClientMessageId | None = None


class PersonaName(BaseModel):
    """Who answers."""

    id: str
    name: str


class Scam(BaseModel):
    """The session's verdict so far, with its reasons in words."""

    is_scam: bool
    type: str | None
    confidence: float
    reasons: list[str]


class NewIntelligence(BaseModel):
    """A value that this turn gave away for the first time."""

    type: str
    value: str
    confidence: float
    turn: int


class TurnAnswer(BaseModel):
    """One turn: the persona's reply and the session's new state. Both are on disk."""

    session_id: str
    reply: str
    persona: PersonaName
    scam: Scam
    status: Status
    turn_count: int
    new_intelligence: list[NewIntelligence]
    intelligence_score: float


class SessionSummary(BaseModel):
    """A session without its lines."""

    session_id: str = Field(validation_alias="id")
    status: Status
    is_scam: bool
    scam_type: str | None
    scam_confidence: float | None
    persona_id: str
    source_type: str | None
    source_identifier: str | None
    turn_count: int
    intelligence_score: float | None
    metadata: dict[str, Any] | None = Field(validation_alias="metadata_json")
    started_at: datetime
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime | None


class Intelligence(BaseModel):
    """What a session gave away, by kind."""

    bank_accounts: list[dict[str, Any]] = Field(validation_alias="bank_accounts_json")
    upi_ids: list[dict[str, Any]] = Field(validation_alias="upi_ids_json")
    phone_numbers: list[dict[str, Any]] = Field(validation_alias="phone_numbers_json")
    phishing_links: list[dict[str, Any]] = Field(validation_alias="phishing_links_json")
    other_intel: list[dict[str, Any]] = Field(validation_alias="other_intel_json")


class SessionDetail(SessionSummary):
    """A session with its verdict's reasons and its intelligence."""

    reasons: list[str] | None = Field(validation_alias="reasons_json")
    intelligence: Intelligence


class SessionPage(BaseModel):
    """Sessions, newest first."""

    items: list[SessionSummary]
    next: str | None = Field(description="Send it as `cursor` for the next page; null at the end")


class Line(BaseModel):
    """One line of a session."""

    id: str
    role: Literal["scammer", "agent"]
    content: str
    turn_number: int
    metadata: dict[str, Any] | None = Field(validation_alias="metadata_json")
    created_at: datetime


class LinePage(BaseModel):
    """Lines, oldest first."""

    items: list[Line]
    next: str | None


class FoundLine(BaseModel):
    """A line that holds the words looked for."""

    message_id: str = Field(validation_alias="id")
    session_id: str
    role: Literal["scammer", "agent"]
    content: str
    turn_number: int
    created_at: datetime


class FoundValue(BaseModel):
    """A value that the words looked for could name, in one session."""

    type: str = Field(validation_alias="kind")
    value: str
    session_id: str
    confidence: float
    occurrences: int
    first_turn: int
    last_turn: int
    first_seen_at: datetime
    last_seen_at: datetime


class SearchPage(BaseModel):
    """What was found, newest first. Values come with the first page."""

    values: list[FoundValue]
    messages: list[FoundLine]
    next: str | None


def _honeypot(request: Request) -> Honeypot:
    service: Honeypot = request.app.state.services["honeypot"]
    return service


@turns.post("/sessions", status_code=201)
async def open_session(asked: OpenSession, request: Request) -> TurnAnswer:
    """Open a session with a suspicious message; answer with the persona's first reply."""
    opening = Opening(
        asked.message, asked.source_type, asked.source_identifier, asked.persona_id, asked.metadata
    )
    answer = await _honeypot(request).open_session(opening, caller_of(request), asked.client_message_id)
    return TurnAnswer.model_validate(answer)


@turns.post("/sessions/{session_id}/messages")
async def receive_message(session_id: str, asked: NextMessage, request: Request) -> TurnAnswer:
    """Take the scammer's next message; answer with the persona's reply."""
    answer = await _honeypot(request).receive_message(session_id, asked.message, asked.client_message_id)
    return TurnAnswer.model_validate(answer)


router.include_router(turns)


@router.get("/sessions", response_model=SessionPage)
async def list_sessions(
    request: Request,
    status: Status | None = None,
    scam_type: FilterText | None = None,
    is_scam: bool | None = None,
    source_type: FilterText | None = None,
    persona_id: FilterText | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Sessions, newest first, that meet every filter given."""
    asked = {
        "status": status,
        "scam_type": scam_type,
        "is_scam": is_scam,
        "source_type": source_type,
        "persona_id": persona_id,
        "since": since,
        "until": until,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    before = None if cursor is None else Place(*decode_place(cursor))
    rows = await _honeypot(request).list_sessions(filters, before, limit)
    return sent(
        SessionPage(items=[SessionSummary.model_validate(row) for row in rows], next=_next(rows, limit))
    )


@router.get("/sessions/{session_id}", response_model=SessionDetail)
async def get_session(session_id: str, request: Request) -> Response:
    """A session: its state, its verdict and what it gave away."""
    return sent(SessionDetail.model_validate(await _honeypot(request).get_session(session_id)))


@router.get("/sessions/{session_id}/messages", response_model=LinePage)
async def list_messages(
    session_id: str, request: Request, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """A session's lines, oldest first."""
    after = None if cursor is None else Place(*decode_place(cursor))
    rows = await _honeypot(request).list_messages(session_id, after, limit)
    return sent(LinePage(items=[Line.model_validate(row) for row in rows], next=_next(rows, limit)))


@router.delete("/sessions/{session_id}", status_code=204)
async def delete_session(session_id: str, request: Request) -> Response:
    """Delete a session with its lines, its intelligence and every trace of them in search."""
    await _honeypot(request).delete_session(session_id, caller_of(request))
    return Response(status_code=204)


@router.get("/search", response_model=SearchPage)
async def search(
    request: Request,
    q: Annotated[SearchText, Query(description="Words, part of a number, or any written form of a value")],
    cursor: Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> Response:
    """What was said and given away, across all sessions."""
    found = await _honeypot(request).search(q, cursor, limit)
    page = SearchPage(
        values=[FoundValue.model_validate(row) for row in found["values"]],
        messages=[FoundLine.model_validate(row) for row in found["messages"]],
        next=None if found["before"] is None else str(found["before"]),
    )
    return sent(page)


def _next(rows: list[dict[str, Any]], limit: int) -> str | None:
    return encode_place(rows[-1]["created_at"], rows[-1]["id"]) if len(rows) == limit else None
