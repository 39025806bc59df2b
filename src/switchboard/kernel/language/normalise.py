"""One written form for comparing and indexing: width, case and invisible characters do not count."""

from __future__ import annotations

import re
import unicodedata

# Zero-width space and joiners, word joiner, byte-order mark, soft hyphen, direction marks.
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0x00AD])
# NUL is a space too: it would end a query in the middle.
_SPACES = re.compile(r"[\s\x00]+")


def fold(text: str) -> str:
    """The text in compatibility form (NFKC), case-folded, without invisible characters, spaces single."""
    if not text.isascii():
        # Invisible signs go first: one between a letter and its mark keeps the two from being one letter.
        text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
        text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE).casefold())
    else:
        text = text.lower()
    return _SPACES.sub(" ", text).strip()
