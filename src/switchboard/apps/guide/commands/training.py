"""`switchboard guide train-risk` and `train-intents`: models learnt anew."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path

from rich.progress import Progress
from rich.text import Text

from switchboard.apps.guide.training import intents, risk
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid
from switchboard.kernel.language import encoder_training


def learn_intents(out: Path | None) -> None:
    """Learn the linear intent model and write its file. Raises Unavailable without scikit-learn."""
    model = intents.learn_linear()
    with as_file(files("switchboard.apps.guide") / "data" / "intents") as folder:
        place = out or folder / "linear.json"
        intents.write(model, place)
    terminal.output().print(
        Text(f"{len(model['pieces']):,} pieces of words, {len(model['names'])} intents, written to {place}."),
        soft_wrap=True,
    )


def train_encoder(out: Path | None, base: Path | None, examples: Path | None, epochs: int | None) -> None:
    """Fine-tune an encoder, with a bar while it learns. Raises Invalid, Unavailable without the extra."""
    if out is None:
        raise Invalid("The model needs a place.", hint="Name a folder with --out.")
    plan = encoder_training.Plan() if base is not None else encoder_training.Plan(epochs=12, rate=1e-3)
    plan = plan._replace(epochs=epochs or plan.epochs)
    given = intents.own_examples() if examples is None else _read_examples(examples)
    with Progress(console=terminal.notices(), transient=True) as bar:
        task = bar.add_task("Learning", total=1.0)
        outcome = encoder_training.train(
            given, out, base=base, plan=plan, on_progress=lambda share: bar.update(task, completed=share)
        )
    print_to = terminal.output()
    print_to.print(
        f"Right on {outcome.accuracy:.1%} of {outcome.held_out} examples held out; written to {out}.",
        soft_wrap=True,
    )
    if base is None:
        print_to.print(
            "This is a small model without DistilBERT's weights; with --base it learns from those."
        )


def _read_examples(file: Path) -> list[tuple[str, str]]:
    found = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read: {error}.", hint="Name a text file of JSON lines.") from error
    for number, line in enumerate(filter(str.strip, lines), start=1):
        try:
            entry = json.loads(line)
            text, intent = entry["text"], entry["intent"]
        except (ValueError, KeyError, TypeError):
            text = intent = None
        if not isinstance(text, str) or not isinstance(intent, str) or not text.strip() or not intent.strip():
            raise Invalid(
                f"Line {number} of {file.name} is no example.", hint='Write {"text": "…", "intent": "…"}.'
            )
        found.append((text, intent))
    return found


def learn_risk(out: Path | None) -> None:
    """Learn the risk model and write its file."""
    examples = risk.own_examples()
    terminal.notices().print(f"Learning from {len(examples):,} examples…")
    model = risk.learn(examples)
    if out is not None:
        risk.write(model, out)
    else:
        with as_file(files("switchboard.apps.guide") / "data" / "risk" / "model.json") as place:
            risk.write(model, place)
            out = place
    terminal.output().print(Text(f"{len(model['weights']):,} features, written to {out}."), soft_wrap=True)
