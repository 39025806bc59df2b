"""The writer thread of one SQLite file: many turns, one fsync.

Turns that arrive while a commit is under way form the next group. Each runs inside a savepoint of the
group's transaction, so that a failing turn rolls back alone; the answers of a group are released together,
after its COMMIT. An error that takes the transaction with it (full disk, I/O, a lock held elsewhere) fails
every turn of the group: none of them was stored.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from switchboard.kernel.database.database import GROUP_LIMIT, closing, overloaded, run_turn
from switchboard.kernel.database.library import BUSY_TIMEOUT_MS, library, primary_code
from switchboard.kernel.database.transaction import RerunTurn

_WAITING_LIMIT = 5_000
_WAITING_SECONDS = BUSY_TIMEOUT_MS / 1000
# The log is folded into the file at this length, in the writer thread: the one checkpointer. Under load its
# file keeps its size, since overwriting is synced faster than growing; a quiet moment empties it, and with it
# what was deleted.
_CHECKPOINT_PAGES = 4_000
_IDLE_SECONDS = 0.5
_RERUNS = 10

_KEEPS_THE_CONNECTION = frozenset({library.SQLITE_BUSY, library.SQLITE_FULL})
_ENDS_THE_GROUP = frozenset(
    {
        library.SQLITE_FULL,
        library.SQLITE_IOERR,
        library.SQLITE_NOMEM,
        library.SQLITE_CANTOPEN,
        library.SQLITE_READONLY,
        library.SQLITE_CORRUPT,
        library.SQLITE_BUSY,
    }
)

Answer = asyncio.Future[Any] | Future[Any]


class _Job(NamedTuple):
    turn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    answer: Answer
    loop: asyncio.AbstractEventLoop | None
    accepted_at: float
    alone: bool = False
    """Outside any transaction: `turn(connection)`, once the group before it is committed."""


class _Outcome(NamedTuple):
    job: _Job
    result: Any
    error: BaseException | None


class GroupCommitWriter:
    """Runs turns one after another on one connection, which it opens at the first turn.

    `connect()` gives a connection in autocommit mode; `translate(error)` puts an error into words.
    """

    def __init__(
        self,
        name: str,
        *,
        connect: Callable[[], Any],
        transaction: Callable[[Any], Any],
        translate: Callable[[BaseException], BaseException],
    ) -> None:
        self._name = name
        self._connect = connect
        self._transaction = transaction
        self._translate = translate
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._connection: Any = None
        self._log_is_dirty = False

    @property
    def waiting(self) -> int:
        """Turns accepted and not yet begun."""
        return self._jobs.qsize()

    def submit(
        self,
        turn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        answer: Answer,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        """Accept a turn; `answer` is settled after its commit, on `loop` if one is given."""
        self._accept(_Job(turn, args, kwargs, answer, loop, time.monotonic()))

    def submit_alone(self, work: Callable[[Any], Any], answer: Answer) -> None:
        """Accept work on the bare connection, between two groups: what no transaction may hold."""
        self._accept(_Job(work, (), {}, answer, None, time.monotonic(), alone=True))

    def _accept(self, job: _Job) -> None:
        if self._jobs.qsize() >= _WAITING_LIMIT:
            raise overloaded(self._name)
        with self._lock:
            if self._closed:
                raise closing(self._name)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"{self._name}-writer", daemon=True)
                self._thread.start()
            self._jobs.put(job)

    def close(self) -> None:
        """Commit what was accepted, fold the log back into the file, end the thread."""
        with self._lock:
            first = not self._closed
            self._closed = True
            thread = self._thread
        if thread is None:
            return
        if first:
            self._jobs.put(None)
        thread.join()

    def _work(self) -> None:
        closing = False
        while not closing:
            try:
                first = self._jobs.get(timeout=_IDLE_SECONDS if self._log_is_dirty else None)
            except queue.Empty:
                self._checkpoint("TRUNCATE")
                continue
            group, closing = self._gather(first)
            turns = [job for job in group if not job.alone]
            if turns:
                self._run_group(turns)
            for job in group:
                if job.alone:
                    self._run_alone(job)
        self._checkpoint("TRUNCATE")
        self._let_go()

    def _gather(self, first: _Job | None) -> tuple[list[_Job], bool]:
        """The turns waiting now, at most a group, and whether the writer is to close after them."""
        group: list[_Job] = []
        job = first
        while job is not None:
            # A caller who went away before the turn began is not owed its effect.
            if not job.answer.cancelled():
                group.append(job)
            if len(group) == GROUP_LIMIT:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _run_group(self, group: list[_Job]) -> None:
        try:
            outcomes = self._commit(group)
        except BaseException as error:
            self._abandon(error)
            said = self._translate(error)
            outcomes = [_Outcome(job, None, said) for job in group]
        _release(outcomes)

    def _run_alone(self, job: _Job) -> None:
        try:
            outcome = _Outcome(job, job.turn(self._open()), None)
        except BaseException as error:
            self._abandon(error)
            outcome = _Outcome(job, None, self._translate(error))
        _release([outcome])

    def _open(self) -> Any:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        return self._connection

    def _commit(self, group: list[_Job]) -> list[_Outcome]:
        """Run every turn and commit. Raises what ended the whole transaction, if anything did."""
        connection = self._open()
        # A turn that has waited its time out behind a foreign lock is not made to wait it twice.
        patient = time.monotonic() - group[0].accepted_at < _WAITING_SECONDS
        with _busy_timeout(connection, None if patient else 50):
            connection.execute("BEGIN IMMEDIATE")
        tx = self._transaction(connection)
        outcomes = [self._run_until_settled(connection, tx, job) for job in group]
        connection.execute("COMMIT")
        self._log_is_dirty = True
        return outcomes

    def _run_until_settled(self, connection: Any, tx: Any, job: _Job) -> _Outcome:
        """Run a turn again when it asks for it; with one writer it has lost a race at most to itself."""
        for _ in range(_RERUNS):
            outcome = self._run_turn(connection, tx, job)
            if not isinstance(outcome.error, RerunTurn):
                return outcome
        return outcome._replace(error=overloaded(self._name))

    def _run_turn(self, connection: Any, tx: Any, job: _Job) -> _Outcome:
        connection.execute("SAVEPOINT turn")
        try:
            result = run_turn(job.turn, tx, *job.args, **job.kwargs)
        except BaseException as error:
            # After a full disk or a failed write nothing in the group is to be trusted, whatever
            # SQLite itself has rolled back.
            if primary_code(error) in _ENDS_THE_GROUP or not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO turn")
            connection.execute("RELEASE turn")
            return _Outcome(job, None, self._translate(error))
        connection.execute("RELEASE turn")
        return _Outcome(job, result, None)

    def _abandon(self, error: BaseException) -> None:
        """Roll back, and after a failed write start over on a new connection."""
        connection = self._connection
        if connection is None:
            return
        with suppress(library.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        # What a connection remembers after a failed fsync is not to be trusted.
        if primary_code(error) not in _KEEPS_THE_CONNECTION or connection.in_transaction:
            self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(library.Error):
                connection.close()

    def _checkpoint(self, mode: str) -> None:
        """Fold the log into the file. One that cannot finish now loses nothing: the log keeps all."""
        if self._connection is None:
            self._log_is_dirty = False
            return
        with suppress(library.Error), _busy_timeout(self._connection, 0):
            row = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            # A reader in the way leaves pages behind: they are tried again when the writer is next idle.
            self._log_is_dirty = row["busy"] != 0 or row["checkpointed"] < row["log"]


@contextmanager
def _busy_timeout(connection: Any, milliseconds: int | None) -> Iterator[None]:
    """Wait differently for a foreign lock within the block; None leaves it as it is."""
    if milliseconds is None:
        yield
        return
    connection.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _release(outcomes: list[_Outcome]) -> None:
    """Settle every answer, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        if outcome.job.loop is None:
            _settle(outcome)
        else:
            by_loop.setdefault(outcome.job.loop, []).append(outcome)
    for loop, theirs in by_loop.items():
        # A loop that has ended has nobody left to answer.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle_all, theirs)


def _settle_all(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        _settle(outcome)


def _settle(outcome: _Outcome) -> None:
    answer = outcome.job.answer
    if answer.done():
        return
    if outcome.error is None:
        answer.set_result(outcome.result)
    else:
        answer.set_exception(outcome.error)
