"""The chat page's own texts in the language of its conversations: by what they are in English."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files

_SAID = re.compile(r"(>|aria-label=\")([^<>\"]+)(?=[<\"])")
_ENGLISH = "en"


def load_words(package: str, language: str) -> Mapping[str, str]:
    """A package's words in a language, from its folder `words`; none for English and for what it does not have."""
    file = files(package) / "words" / f"{language}.json"
    if language == _ENGLISH or not language.isalpha() or not file.is_file():
        return {}
    words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return words


def translate(html: str, words: Mapping[str, str]) -> str:
    """A template of ours with its texts and labels replaced, before anything is put into it."""
    return _SAID.sub(lambda match: match[1] + _translated(match[2], words), html)


def _translated(text: str, words: Mapping[str, str]) -> str:
    said = text.strip()
    return text.replace(said, words[said]) if said in words else text
