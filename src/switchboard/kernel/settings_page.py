"""The page of settings, made from the settings themselves.

`python -m switchboard.kernel.settings_page > docs/operate/settings.md` writes it; `--check PAGE` says whether a
page is that text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from switchboard.kernel.settings import Settings

COMMAND = "python -m switchboard.kernel.settings_page"

_HEAD = f"""\
# Settings

<!-- Made by `{COMMAND}`: change the descriptions in kernel/settings.py, not this page. -->

A setting is an environment variable. One that is not set has its default. Every command reads the same
settings, so a command beside a running server needs the same `SWITCHBOARD_DATA_DIR` (or
`SWITCHBOARD_DATABASE_URL`) as the server. A wrong value stops the command with a line that names the setting;
a variable whose name is not listed here is passed over in silence.

`switchboard serve --host … --port …` wins over the two variables of that name.

| Variable | Default | Meaning | Limits |
|---|---|---|---|
"""
_BOUNDS = (("ge", "at least {}"), ("gt", "more than {}"), ("le", "at most {}"), ("lt", "less than {}"))


class Undocumented(ValueError):
    """A setting has no description, so nobody could know what it does."""


def render(settings: type[BaseSettings] = Settings) -> str:
    """The whole page. Raises Undocumented."""
    return _HEAD + "".join(f"{line}\n" for line in _rows(settings))


class Explained(NamedTuple):
    """One setting as a person asks about it. A secret's value is never here."""

    variable: str
    value: str
    is_set: bool
    default: str
    meaning: str
    limits: str


def explain(settings: Settings) -> list[Explained]:
    """Every setting of this process: what it is and whether the environment or the default says so."""
    prefix = Settings.model_config.get("env_prefix", "")
    return [
        Explained(
            variable=f"{prefix}{name.upper()}",
            value=_shown(getattr(settings, name)),
            is_set=name in settings.model_fields_set,
            default=_default(field).strip("`"),
            meaning=(field.description or "").replace("`", ""),
            limits=_limits(field).replace("`", ""),
        )
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "set, hidden"
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value in (None, "") else _plain(value)


def _rows(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        if not (field.description or "").strip():
            raise Undocumented(f"The setting {name} has no description: give its Field one.")
        cells = (f"`{prefix}{name.upper()}`", _default(field), field.description or "", _limits(field))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "empty" if value is None or value == "" else f"`{_plain(value)}`"


def _limits(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "`true` or `false`"
    bounds = [
        words.format(_plain(getattr(rule, kind)))
        for kind, words in _BOUNDS
        for rule in field.metadata
        if getattr(rule, kind, None) is not None
    ]
    return ", ".join(bounds)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str]) -> int:
    """Print the page, or hold one against it; the exit status."""
    if not arguments:
        sys.stdout.write(render())
        return 0
    if len(arguments) != 2 or arguments[0] != "--check":
        sys.stderr.write(f"Usage: {COMMAND} [--check PAGE]\n")
        return 2
    page = Path(arguments[1])
    if page.is_file() and page.read_text(encoding="utf-8") == render():
        return 0
    sys.stderr.write(f"{page} is not what the settings say. Run: {COMMAND} > {page}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
