"""A DistilBERT sequence classifier from a local folder, run by onnxruntime (extra `[distilbert]`). Nothing is fetched.

The folder holds `model.onnx`, `tokenizer.json` and `config.json` with `id2label` and, where it was calibrated,
`switchboard` with `sharpness` and `threshold`; `switchboard guide train-intents` writes one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from switchboard.kernel.errors import Invalid, Unavailable
from switchboard.kernel.language.intents import Ranked, Ranking, softmax

MODEL, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
_MOST_TOKENS = 128
_SHARPNESS, _THRESHOLD = 1.0, 0.5


class EncoderIntents:
    """Ranks intents by a sequence classifier."""

    method = "distilbert"

    def __init__(
        self,
        session: Any,
        tokenizer: Any,
        names: Sequence[str],
        sharpness: float,
        threshold: float,
        engine: str,
    ) -> None:
        """`sharpness` divides nothing: it multiplies the logits before they become confidences."""
        self._session = session
        self._tokenizer = tokenizer
        self._names = tuple(names)
        self._sharpness = sharpness
        self._inputs = {each.name for each in session.get_inputs()}
        self.threshold = threshold
        self.engine = engine

    def rank(self, text: str) -> Ranking:
        """What the message could be for; familiarity is the confidence of the best name."""
        import numpy as np

        encoded = self._tokenizer.encode(text)
        given = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
        }
        [logits] = self._session.run(
            None, {name: each for name, each in given.items() if name in self._inputs}
        )
        shares = softmax([self._sharpness * float(each) for each in logits[0]])
        ranked = sorted(map(Ranked, self._names, shares), key=lambda each: (-each.confidence, each.name))
        best = ranked[0].confidence
        return Ranking(ranked, best, best >= self.threshold)


def load_encoder(folder: Path | None) -> EncoderIntents:
    """The classifier of a folder. Raises Unavailable without the extra, Invalid for a folder that holds none."""
    if folder is None:
        raise Invalid(
            "No folder with an intent model is named.", hint="Name one in SWITCHBOARD_GUIDE_INTENTS_DIR."
        )
    for name in (MODEL, TOKENIZER, CONFIG):
        if not (folder / name).is_file():
            raise Invalid(
                f"{folder} holds no {name}.", hint="`switchboard guide train-intents` writes all three."
            )
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise Unavailable(
            "The parts that run an intent model are not installed.",
            hint="pip install 'switchboard[distilbert]'",
        ) from error
    config = _read_config(folder / CONFIG)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:
        raise Invalid(
            f"The model in {folder} cannot be loaded: {error}.", hint="Train or copy it anew."
        ) from error
    tokenizer.enable_truncation(_MOST_TOKENS)
    own = config.get("switchboard", {})
    return EncoderIntents(
        session,
        tokenizer,
        _names(config),
        float(own.get("sharpness", _SHARPNESS)),
        float(own.get("threshold", _THRESHOLD)),
        str(own.get("name", config.get("model_type", "encoder"))),
    )


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} cannot be read: {error}.", hint="Train or copy the model anew.") from error
    if not isinstance(config, dict):
        raise Invalid(f"{file} is no configuration.", hint="Train or copy the model anew.")
    return config


def _names(config: dict[str, Any]) -> list[str]:
    labels = config.get("id2label")
    if not isinstance(labels, dict) or not labels:
        raise Invalid("The model's configuration names no intents.", hint="It needs `id2label`.")
    try:
        return [str(labels[str(place)]) for place in range(len(labels))]
    except KeyError:
        raise Invalid("The model's intents are not numbered from 0.", hint="Mend `id2label`.") from None
