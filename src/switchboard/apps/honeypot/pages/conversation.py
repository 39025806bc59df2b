"""A conversation as people read it: lines with what was given away marked at its exact place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from switchboard.apps.honeypot import naming
from switchboard.kernel.console import charts

_MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One line, ready to be shown."""

    id: str
    turn: int
    is_scammer: bool
    text: Markup
    at: Any
    worded_by: str | None


async def read_lines(service: Any, caller: Any, session_id: str) -> list[Mapping[str, Any]]:
    """Every line of a session; a session has at most fifty turns of two lines."""
    rows: list[Mapping[str, Any]] = await service.list_messages(caller, session_id, None, _MOST_LINES)
    return rows


def spoken(rows: Sequence[Mapping[str, Any]]) -> list[SpokenLine]:
    return [
        SpokenLine(
            id=row["id"],
            turn=row["turn_number"],
            is_scammer=row["role"] == "scammer",
            text=marked(row["content"], (row["metadata_json"] or {}).get("spans", ())),
            at=row["created_at"],
            worded_by=(row["metadata_json"] or {}).get("model"),
        )
        for row in rows
    ]


def marked(text: str, spans: Sequence[Mapping[str, Any]]) -> Markup:
    """The text, escaped, with each value marked. Spans count characters; one inside another is left to the outer."""
    parts, done = [], 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        start, end = span["start"], span["end"]
        if start < done or end > len(text) or start >= end:
            continue
        parts.append(escape(text[done:start]))
        parts.append(
            Markup('<mark title="{kind}: {value}">{said}<span class="unseen"> ({kind})</span></mark>').format(
                kind=naming.kind(span["kind"]), value=span["value"], said=text[start:end]
            )
        )
        done = end
    parts.append(escape(text[done:]))
    return Markup("").join(parts)


def score_chart(rows: Sequence[Mapping[str, Any]]) -> charts.Chart:
    """The intelligence score and the verdict's confidence after each turn."""
    heard = [row for row in rows if row["role"] == "scammer"]
    known = [row["metadata_json"] or {} for row in heard]
    return charts.line(
        "Score and confidence, turn by turn",
        [str(row["turn_number"]) for row in heard],
        [
            charts.Series("Intelligence score", [each.get("score") for each in known]),
            charts.Series("Confidence that it is a scam", [each.get("confidence") for each in known]),
        ],
        write=lambda value: f"{value:.2f}",
        first_column="Turn",
        most=1.0,
    )
