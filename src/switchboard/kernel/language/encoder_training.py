"""Fine-tuning a DistilBERT sequence classifier and exporting it for `encoder` (extra `[distilbert-train]`).

It starts from weights in a local folder, or without any from a small model of its own, which shows that everything
fits together and is no match for a trained encoder. Nothing is fetched.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from switchboard.kernel.errors import Invalid, Unavailable
from switchboard.kernel.language.encoder import CONFIG, MODEL, TOKENIZER

_SEED = 20_26
_MOST_TOKENS = 128
_HELD_OUT = 0.15
_QUANTILE = 0.03
_LEAST_EXAMPLES = 2
# As BERT's vocabularies have them, padding first.
_SPECIAL = {f"{kind}_token": f"[{kind.upper()}]" for kind in ("pad", "unk", "cls", "sep", "mask")}


class Plan(NamedTuple):
    """How long and how fast to learn. The small model of its own needs more rounds than weights that are given."""

    epochs: int = 4
    batch: int = 16
    rate: float = 5e-5
    layers: int = 2
    width: int = 64
    vocabulary: int = 2_000


class Outcome(NamedTuple):
    """What came of it: the share of examples held out that were named right, and how many those were."""

    accuracy: float
    held_out: int
    folder: Path


def train(
    examples: Sequence[tuple[str, str]],
    out: Path,
    *,
    base: Path | None = None,
    name: str = "distilbert",
    plan: Plan | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Learn from (text, name) examples and write model.onnx, tokenizer.json and config.json into `out`.

    `base` is a folder with DistilBERT's `config.json`, weights and `tokenizer.json`. Raises Unavailable without the
    extra, Invalid for too few examples or a folder that holds no such model.
    """
    torch, transformers = _libraries()
    plan = plan or (Plan() if base is not None else Plan(epochs=12, rate=1e-3))
    names = sorted({label for _, label in examples})
    if len(names) < 2 or len(examples) < _LEAST_EXAMPLES * len(names):
        raise Invalid(
            f"{len(examples)} examples of {len(names)} intents are too few.",
            hint=f"Give at least two intents and {_LEAST_EXAMPLES} examples of each.",
        )
    torch.manual_seed(_SEED)
    learnt, held_out = _divided(examples)
    tokenizer = _tokenizer(base, [text for text, _ in examples], plan, transformers)
    model = _model(base, names, tokenizer, plan, transformers)
    _fit(model, tokenizer, learnt, names, plan, torch, on_progress)
    logits = _logits(model, tokenizer, [text for text, _ in held_out], torch)
    truth = [names.index(label) for _, label in held_out]
    sharpness = min((factor / 10 for factor in range(2, 41)), key=lambda factor: _loss(logits, truth, factor))
    right = [
        max(range(len(names)), key=row.__getitem__) == place for row, place in zip(logits, truth, strict=True)
    ]
    sure = sorted(
        max(_shares(row, sharpness)) for row, is_right in zip(logits, right, strict=True) if is_right
    )
    threshold = sure[int(_QUANTILE * len(sure))] if sure else 0.5
    out.mkdir(parents=True, exist_ok=True)
    _export(model, tokenizer, out, torch)
    tokenizer.backend_tokenizer.save(str(out / TOKENIZER))
    config = {
        "model_type": "distilbert",
        "id2label": {str(place): label for place, label in enumerate(names)},
        "switchboard": {"name": name, "sharpness": sharpness, "threshold": round(threshold, 4)},
    }
    (out / CONFIG).write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return Outcome(sum(right) / len(right), len(right), out)


def _divided(
    examples: Sequence[tuple[str, str]],
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Most of the examples to learn from, and at least one of each intent to judge by."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    for example in examples:
        by_name.setdefault(example[1], []).append(example)
    chance = random.Random(_SEED)
    learnt, held_out = [], []
    for _, group in sorted(by_name.items()):
        chance.shuffle(group)
        cut = max(1, round(_HELD_OUT * len(group)))
        held_out += group[:cut]
        learnt += group[cut:]
    chance.shuffle(learnt)
    return learnt, held_out


def _tokenizer(base: Path | None, texts: Sequence[str], plan: Plan, transformers: Any) -> Any:
    if base is not None:
        if not (base / TOKENIZER).is_file():
            raise Invalid(f"{base} holds no {TOKENIZER}.", hint="Name a folder with DistilBERT's files.")
        return transformers.DistilBertTokenizerFast.from_pretrained(str(base), local_files_only=True)
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    made = Tokenizer(models.WordPiece(unk_token=_SPECIAL["unk_token"]))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=plan.vocabulary, special_tokens=list(_SPECIAL.values()))
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", made.token_to_id("[CLS]")), ("[SEP]", made.token_to_id("[SEP]"))],
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **_SPECIAL)


