"""The honeypot over HTTP: requests and answers as schemas, each route one call of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from switchboard.apps.honeypot.exports.evidence import Sharing
from switchboard.apps.honeypot.exports.formats import FORMATS
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
    decode_number,
    decode_place,
    encode_place,
)

router = APIRouter(tags=["honeypot"], responses=ERROR_RESPONSES)
turns = APIRouter(tags=["honeypot"], responses=ERROR_RESPONSES, route_class=DirectRoute)

Status = Literal["INITIAL", "ONGOING", "COMPLETED", "TERMINATED", "MAX_TURNS_REACHED", "SAFETY_EXIT"]
ExportFormat = Literal["json", "csv", "csv-sessions", "csv-messages", "stix", "misp"]
ValueType = Literal[
    "phone",
    "upi",
    "bank_account",
    "ifsc",
    "url",
    "email",
    "crypto_wallet",
    "telegram",
    "pan",
    "aadhaar",
]
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
    ended_reason: str | None
    first_disclosure_turn: int | None
    campaign_id: str | None


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
    value: str = Field(validation_alias="shown")
    session_id: str
    confidence: float
    occurrences: int
    first_turn: int
    last_turn: int
    first_seen_at: datetime
    last_seen_at: datetime


class KnownValue(BaseModel):
    """A value across all sessions. A PAN or Aadhaar is masked."""

    id: str
    type: str = Field(validation_alias="kind")
    value: str = Field(validation_alias="shown")
    bank_name: str | None
    details: dict[str, Any] | None = Field(validation_alias="details_json")
    confidence: float
    session_count: int
    occurrences: int
    first_seen_at: datetime
    last_seen_at: datetime


class KnownValuePage(BaseModel):
    """Values across sessions, last seen first."""

    items: list[KnownValue]
    next: str | None


class WhoNamed(BaseModel):
    """A session that names a value."""

    session_id: str = Field(validation_alias="id")
    status: Status
    is_scam: bool
    scam_type: str | None
    source_type: str | None
    campaign_id: str | None
    confidence: float
    occurrences: int
    first_turn: int
    last_turn: int
    first_seen_at: datetime
    last_seen_at: datetime


class KnownValueDetail(KnownValue):
    """A value with the sessions that name it, last seen first."""

    sessions: list[WhoNamed]
    next: str | None


class Tie(BaseModel):
    """A value that several sessions of a campaign share."""

    value_id: str = Field(validation_alias="id")
    type: str = Field(validation_alias="kind")
    value: str = Field(validation_alias="shown")
    bank_name: str | None
    sessions: int


class TypeCount(BaseModel):
    """How many sessions are a kind of scam."""

    scam_type: str | None
    sessions: int


class Campaign(BaseModel):
    """Sessions that hang together through shared values.

    `scam_types` and `ties` are counted over all of them, in a campaign of more than 500 over its newest 500.
    """

    id: str
    name: str | None
    session_count: int
    created_at: datetime
    last_seen_at: datetime
    scam_types: list[TypeCount]
    ties: list[Tie]


class CampaignPage(BaseModel):
    """Campaigns, last seen first."""

    items: list[Campaign]
    next: str | None


class CampaignName(_Request):
    """What people call a campaign; null takes the name away."""

    name: ShortText | None


class Ending(_Request):
    """Why a session is ended by hand."""

    reason: ShortText | None = None


class Figures(BaseModel):
    """Sessions added up. A rate of nothing is null."""

    sessions: int
    scams: int
    turns: int
    took_off: int = Field(description="Scams in which the scammer wrote again after the first reply")
    disclosed: int = Field(description="Scams that gave at least one value away")
    take_off_rate: float | None
    disclosure_rate: float | None
    mean_turns: float | None
    mean_turns_to_first_disclosure: float | None
    by_status: dict[str, int]


class FiguresOf(Figures):
    """The figures of one scam type, persona or source."""

    key: str


class FiguresOfDay(Figures):
    """The figures of the sessions begun on one day."""

    key: datetime


class ValueCount(BaseModel):
    """How many different values of a type are known, and how many stand in several sessions."""

    type: str = Field(validation_alias="kind")
    values: int
    shared: int


class Analytics(BaseModel):
    """The figures of the sessions begun in a stretch of days; values and campaigns are counted in all."""

    since: datetime
    until: datetime
    total: Figures
    by_day: list[FiguresOfDay]
    by_scam_type: list[FiguresOf]
    by_persona: list[FiguresOf] = Field(validation_alias="by_persona_id")
    by_source_type: list[FiguresOf]
    values: list[ValueCount]
    campaigns: int


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
    answer = await _honeypot(request).open_session(caller_of(request), opening, asked.client_message_id)
    return TurnAnswer.model_validate(answer)


@turns.post("/sessions/{session_id}/messages")
async def receive_message(session_id: str, asked: NextMessage, request: Request) -> TurnAnswer:
    """Take the scammer's next message; answer with the persona's reply."""
    answer = await _honeypot(request).receive_message(
        caller_of(request), session_id, asked.message, asked.client_message_id
    )
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
    campaign_id: FilterText | None = None,
    q: Annotated[SearchText | None, Query(description="Words that one line of the session holds")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Sessions, newest first, that meet every filter given; with `q`, the newest such line first.

    A page can hold fewer than `limit` although `next` leads on.
    """
    asked = {
        "status": status,
        "scam_type": scam_type,
        "is_scam": is_scam,
        "source_type": source_type,
        "persona_id": persona_id,
        "since": since,
        "until": until,
        "campaign_id": campaign_id,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    if q is not None:
        return await _list_sessions_that_say(request, q, filters, cursor, limit)
    before = _place(cursor)
    rows = await _honeypot(request).list_sessions(caller_of(request), filters, before, limit)
    return sent(
        SessionPage(items=[SessionSummary.model_validate(row) for row in rows], next=_next(rows, limit))
    )


async def _list_sessions_that_say(
    request: Request, q: str, filters: dict[str, Any], cursor: str | None, limit: int
) -> Response:
    rows, before = await _honeypot(request).find_sessions_that_say(
        caller_of(request), q, filters, decode_number(cursor), limit
    )
    items = [SessionSummary.model_validate(row) for row in rows]
    return sent(SessionPage(items=items, next=None if before is None else str(before)))


@router.get("/sessions/{session_id}", response_model=SessionDetail)
async def get_session(session_id: str, request: Request) -> Response:
    """A session: its state, its verdict and what it gave away."""
    return sent(
        SessionDetail.model_validate(await _honeypot(request).get_session(caller_of(request), session_id))
    )


@router.get("/sessions/{session_id}/messages", response_model=LinePage)
async def list_messages(
    session_id: str, request: Request, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """A session's lines, oldest first."""
    after = _place(cursor)
    rows = await _honeypot(request).list_messages(caller_of(request), session_id, after, limit)
    return sent(LinePage(items=[Line.model_validate(row) for row in rows], next=_next(rows, limit)))


@router.get("/sessions/{session_id}/intelligence", response_model=Intelligence)
async def get_intelligence(session_id: str, request: Request) -> Response:
    """What one session gave away."""
    return sent(
        Intelligence.model_validate(await _honeypot(request).get_intelligence(caller_of(request), session_id))
    )


@router.post("/sessions/{session_id}/end", response_model=SessionDetail)
async def end_session(session_id: str, asked: Ending, request: Request) -> Response:
    """End an open session by hand, as TERMINATED; nothing more is said to the scammer."""
    ended = await _honeypot(request).end_session(caller_of(request), session_id, asked.reason)
    return sent(SessionDetail.model_validate(ended))


@router.delete("/sessions/{session_id}", status_code=204)
async def delete_session(session_id: str, request: Request) -> Response:
    """Delete a session with its lines, its intelligence and every trace of them in search."""
    await _honeypot(request).delete_session(caller_of(request), session_id)
    return Response(status_code=204)


@router.get("/search", response_model=SearchPage)
async def search(
    request: Request,
    q: Annotated[SearchText, Query(description="Words, part of a number, or any written form of a value")],
    cursor: Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> Response:
    """What was said and given away, across all sessions."""
    found = await _honeypot(request).search(caller_of(request), q, cursor, limit)
    page = SearchPage(
        values=[FoundValue.model_validate(row) for row in found["values"]],
        messages=[FoundLine.model_validate(row) for row in found["messages"]],
        next=None if found["before"] is None else str(found["before"]),
    )
    return sent(page)


@router.get("/intelligence", response_model=KnownValuePage)
async def list_intelligence(
    request: Request,
    type: ValueType | None = None,
    value: Annotated[SearchText | None, Query(description="Any written form of a value")] = None,
    bank: Annotated[FilterText | None, Query(description="The bank's name, as the values show it")] = None,
    since: Annotated[Moment | None, Query(description="Seen at this moment or later")] = None,
    least_sessions: Annotated[int, Query(ge=1, le=1_000_000, description="Named in so many sessions")] = 1,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Values across all sessions, last seen first."""
    asked = {
        "kind": type,
        "bank_name": bank,
        "since": since,
        "least_sessions": least_sessions if least_sessions > 1 else None,
    }
    filters = {name: wanted for name, wanted in asked.items() if wanted is not None}
    rows = await _honeypot(request).list_values(caller_of(request), filters, value, _place(cursor), limit)
    items = [KnownValue.model_validate(row) for row in rows]
    return sent(
        KnownValuePage(items=items, next=_next(rows, limit, "last_seen_at") if value is None else None)
    )


@router.get("/intelligence/{value_id}", response_model=KnownValueDetail)
async def get_value(value_id: str, request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """One value, with the sessions that name it, last seen first."""
    found = await _honeypot(request).get_value(caller_of(request), value_id, _place(cursor), limit)
    places = [{"last_seen_at": row["last_seen_at"], "id": row["place_id"]} for row in found["sessions"]]
    return sent(KnownValueDetail.model_validate({**found, "next": _next(places, limit, "last_seen_at")}))


@router.get("/campaigns", response_model=CampaignPage)
async def list_campaigns(
    request: Request,
    since: Annotated[Moment | None, Query(description="Seen at this moment or later")] = None,
    least_sessions: Annotated[int, Query(ge=2, le=1_000_000, description="Of so many sessions")] = 2,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Sessions that hang together through shared values, last seen first."""
    asked = {"since": since, "least_sessions": least_sessions if least_sessions > 2 else None}
    filters = {name: wanted for name, wanted in asked.items() if wanted is not None}
    rows = await _honeypot(request).list_campaigns(caller_of(request), filters, _place(cursor), limit)
    items = [Campaign.model_validate(row) for row in rows]
    return sent(CampaignPage(items=items, next=_next(rows, limit, "last_seen_at")))


@router.get("/campaigns/{campaign_id}", response_model=Campaign)
async def get_campaign(campaign_id: str, request: Request) -> Response:
    """One campaign; `GET sessions?campaign_id=…` lists its sessions."""
    return sent(
        Campaign.model_validate(await _honeypot(request).get_campaign(caller_of(request), campaign_id))
    )


@router.put("/campaigns/{campaign_id}/name", response_model=Campaign)
async def name_campaign(campaign_id: str, asked: CampaignName, request: Request) -> Response:
    """Give a campaign a name of your own."""
    named = await _honeypot(request).name_campaign(caller_of(request), campaign_id, asked.name)
    return sent(Campaign.model_validate(named))


@router.get("/analytics", response_model=Analytics)
async def get_analytics(
    request: Request,
    since: Annotated[Moment | None, Query(description="From this day on, UTC [default: 30 days ago]")] = None,
    until: Annotated[
        Moment | None, Query(description="Until before this day, UTC [default: tomorrow]")
    ] = None,
) -> Response:
    """What the sessions begun in a stretch of days came to. Whole days count."""
    return sent(
        Analytics.model_validate(await _honeypot(request).sum_figures(caller_of(request), since, until))
    )


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {each.media_type: {} for each in FORMATS.values()}}},
)
async def export(
    request: Request,
    format: Annotated[
        ExportFormat, Query(description="csv has a row a value, the others a session")
    ] = "json",
    session_id: Annotated[
        list[FilterText] | None, Query(max_length=1_000, description="Only these; may be repeated")
    ] = None,
    status: Status | None = None,
    scam_type: FilterText | None = None,
    is_scam: bool | None = None,
    source_type: FilterText | None = None,
    campaign_id: FilterText | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    sharing: Annotated[Sharing, Query(description="How far it may be passed on (TLP 2.0)")] = "amber",
) -> Response:
    """Sessions as a file for others: JSON, CSV, a STIX 2.1 bundle, or MISP events. PAN and Aadhaar are masked."""
    honeypot, chosen = _honeypot(request), FORMATS[format]
    if session_id:
        await honeypot.require_sessions(caller_of(request), session_id)
    asked = {
        "ids": session_id or None,
        "status": status,
        "scam_type": scam_type,
        "is_scam": is_scam,
        "source_type": source_type,
        "campaign_id": campaign_id,
        "since": since,
        "until": until,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    return StreamingResponse(
        honeypot.export(caller_of(request), format, filters, sharing),
        media_type=chosen.media_type,
        headers={"Content-Disposition": f'attachment; filename="honeypot.{chosen.ending}"'},
    )


def _place(cursor: str | None) -> Place | None:
    return None if cursor is None else Place(*decode_place(cursor))


def _next(rows: Sequence[Mapping[str, Any]], limit: int, moment: str = "created_at") -> str | None:
    return encode_place(rows[-1][moment], rows[-1]["id"]) if len(rows) == limit else None
