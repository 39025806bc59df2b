"""The library of scams that the simulator can begin with: invented, with numbers and names that belong to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.rules.data import load_data


class SampleScam(NamedTuple):
    title: str
    language: str
    scam_type: str
    messages: Sequence[str]
    """What the scammer says, turn by turn."""


SAMPLES = tuple(
    SampleScam(each["title"], each["language"], naming.scam_type(each["scam_type"]), tuple(each["messages"]))
    for each in load_data("sample_scams")
)
