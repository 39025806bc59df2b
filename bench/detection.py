"""How well scams are told from other messages, by whole sources held out: `SWITCHBOARD_BENCH_DATA=… python -m
bench.detection`.

For each part the detector is trained without it and judges it. Beside it stands what one would build in an
afternoon, TF-IDF with logistic regression, on the same permitted rows and the same parts. The Singapore calls and
the messages in Indian languages never train anything; the shipped detector is scored on them as it is.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from switchboard.apps.honeypot.rules.detection import detect
from switchboard.apps.honeypot.rules.detection.detector import Detector, load_detector
from switchboard.apps.honeypot.rules.extraction import extract
from switchboard.apps.honeypot.training.evaluation import PARTS, Quality, quality
from switchboard.apps.honeypot.training.examples import (
    SCAM,
    Example,
    own_examples,
    published_examples,
    read_messages,
)
from switchboard.apps.honeypot.training.fitting import Document, fit_detector, read_document

Calls = Callable[[str], bool]

_SPEED_BAR = 2_000
_SPEED_MESSAGES = 3_000
_NEVER_TRAINED = " (never trains anything)"


def main() -> None:
    console = Console(width=150)
    folder = os.environ.get("SWITCHBOARD_BENCH_DATA")
    messages = Path(folder, "honeypot", "messages_dev.jsonl") if folder else None
    if messages is None or not messages.exists():
        console.print("not run  detection: set SWITCHBOARD_BENCH_DATA to the data folder")
        return
    training = [read_document(example) for example in own_examples() + published_examples(messages)]
    table = Table("held out", "messages", "", "F1", "with adverts", "found", "false alarms", "adverts")
    for name, part, rest, detector in _trials(training, messages):
        table.add_row(name, f"{len(part):,}", "ours", *_figures(_score(part, _ours(detector))))
        rival = _rival(rest)
        beside = _figures(_score(part, rival)) if rival else ("not run: scikit-learn is not installed",)
        table.add_row("", "", "rival", *beside, end_section=True)
    console.print(table)
    console.print(
        "false alarms: honest messages called scams; adverts: honest advertisements called scams; "
        "rival: TF-IDF of words and characters with logistic regression, threshold 0.5 for both"
    )
    _measure_speed(console, [example.text for example in read_messages(messages)][:_SPEED_MESSAGES])


def _trials(
    training: Sequence[Document], messages: Path
) -> Iterator[tuple[str, list[Example], list[Example], Detector]]:
    """Each part: its name, its messages, what may train for it, and our detector trained on that."""
    shipped = load_detector()
    everything = [document.example for document in training]
    calls = [each for each in read_messages(messages) if each.source.startswith("scamdetector_")]
    yield "Singapore calls" + _NEVER_TRAINED, calls, everything, shipped
    indian = _indian(messages.with_name("vernacular_dev.jsonl"))
    if indian:
        yield "Indian languages" + _NEVER_TRAINED, indian, everything, shipped
    for name, sources in PARTS.items():
        part = [document.example for document in training if document.example.source in sources]
        rest = [document for document in training if document.example.source not in sources]
        # The calibration is the shipped one: two numbers, found on what was held out.
        trained = replace(fit_detector(rest), slope=shipped.slope, intercept=shipped.intercept)
        yield name, part, [document.example for document in rest], trained


def _indian(file: Path) -> list[Example]:
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Example(row["text"], row["label"], None, "vernacular", "", row["lang"]) for row in rows]


def _ours(detector: Detector) -> Calls:
    return lambda text: detect(text, extract(text), detector).is_scam


def _rival(training: Sequence[Example]) -> Calls | None:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union
    except ImportError:
        return None
    pipeline = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True),
        ),
        LogisticRegression(C=10, class_weight="balanced", max_iter=300),
    )
    pipeline.fit([each.text for each in training], [each.label == SCAM for each in training])
    return lambda text: bool(pipeline.predict([text])[0])


def _score(part: Sequence[Example], calls: Calls) -> Quality:
    return quality([example.label for example in part], [calls(example.text) for example in part])


def _figures(found: Quality) -> tuple[str, ...]:
    return (
        f"{found.f1:.3f}",
        f"{found.f1_with_promotions:.3f}",
        f"{found.found:.1%}",
        f"{found.ham_called:.1%}",
        f"{found.promotions_called:.1%}",
    )


def _measure_speed(console: Console, texts: Sequence[str]) -> None:
    calls = _ours(load_detector())
    for text in texts[:200]:
        calls(text)
    started = time.perf_counter()
    for text in texts:
        calls(text)
    rate = len(texts) / (time.perf_counter() - started)
    word = "PASS" if rate >= _SPEED_BAR else "FAIL"
    console.print(
        f"{word:8} detection, identifiers included, >= {_SPEED_BAR:,} messages/s one at a time: {rate:,.0f}"
    )


main()
