"""Risk language, intents and turns of the guide, against the usual ways: `SWITCHBOARD_BENCH_DATA=… python -m bench.guide`.

Risk is held against the keyword list that most public bots have. The labelled messages were tuned on: what counts is
scored on their other half, which nobody here has. Intents are learnt and judged on public benchmarks by their own
splits, with the product's own model; the rival is TF-IDF of words with logistic regression.
"""

from __future__ import annotations

import asyncio
import csv
import json
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from switchboard.apps.guide.rules.risk import CATEGORIES, detect
from switchboard.apps.guide.rules.risk.disguises import DISGUISES
from switchboard.kernel.language.intents import LinearIntents, parse_linear

Reads = Callable[[str, str | None], bool]

# What a bot's crisis check usually looks for, in any part of the text.
KEYWORDS = (
    "suicide", "suicidal", "kill myself", "end my life", "want to die", "self harm", "self-harm", "cut myself",
    "hurt myself", "overdose", "better off dead", "no reason to live", "take my own life", "abuse", "rape", "molest",
    "kill him", "kill her", "kill them", "hurt someone",
)  # fmt: skip
_BARS = {"recall": 0.90, "urgent": 0.95, "category": 0.88, "traps": 0.15, "benign": 5.0, "lost": 2.0}
_SEEDS = 5
_TURNS = 400


def main() -> None:
    console = Console(width=150)
    folder = os.environ.get("SWITCHBOARD_BENCH_DATA")
    data = Path(folder, "guide") if folder else None
    if data is None or not (data / "risk_dev.jsonl").exists():
        console.print("not run  guide: set SWITCHBOARD_BENCH_DATA to the data folder")
    else:
        _measure_risk(console, data)
        _measure_intents(console, data)
    asyncio.run(_measure_turns(console))


