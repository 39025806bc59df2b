"""The trained models that tell what a message is for: the linear one that ships, and an encoder that somebody brings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import structlog

from switchboard.apps.guide.rules.data import list_data, load_data
from switchboard.apps.guide.rules.intents.classifier import RULE_BASED, Methods
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.language.intents import IntentModel, LinearIntents, parse_linear

_LINEAR = "intents/linear.json"

log = structlog.get_logger("switchboard.guide")


def load_methods(wished: str, folder: Path | None) -> Methods:
    """How intents are found: as wished where its model can be loaded, and otherwise by rules, which is said in the log."""
    return Methods(wished, _linear(), _encoder(wished, folder))


@cache
def _linear() -> LinearIntents | None:
    return parse_linear(load_data(_LINEAR)) if _LINEAR in list_data("intents") else None


@cache
def _encoder(wished: str, folder: Path | None) -> IntentModel | None:
    if wished == RULE_BASED:
        return None
    try:
        from switchboard.kernel.language.encoder import load_encoder

        return load_encoder(folder)
    except SwitchboardError as error:
        log.warning("intents are found by rules", wished=wished, why=error.message, next=error.hint)
        return None
