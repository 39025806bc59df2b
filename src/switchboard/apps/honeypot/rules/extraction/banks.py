"""Banks and their branches by IFSC, offline. Source: the public register as collected by razorpay/ifsc (MIT).

A branch that is not listed may be new; a bank code that is not listed is no bank.
"""

from __future__ import annotations

import base64
import re
import zlib
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data


class BankNames(NamedTuple):
    """A pattern that finds the well-known banks by any of their names, and what they are called in full."""

    pattern: re.Pattern[str]
    full_names: dict[str, str]
    account_lengths: dict[str, tuple[int, ...]]


def bank_of_ifsc(code: str) -> str | None:
    """The name of the bank whose code an IFSC, in capitals, begins with."""
    name: str | None = load_data("ifsc_banks").get(code[:4])
    return name


def is_branch(code: str) -> bool:
    """Whether an IFSC, in capitals, is that of a listed branch."""
    return code[4] == "0" and code[5:] in _branches(code[:4])


@cache
def _branches(bank: str) -> frozenset[str]:
    """The last six characters of the bank's IFSCs. Numbers are packed as the steps from one to the next."""
    packed = load_data("ifsc_branches").get(bank)
    if packed is None:
        return frozenset()
    steps, _, named = zlib.decompress(base64.b64decode(packed)).decode().partition(";")
    numbered = accumulate(map(int, steps.split(","))) if steps else ()
    return frozenset((*(f"{number:06d}" for number in numbered), *named.split(",")))


@cache
def bank_names() -> BankNames:
    """The well-known banks, as people write them."""
    full_names: dict[str, str] = {}
    lengths: dict[str, tuple[int, ...]] = {}
    for bank in load_data("banks"):
        full_names |= {spelling.lower(): bank["name"] for spelling in (bank["name"], *bank["also"])}
        lengths[bank["name"]] = tuple(bank["account_lengths"])
    spellings = sorted(full_names, key=len, reverse=True)
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, spellings))})(?![^\W_])", re.IGNORECASE)
    return BankNames(pattern, full_names, lengths)
