"""The page of settings says what the settings are, all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from switchboard.kernel import settings_page
from switchboard.kernel.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "settings.md"


def test_the_page_is_what_the_settings_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_page.render(), (
        f"run: {settings_page.COMMAND} > docs/operate/settings.md"
    )


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_on_the_page_with_its_meaning(name: str) -> None:
    line = next(
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `SWITCHBOARD_{name.upper()}` |")
    )
    assert Settings.model_fields[name].description in line


def test_a_setting_without_a_description_is_refused() -> None:
    class Silent(BaseSettings):
        colour: str = "green"

    with pytest.raises(settings_page.Undocumented, match="colour"):
        settings_page.render(Silent)


def test_defaults_and_limits_are_told_in_words() -> None:
    class Some(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="TEST_")
        count: int = Field(3, ge=1, le=9, description="How many.")
        pause: float = Field(2.0, gt=0, le=300, description="How long.")
        is_loud: bool = Field(False, description="Whether | is heard.")
        name: str = Field("", description="What it is called.")

    lines = settings_page.render(Some).splitlines()[-4:]
    assert lines == [
        "| `TEST_COUNT` | `3` | How many. | at least 1, at most 9 |",
        "| `TEST_PAUSE` | `2` | How long. | more than 0, at most 300 |",
        "| `TEST_IS_LOUD` | `false` | Whether \\| is heard. | `true` or `false` |",
        "| `TEST_NAME` | empty | What it is called. |  |",
    ]


def test_the_command_prints_the_page_and_checks_one(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "switchboard.kernel.settings_page", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    printed = run()
    assert printed.stdout == settings_page.render()
    page = tmp_path / "settings.md"
    page.write_text(printed.stdout, encoding="utf-8")
    assert run("--check", str(page)).returncode == 0
    page.write_text(printed.stdout + "More.\n", encoding="utf-8")
    stale = run("--check", str(page))
    assert stale.returncode == 1
    assert settings_page.COMMAND in stale.stderr