def interval(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate."""
    if not count:
        return 0.0, 1.0
    z, rate = 1.96, hits / count
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _ours(text: str, step: str | None) -> bool:
    return detect(text, step) is not None


def _usual(text: str, step: str | None) -> bool:
    return any(keyword in text.lower() for keyword in KEYWORDS)


_CHECK = Path(__file__).parent / "data" / "risk_check.jsonl"
"""Written by another hand than phrases and examples, and never learnt from: indirect, and hard on purpose."""


def _measure_risk(console: Console, data: Path) -> None:
    _tell_set(console, "our own check set, not tuned on", _read(_CHECK))
    rows = _read(data / "risk_dev.jsonl")
    _tell_set(console, "dev set, tuned on", rows)
    benign = [text for text, _ in _clinc(data, "test") + _clinc(data, "oos_test")]
    for reads, said in ((_ours, "ours"), (_usual, "keyword list")):
        alarms = sum(reads(text, None) for text in benign)
        console.print(
            f"per 1,000 benign messages (bar 5), {said}: {1000 * alarms / max(1, len(benign)):.2f} of {len(benign):,}"
        )
    _measure_disguises(console, [row for row in rows if row["lang"] == "en" and row["label"] != "none"])
    _measure_speed(console, [row["text"] for row in rows] + benign[:2_000])


def _read(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _tell_set(console: Console, name: str, rows: Sequence[Any]) -> None:
    english = [row for row in rows if row["lang"] == "en"]
    danger = [row for row in english if row["label"] != "none"]
    traps = [row for row in english if row["label"] == "none"]
    table = Table(f"risk language, English, {name}", "bar", "ours", "keyword list")
    parts: list[tuple[str, str, list[Any]]] = [
        ("recall, any", f">= {_BARS['recall']:.0%}", danger),
        ("recall, urgent", f">= {_BARS['urgent']:.0%}", [row for row in danger if row["level"] == 3]),
        *(
            (
                f"recall, {name}",
                f">= {_BARS['category']:.0%}",
                [row for row in danger if row["label"] == name],
            )
            for name in CATEGORIES
        ),
        ("false alarms on traps", f"<= {_BARS['traps']:.0%}", traps),
    ]
    for part_name, bar, part in parts:
        table.add_row(part_name, bar, _rate(_ours, part), _rate(_usual, part))
    console.print(table)


def _rate(reads: Reads, rows: Sequence[Any]) -> str:
    hits = sum(reads(row["text"], row["ctx"]) for row in rows)
    low, high = interval(hits, len(rows))
    return f"{hits / max(1, len(rows)):.3f}  ({low:.2f} to {high:.2f}, n={len(rows)})"


def _measure_disguises(console: Console, danger: Sequence[Any]) -> None:
    table = Table("recall under a disguise", "ours", "points lost (bar 2)", "keyword list")
    plain = sum(_ours(row["text"], row["ctx"]) for row in danger) / len(danger)
    for name, change in DISGUISES.items():
        found = [
            sum(reads(change(row["text"]), row["ctx"]) for row in danger) / len(danger)
            for reads in (_ours, _usual)
        ]
        table.add_row(name, f"{found[0]:.3f}", f"{100 * (plain - found[0]):.1f}", f"{found[1]:.3f}")
    console.print(table)


def _measure_speed(console: Console, texts: Sequence[str]) -> None:
    detect("warm up")
    taken = []
    for text in texts:
        started = time.perf_counter()
        detect(text)
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    console.print(
        f"risk check: p50 {_at(taken, 0.5):.2f} ms, p95 {_at(taken, 0.95):.2f} ms (bar 5) over {len(taken):,}"
    )


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _measure_intents(console: Console, data: Path) -> None:
    try:
        from switchboard.kernel.language.intents_training import learn

        learn([("one", "x"), ("two", "y"), ("three", "z")] * 8)
    except Exception as error:
        console.print(f"not run  intents: {error}")
        return
    train, test = _clinc(data, "train"), _clinc(data, "test")
    strange, held_out = [text for text, _ in _clinc(data, "oos_val")], _clinc(data, "val")
    model = parse_linear(learn(train, strange=strange, held_out=held_out))
    rankings = [(model.rank(text), name) for text, name in test]
    outside = [model.rank(text) for text, _ in _clinc(data, "oos_test")]
    accuracy = statistics.fmean(ranking.best.name == name for ranking, name in rankings)
    refused = statistics.fmean(not ranking.is_known for ranking in outside)
    area = _area([ranking.familiarity for ranking, _ in rankings], [each.familiarity for each in outside])
    banking = [_rows(data / "banking77" / name) for name in ("train.csv", "test.csv")]
    table = Table("intents without weights", "bar", "ours", "words with logistic regression")
    table.add_row("CLINC150, accuracy", ">= 92.0 %", f"{accuracy:.2%}", _rival(train, test))
    table.add_row("CLINC150, out of scope refused", ">= 41 %", f"{refused:.1%}", "")
    table.add_row("CLINC150, out of scope, AUROC", ">= 0.945", f"{area:.4f}", "")
    table.add_row(
        "Banking77, accuracy",
        ">= 90.5 %",
        f"{_accuracy(parse_linear(learn(banking[0])), banking[1]):.2%}",
        _rival(*banking),
    )
    for name, bar, learnt, judged in (
        ("CLINC150", 81, train, test),
        ("Banking77", 73, *banking),
    ):
        scores = [
            _accuracy(parse_linear(learn(_few(learnt, 10, seed), strength=1.0)), judged)
            for seed in range(_SEEDS)
        ]
        table.add_row(
            f"{name}, 10 examples a class, mean of {_SEEDS} draws",
            f">= {bar} %",
            f"{statistics.fmean(scores):.2%}",
            "",
        )
    console.print(table)


def _accuracy(model: LinearIntents, rows: Sequence[tuple[str, str]]) -> float:
    return statistics.fmean(model.rank(text).best.name == name for text, name in rows)


def _rival(train: Sequence[tuple[str, str]], test: Sequence[tuple[str, str]]) -> str:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=500))
    model.fit([text for text, _ in train], [name for _, name in train])
    guessed = model.predict([text for text, _ in test])
    return f"{statistics.fmean(one == name for one, (_, name) in zip(guessed, test, strict=True)):.2%}"


def _few(rows: Iterable[tuple[str, str]], count: int, seed: int) -> list[tuple[str, str]]:
    by_name: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        by_name.setdefault(row[1], []).append(row)
    chance = random.Random(seed)
    return [row for group in by_name.values() for row in chance.sample(group, min(count, len(group)))]


def _area(inside: Sequence[float], outside: Sequence[float]) -> float:
    """The share of pairs in which what is known looks more familiar than what is not (AUROC)."""
    ordered = sorted([(value, True) for value in inside] + [(value, False) for value in outside])
    below, pairs = 0, 0
    for _, is_inside in ordered:
        if is_inside:
            pairs += below
        else:
            below += 1
    return pairs / (len(inside) * len(outside))


def _clinc(data: Path, split: str) -> list[tuple[str, str]]:
    file = data / "clinc150" / "data_full.json"
    if not file.exists():
        return []
    return [(text, name) for text, name in json.loads(file.read_text(encoding="utf-8"))[split]]


def _rows(file: Path) -> list[tuple[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return [(row[0], row[1]) for row in list(csv.reader(opened))[1:]]


async def _measure_turns(console: Console) -> None:
    """Whole turns with all checks, on SQLite with full durability."""
    from switchboard.apps import APPS
    from switchboard.apps.guide.service import Guide
    from switchboard.kernel.platform import Platform
    from switchboard.kernel.security.caller import command_caller
    from switchboard.kernel.settings import Settings

    messages = (
        "yes",
        "my nan and my best friend",
        "why",
        "not sure",
        "skip",
        "exams next week and my mum being sick",
        "start again",
    )
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Settings(data_dir=Path(folder), log_level="error"), APPS)
        platform.migrate()
        guide, caller, taken = Guide(platform), command_caller(), []
        session = (await guide.start_session(caller, country="AU"))["session_id"]
        for number in range(_TURNS):
            started = time.perf_counter()
            await guide.receive_message(caller, session, messages[number % len(messages)])
            taken.append(1000 * (time.perf_counter() - started))
        platform.close()
    taken.sort()
    console.print(
        f"a turn with all checks: p50 {_at(taken, 0.5):.2f} ms, p95 {_at(taken, 0.95):.2f} ms (bar 10)"
    )


if __name__ == "__main__":
    main()
