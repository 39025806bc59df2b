"""A replay's summary on the screen, and its report as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from rich.text import Text

from switchboard.apps.honeypot.commands import wording
from switchboard.apps.honeypot.service.replays.player import Replay
from switchboard.apps.honeypot.service.replays.report import Summary, body_of, refusals_of
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid

_REFUSALS_SHOWN = 20


def require_writable(path: Path) -> None:
    """Refuse a place where no report could be written, before anything is played. Raises Invalid."""
    folder = path.parent
    if not folder.is_dir():
        raise Invalid(
            f"There is no folder {folder} for the report.", hint="Make it, or name another with --report."
        )
    if path.is_dir():
        raise Invalid(f"{path} is a folder.", hint="Name a file in it with --report.")
    if not os.access(folder, os.W_OK):
        raise Invalid(
            f"The report cannot be written into {folder.resolve()}.",
            hint="Name another place with --report FILE.json.",
        )


def write(wanted: Path, replay: Replay, summary: Summary) -> Path:
    """Write the report beside whatever is there already; where it is. Raises Invalid when the disk refuses."""
    body = json.dumps(body_of(replay, summary), ensure_ascii=False, indent=2) + "\n"
    for path in _free_names(wanted):
        try:
            with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(body)
        except FileExistsError:
            continue
        except OSError as error:
            raise Invalid(
                f"The messages are stored, but the report {path} cannot be written: {error.strerror}.",
                hint="Replay the same file with --report in another place: nothing is stored twice.",
            ) from error
        return path
    raise AssertionError("names never end")


def show(replay: Replay, summary: Summary, written: Path) -> None:
    """Print the summary, the first refused rows, and where the report is."""
    out = terminal.output()
    for name, number, remark in _lines(summary):
        out.print(Text(f"{name:<22}{number:>9}  {remark}".rstrip()), soft_wrap=True)
    refusals = refusals_of(replay)
    if refusals:
        out.print()
    for line, reason in refusals[:_REFUSALS_SHOWN]:
        out.print(Text(f"Refused, line {line}: {terminal.one_line(reason)}"), soft_wrap=True)
    if len(refusals) > _REFUSALS_SHOWN:
        out.print(f"… and {len(refusals) - _REFUSALS_SHOWN} more: the report names each.", soft_wrap=True)
    if refusals:
        out.print(
            "Put corrected rows into a file of their own: this file, changed, would be played as a new one.",
            soft_wrap=True,
        )
    out.print(Text(f"\nReport: {terminal.one_line(str(written))}"), soft_wrap=True)


def _lines(summary: Summary) -> Iterator[tuple[str, str, str]]:
    """The summary as rows of name, number, remark."""
    yield "Messages", f"{summary.messages:,}", ""
    yield "Conversations", f"{summary.conversations:,}", ""
    yield "Sessions", f"{summary.sessions:,}", ""
    stored = f"already stored: {summary.already_stored:,}" if summary.already_stored else ""
    yield "Replies", f"{summary.replies:,}", stored
    yield "Rows refused", f"{summary.rows_refused:,}", ""
    if summary.rows_unfinished:
        yield "Rows not played", f"{summary.rows_unfinished:,}", ""
    yield "Scams found", f"{summary.scams:,}", f"of {terminal.count(summary.conversations, 'conversation')}"
    for scam_type, number in summary.scams_by_type.items():
        yield f"  {terminal.one_line(scam_type)}", f"{number:,}", ""
    yield "Values found", f"{summary.values:,}", ""
    for kind, number in summary.values_by_kind.items():
        yield f"  {wording.kind(kind)}", f"{number:,}", ""
    if (extraction := summary.extraction) is not None:
        remark = f"of {extraction.expected:,}; {extraction.unexpected:,} found that were not expected"
        yield "Expected values found", f"{extraction.found:,}", remark
    if (verdicts := summary.verdicts) is not None:
        remark = (
            f"on {terminal.count(verdicts.total, 'labelled conversation')}:"
            f" false alarms {verdicts.false_alarms:,}, scams missed {verdicts.missed_scams:,}"
        )
        yield "Precision", _three_digits(verdicts.precision), remark
        yield "Recall", _three_digits(verdicts.recall), ""
        yield "F1", _three_digits(verdicts.f1), ""
    speed = summary.messages_per_second
    yield "Time", f"{summary.seconds:,.1f} s", "" if speed is None else f"{speed:,.0f} messages/s"


def _free_names(wanted: Path) -> Iterator[Path]:
    yield wanted
    for number in count(2):
        yield wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")


def _three_digits(share: float | None) -> str:
    return "none" if share is None else f"{share:.3f}"
