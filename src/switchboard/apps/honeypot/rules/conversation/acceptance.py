"""Whether what a model wrote may be sent as a persona's line.

It keeps to the guards of every line, and to what only a model can break: it is something people type, spells no
number out and echoes nothing that it was told. What is said instead of a refused one is in `replies`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from switchboard.apps.honeypot.rules.conversation import guards
from switchboard.apps.honeypot.rules.conversation.personas import Persona
from switchboard.apps.honeypot.rules.conversation.replies import Scene
from switchboard.apps.honeypot.rules.extraction.spoken import join_spaced_out, read_spoken_digits
from switchboard.apps.honeypot.rules.text.folding import fold
from switchboard.apps.honeypot.rules.text.language import ENGLISH

# The rest of a longer text is not looked at: a model can answer with a megabyte.
_MOST_READ = 4 * guards.MAX_REPLY_CHARACTERS
_LEAST_WORDS = 2
# So many words in a row that stand in the instructions too are no chance; nor is a whole line.
_ECHO_WORDS = 6
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}
_SPACE = re.compile(r"\s+")
_AROUND_WORDS = ".,!?;:'\"()-…।"
# Programs, headers and templates. A share may have its sign, a clock its colon.
_CODE = re.compile(r"[=;^~_{}]|--|(?<![0-9])%|\b\w+-\w+:|\bnull")
_GLUE = re.compile(r"(?<=[a-z])(?=[A-Z])")
# The marks of a fence, and keys and ids of any other making.
_TOKEN = re.compile(r"\b(?=[a-z]*[0-9])(?=[0-9]*[a-z])[0-9a-z]{8,}\b", re.IGNORECASE)


def tidy(text: str) -> str:
    """The text on one line, without the quotation marks that models like to put around an answer."""
    line = _SPACE.sub(" ", text[:_MOST_READ]).strip()
    is_quoted = len(line) > 1 and _QUOTES.get(line[0]) == line[-1] and line[0] not in line[1:-1]
    return line[1:-1].strip() if is_quoted else line


def check(line: str, persona: Persona, scene: Scene, system: str) -> list[str]:
    """Every violation in a line that a model worded for this scene, in words; empty when it may be sent.

    `system` is the text that instructed the model. The line is in the scammer's language, or in English where
    the persona does not speak it.
    """
    if len(line) > guards.MAX_REPLY_CHARACTERS:
        return [f"is longer than {guards.MAX_REPLY_CHARACTERS} characters"]
    return [*_guarded(line, persona, scene), *_form(line), *_echoes(line, scene, system)]


def _guarded(line: str, persona: Persona, scene: Scene) -> Iterator[str]:
    """The guards' violations, of the line and of what was glued together in it ("nullI am a bot")."""
    values = [*chain(*scene.known.values()), *(found.value for found in scene.findings)]
    language = scene.language if scene.language in persona.languages else ENGLISH
    for written in dict.fromkeys([line, _GLUE.sub(" ", line)]):
        yield from guards.check(written, language=language, said=scene.said, known_values=values)


def _form(line: str) -> Iterator[str]:
    if len(_words(line)) < _LEAST_WORDS:
        yield f"has fewer than {_LEAST_WORDS} words"
    if _CODE.search(line):
        yield "reads like code"
    if _TOKEN.search(line):
        yield "holds a key or an id"
    plain = join_spaced_out(fold(line))
    if read_spoken_digits(plain).text != plain.text:
        yield "spells a number out"


def _echoes(line: str, scene: Scene, system: str) -> Iterator[str]:
    if guards.is_repeated(line, [*scene.heard, scene.text]):
        yield "repeats the scammer's words"
    told, words = f" {' '.join(_words(system))} ", _words(line)
    size = min(_ECHO_WORDS, len(words))
    runs = (words[start : start + size] for start in range(len(words) - size + 1))
    if any(f" {' '.join(run)} " in told for run in runs):
        yield "repeats its instructions"


def _words(text: str) -> list[str]:
    stripped = (word.strip(_AROUND_WORDS) for word in text.casefold().split())
    return [word for word in stripped if any(map(str.isalpha, word))]
