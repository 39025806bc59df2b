"""The packaged data files that the rules read; the only input the rules have besides their arguments."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

_DATA = files("switchboard.apps.guide") / "data"


@cache
def load_data(name: str) -> Any:
    """The parsed file `data/<name>`, JSON or TOML by its ending. Callers share one object and must not change it.

    Raises FileNotFoundError for a name that is not packaged.
    """
    text = (_DATA / name).read_text(encoding="utf-8")
    return tomllib.loads(text) if name.endswith(".toml") else json.loads(text)


@cache
def list_data(folder: str) -> tuple[str, ...]:
    """The names of `data/<folder>/` that `load_data` accepts, sorted."""
    names = (entry.name for entry in (_DATA / folder).iterdir())
    return tuple(sorted(f"{folder}/{name}" for name in names if name.endswith((".json", ".toml"))))
