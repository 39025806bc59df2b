"""What could name a person in a message that workers see: numbers, addresses, accounts."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@\w{3,}")
# Six digits and more, however they are set apart.
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[ ().-]{0,2}\d){5,}(?!\w)")


def mask(text: str) -> str:
    """The text with what identifies taken out and said in brackets."""
    for pattern, name in (
        (_LINK, "[link]"),
        (_ADDRESS, "[address]"),
        (_HANDLE, "[name]"),
        (_NUMBER, "[number]"),
    ):
        text = pattern.sub(name, text)
    return text
