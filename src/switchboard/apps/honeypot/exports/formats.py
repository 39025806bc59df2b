"""The formats a person can ask for, in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from switchboard.apps.honeypot.exports import document, misp, stix, table
from switchboard.apps.honeypot.exports.evidence import Evidence, Producer, Sharing

Writer = Callable[[Iterable[Evidence], Producer, Sharing], Iterator[str]]


class Format(NamedTuple):
    """How a format is written and what its file is called and declared as."""

    write: Writer
    media_type: str
    ending: str


FORMATS: Mapping[str, Format] = {
    "json": Format(lambda evidence, _by, _to: document.stream(evidence), "application/json", "json"),
    "csv": Format(lambda evidence, _by, _to: table.stream_values(evidence), "text/csv", "csv"),
    "csv-sessions": Format(lambda evidence, _by, _to: table.stream_sessions(evidence), "text/csv", "csv"),
    "csv-messages": Format(lambda evidence, _by, _to: table.stream_messages(evidence), "text/csv", "csv"),
    "stix": Format(stix.stream, "application/stix+json;version=2.1", "stix.json"),
    "misp": Format(misp.stream, "application/json", "misp.json"),
}
