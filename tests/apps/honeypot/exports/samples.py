"""Sessions for the tests of every export format: a whole one, and any that could come."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from tests.conftest import START

from switchboard.apps.honeypot.exports.evidence import (
    Campaign,
    Everywhere,
    Evidence,
    Message,
    Producer,
    Value,
)
from switchboard.apps.honeypot.rules.intelligence import PLACES

PRODUCER = Producer("Fraud desk", UUID("11111111-2222-4333-8444-555555555555"))


def value(kind: str, text: str, confidence: float = 0.9, **details: str) -> Value:
    return Value(
        kind=kind,
        value=text,
        confidence=confidence,
        occurrences=2,
        first_turn=1,
        last_turn=3,
        first_seen_at=START + timedelta(seconds=1),
        last_seen_at=START + timedelta(minutes=5),
        details=details,
    )


VALUES = (
    value("aadhaar", "234567890124", fingerprint="aa11"),
    value("bank_account", "012345678901234", ifsc_code="HDFC0000001", bank_name="HDFC Bank"),
    value("crypto_wallet", "0x" + "52908400098527886E0F7030069857D2E4169EE7"),
    value("email", "desk@kyc-help.example"),
    value("ifsc", "HDFC0000001", bank_name="HDFC Bank"),
    value("pan", "ABCPD1234E", fingerprint="bb22"),
    value("phone", "+919876543210"),
    value("telegram", "@kyc_desk"),
    value("upi", "kyc.desk@ybl"),
    value("url", "http://secure-kyc-update.example/verify"),
)
SESSION = Evidence(
    id="01a20610-4589-7000-83be-dcfb67586a18",
    status="COMPLETED",
    ended_reason=None,
    is_scam=True,
    scam_type="KYC_PHISHING",
    confidence=0.96,
    reasons=("Presses for a KYC update", "Names a private phone number"),
    score=0.8,
    persona_id="elderly_victim",
    source_type="sms",
    source_identifier="+919000012345",
    started_at=START,
    last_message_at=START + timedelta(minutes=5),
    ended_at=START + timedelta(minutes=6),
    turn_count=3,
    campaign=Campaign("0f0f", "Monday's KYC wave", START, START + timedelta(days=1)),
    values=VALUES,
    messages=(
        Message("m1", "scammer", "Your KYC has expired, call +919876543210", 1, START),
        Message("m2", "agent", "Who is this, beta?", 1, START),
    ),
)

_HOSTILE = [
    "'",
    '"',
    "\\",
    "\n",
    "\r\n",
    "\t=1+1",
    "\x00",
    "\u202e",
    "=cmd|'/c calc'!A1",
    "+1",
    "@x",
    ",",
    "'] OR [",
]
_TEXTS = st.one_of(
    st.text(min_size=1, max_size=40),
    st.lists(st.sampled_from(_HOSTILE), min_size=1, max_size=6).map("".join),
    st.text(min_size=1, max_size=4).map(lambda text: text * 2_500),
)
_MOMENTS = st.integers(0, 10**9).map(lambda seconds: START + timedelta(milliseconds=seconds))


@st.composite
def values(draw: st.DrawFn) -> Value:
    """A value of any kind with any text, sane in its moments only."""
    first, last = sorted((draw(_MOMENTS), draw(_MOMENTS)))
    confidence = draw(st.floats(0, 1))
    return Value(
        kind=draw(st.sampled_from(sorted(PLACES))),
        value=draw(_TEXTS),
        confidence=confidence,
        occurrences=draw(st.integers(1, 9)),
        first_turn=1,
        last_turn=2,
        first_seen_at=first,
        last_seen_at=last,
        details=draw(
            st.dictionaries(st.sampled_from(["bank_name", "ifsc_code", "note"]), _TEXTS, max_size=3)
        ),
        everywhere=draw(st.none() | st.just(Everywhere(confidence, first, last))),
    )


@st.composite
def sessions(draw: st.DrawFn) -> Evidence:
    """Any session: hostile texts everywhere that a scammer or a stranger can write."""
    ends = draw(st.none() | st.just(START + timedelta(days=20)))
    return Evidence(
        id=draw(st.uuids().map(str)),
        status="ONGOING" if ends is None else "TERMINATED",
        is_scam=draw(st.booleans()),
        scam_type=draw(st.sampled_from([None, "UNKNOWN", "KYC_PHISHING", "REFUND_UPI"])),
        confidence=draw(st.none() | st.floats(0, 1)),
        reasons=tuple(draw(st.lists(_TEXTS, max_size=2))),
        persona_id="elderly_victim",
        source_type=draw(st.none() | st.just("sms")),
        source_identifier=draw(st.none() | _TEXTS),
        started_at=START,
        ended_at=ends,
        turn_count=1,
        campaign=draw(st.none() | st.just(Campaign("c1", draw(_TEXTS), START, START + timedelta(days=3)))),
        values=tuple(draw(st.lists(values(), max_size=4, unique_by=lambda each: (each.kind, each.value)))),
        messages=tuple(
            Message(str(number), "scammer", text, number, START)
            for number, text in enumerate(draw(st.lists(_TEXTS, max_size=3)))
        ),
    )
