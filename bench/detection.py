"""How well scams are told from other messages, by whole sources held out: `SWITCHBOARD_BENCH_DATA=… python -m
bench.detection`.

For each part the detector is trained without it and judges it. Beside it stands what one would build in an
afternoon, TF-IDF with logistic regression, on the same permitted rows and the same parts. The Singapore calls and
the messages in Indian languages never train anything; the shipped model is scored on them as it is.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from switchboard.apps.honeypot.rules import detection
from switchboard.apps.honeypot.rules.extraction import extract
from switchboard.apps.honeypot.rules.model import Model
from switchboard.apps.honeypot.training.trainer import Example, fit, load_examples

Judge = Callable[[str], float]

_SPEED_BAR = 2_000
_SPEED_MESSAGES = 3_000


def main() -> None:
    folder = os.environ.get("SWITCHBOARD_BENCH_DATA")
    file = Path(folder, "honeypot", "messages_dev.jsonl") if folder else None
    console = Console(width=150)
    if file is None or not file.exists():
        console.print("not run  detection: set SWITCHBOARD_BENCH_DATA to the data folder")
        return
    examples = load_examples(file)
    table = Table(
        "held out",
        "messages",
        "ours F1",
        "with adverts",
        "false alarms",
        "adverts",
        "rival F1",
        "with adverts",
    )
    never = [*_rows(file, "scamdetector_"), *_rows(file.with_name("vernacular_dev.jsonl"), "")]
    for name, part in _parts(examples, never).items():
        training = (
            [each for each in examples if not any(each is one for one in part)]
            if name not in _NEVER
            else examples
        )
        ours = _shipped if name in _NEVER else _trained(training)
        rival = _rival(training)
        table.add_row(
            name,
            f"{len(part):,}",
            *_score(ours, part),
            *(_score(rival, part)[:2] if rival else ("not run", "")),
        )
    console.print(table)
    console.print(
        "adverts: how many honest advertisements are called scams; rival: TF-IDF with logistic regression"
    )
    _measure_speed(console, [each.text for each in never][:_SPEED_MESSAGES])


_NEVER = ("Singapore calls (never trained on)", "Indian languages (never trained on)")


def _parts(examples: Sequence[Example], never: Sequence[Example]) -> dict[str, list[Example]]:
    """Whole sources, and the kinds of our own examples that come nearest to a source of their own."""
    own = [each for each in examples if each.source == "own"]
    return {
        _NEVER[0]: [each for each in never if each.source.startswith("scamdetector_")],
        _NEVER[1]: [each for each in never if not each.source.startswith("scamdetector_")],
        "published messages (UCI, Mishra)": [each for each in examples if each.source != "own"],
        "our calls": [each for each in own if each.channel == "voice"],
        "our Indian calls": [
            each for each in own if each.channel == "voice" and each.language in ("hi", "hinglish")
        ],
        "our e-mails": [each for each in own if each.channel == "email"],
        "our messages": [each for each in own if each.channel in ("sms", "whatsapp", "social")],
    }


def _rows(file: Path, source: str) -> list[Example]:
    if not file.exists():
        return []
    labels = {"scam": "scam", "spam": "promo", "ham": "ham"}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [
        Example(row["text"], labels[row["label"]], None, str(row.get("source", "vernacular")), "", "")
        for row in rows
        if str(row.get("source", "")).startswith(source) and row["label"] in labels
    ]


def _shipped(text: str) -> float:
    return detection.detect(text, extract(text)).confidence


def _trained(training: Sequence[Example]) -> Judge:
    """The whole detector, its model trained on these examples alone."""
    facts = fit(training)
    model = Model(
        facts["bias"],
        (facts["calibration"][0], facts["calibration"][1]),
        facts["weights"],
        tuple(facts["type_names"]),
        {},
    )
    return lambda text: detection.confidence_of(text, detection.read_evidence(text), model)


def _rival(training: Sequence[Example]) -> Judge | None:
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
    pipeline.fit([each.text for each in training], [each.label == "scam" for each in training])
    return lambda text: float(pipeline.predict_proba([text])[0, 1])


def _score(judge: Judge, part: Sequence[Example]) -> tuple[str, str, str, str]:
    """F1 against ham, F1 with advertisements, and how many of ham and of advertisements are called scams."""
    called = {
        label: [judge(each.text) >= 0.5 for each in part if each.label == label]
        for label in ("scam", "ham", "promo")
    }
    found, missed = sum(called["scam"]), len(called["scam"]) - sum(called["scam"])
    alarms, adverts = sum(called["ham"]), sum(called["promo"])

    def f1(wrong: int) -> str:
        return f"{2 * found / max(2 * found + missed + wrong, 1):.3f}"

    return (
        f1(alarms),
        f1(alarms + adverts),
        f"{alarms / max(len(called['ham']), 1):.1%}",
        f"{adverts / max(len(called['promo']), 1):.1%}",
    )


def _measure_speed(console: Console, texts: Sequence[str]) -> None:
    for text in texts[:200]:
        _shipped(text)
    started = time.perf_counter()
    for text in texts:
        _shipped(text)
    rate = len(texts) / (time.perf_counter() - started)
    word = "PASS" if rate >= _SPEED_BAR else "FAIL"
    console.print(
        f"{word:8} detection, identifiers included, >= {_SPEED_BAR:,} messages/s one at a time: {rate:,.0f}"
    )


main()
