"""The messages a detector learns from: our own, shipped beside this module, and a file of published ones.

Which published rows may train a model that ships is decided here, by their source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from switchboard.kernel.errors import Invalid

SCAM = "scam"
HAM = "ham"
PROMOTION = "promo"
LABELS = (SCAM, HAM, PROMOTION)

_OWN = files("switchboard.apps.honeypot.training") / "examples.jsonl"
_PERMITTED_SOURCES = ("uci_", "mishra_")
_LABEL_OF = {"spam": PROMOTION}


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message: `label` is one of LABELS, `source` a set of ours or a published source.

    Our sets are texts (scams), calls (both), everyday (honest messages and advertising), mail and indian (both,
    in Indian languages). Each was written by one hand, so it says little about how well another is read.
    `scam_type` is known for scams of ours only.
    """

    text: str
    label: str
    scam_type: str | None
    source: str
    channel: str
    language: str


def own_examples() -> list[Example]:
    """The shipped examples, in the order of their file."""
    lines = _OWN.read_text(encoding="utf-8").splitlines()
    return [_example(json.loads(line), source_key="set") for line in lines]


def published_examples(file: Path) -> list[Example]:
    """The rows of a file of messages that may train what ships; raises what `read_messages` raises."""
    return [example for example in read_messages(file) if example.source.startswith(_PERMITTED_SOURCES)]


def read_messages(file: Path) -> list[Example]:
    """Every row of a JSON Lines file with `text`, `label` (scam, ham, spam or promo), `source`, `channel`, `lang`.

    Raises Invalid, naming the line, for a row that is none of that, and when the file cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read as text.", hint="Check its path.") from error
    examples = []
    for number, line in enumerate(lines, start=1):
        try:
            examples.append(_example(json.loads(line), source_key="source"))
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid(
                f"{file}, line {number}, is no labelled message.",
                hint='Each line is an object with "text", "label" (scam, ham, spam or promo) and "source".',
            ) from error
    return examples


def _example(row: Mapping[str, Any], *, source_key: str) -> Example:
    label = _LABEL_OF.get(row["label"], row["label"])
    if label not in LABELS:
        raise ValueError(f"unknown label {label!r}")
    return Example(
        text=str(row["text"]),
        label=label,
        scam_type=row.get("type"),
        source=str(row[source_key]),
        channel=row.get("channel", ""),
        language=row.get("lang", ""),
    )
