"""The port of intent models: the linear one that is plain Python, and an encoder that onnxruntime runs."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.apps.guide.rules.data import load_data
from switchboard.kernel.errors import Invalid
from switchboard.kernel.language.encoder import CONFIG, MODEL, TOKENIZER, load_encoder
from switchboard.kernel.language.intents import IntentModel, parse_linear

TINY = Path(__file__).parent / "tiny_encoder"
MODELS = ("linear", "encoder")


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> IntentModel:
    return parse_linear(load_data("intents/linear.json")) if request.param == "linear" else load_encoder(TINY)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("are you a robot?", "question_identity"),
        ("who can read this", "question_privacy"),
        ("my nan", "support_people"),
        ("hello", "greeting"),
        ("finish school", "goals"),
        ("yes", "affirmation"),
    ],
)
def test_a_model_names_what_it_has_learnt(model: IntentModel, text: str, name: str) -> None:
    ranking = model.rank(text)
    assert (ranking.best.name, ranking.is_known) == (name, True)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_confidences_add_up_to_one_whatever_is_written(text: str) -> None:
    for each in (parse_linear(load_data("intents/linear.json")), load_encoder(TINY)):
        names = each.rank(text).names
        assert sum(ranked.confidence for ranked in names) == pytest.approx(1)
        assert [ranked.confidence for ranked in names] == sorted(
            (ranked.confidence for ranked in names), reverse=True
        )


def test_the_same_text_is_ranked_alike_and_a_long_one_is_read(model: IntentModel) -> None:
    assert model.rank("my aunty Jo") == model.rank("my aunty Jo")
    assert model.rank("word " * 5_000).names


STRANGE = (
    "convert 40 kilometres to miles",
    "set an alarm for six",
    "play some jazz",
    "what's the weather like in Paris",
    "order two burgers",
    "is my train on time",
    "how do I reset my password",
    "translate this into German",
    "what's my account balance",
    "turn down the heating",
)


def test_most_of_what_is_strange_to_a_session_is_named_so() -> None:
    model = parse_linear(load_data("intents/linear.json"))
    rankings = [model.rank(text) for text in STRANGE]
    named = [each for each in rankings if each.best.name == "out_of_scope" or not each.is_known]
    assert len(named) >= 6


def test_a_folder_that_holds_no_model_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="No folder"):
        load_encoder(None)
    for missing in (MODEL, TOKENIZER, CONFIG):
        folder = tmp_path / missing
        shutil.copytree(TINY, folder)
        (folder / missing).unlink()
        with pytest.raises(Invalid, match=f"holds no {missing}"):
            load_encoder(folder)
    for broken in (MODEL, TOKENIZER, CONFIG):
        folder = tmp_path / f"broken-{broken}"
        shutil.copytree(TINY, folder)
        (folder / broken).write_bytes(b"\x00 not what it should be")
        with pytest.raises(Invalid):
            load_encoder(folder)
    folder = tmp_path / "unnamed"
    shutil.copytree(TINY, folder)
    (folder / CONFIG).write_text(json.dumps({"id2label": {"0": "a", "7": "b"}}), encoding="utf-8")
    with pytest.raises(Invalid, match="numbered"):
        load_encoder(folder)


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "onnx")),
    reason="training an encoder needs torch, transformers and onnx: pip install 'switchboard[distilbert-train]'",
)
def test_an_encoder_is_trained_and_runs_as_it_was_trained(tmp_path: Path) -> None:
    from switchboard.kernel.language.encoder_training import Plan, train

    examples = [
        (f"{word} number {place}", word) for word in ("apple", "river", "stone") for place in range(12)
    ]
    outcome = train(examples, tmp_path, plan=Plan(epochs=25, rate=3e-3, width=32, layers=1, vocabulary=200))
    assert outcome.accuracy == 1
    assert load_encoder(tmp_path).rank("river number 5").best.name == "river"
    with pytest.raises(Invalid):
        train(examples[:3], tmp_path)


@pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None,
    reason="learning the linear model needs scikit-learn: pip install 'switchboard[train]'",
)
def test_the_linear_model_is_learnt_the_same_each_time() -> None:
    from switchboard.kernel.language.intents_training import learn

    examples = [
        (f"{word} number {place}", word) for word in ("apple", "river", "stone") for place in range(12)
    ]
    assert learn(examples) == learn(examples)
    assert parse_linear(learn(examples)).rank("a river").best.name == "river"
