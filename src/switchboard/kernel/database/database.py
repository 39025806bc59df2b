"""The port: what the kernel and the apps may ask of a database. SQLite and PostgreSQL stand behind it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from switchboard.kernel.database.transaction import Dialect, Transaction
from switchboard.kernel.errors import Unavailable

if TYPE_CHECKING:
    import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")

Turn = Callable[Concatenate[Transaction, P], T]

GROUP_LIMIT = 128
"""Turns that share one commit, at most."""

BATCH_ROWS = 1_000
"""Rows that one turn of bulk work may touch, so that a waiting message never waits for a table."""


class Database(Protocol):
    """One app's database.

    A turn is a plain synchronous function `turn(tx, …)`: it awaits nothing, touches nothing but `tx` and
    its arguments, and may be run again. Its answer is released only after COMMIT has reached the disk.
    What a turn raises rolls back that turn alone and is raised to its caller. Raises Unavailable when the
    database cannot take it now; nothing of the turn was stored, unless the connection broke during COMMIT,
    which the message says.
    """

    @property
    def name(self) -> str:
        """The app's name: the file's stem on SQLite, the schema on PostgreSQL."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def engine(self) -> sa.Engine:
        """For administration through SQLAlchemy, never on the path of a message."""

    async def write(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a turn; return its answer once it is durable."""

    async def read(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on one consistent snapshot, beside the writer."""

    def write_now(self, turn: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`write` for threads without an event loop: commands and jobs."""

    def read_now(self, query: Turn[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for threads without an event loop."""

    def change_mark(self) -> Hashable:
        """A value that is another one after any commit, by whatever process. Cheap; blocks for a moment."""

    def announce(self) -> None:
        """Tell other processes that something was committed here, if anything was since the last call.

        An accelerator: who misses it finds the changed mark at the next look.
        """

    def compact(self) -> None:
        """Write the database anew, so that no byte of what was deleted remains and its space is given back.

        Turns wait meanwhile, some seconds for each GB. Raises Unavailable when there is no room for it.
        """

    def health(self) -> dict[str, Any]:
        """What an operator would ask, by name: size_bytes, waiting turns, sync mode, version."""

    def close(self) -> None:
        """Finish the accepted turns, then let go of every connection. Safe to call twice."""


def run_turn(turn: Callable[..., T], tx: Transaction, *args: Any, **kwargs: Any) -> T:
    """Run a turn. A StopIteration becomes a RuntimeError: no future can carry one, so its caller would hang."""
    try:
        return turn(tx, *args, **kwargs)
    except StopIteration as error:
        raise RuntimeError("the turn let a StopIteration escape") from error


def write_in_batches(database: Database, step: Callable[[Transaction], int]) -> int:
    """Repeat `step` until it reports no more rows; the total. Each run is a turn of its own.

    `step` touches at most BATCH_ROWS rows, so that other turns are committed in between.
    """
    total = 0
    while done := database.write_now(step):
        total += done
    return total


def disk_full(name: str) -> Unavailable:
    return Unavailable(
        f"The disk that holds the {name} database is full, so nothing was stored.",
        hint="Free space on the data disk, then send the request again. Reading still works.",
        retry_after_seconds=10,
    )


def locked(name: str) -> Unavailable:
    return Unavailable(
        f"Another program holds the {name} database, so nothing was stored.",
        hint="Close the program that keeps the database open for writing, then send the request again.",
        retry_after_seconds=2,
    )


def unreachable(name: str) -> Unavailable:
    return Unavailable(
        f"The {name} database cannot be reached, so nothing was stored.",
        hint="Check that the database server runs (`switchboard doctor`), then send the request again.",
        retry_after_seconds=2,
    )


def outcome_unknown(name: str) -> Unavailable:
    return Unavailable(
        f"The {name} database broke off while it was storing this; it may or may not be stored.",
        hint="Send the same request again with the same client_message_id: it has one effect.",
        retry_after_seconds=2,
    )


def closing(name: str) -> Unavailable:
    return Unavailable(f"The {name} database is closing.", hint="Try again in a moment.")


def overloaded(name: str) -> Unavailable:
    return Unavailable(
        f"Too many turns are waiting for the {name} database.",
        hint="Wait for the seconds that Retry-After names, then send the request again.",
    )
