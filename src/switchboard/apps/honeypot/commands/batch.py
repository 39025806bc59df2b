"""`switchboard honeypot extract` and `detect`: texts in, JSON out; no database, no key, no network.

With --jsonl every line in is answered by exactly one line out, in order, and nothing else is printed, so that
the two can be laid side by side.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid

Judge = Callable[[str], dict[str, Any]]

_LINE_LIMIT = 16 * 1024 * 1024


def extract_entities(text: str) -> dict[str, Any]:
    """Every identifier in a text; `start` and `end` count characters (code points) of the text as given."""
    from switchboard.apps.honeypot.rules.extraction import extract

    return {
        "entities": [
            {
                "type": found.kind,
                "value": found.value,
                "start": found.start,
                "end": found.end,
                "confidence": found.confidence,
            }
            for found in extract(text)
        ]
    }


def detect_scam(text: str) -> dict[str, Any]:
    """Whether a text is a scam, of which kind, how sure that is and why."""
    from switchboard.apps.honeypot.rules.detection import detect
    from switchboard.apps.honeypot.rules.extraction import extract

    verdict = detect(text, extract(text))
    return {
        "is_scam": verdict.is_scam,
        "scam_type": verdict.scam_type,
        "confidence": verdict.confidence,
        "reasons": list(verdict.reasons),
    }


def answer_one(judge: Judge, text: str | None) -> None:
    """Print the answer for one text: the one given, or all of standard input. Raises Invalid."""
    if text is None:
        if sys.stdin.isatty():
            raise Invalid(
                "There is no text.",
                hint='Write it behind the command in quotes, or pipe it in; `--jsonl` takes lines of {"text": …}.',
            )
        try:
            text = sys.stdin.buffer.read().decode().removesuffix("\n")
        except UnicodeDecodeError:
            raise Invalid(
                "The text is not UTF-8.", hint="Convert it first, as with `iconv -t utf-8`."
            ) from None
    _print(judge(text), indent=2 if terminal.output().is_terminal else None)


def answer_lines(judge: Judge, file: Path | None) -> bool:
    """Answer each line of a file, or of standard input, on a line of its own; whether none was bad."""
    is_well = True
    if file is None:
        answers = _answers(judge, sys.stdin.buffer)
        is_well = _print_all(answers)
    else:
        try:
            with file.open("rb") as lines:
                is_well = _print_all(_answers(judge, lines))
        except OSError as error:
            raise Invalid(f"{file} cannot be read: {error.strerror}.", hint="Check its path.") from error
    return is_well


def _answers(judge: Judge, lines: BinaryIO) -> Iterator[dict[str, Any]]:
    while line := lines.readline(_LINE_LIMIT + 1):
        if len(line) > _LINE_LIMIT:
            while line and not line.endswith(b"\n"):
                line = lines.readline(_LINE_LIMIT)
            yield {"error": f"The line is longer than {_LINE_LIMIT} bytes."}
            continue
        yield _answer(judge, line)


def _answer(judge: Judge, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        return {"error": "The line is not UTF-8."}
    except (ValueError, RecursionError):
        return {"error": 'The line is not JSON; it reads {"text": "…"}.'}
    text = row.get("text") if isinstance(row, dict) else None
    if not isinstance(text, str):
        return {"error": 'The line has no "text" that is a string; it reads {"text": "…"}.'}
    return judge(text)


def _print_all(answers: Iterator[dict[str, Any]]) -> bool:
    is_well = True
    for answer in answers:
        is_well = is_well and "error" not in answer
        _print(answer)
    sys.stdout.flush()
    return is_well


def _print(answer: dict[str, Any], indent: int | None = None) -> None:
    try:
        line = json.dumps(answer, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:
        # Half a character, which JSON can write and UTF-8 cannot.
        line = json.dumps(answer, indent=indent).encode()
    sys.stdout.buffer.write(line + b"\n")
