"""The packaged data files the rules read; the only input the rules have besides their arguments."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

_DATA = files("switchboard.apps.honeypot") / "data"


@cache
def load_data(name: str) -> Any:
    """The parsed JSON of `data/<name>.json`. Callers share one object and must not change it.

    Raises FileNotFoundError for a name that is not packaged.
    """
    return json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))


@cache
def list_data(folder: str) -> tuple[str, ...]:
    """The names under `data/<folder>/` that `load_data` accepts, sorted."""
    entries = (entry.name for entry in (_DATA / folder).iterdir())
    return tuple(
        sorted(f"{folder}/{name.removesuffix('.json')}" for name in entries if name.endswith(".json"))
    )
