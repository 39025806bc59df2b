"""Identifiers in one message, each with its place in the original text.

Every pattern behind this scans a text once, whatever the text: repetitions never contain one another over
the same characters. Earlier turns, and what an identifier is worth, are decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from switchboard.apps.honeypot.rules.folding import fold, refang
from switchboard.apps.honeypot.rules.readers.addresses import read_addresses
from switchboard.apps.honeypot.rules.readers.candidate import PHONE, UPI, URL, Candidate
from switchboard.apps.honeypot.rules.readers.links import read_bare_links, read_urls
from switchboard.apps.honeypot.rules.readers.phones import read_phones

# The order is the precedence: what stands inside a larger identifier is part of it, not a finding of its own.
READERS: tuple[Callable[[str], Iterator[Candidate]], ...] = (
    read_urls,
    read_addresses,
    read_bare_links,
    read_phones,
)
REPORTED_KINDS = frozenset({PHONE, UPI, URL})


@dataclass(frozen=True, slots=True)
class Finding:
    """One occurrence of an identifier.

    `kind` is one of REPORTED_KINDS. `value` is normalised: a phone in E.164, a UPI id in lower case, a link
    refanged with a lower-case host and without a scheme when none was written. `raw` is what was written:
    `text[start:end]` of the original. `confidence` runs from 0 to 1.
    """

    kind: str
    value: str
    raw: str
    start: int
    end: int
    confidence: float
    details: Mapping[str, str] = field(default_factory=dict)


def extract(text: str) -> list[Finding]:
    """Every occurrence of an identifier, in reading order, none overlapping another. Accepts any text."""
    view = refang(fold(text))
    taken = bytearray(len(text))
    findings = []
    for read in READERS:
        for candidate in read(view.text):
            start, end = view.original_span(candidate.start, candidate.end)
            if 1 in taken[start:end]:
                continue
            taken[start:end] = b"\x01" * (end - start)
            if candidate.kind in REPORTED_KINDS:
                findings.append(
                    Finding(
                        candidate.kind, candidate.value, text[start:end], start, end, candidate.confidence
                    )
                )
    return sorted(findings, key=lambda finding: finding.start)


def normalise_for_search(query: str) -> list[str]:
    """The stored values a typed query could mean, best first; empty when it holds no identifier.

    A link is offered with both schemes and without one, because the scammer may have written either.
    """
    values: list[str] = []
    for finding in extract(query):
        values.append(finding.value)
        if finding.kind == URL:
            bare = finding.value.split("://", 1)[-1]
            values += [bare, f"http://{bare}", f"https://{bare}"]
    return list(dict.fromkeys(values))
