"""The product, broken on purpose: `python -m tests.faults.sabotaged_server SABOTAGE`.

A proof that cannot fail proves nothing. Only here are the product's own parts replaced.
"""

from __future__ import annotations

import sys
from typing import Any

from switchboard.kernel import receipts
from switchboard.kernel.database import connections, sqlite, writer


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


def answer_before_commit() -> None:
    """Answers leave as soon as the turn has run."""
    run_turn = writer.GroupCommitWriter._run_turn

    def hasty(self: Any, connection: Any, tx: Any, job: Any) -> Any:
        outcome = run_turn(self, connection, tx, job)
        writer._release([outcome])
        return outcome

    writer.GroupCommitWriter._run_turn = hasty  # type: ignore[method-assign]


def receipts_forgotten() -> None:
    """No answer is remembered, as if its unique key had been dropped: a repeated request has a second effect."""
    receipts.keep_answer = lambda *_args: None


SABOTAGES = {
    each.__name__: each
    for each in (synchronous_off, synchronous_normal, answer_before_commit, receipts_forgotten)
}


def main() -> None:
    SABOTAGES[sys.argv[1]]()
    from switchboard.cli import main as command_line

    assert sqlite.connect is connections.connect
    sys.argv = ["switchboard", "serve"]
    command_line()


if __name__ == "__main__":
    main()
