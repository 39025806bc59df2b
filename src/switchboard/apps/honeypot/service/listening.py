"""What is read in a message before any session is loaded and outside of any transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules import detection, extraction, safety
from switchboard.apps.honeypot.rules.extraction import masking
from switchboard.apps.honeypot.rules.text import language
from switchboard.kernel.clock import Clock
from switchboard.kernel.ids import Chance


class Heard(NamedTuple):
    """A scammer's message with what the rules read in it, before any session is loaded; secrets are masked."""

    text: str
    findings: Sequence[extraction.Finding]
    verdict: detection.Verdict
    danger: safety.Danger | None
    language: str
    now: datetime
    seed: int


class _Reading(NamedTuple):
    findings: Sequence[extraction.Finding]
    verdict: detection.Verdict
    danger: safety.Danger | None
    language: str


@lru_cache(maxsize=512)
def _read(text: str) -> _Reading:
    """Kept for the last messages, because a scam is sent to many people in the same words."""
    findings = tuple(extraction.extract(text))
    return _Reading(
        findings, detection.detect(text, findings), safety.find_danger(text), language.detect_language(text)
    )


class Listener:
    """Reads a message once, outside of any transaction: what it means, what it gives away."""

    def __init__(self, clock: Clock, chance: Chance, fingerprint: Callable[[str, str], str]) -> None:
        self._clock = clock
        self._chance = chance
        self._fingerprint = fingerprint

    def hear(self, text: str) -> Heard:
        findings, verdict, danger, spoken = _read(text)
        if any(found.kind in masking.SECRET_KINDS for found in findings):
            masked = masking.mask_spans(text, findings)
            findings = [self._without_secret(found, masked) for found in findings]
            text = masked
        return Heard(
            text,
            findings,
            verdict,
            danger,
            spoken,
            self._clock.now(),
            self._chance.seed(),
        )

    def _without_secret(self, found: extraction.Finding, text: str) -> extraction.Finding:
        if found.kind not in masking.SECRET_KINDS:
            return found
        return replace(
            found,
            value=masking.mask(found.value),
            raw=text[found.start : found.end],
            details={**found.details, "fingerprint": self._fingerprint(found.kind, found.value)},
        )
