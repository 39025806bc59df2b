"""Identifiers in one message, each with its place in the original text.

Every pattern behind this scans a text once, whatever the text: repetitions never contain one another over
the same characters. Earlier turns, and what an identifier is worth, are decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from switchboard.apps.honeypot.rules.extraction.banks import bank_names
from switchboard.apps.honeypot.rules.extraction.readers.addresses import read_addresses
from switchboard.apps.honeypot.rules.extraction.readers.candidate import (
    BANK_ACCOUNT,
    IFSC,
    URL,
    Candidate,
    Reading,
)
from switchboard.apps.honeypot.rules.extraction.readers.codes import read_ifsc, read_pans
from switchboard.apps.honeypot.rules.extraction.readers.links import read_bare_links, read_urls
from switchboard.apps.honeypot.rules.extraction.readers.numbers import read_numbers
from switchboard.apps.honeypot.rules.extraction.readers.telegram import read_telegram
from switchboard.apps.honeypot.rules.extraction.readers.wallets import read_wallets
from switchboard.apps.honeypot.rules.extraction.refanging import refang
from switchboard.apps.honeypot.rules.extraction.spoken import join_spaced_out, read_spoken_digits
from switchboard.apps.honeypot.rules.text.folding import FoldedText, fold, skeleton

# The order is the precedence: what stands inside a larger identifier is part of it, not a finding of its own.
READERS: tuple[Callable[[Reading], Iterator[Candidate]], ...] = (
    read_urls,
    read_addresses,
    read_telegram,
    read_bare_links,
    read_wallets,
    read_ifsc,
    read_pans,
    read_numbers,
)
# What a query may leave unsaid because the one who types it knows it.
_UNSAID = ("", "account ", "phone ", "upi ", "aadhaar ", "pan ", "ifsc ", "telegram ", "btc ")
_DISGUISE_PENALTY = 0.9
_BANK_REACH = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One occurrence of an identifier.

    `kind` is one of the constants of `readers.candidate`. `value` is normalised: a phone in E.164, a UPI id, an
    e-mail and a Telegram name (with its @) in lower case, an IFSC and a PAN in capitals, an account and an Aadhaar
    as digits, a wallet as written, a link refanged with a lower-case host and without a scheme when none was
    written. `raw` is what was written: `text[start:end]` of the original. `confidence` runs from 0 to 1.

    `details` by kind, each where it is known: bank_account {ifsc_code, bank_name}, ifsc {bank_name}, url {domain,
    punycode, looks_like}, upi {phone, looks_like}, crypto_wallet {currency}.
    """

    kind: str
    value: str
    raw: str
    start: int
    end: int
    confidence: float
    details: Mapping[str, str] = field(default_factory=dict)


def extract(text: str) -> list[Finding]:
    """Every occurrence of an identifier, in reading order. Accepts any text.

    None overlaps another, but for a part of a link that is reported beside it: the phone in `wa.me/…`, the name in
    `t.me/…`, the UPI id in `…?pa=…`.
    """
    view = refang(read_spoken_digits(join_spaced_out(fold(text))))
    reading = Reading(skeleton(view.text), view.text)
    taken = bytearray(len(text))
    findings: list[Finding] = []
    for read in READERS:
        for candidate in read(reading):
            start, end = view.original_span(candidate.start, candidate.end)
            if 1 in taken[start:end]:
                continue
            taken[start:end] = b"\x01" * (end - start)
            findings += (_finding(text, view, each) for each in (candidate, *candidate.parts))
    findings.sort(key=lambda finding: (finding.start, -finding.end))
    return _with_banks(reading, findings)


def normalise_for_search(query: str) -> list[str]:
    """The stored values a typed query could mean, best first; empty when it holds no identifier.

    A link is offered with both schemes and without one, because the scammer may have written either; a bare number
    as everything it may be.
    """
    values: list[str] = []
    for unsaid in _UNSAID:
        for finding in extract(unsaid + query):
            values.append(finding.value)
            if finding.kind == URL:
                bare = finding.value.split("://", 1)[-1]
                values += [bare, f"http://{bare}", f"https://{bare}"]
    return list(dict.fromkeys(values))


def _finding(text: str, view: FoldedText, candidate: Candidate) -> Finding:
    start, end = view.original_span(candidate.start, candidate.end)
    raw = text[start:end]
    is_disguised = raw != view.text[candidate.start : candidate.end]
    confidence = round(candidate.confidence * _DISGUISE_PENALTY, 4) if is_disguised else candidate.confidence
    return Finding(candidate.kind, candidate.value, raw, start, end, confidence, candidate.details)


def _with_banks(reading: Reading, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, each account with the branch code nearest to it and with its bank."""
    branches = [finding for finding in findings if finding.kind == IFSC]
    return [
        _with_bank(finding, branches, reading) if finding.kind == BANK_ACCOUNT else finding
        for finding in findings
    ]


def _with_bank(account: Finding, branches: Sequence[Finding], reading: Reading) -> Finding:
    if branches:
        nearest = min(branches, key=lambda branch: abs(branch.start - account.start))
        details = {"ifsc_code": nearest.value, "bank_name": nearest.details["bank_name"]}
        return replace(account, details=details, confidence=min(0.95, account.confidence + 0.05))
    named = bank_names().pattern.search(
        reading.text, max(0, account.start - _BANK_REACH), account.end + _BANK_REACH
    )
    return (
        replace(account, details={"bank_name": bank_names().full_names[named[0].lower()]})
        if named
        else account
    )
