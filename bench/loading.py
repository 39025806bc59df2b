"""Fills a honeypot database for the benches: many sessions with many messages, through the product's own
statements, in batches as large as the product allows.

The words follow a steep curve, as in language: a few stand in most messages, most in a handful.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from bench.rows import intelligence_row, session_row
from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.service import linking, rollups
from switchboard.kernel.database.database import BATCH_ROWS
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.language import search
from switchboard.kernel.platform import Platform

SESSIONS = 10_000
MESSAGES = 500_000
VALUES = 100_000
COMMON_WORD = "account"
"""Stands in two messages of three."""
RARE_WORD = "quicksilver"
"""Stands in three messages of all."""
_TURNS = MESSAGES // SESSIONS // 2
_STATUSES = ("ONGOING", "COMPLETED", "TERMINATED", "MAX_TURNS_REACHED")
_TYPES = ("KYC_PHISHING", "OTP_THEFT", "LOTTERY_PRIZE", "INVESTMENT_FRAUD", "JOB_SCAM", None)
START = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN = timedelta(minutes=20)
"""Between the beginnings of two sessions."""
_SYLLABLES = [
    onset + vowel + coda
    for onset in ("b", "ch", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "sh", "t", "v", "y")
    for vowel in ("a", "e", "i", "o", "u")
    for coda in ("", "", "n", "r", "l", "m")
]


class Load:
    """The generated content: the same for every database."""

    def __init__(self) -> None:
        self._random = random.Random(20_260_204)
        self.words = [
            "".join(self._random.choices(_SYLLABLES, k=self._random.choice((2, 3, 3, 4))))
            for _ in range(20_000)
        ]
        self._weights = [1 / (rank + 10) for rank in range(len(self.words))]
        self._texts = [self._text() for _ in range(8_000)]

    def phone(self, session: int) -> str:
        """The phone number of a session: four sessions share each."""
        return f"+9198{session // 4:08d}"

    def values(self, session: int) -> list[linking.Said]:
        """What a session names: a phone that three others name too, and values of its own."""
        phone = self.phone(session)
        own = [
            linking.Said("upi", f"payee{session}.{each}@ybl", f"payee{session}.{each}@ybl", 0.9, {})
            for each in range(VALUES // SESSIONS - 2)
        ]
        account = f"{50_100_000_000_000 + session}"
        bank = {"bank_name": f"Bank {session % 40}", "ifsc_code": "HDFC0001234"}
        return [
            linking.Said("phone", phone, phone, 0.9, {}),
            linking.Said("bank_account", account, account, 0.9, bank),
            *own,
        ]

    def message(self, session: int, turn: int) -> str:
        """A scammer's line of some hundred characters; the first names the session's phone number."""
        text = self._random.choice(self._texts)
        if self._random.random() < 2 / 3:
            text = f"{text} {COMMON_WORD}"
        if turn == 1:
            text = f"{text} call {self.phone(session)[3:]}"
        if turn == 2 and session % (SESSIONS // 3) == 7:
            text = f"{text} {RARE_WORD}"
        return text

    def _text(self) -> str:
        return " ".join(self._random.choices(self.words, self._weights, k=self._random.randint(8, 18)))


def fill(platform: Platform, sessions: int = SESSIONS, start: datetime = START) -> list[str]:
    """Load the sessions, 50 messages each, one every 20 minutes; their ids, oldest first."""
    load, database = Load(), platform.database("honeypot")
    per_turn = max(1, BATCH_ROWS // (_TURNS * 4 + VALUES // SESSIONS * 2 + 4))
    ids: list[str] = []
    for first in range(0, sessions, per_turn):
        batch = [(number, platform.ids.new()) for number in range(first, min(first + per_turn, sessions))]
        database.write_now(_store, load, platform, batch, start)
        ids.extend(id for _, id in batch)
    return ids


def _store(
    tx: Transaction, load: Load, platform: Platform, batch: list[tuple[int, str]], start: datetime
) -> None:
    opened: list[Row] = []
    known: list[Row] = []
    lines: list[Row] = []
    for number, id in batch:
        now = start + number * BETWEEN
        state = {
            "source_type": ("sms", "whatsapp", "email")[number % 3],
            "is_scam": number % 5 != 0,
            "status": _STATUSES[number % 4],
            "scam_type": _TYPES[number % 6],
            "scam_confidence": 0.9,
            "turn_count": _TURNS,
            "intelligence_score": 0.5,
        }
        opened.append(session_row(id, now, **state))
        known.append(intelligence_row(platform.ids.new(), id, now))
        lines.extend(_line(load, platform, number, id, turn, now) for turn in range(1, _TURNS + 1))
    tx.run_many(statements.INSERT_SESSION, opened)
    tx.run_many(statements.INSERT_INTELLIGENCE, known)
    tx.run_many(statements.INSERT_LINES, lines)
    for number, id in batch:
        session = tx.find(statements.FIND_SESSION, id=id)
        assert session is not None
        linking.record(tx, session, load.values(number), 1, session["created_at"], platform.ids)
        rollups.record_change(tx, None, session)
    search.add_many(
        tx,
        [
            document
            for line in lines
            for document in (
                (line["heard_id"], line["session_id"], line["heard"]),
                (line["reply_id"], line["session_id"], line["reply"]),
            )
        ],
    )


def _line(load: Load, platform: Platform, number: int, id: str, turn: int, start: datetime) -> Row:
    return {
        "heard_id": platform.ids.new(),
        "reply_id": platform.ids.new(),
        "session_id": id,
        "turn_number": turn,
        "heard": load.message(number, turn),
        "heard_metadata": None,
        "reply": load.message(number, 0),
        "now": start + timedelta(seconds=turn * 20),
    }
