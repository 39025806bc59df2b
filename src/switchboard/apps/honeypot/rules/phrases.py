"""Lists of phrases from the data files, compiled to one pattern each. What a phrase means is decided elsewhere.

Patterns match text from `fold_for_reading`; their repetitions are bounded, so that a hostile text cannot make
them slow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_WORD_LIST = re.compile(r"<([a-z_]+)>")
_NO_WORDS: Mapping[str, str] = {}


def compile_phrases(
    phrases: Mapping[str, Sequence[str]], words: Mapping[str, str] = _NO_WORDS
) -> re.Pattern[str]:
    """One pattern for the `"latin"` and `"devanagari"` phrases, both as whole words.

    `<name>` in a phrase stands for the words of that name. A Devanagari phrase may be followed by vowel signs,
    because Hindi inflects; a Latin one may not be followed by a letter or digit.
    Raises KeyError for a name that is not in `words`.
    """
    latin = rf"(?<![a-z0-9@])(?:{'|'.join(phrases['latin'])})(?![a-z0-9@])"
    devanagari = rf"(?<![\u0900-\u097f])(?:{'|'.join(phrases['devanagari'])})"
    return re.compile(_WORD_LIST.sub(lambda match: words[match[1]], f"{latin}|{devanagari}"))
