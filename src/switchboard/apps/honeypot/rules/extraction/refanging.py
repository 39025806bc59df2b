"""Links and addresses as they are meant: `[dot]`, `hxxp`, "at the rate", "slash", and the gaps put between.

Each rule needs something around it that only an address has, so that a sentence keeps its "at" and its dots.
Whether the result is an address of any kind, the readers decide.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from switchboard.apps.honeypot.rules.data import load_data
from switchboard.apps.honeypot.rules.text.folding import FoldedText, Replacement

_DOTS = ("dot", "d0t", "डॉट", "डाट")
_DOT = rf"(?:{'|'.join(_DOTS)})"
_BRACKETS = ("[", "(", "{", "<")
_TELEGRAM = ("telegram", "tg")
_STRONG_ATS = ("@", "at the", "atthe", "एट")
_STRONG_AT = r"(?:at ?the ?rate(?: of)?|@|एट द रेट)"
_NAME = r"[a-z0-9_\-]{1,40}"
_WORD_END = r"(?![^\W_])"
_ENDINGS = (
    "(?:com|net|org|info|xyz|top|online|site|shop|club|live|app|co|ly|in|io|me|gov|edu|biz|vip|icu|cc|gl|gd|gy|to|uk"
    "|us|link|click|store|website|id|test|example)"
)
# These are no words of chat, so a gap on one side of their dot is enough.
_SURE_ENDINGS = "(?:com|net|org|info|xyz|co|in|ly|example)"
_MAIL_HOSTS = "(?:gmail|yahoo|ymail|hotmail|outlook|rediffmail|protonmail|proton|icloud|aol|mail|zoho|yandex)"
_NO_LOCAL_PART = [
    "me",
    "us",
    "him",
    "her",
    "is",
    "are",
    "was",
    "mail",
    "email",
    "id",
    "write",
    "contact",
    "visit",
    "look",
    "available",
    "reach",
    "see",
    "buy",
    "sell",
    "open",
    "here",
    "there",
    "now",
    "money",
    "pay",
    "login",
    "stay",
    "meet",
    "arrive",
    "shop",
    "working",
    "work",
    "team",
]
_NO_NAME = [
    "or",
    "and",
    "ya",
    "the",
    "a",
    "an",
    "is",
    "of",
    "to",
    "does",
    "with",
    "no",
    "put",
    "big",
    "small",
    "red",
]


class _Rule(NamedTuple):
    """What the group `x` of `pattern` stands for; None for a scheme.

    Only texts that hold one of the `hints`, in lower case, can match: most hold none and are done at once.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    meant: str | None


def refang(view: FoldedText) -> FoldedText:
    """The text with every disguised part of an address replaced by what it stands for."""
    held = _hints_held(view.text)
    for rule in _rules():
        if held.isdisjoint(rule.hints):
            continue
        replacements = [
            Replacement(match.start("x"), match.end("x"), meant)
            for match in rule.pattern.finditer(view.text)
            if (meant := _scheme(match["x"]) if rule.meant is None else rule.meant) != match["x"]
        ]
        if replacements:
            view = view.replace(replacements)
            held = _hints_held(view.text)
    return view


def _hints_held(text: str) -> set[str]:
    lowered = text.lower()
    return {hint for hint in _all_hints() if hint in lowered}


@cache
def _all_hints() -> tuple[str, ...]:
    return tuple({hint for rule in _rules() for hint in rule.hints})


def _scheme(written: str) -> str:
    return "https://" if "s" in written.lower().partition("p")[2][:1] else "http://"


def _not_after(words: list[str], comes: str) -> str:
    """Where what `comes` next does, after none of the words: they are many, so it is looked at first."""
    return f"(?={comes})" + "".join(rf"(?<!\b{word})" for word in words)


