"""What every measured server shares: the sessions, the message, the trivial rules, the way it reports itself.

Standard library only: rivals import it too.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import UUID

SESSIONS = 256
MESSAGE = (
    "Dear customer {number}, your account is blocked today. Send Rs 5000 to verify@ybl "
    "or call +91 98765 43210 at once to unblock."
)
"""About 120 characters, as a scammer writes; `{number}` makes each one new."""

DIRECTORY = "BENCH_DIRECTORY"
"""Environment variable: the server's own empty directory."""
DATABASE_URL = "BENCH_DATABASE_URL"
"""Environment variable: the PostgreSQL server of this run, for the servers that want one."""


@dataclass(frozen=True)
class About:
    """What a server says of itself: headers each request must carry, settings read back from its database."""

    headers: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


def session_ids() -> list[str]:
    """The sessions that stand open before the load begins, alike for every server."""
    return [str(UUID(int=number)) for number in range(1, SESSIONS + 1)]


def reply_to(message: str) -> str:
    """The trivial rules."""
    return "Oh dear, is it serious? Please tell me which bank this is." if message else "Hello? Who is this?"


def directory() -> Path:
    """Where the server that calls this keeps its files."""
    return Path(os.environ[DIRECTORY])


def introduce(about: About) -> None:
    """Leave the word for the run, before the first request is answered."""
    (directory() / "about.json").write_text(json.dumps(asdict(about)))


def read_introduction(place: Path) -> About:
    """What the server in `place` said of itself; nothing when it left no word."""
    file = place / "about.json"
    return About(**json.loads(file.read_text())) if file.exists() else About()