def _model(base: Path | None, names: Sequence[str], tokenizer: Any, plan: Plan, transformers: Any) -> Any:
    labels = dict(enumerate(names))
    if base is not None:
        try:
            return transformers.DistilBertForSequenceClassification.from_pretrained(
                str(base),
                local_files_only=True,
                num_labels=len(names),
                id2label=labels,
                ignore_mismatched_sizes=True,
            )
        except (OSError, ValueError) as error:
            raise Invalid(
                f"{base} holds no DistilBERT: {error}.", hint="Name a folder with its config and weights."
            ) from error
    config = transformers.DistilBertConfig(
        vocab_size=len(tokenizer),
        dim=plan.width,
        hidden_dim=2 * plan.width,
        n_layers=plan.layers,
        n_heads=4,
        max_position_embeddings=_MOST_TOKENS,
        num_labels=len(names),
        id2label=labels,
    )
    return transformers.DistilBertForSequenceClassification(config)


def _fit(
    model: Any,
    tokenizer: Any,
    examples: Sequence[tuple[str, str]],
    names: Sequence[str],
    plan: Plan,
    torch: Any,
    on_progress: Callable[[float], None],
) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate)
    steps = plan.epochs * math.ceil(len(examples) / plan.batch)
    warm = max(1, steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
    )
    chance, done = random.Random(_SEED), 0
    model.train()
    for _ in range(plan.epochs):
        order = list(examples)
        chance.shuffle(order)
        for start in range(0, len(order), plan.batch):
            batch = order[start : start + plan.batch]
            given = _encoded(tokenizer, [text for text, _ in batch])
            truth = torch.tensor([names.index(label) for _, label in batch])
            loss = torch.nn.functional.cross_entropy(model(**given).logits, truth)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            done += 1
            on_progress(done / steps)
    model.eval()


def _encoded(tokenizer: Any, texts: Sequence[str]) -> dict[str, Any]:
    encoded = tokenizer(
        list(texts), padding=True, truncation=True, max_length=_MOST_TOKENS, return_tensors="pt"
    )
    return {name: encoded[name] for name in ("input_ids", "attention_mask")}


def _logits(model: Any, tokenizer: Any, texts: Sequence[str], torch: Any) -> list[list[float]]:
    with torch.no_grad():
        return [model(**_encoded(tokenizer, [text])).logits[0].tolist() for text in texts]


def _shares(row: Sequence[float], sharpness: float) -> list[float]:
    from switchboard.kernel.language.intents import softmax

    return softmax([sharpness * value for value in row])


def _loss(logits: Sequence[Sequence[float]], truth: Sequence[int], sharpness: float) -> float:
    shares = [_shares(row, sharpness)[place] for row, place in zip(logits, truth, strict=True)]
    return -sum(math.log(max(share, 1e-12)) for share in shares)


def _export(model: Any, tokenizer: Any, out: Path, torch: Any) -> None:
    """Write the ONNX file: batch and length may differ from what it was traced with."""

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    given = _encoded(tokenizer, ["an example of some words", "another"])
    torch.onnx.export(
        Logits().eval(),
        (given["input_ids"], given["attention_mask"]),
        str(out / MODEL),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={
            "input_ids": {0: "batch", 1: "length"},
            "attention_mask": {0: "batch", 1: "length"},
            "logits": {0: "batch"},
        },
        opset_version=17,
        dynamo=False,
    )


def _libraries() -> tuple[Any, Any]:
    try:
        import onnx  # noqa: F401
        import torch
        import transformers
    except ImportError as error:
        raise Unavailable(
            "Training needs torch, transformers and onnx, which are not installed.",
            hint="pip install 'switchboard[distilbert-train]'",
        ) from error
    return torch, transformers
