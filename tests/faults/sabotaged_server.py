"""The product, broken on purpose: `python -m tests.faults.sabotaged_server SABOTAGE`.

A proof that cannot fail proves nothing. Only here are the product's own parts replaced.
"""

from __future__ import annotations

import sys
from typing import Any

from switchboard.kernel import platform, receipts
from switchboard.kernel.database import connections, postgresql, sqlite, writer
from switchboard.kernel.database.statement import Statement


def synchronous_off() -> None:
    """Nothing is ever synced."""
    _synchronise("OFF")


def synchronous_normal() -> None:
    """The log is synced only when it is folded back: sound after a power cut, but behind its answers."""
    _synchronise("NORMAL")


def _synchronise(mode: str) -> None:
    prepare = connections.prepare

    def careless(connection: Any, *, read_only: bool = False) -> None:
        prepare(connection, read_only=read_only)
        connection.execute(f"PRAGMA synchronous={mode}")

    connections.prepare = careless


def synchronous_commit_off() -> None:
    """PostgreSQL answers before its log is on disk."""
    postgresql._PATIENCE += " -c synchronous_commit=off"


def answer_before_commit() -> None:
    """Answers leave as soon as the turn has run."""
    run_turn = writer.GroupCommitWriter._run_turn

    def hasty(self: Any, connection: Any, tx: Any, job: Any) -> Any:
        outcome = run_turn(self, connection, tx, job)
        writer._release([outcome])
        return outcome

    writer.GroupCommitWriter._run_turn = hasty  # type: ignore[method-assign]


def receipts_forgotten() -> None:
    """No answer is remembered, so that a request sent again has a second effect."""
    receipts.keep_answer = lambda *_args: None


def unique_key_dropped() -> None:
    """PostgreSQL no longer keeps two receipts for one request apart; the look before the leap is still there."""
    migrate = platform.Platform.migrate
    drop = Statement("ALTER TABLE {receipts} DROP CONSTRAINT IF EXISTS receipts_pkey")

    def careless(self: platform.Platform) -> list[str]:
        applied = migrate(self)
        for name in self.app_names:
            self.database(name).write_now(lambda tx: tx.run(drop))
        return applied

    platform.Platform.migrate = careless  # type: ignore[method-assign]


def turns_in_the_event_loop() -> None:
    """A turn is waited for where every other request is served."""

    async def careless(self: Any, turn: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self.write_now(turn, *args, **kwargs)

    sqlite.SqliteDatabase.write = careless  # type: ignore[method-assign]


SABOTAGES = {
    each.__name__: each
    for each in (
        synchronous_off,
        synchronous_normal,
        synchronous_commit_off,
        answer_before_commit,
        receipts_forgotten,
        unique_key_dropped,
        turns_in_the_event_loop,
    )
}


def main() -> None:
    SABOTAGES[sys.argv[1]]()
    from switchboard.cli import main as command_line

    sys.argv = ["switchboard", "serve"]
    command_line()


if __name__ == "__main__":
    main()
