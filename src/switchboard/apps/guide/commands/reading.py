"""`switchboard guide risk` and `intent`: what the rules read in a message, without database or network."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.text import Text

from switchboard.apps.guide.rules.intents.classifier import classify
from switchboard.apps.guide.rules.risk import Risk, detect, read_message
from switchboard.apps.guide.service.intent_models import load_methods
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid
from switchboard.kernel.settings import load_settings

_NONE = "none"
_LONGEST_LINE = 200_000


def tell_risk(text: str, step: str | None) -> None:
    """Print the danger that a message tells of, if any, with the words that say so."""
    if not text.strip():
        raise Invalid("There is nothing to read.", hint="Write the message behind the command.")
    found = detect(text, step)
    out = terminal.output()
    if found is None:
        out.print("none: no words of danger were found. That is no proof that there is none.")
        return
    about = ", about somebody else" if found.is_about_other else ""
    out.print(Text(f"{found.category}{about}"))
    out.print(Text(f"  because of: “{terminal.one_line(found.phrase)}”"))
    by = f"phrase {found.phrase_id}" if found.phrase_id else "the trained model"
    out.print(Text(f"  found by {by}, confidence {found.confidence:.2f}"))


def read_jsonl() -> bool:
    """Answer each line of standard input with one line; whether all of them could be read."""
    is_good = True
    for line in sys.stdin.buffer:
        answer = _answer(line)
        is_good &= "error" not in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return is_good


def _answer(line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line.decode("utf-8"))
        text, step = asked["text"], asked.get("step")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _wrong('a line is {"text": "…", "step": null}')
    if not isinstance(text, str) or not (step is None or isinstance(step, str)):
        return _wrong("`text` is text, and `step` is text or null")
    if len(text) > _LONGEST_LINE:
        return _wrong(f"`text` takes at most {_LONGEST_LINE:,} characters")
    return _said(detect(text, step))


def _said(found: Risk | None) -> dict[str, Any]:
    if found is None:
        return {"category": _NONE, "trigger_phrase": None, "confidence": 0.0}
    return {
        "category": found.category,
        "trigger_phrase": found.phrase,
        "confidence": found.confidence,
    }


def _wrong(what: str) -> dict[str, Any]:
    return {"category": _NONE, "trigger_phrase": None, "confidence": 0.0, "error": what}


def tell_intent(text: str, step: str | None) -> None:
    """Print what a message is held to be for."""
    settings = load_settings()
    methods = load_methods(settings.guide_intents, settings.guide_intents_dir)
    found = classify(read_message(text), step, "en", methods)
    terminal.output().print(
        Text(f"{found.name}  confidence {found.confidence:.2f}, {found.method} ({found.engine})")
    )
