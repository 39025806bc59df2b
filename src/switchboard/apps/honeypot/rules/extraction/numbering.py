"""How many digits a phone number has in each country. Numbers without a country are read in readers/phones."""

from __future__ import annotations

from functools import cache

from switchboard.apps.honeypot.rules.data import load_data

INDIA = "91"
_CALLING_CODE_DIGITS = (1, 2, 3)


@cache
def _national_lengths() -> dict[str, list[int]]:
    lengths: dict[str, list[int]] = load_data("calling_codes")["national_lengths"]
    return lengths


def international(digits: str) -> str | None:
    """The E.164 form of a calling code and a national number; None where no country has such a number.

    A trunk zero, as in `+91 (0) 90000 12345`, is left out. Source of the lengths: ITU-T E.164 and national plans.
    """
    for length in _CALLING_CODE_DIGITS:
        code, national = digits[:length], digits[length:]
        expected = _national_lengths().get(code)
        if expected is None:
            continue
        if len(national) in expected and (code != "1" or _is_north_american(national)):
            return f"+{digits}"
        if national.startswith("0") and len(national) - 1 in expected:
            return f"+{code}{national[1:]}"
        return None
    return None


def _is_north_american(national: str) -> bool:
    return national[0] in "23456789" and national[3] in "23456789"
