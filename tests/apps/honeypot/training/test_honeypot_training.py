"""Training makes the same detector from the same messages, from permitted ones only, and says what it is worth."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from switchboard.apps.honeypot.rules.detection import SCAM_TYPES, detect
from switchboard.apps.honeypot.rules.detection.detector import parse_detector
from switchboard.apps.honeypot.training.evaluation import quality
from switchboard.apps.honeypot.training.examples import (
    HAM,
    LABELS,
    PROMOTION,
    SCAM,
    own_examples,
    published_examples,
    read_messages,
)
from switchboard.apps.honeypot.training.fitting import Document, fit_detector, read_document
from switchboard.apps.honeypot.training.trainer import to_data, train
from switchboard.kernel.errors import Invalid
from switchboard.kernel.language.regression import Block, fit, fit_line


def some_documents(count: int = 300) -> list[Document]:
    return [read_document(example) for example in random.Random(7).sample(own_examples(), count)]


def write_messages(file: Path, *rows: Any) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def row(**fields: Any) -> dict[str, Any]:
    return {"text": "hello", "label": "ham", "source": "uci_sms_spam", **fields}


def test_our_own_examples_cover_every_type_and_the_three_languages() -> None:
    examples = own_examples()
    assert len({example.text for example in examples}) == len(examples) >= 600
    assert {example.label for example in examples} == set(LABELS)
    types = Counter(example.scam_type for example in examples if example.label == SCAM)
    assert types.keys() == set(SCAM_TYPES)
    assert min(types.values()) >= 30
    languages = Counter(example.language for example in examples)
    assert min(languages[language] for language in ("en", "hi", "hi-Latn")) >= 150


def test_only_permitted_published_rows_train_what_ships(tmp_path: Path) -> None:
    file = write_messages(
        tmp_path / "messages.jsonl",
        row(text="one", source="uci_sms_spam"),
        row(text="two", source="mishra_soni_5971", label="spam"),
        row(text="three", source="scamdetector_sg_mixed", label="scam"),
    )
    assert [(each.text, each.label) for each in published_examples(file)] == [
        ("one", HAM),
        ("two", PROMOTION),
    ]
    assert len(read_messages(file)) == 3


@pytest.mark.parametrize(
    "bad", [row(label="perhaps"), {"text": "no label", "source": "x"}, ["a", "list"], "words", None]
)
def test_a_line_that_is_no_labelled_message_is_named(tmp_path: Path, bad: Any) -> None:
    file = write_messages(tmp_path / "messages.jsonl", row(), bad)
    with pytest.raises(Invalid, match="line 2"):
        read_messages(file)


def test_a_file_that_is_not_there_is_named_before_anything_is_learnt(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(Invalid, match=r"none\.jsonl cannot be read"):
        train(tmp_path / "none.jsonl", tmp_path / "detector.json", said.append)
    assert said == []


def test_the_same_messages_make_the_same_detector() -> None:
    documents = some_documents(120)
    assert to_data(fit_detector(documents)) == to_data(fit_detector(documents))


def test_what_is_written_judges_as_what_was_fitted() -> None:
    documents = some_documents()
    fitted = fit_detector(documents)
    read_back = parse_detector(json.loads(json.dumps(to_data(fitted))))
    for document in documents[:50]:
        assert read_back.score(document.features, document.signals) == pytest.approx(
            fitted.score(document.features, document.signals), abs=0.2
        )


def test_a_detector_finds_what_it_was_shown() -> None:
    documents = some_documents()
    detector = fit_detector(documents)
    called = [detect(each.example.text, (), detector).is_scam for each in documents]
    found = quality([each.example.label for each in documents], called)
    assert found.found > 0.8
    assert found.ham_called < 0.05


def test_the_regression_weighs_what_tells_the_rows_apart() -> None:
    rows = [[Block([0, 1], 1.0)], [Block([0, 2], 1.0)]] * 20
    weights = fit(rows, [True, False] * 20, [1.0] * 40, features=3, strength=10.0)
    assert weights.by_feature[1] > 1 > -1 > weights.by_feature[2]
    assert weights.score(rows[0]) > 0 > weights.score(rows[1])


def test_the_calibration_reads_scores_as_the_share_of_scams() -> None:
    scores = [0.0] * 10 + [2.0] * 10
    targets = [index < 3 for index in range(10)] + [index < 8 for index in range(10)]
    slope, intercept = fit_line(scores, targets, [1.0] * 20)
    assert intercept == pytest.approx(-0.847, abs=0.01)
    assert slope * 2 + intercept == pytest.approx(1.386, abs=0.01)


def test_quality_is_counted_by_label() -> None:
    labels = [SCAM, SCAM, HAM, HAM, HAM, HAM, PROMOTION, PROMOTION]
    found = quality(labels, [True, False, True, False, False, False, True, False])
    assert (found.found, found.ham_called, found.promotions_called) == (0.5, 0.25, 0.5)
    assert found.f1 == pytest.approx(2 / (1 + 1 + 2))
    assert found.f1_with_promotions == pytest.approx(2 / (1 + 1 + 1 + 2))