@cache
def _rules() -> tuple[_Rule, ...]:
    handles = load_data("upi_handles")
    known = _any_of({*handles["established"], *handles["recent"]})
    coined = _any_of({*handles["established"], *handles["recent"]} - {*handles["words"]})
    dotted = rf"{_NAME}(?:\.{_NAME}){{0,3}}\.{_ENDINGS}{_WORD_END}"
    dotted_in_words = rf"{_NAME}(?:(?: {_DOT} | ?[\[({{<] ?{_DOT} ?[\])}}>] ?){_NAME}){{1,3}}{_WORD_END}"
    separator = rf"(?: (?:{_DOT}|underscore|dash|hyphen|at|{_STRONG_AT}) |\.|@)"
    goes_on = rf"(?=(?:{_NAME}{separator}){{0,4}}(?:{_ENDINGS}|{known}){_WORD_END})"
    rules: tuple[tuple[tuple[str, ...], str, str | None], ...] = (
        (
            ("/", "\\", " slash "),
            r"(?P<x>(?<![a-z0-9])h(?:tt|xx|\*\*)ps?(?: ?[\[({]?:[\])}]? ?(?:/{3}|/ ?/|\\\\|/(?!/)) ?(?=[^\W_])| ?//:?| colon slash slash ))",
            None,
        ),
        (("\\",), r"(?<=[a-z0-9])(?P<x>\\)(?=[a-z0-9])", "/"),
        (_TELEGRAM, r"(?:telegram|\btg) (?P<x>[\[({]at[\])}] ?)(?=[a-z])", "@"),
        (
            _TELEGRAM,
            r"(?:telegram|\btg)(?: id| channel)?[ :\-]{1,3}(?P<x>at )(?=[a-z][a-z0-9]{0,30}(?:_| underscore |[0-9]))",
            "@",
        ),
        (
            _TELEGRAM,
            r"(?:telegram|\btg)(?: [a-z]{1,12}){0,4}[ :\-]{1,3}(?P<x>at ?the ?rate (?:of )?)"
            r"(?=[a-z][a-z0-9]{0,30}(?:_| underscore |[0-9]))",
            "@",
        ),
        (("plus ",), r"(?<![a-z])(?P<x>plus )(?=[0-9]{10,14}(?![0-9]))", "+"),
        ((" underscore ",), r"(?<=[a-z0-9])(?P<x> underscore )(?=[a-z0-9])", "_"),
        ((" dash ", " hyphen "), rf"(?<=[a-z0-9])(?P<x> (?:dash|hyphen) ){goes_on}", "-"),
        (_BRACKETS, rf"(?<=[^\W_])(?P<x> ?[\[({{<] ?(?:at|{_STRONG_AT}) ?[\])}}>] ?)(?=[^\W_])", "@"),
        (
            ("mail",),
            rf"(?<=[a-z0-9]){_not_after(_NO_LOCAL_PART, ' (?:at|@|एट)')}(?P<x> (?:at|{_STRONG_AT}) )(?={dotted_in_words})",
            "@",
        ),
        ((*_BRACKETS, "\\"), rf"(?<=[^\W_])(?P<x> ?[\[({{<] ?(?:\.|{_DOT}) ?[\])}}>] ?|\\\.)(?=[^\W_])", "."),
        (_BRACKETS, r"(?P<x>[\[({<] ?/ ?[\])}>])", "/"),
        (_DOTS, rf"(?<=[a-z0-9]){_not_after(_NO_NAME, f' {_DOT} ')}(?P<x> {_DOT} ){goes_on}", "."),
        ((" .",), rf"(?<=[a-z0-9])(?P<x> \. )(?={_ENDINGS}{_WORD_END})", "."),
        ((" .",), rf"(?<=[a-z0-9])(?P<x> )(?=\.(?:{_SURE_ENDINGS}{_WORD_END}|{_ENDINGS}/))", ""),
        ((". ",), r"(?<=[a-z0-9])\.(?P<x> )(?=(?-i:com|net|org|info|xyz)(?![^\W_]| [a-z]))", ""),
        ((" slash ",), rf"\.{_ENDINGS}(?P<x> slash )(?=[a-z0-9])", "/"),
        ((" slash ",), r"(?<=[a-z0-9])(?P<x> slash )(?=[a-z0-9])", "/"),
        ((" /",), rf"\.{_ENDINGS}(?P<x> / ?)(?=[a-z0-9])", "/"),
        (_STRONG_ATS, rf"(?<=[a-z0-9])(?P<x> ?{_STRONG_AT} ?)(?={coined}{_WORD_END}|{dotted})", "@"),
        (
            _STRONG_ATS,
            rf"(?<=[a-z0-9]){_not_after(_NO_LOCAL_PART, ' ?(?:at|@|एट)')}(?P<x> ?{_STRONG_AT} ?)(?={known}{_WORD_END})",
            "@",
        ),
        (
            (" at ",),
            rf"(?<=[a-z0-9]){_not_after(_NO_LOCAL_PART, ' at ')}(?P<x> at )(?={coined}{_WORD_END})",
            "@",
        ),
        (
            (" at ",),
            rf"(?:\b(?:upi|vpa|bhim)(?: id| address)?(?: is| hai)?[ :\-]{{1,3}}[a-z0-9._\-]{{2,40}}"
            rf"|(?<![a-z0-9._])(?=[a-z]{{0,60}}[0-9._])[a-z0-9._]{{2,60}})(?P<x> at )(?={known}{_WORD_END})",
            "@",
        ),
        (
            (" at ",),
            rf"(?<=[a-z0-9]){_not_after(_NO_LOCAL_PART, ' at ')}(?P<x> at )(?={_MAIL_HOSTS}\.(?:com|in|co|me|net){_WORD_END})",
            "@",
        ),
    )
    return tuple(_Rule(hints, re.compile(pattern, re.IGNORECASE), meant) for hints, pattern, meant in rules)


def _any_of(names: set[str]) -> str:
    return f"(?:{'|'.join(sorted(names, key=lambda name: (-len(name), name)))})"
