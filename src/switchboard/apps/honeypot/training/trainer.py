"""`switchboard honeypot train-detector`: learn, measure on whole sources held out, calibrate, write the data file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from switchboard.apps.honeypot.rules.detection.detector import Detector
from switchboard.apps.honeypot.training.evaluation import Judged, calibrate, hold_out, quality
from switchboard.apps.honeypot.training.examples import own_examples, published_examples
from switchboard.apps.honeypot.training.fitting import fit_detector, read_document
from switchboard.kernel.errors import Invalid

Say = Callable[[str], None]


def train(messages: Path | None, out: Path, say: Say) -> None:
    """Write a detector learned from our own examples and, where given, the permitted rows of `messages`.

    The same examples make the same file, byte for byte. Raises Invalid for a file that cannot be read or written.
    """
    examples = own_examples() + (published_examples(messages) if messages else [])
    counts = Counter(example.label for example in examples)
    say(f"{len(examples):,} messages: " + ", ".join(f"{counts[label]:,} {label}" for label in sorted(counts)))
    documents = [read_document(example) for example in examples]
    judged: list[Judged] = []
    for name, part in hold_out(documents):
        judged += part
        say(f"held out and judged: {name}, {len(part):,} messages")
    slope, intercept = calibrate(judged)
    detector = replace(fit_detector(documents), slope=slope, intercept=intercept)
    found = quality([each.label for each in judged], [detector.log_odds(each.score) >= 0 for each in judged])
    say(f"on what was held out: {found.found:.1%} of the scams found, F1 {found.f1:.3f}")
    say(
        f"called a scam: {found.ham_called:.1%} of ham, {found.promotions_called:.1%} of promotions;"
        f" F1 with promotions {found.f1_with_promotions:.3f}"
    )
    _write(detector, out)
    say(f"{out}: {len(detector.terms):,} words and pairs, {len(detector.pieces):,} pieces of words")


def to_data(detector: Detector) -> dict[str, Any]:
    """The data file's content, as `parse_detector` reads it: weights in hundredths, types numbered."""
    types = sorted(detector.type_biases)

    def hundredths(weights: Mapping[str, float]) -> dict[str, int]:
        return {feature: round(100 * weight) for feature, weight in sorted(weights.items())}

    def by_number(weights: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, int]]:
        return {
            feature: {str(types.index(each)): round(100 * weight) for each, weight in sorted(worth.items())}
            for feature, worth in sorted(weights.items())
            if worth
        }

    return {
        "bias": round(detector.bias, 3),
        "slope": round(detector.slope, 3),
        "intercept": round(detector.intercept, 3),
        "terms": hundredths(detector.terms),
        "pieces": hundredths(detector.pieces),
        "signals": hundredths(detector.signals),
        "types": types,
        "type_biases": [round(detector.type_biases[each], 3) for each in types],
        "type_terms": by_number(detector.type_terms),
        "type_signals": by_number(detector.type_signals),
    }


def _write(detector: Detector, out: Path) -> None:
    text = json.dumps(to_data(detector), ensure_ascii=False, separators=(",", ":"))
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{out} cannot be written.", hint="Name another file, or check its folder.") from error
