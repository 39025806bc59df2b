"""What came of a replay, in numbers and row by row. No message text is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from switchboard.kernel.clock import to_iso

if TYPE_CHECKING:
    from switchboard.apps.honeypot.service.replays.player import Played, Replay
    from switchboard.apps.honeypot.service.replays.rows import Values


@dataclass(frozen=True)
class Verdicts:
    """How the verdicts on labelled conversations agree with the labels. One is a scam if any of its rows is."""

    true_scams: int
    false_alarms: int
    missed_scams: int
    true_others: int

    @property
    def total(self) -> int:
        return self.true_scams + self.false_alarms + self.missed_scams + self.true_others

    @property
    def precision(self) -> float | None:
        return _share(self.true_scams, self.true_scams + self.false_alarms)

    @property
    def recall(self) -> float | None:
        return _share(self.true_scams, self.true_scams + self.missed_scams)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.true_scams, 2 * self.true_scams + self.false_alarms + self.missed_scams)


@dataclass(frozen=True)
class Extraction:
    """How the values found agree with the expected ones, over the conversations whose rows say what they expect."""

    expected: int
    found: int
    unexpected: int


@dataclass(frozen=True)
class Summary:
    """The numbers of a replay."""

    messages: int
    conversations: int
    sessions: int
    replies: int
    already_stored: int
    rows_refused: int
    rows_unfinished: int
    scams: int
    scams_by_type: dict[str, int]
    values: int
    values_by_kind: dict[str, int]
    seconds: float
    messages_per_second: float | None
    verdicts: Verdicts | None
    extraction: Extraction | None


def summarise(replay: Replay) -> Summary:
    """The numbers of a replay, complete or not."""
    conversations = [answered for turns in replay.conversations if (answered := _answered(turns))]
    replies = sum(len(turns) for turns in conversations)
    scams = [scam for turns in conversations if (scam := _verdict(turns))["is_scam"]]
    values = [value for turns in conversations for value in _values(turns)]
    return Summary(
        messages=len(replay.file.rows) + len(replay.file.refused),
        conversations=len(conversations),
        # A conversation that goes on after its session ended goes on in a new one.
        sessions=len({each.answer["session_id"] for turns in conversations for each in turns if each.answer}),
        replies=replies,
        already_stored=sum(played.was_stored_before for turns in conversations for played in turns),
        rows_refused=len(refusals_of(replay)),
        rows_unfinished=sum(_is_unfinished(played) for turns in replay.conversations for played in turns),
        scams=len(scams),
        scams_by_type=_by_count(scam["type"] or "of no known type" for scam in scams),
        values=len(values),
        values_by_kind=_by_count(kind for kind, _ in values),
        seconds=round(replay.seconds, 3),
        messages_per_second=_share(replies, replay.seconds),
        verdicts=_judge_verdicts(conversations),
        extraction=_judge_extraction(conversations),
    )


def body_of(replay: Replay, summary: Summary) -> dict[str, Any]:
    verdicts = summary.verdicts
    return {
        "file": str(replay.file.path),
        "file_sha256": replay.file.digest,
        "began_at": to_iso(replay.began_at),
        "is_complete": replay.is_complete,
        "summary": asdict(summary)
        | (
            {"precision": verdicts.precision, "recall": verdicts.recall, "f1": verdicts.f1}
            if verdicts is not None
            else {}
        ),
        "rows": sorted(_row_bodies(replay), key=lambda body: body["line"]),
    }


def _row_bodies(replay: Replay) -> Iterator[dict[str, Any]]:
    for refusal in replay.file.refused:
        yield {"line": refusal.line, "outcome": "refused", "reason": refusal.reason}
    for turns in replay.conversations:
        for played in turns:
            yield _row_body(played)


def _row_body(played: Played) -> dict[str, Any]:
    row, answer = played.row, played.answer
    body: dict[str, Any] = {"line": row.line, "id": row.id, "conversation": row.conversation}
    if answer is None:
        outcome = "not played" if _is_unfinished(played) else "refused"
        return body | {"outcome": outcome, "reason": played.refused_because}
    return body | {
        "outcome": "already stored" if played.was_stored_before else "stored",
        "session_id": answer["session_id"],
        "turn": answer["turn_count"],
        "status": answer["status"],
        "scam": answer["scam"],
        "labelled_scam": row.is_scam,
        "new_intelligence": answer["new_intelligence"],
        "expected": None if row.expected is None else sorted(row.expected),
        "intelligence_score": answer["intelligence_score"],
    }


def refusals_of(replay: Replay) -> list[tuple[int, str]]:
    refused = [(refusal.line, refusal.reason) for refusal in replay.file.refused]
    refused += [
        (played.row.line, played.refused_because)
        for turns in replay.conversations
        for played in turns
        if played.refused_because is not None
    ]
    return sorted(refused)


def _answered(turns: Sequence[Played]) -> list[Played]:
    return [played for played in turns if played.answer is not None]


def _is_unfinished(played: Played) -> bool:
    return played.answer is None and played.refused_because is None


def _verdict(turns: Sequence[Played]) -> dict[str, Any]:
    """The verdict that a conversation came to: the last of a scam, where it went on in another session, too."""
    verdicts: list[dict[str, Any]] = [played.answer["scam"] for played in turns if played.answer is not None]
    return next((verdict for verdict in reversed(verdicts) if verdict["is_scam"]), verdicts[-1])


def _values(turns: Sequence[Played]) -> Values:
    return frozenset(
        (each["type"], each["value"])
        for played in turns
        if played.answer is not None
        for each in played.answer["new_intelligence"]
    )


def _judge_verdicts(conversations: Sequence[Sequence[Played]]) -> Verdicts | None:
    counts = Counter(
        (any(labels), _verdict(turns)["is_scam"])
        for turns in conversations
        if (labels := [played.row.is_scam for played in turns if played.row.is_scam is not None])
    )
    if not counts:
        return None
    return Verdicts(
        true_scams=counts[True, True],
        false_alarms=counts[False, True],
        missed_scams=counts[True, False],
        true_others=counts[False, False],
    )


def _judge_extraction(conversations: Sequence[Sequence[Played]]) -> Extraction | None:
    total, found, unexpected, is_judged = 0, 0, 0, False
    for turns in conversations:
        said = [played.row.expected for played in turns]
        expected = frozenset[tuple[str, str]]().union(*(values for values in said if values is not None))
        values = _values(turns)
        total += len(expected)
        found += len(expected & values)
        # Where one row is silent about what it expects, nothing found in its conversation is a surprise.
        unexpected += 0 if None in said else len(values - expected)
        is_judged = is_judged or any(values is not None for values in said)
    return Extraction(total, found, unexpected) if is_judged else None


def _by_count(names: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
