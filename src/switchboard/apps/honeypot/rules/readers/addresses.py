"""What is written `local@something`: a UPI id when a payment handle follows, an e-mail when a domain does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.links import link_facts
from switchboard.apps.honeypot.rules.readers.candidate import EMAIL, UPI, Candidate

_AT_SIGN = re.compile(
    r"(?<![\w.@\-])(?P<local>[a-z0-9][a-z0-9._\-]{1,255})@(?P<handle>[a-z][a-z0-9]{1,63})"
    r"(?P<rest>(?:[.\-][a-z0-9]+){0,6})(?![\w@])",
    re.IGNORECASE | re.ASCII,
)
_UPI_CUE = re.compile(
    r"(?:upi|vpa|g ?pay|google ?pay|phone ?pe|paytm|bhim|pay|send|transfer|bhej\w{0,4})\b", re.IGNORECASE
)
_CUE_REACH = 40


@cache
def _handles() -> dict[str, float]:
    """Confidence by payment handle. Unlisted handles exist: the lists are public facts, not the live register."""
    facts = load_data("upi_handles")
    return dict.fromkeys(facts["recent"], 0.9) | dict.fromkeys(facts["established"], 0.95)


def read_addresses(text: str) -> Iterator[Candidate]:
    """UPI ids in lower case, and e-mail addresses so that nothing inside one is read as something else."""
    for match in _AT_SIGN.finditer(text):
        handle, rest = match["handle"].lower(), match["rest"]
        if rest and not _starts_a_sentence(handle, rest):
            yield Candidate(EMAIL, match[0].lower(), match.start(), match.end(), 0.85)
            continue
        confidence = _handles().get(handle) or _unlisted_handle_confidence(text, match.start())
        value = f"{match['local']}@{handle}".lower()
        yield Candidate(UPI, value, match.start(), match.end("handle"), confidence)


def _starts_a_sentence(handle: str, rest: str) -> bool:
    """Whether what follows the handle is the next sentence, typed without a space, and not a domain."""
    return (
        handle in _handles()
        and rest[0] == "."
        and rest.rsplit(".", 1)[-1].lower() not in link_facts().endings
    )


def _unlisted_handle_confidence(text: str, start: int) -> float:
    return 0.6 if _UPI_CUE.search(text, max(0, start - _CUE_REACH), start) else 0.4
