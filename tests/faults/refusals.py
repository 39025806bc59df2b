"""What a refusal owes to whoever is refused: the product's own form, words, and when to come back."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.load import Answer, Ledger


def explain_refusals(ledger: Ledger) -> list[str]:
    """What is wrong with the refusals, each fault once. An answer other than 503 is always wrong."""
    odd = sorted(set(ledger.statuses) - {200, 201, 503})
    faults = {fault for answer in ledger.refusals if answer.status == 503 for fault in _faults(answer)}
    return [*(f"{ledger.statuses[status]:,} answered with {status}" for status in odd), *sorted(faults)]


def _faults(answer: Answer) -> Iterator[str]:
    error = answer.body.get("error", {})
    if error.get("code") != "unavailable" or not (error.get("message") and error.get("hint")):
        yield f"a refusal without words: {error.get('code')}, {error.get('message')!r}, {error.get('hint')!r}"
    if not any(name.lower() == "retry-after" and value.isdigit() for name, value in answer.headers.items()):
        yield "a refusal without Retry-After"
