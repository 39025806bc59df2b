"""What a session can hand to others: the record that every export format is made of, already safe to show.

Reading it from tables is the service's part, writing it the formats'.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from switchboard.apps.honeypot.rules.extraction.links import domain_of, is_official, link_facts, suspicion
from switchboard.apps.honeypot.rules.extraction.masking import SECRET_KINDS, mask
from switchboard.apps.honeypot.rules.linking import ties_sessions

Sharing = Literal["clear", "green", "amber", "amber+strict", "red"]
"""A level of the Traffic Light Protocol 2.0 (FIRST): how far an export may be passed on."""


_ABBREVIATIONS = frozenset({"KYC", "OTP", "UPI"})


class Producer(NamedTuple):
    """Who exports. `namespace` is this installation's own: ids of two installations must not meet."""

    name: str
    namespace: UUID


class Everywhere(NamedTuple):
    """A value across all sessions of the installation, whichever of them are exported."""

    confidence: float
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Value:
    """An identifier that the scammer gave, in one session.

    `kind` is one of `rules.intelligence.PLACES`. `details` say more (`bank_name`, `ifsc_code`; of a masked
    value its keyed `fingerprint`). A PAN or Aadhaar is masked here, whoever builds the record.
    """

    kind: str
    value: str
    confidence: float
    occurrences: int
    first_turn: int
    last_turn: int
    first_seen_at: datetime
    last_seen_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    everywhere: Everywhere | None = None

    def __post_init__(self) -> None:
        if self.kind in SECRET_KINDS:
            object.__setattr__(self, "value", mask(self.value))
        object.__setattr__(self, "details", dict(sorted(self.details.items())))

    @property
    def overall(self) -> Everywhere:
        """The value across all sessions; this session's own figures where no others are known."""
        return self.everywhere or Everywhere(self.confidence, self.first_seen_at, self.last_seen_at)


class Message(NamedTuple):
    """One line: `role` is `scammer` or `agent`."""

    id: str
    role: str
    content: str
    turn_number: int
    created_at: datetime


class Campaign(NamedTuple):
    """The group of sessions that this one belongs to."""

    id: str
    name: str | None
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """One session with what it gave away. Moments are aware; text is what a database keeps.

    Values and messages are put in one order: the same session makes the same file however it was read.
    """

    id: str
    status: str
    is_scam: bool
    persona_id: str
    started_at: datetime
    turn_count: int
    scam_type: str | None = None
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    score: float | None = None
    source_type: str | None = None
    source_identifier: str | None = None
    last_message_at: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = None
    campaign: Campaign | None = None
    values: tuple[Value, ...] = ()
    messages: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(sorted(self.values, key=_order_of_value)))
        messages = sorted(self.messages, key=lambda line: (line.turn_number, line.created_at, line.id))
        object.__setattr__(self, "messages", tuple(messages))

    @property
    def last_changed_at(self) -> datetime:
        """The last moment at which anything here changed."""
        seen = (value.last_seen_at for value in self.values)
        said = (line.created_at for line in self.messages)
        known = (moment for moment in (self.last_message_at, self.ended_at) if moment is not None)
        return max([self.started_at, *seen, *said, *known])


def accuses(evidence: Evidence, value: Value) -> bool:
    """Whether the value points at the scammer, so that others may search for it or block it.

    Not what a victim owns, what a bank publishes, what thousands share, or what may be a misreading.
    """
    if not evidence.is_scam or value.kind in SECRET_KINDS:
        return False
    if not ties_sessions(value.kind, value.value, value.overall.confidence):
        return False
    if value.kind == "email":
        return not is_official(value.value.rpartition("@")[2])
    return value.kind != "url" or not _is_local(domain_of(value.value))


def accuses_domain(domain: str) -> bool:
    """Whether the whole domain may be blocked for one link to it: only when it speaks against itself."""
    return suspicion(domain) is not None and domain not in link_facts().shorteners


def scam_name(scam_type: str | None) -> str:
    """A kind of scam in words: `KYC_PHISHING` is "KYC phishing"."""
    if scam_type is None or scam_type == "UNKNOWN":
        return "Scam of unknown kind"
    words = [word if word in _ABBREVIATIONS else word.lower() for word in scam_type.split("_")]
    name = " ".join(words)
    return name[:1].upper() + name[1:]


def _order_of_value(value: Value) -> tuple[str, str, str]:
    return value.kind, value.value, repr(value.details)


def _is_local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"
