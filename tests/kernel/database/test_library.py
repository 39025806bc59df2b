"""Which SQLite serves: the one with the fix, and a plain warning where it is another."""

from __future__ import annotations

import pytest

from switchboard.kernel.database import library
from switchboard.kernel.database.library import describe, is_sound, warning


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_a_version_is_sound_from_the_fix_on_and_in_its_two_backports(
    version: tuple[int, ...], sound: bool
) -> None:
    assert is_sound(version) is sound


def test_the_library_that_serves_is_named_and_warned_of_only_when_unsound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert library.library.sqlite_version in describe()
    monkeypatch.setattr(library.library, "sqlite_version_info", (3, 40, 1))
    told = warning()
    assert told is not None
    assert "3.51.3" in told
    assert "make setup" in told
    monkeypatch.setattr(library.library, "sqlite_version_info", (3, 53, 4))
    assert warning() is None
