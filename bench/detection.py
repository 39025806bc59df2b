"""How well the honeypot's rules tell scams from other messages, on the development data:
`SWITCHBOARD_BENCH_DATA=… python -m bench.detection`.

A measurement of the thin rules, with no bar; the figures on data that the rules were tuned on flatter.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

from switchboard.apps.honeypot.rules.detection import detect
from switchboard.apps.honeypot.rules.extraction import extract


def main() -> None:
    folder = os.environ.get("SWITCHBOARD_BENCH_DATA")
    file = Path(folder, "honeypot", "messages_dev.jsonl") if folder else None
    if file is None or not file.exists():
        print("not run  detection on the development messages: set SWITCHBOARD_BENCH_DATA to the data folder")
        return
    counts: Counter[tuple[str, bool]] = Counter()
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            counts[row["label"], detect(row["text"], extract(row["text"])).is_scam] += 1
    found, missed = counts["scam", True], counts["scam", False]
    for negatives in (("ham",), ("ham", "spam")):
        alarms = sum(counts[label, True] for label in negatives)
        precision = found / (found + alarms)
        recall = found / (found + missed)
        print(
            f"scam against {' and '.join(negatives)}: precision {precision:.3f}, recall {recall:.3f},"
            f" F1 {2 * precision * recall / (precision + recall):.3f}"
        )


main()
