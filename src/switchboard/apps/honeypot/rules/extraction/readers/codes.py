"""Codes of letters and digits with a fixed build: IFSC of bank branches, PAN of taxpayers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from switchboard.apps.honeypot.rules.extraction.banks import bank_of_ifsc, is_branch
from switchboard.apps.honeypot.rules.extraction.readers.candidate import IFSC, PAN, Candidate, Reading

_GAP = r"[ .*_\-]?"
_IFSC = re.compile(
    rf"(?<![A-Za-z0-9])(?P<bank>[A-Za-z]{{4}})(?P<branch>{_GAP}[0Oo](?:[A-Za-z0-9]{{6}}|(?:{_GAP}[0-9Oo]){{6}}))(?![A-Za-z0-9])"
)
_IFSC_CUE = re.compile(r"(?:ifsc?|ifs ?code|branch ?code|rtgs|neft|imps|आईएफएससी)", re.IGNORECASE)
_PAN = re.compile(
    rf"(?<![A-Za-z0-9])(?P<letters>[A-Za-z]{{3}}[ABCFGHJLPTabcfghjlpt][A-Za-z]){_GAP}"
    rf"(?P<digits>[0-9OoIl]{{4}}|[0-9]{{2}}{_GAP}[0-9]{{2}}){_GAP}(?P<check>[A-Za-z])(?![A-Za-z0-9])"
)
_PAN_CUE = re.compile(r"(?<![a-z])pan(?![a-z])|पैन|income ?tax|cibil|itr\b", re.IGNORECASE)
_OTHER_CODE_CUE = re.compile(
    r"(?:order|ref(?:erence)?|txn|transaction|booking|coupon|promo|voucher|code|ticket|awb|tracking|invoice|serial|batch)"
    r"(?: ?(?:no|number|id|code|is))*[ .:#\-]*$",
    re.IGNORECASE,
)
_CUE_REACH = 40
_LOOK_ALIKE_DIGITS = str.maketrans("OoIl", "0011")
_SEPARATORS = str.maketrans("", "", " .*_-")


def read_ifsc(reading: Reading) -> Iterator[Candidate]:
    """IFSCs in capitals, with the bank's name. An unknown bank code is no IFSC, an unknown branch less sure."""
    for match in _IFSC.finditer(reading.text):
        written = match[0]
        code = written.translate(_SEPARATORS).upper()
        bank = bank_of_ifsc(code)
        if bank is None:
            continue
        code = _as_branch(code)
        if confidence := _ifsc_confidence(reading.text, match, code):
            yield Candidate(IFSC, code, match.start(), match.end(), confidence, {"bank_name": bank})


def _as_branch(code: str) -> str:
    """The code with a letter O read as zero where the register then knows it; the fifth is always a zero."""
    plain = f"{code[:4]}0{code[5:]}"
    zeros = f"{code[:4]}{code[4:].replace('O', '0')}"
    return plain if is_branch(plain) or not is_branch(zeros) else zeros


def _ifsc_confidence(text: str, match: re.Match[str], code: str) -> float:
    is_named = _IFSC_CUE.search(text, max(0, match.start() - _CUE_REACH), match.start()) is not None
    written = match[0]
    is_as_printed = len(written) == len(code) and written.isupper() and written[4] == "0"
    if is_branch(code):
        return 0.95 if is_as_printed else 0.85 if is_named else 0.75 if _has_digits(written) else 0.0
    if is_as_printed and _has_digits(written):
        return 0.7 if is_named else 0.5
    return 0.5 if is_named and len(written) == len(code) and _has_digits(written) else 0.0


def _has_digits(written: str) -> bool:
    return sum(map(str.isdigit, written)) >= 3


def read_pans(reading: Reading) -> Iterator[Candidate]:
    """PANs in capitals: five letters, of which the fourth names the kind of taxpayer, four digits, a letter."""
    for match in _PAN.finditer(reading.text):
        value = f"{match['letters']}{match['digits'].translate(_LOOK_ALIKE_DIGITS)}{match['check']}"
        value = value.translate(_SEPARATORS)
        before = reading.text[max(0, match.start() - _CUE_REACH) : match.start()]
        after = reading.text[match.end() : match.end() + _CUE_REACH // 2]
        is_named = _PAN_CUE.search(before) is not None or _PAN_CUE.search(after) is not None
        is_as_printed = match[0].isupper() and match[0] == value
        if is_named or (is_as_printed and _OTHER_CODE_CUE.search(before) is None):
            yield Candidate(
                PAN, value.upper(), match.start(), match.end(), 0.95 if is_named and is_as_printed else 0.8
            )
