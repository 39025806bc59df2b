"""A message as a row of plain words, each knowing which characters of the original it stands for.

What is undone here: typographic or absent apostrophes, invisible and look-alike characters, letters repeated, spaced
out or replaced by digits and signs, usual misspellings and short forms. What the words mean is read elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from math import inf, log
from typing import NamedTuple

from switchboard.apps.guide.rules.data import load_data
from switchboard.apps.guide.rules.text.signs import fold

STOP, PAUSE, QUOTE = ".", ",", '"'
"""How the ends of sentences, the parts of sentences and quotation marks stand among the words."""

_MARKS = {
    **dict.fromkeys(".!?;:\n\u2026\u0964\u061f\u06d4", STOP),
    **dict.fromkeys("()[]{},\u2013\u2014\u060c/|", PAUSE),
}
_APOSTROPHE = "'"
_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
_LEAST_SPACED = 3
_MOST_SIGNS = 4
_LONGEST_PART = 24
_REPEATED = re.compile(r"([^\W\d_])\1+")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"\d+(?:st|nd|rd|th|am|pm|s|k|m|kg|h|hrs?|mins?|yrs?|yo|g|p|x|%)?")
# A word may hold digits and signs that stand for letters; it begins and ends with a letter or a digit.
# Vowel signs of Indian scripts are no letters to the standard library.
_ALPHANUMERIC = r"(?:[^\W_]|[\u0900-\u0963\u0966-\u0dff])"
_PUNCTUATION = (
    r"[.!?;:\n\u2026\u0964\u061f\u06d4()\[\]{},\u2013\u2014\u060c/|]|[\"\u201c\u201d\u201e\u00ab\u00bb]"
)
_PICTURE = r"[\U0001f300-\U0001faff\u2600-\u27bf]"
_WORD = re.compile(rf"[@$]?{_ALPHANUMERIC}+(?:[@$!|*+']+{_ALPHANUMERIC}+)*|{_PUNCTUATION}|{_PICTURE}|'")


class Word(NamedTuple):
    """A plain word, or one of STOP, PAUSE, QUOTE; `start` and `end` are places in the original."""

    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A message read: `plain` is its words with one space around each."""

    original: str
    words: tuple[Word, ...]
    plain: str
    starts: tuple[int, ...]
    """Where in `plain` each word begins."""
    languages: frozenset[str] = frozenset({"en"})
    """The languages that it could be written in: neighbours are not always told apart."""

    def quote(self, first: int, last: int) -> str:
        """What was written from one word to another, both included, as it was written."""
        return self.original[self.words[first].start : self.words[last].end]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that undoing a disguise may lead to, with how often each was seen."""

    counts: Mapping[str, int]
    corrects: bool = True
    """Whether a word that is not in it may be a slip of the nearest one that is."""

    def __contains__(self, form: object) -> bool:
        return form in self.counts

    def costs(self) -> Mapping[str, float]:
        total = sum(self.counts.values()) + 1
        return {form: log(total / count) for form, count in self.counts.items()}


def squeeze(word: str) -> str:
    """A word without repeated letters: `killl` and `kil` are both the spelling of `kill`."""
    return _REPEATED.sub(r"\1", word)


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """Read a message. Every word is squeezed, so look words up in that spelling."""
    pieces = _join_spaced(_split(text), vocabulary)
    is_leet = (
        sum(_is_disguised(piece.form) and _undo_signs(piece.form, vocabulary) is not None for piece in pieces)
        > 0
    )
    words = [
        word
        for place, piece in enumerate(pieces)
        for word in _spell(pieces, place, piece, vocabulary, is_leet)
    ]
    return _laid_out(text, _join_parted(words))


def split_words(text: str) -> list[str]:
    """The words of a text as they are written, folded and squeezed, with nothing undone or corrected."""
    marks = (STOP, PAUSE, QUOTE, _APOSTROPHE)
    return [squeeze(piece.form.replace(_APOSTROPHE, "")) for piece in _split(text) if piece.form not in marks]


def short_forms() -> frozenset[str]:
    """English words that are written out when they are read: `im`, `dont`, `u`."""
    return frozenset((*_contractions(), *_otherwise()))


def read_words(phrase: str) -> list[str]:
    """The plain words of a phrase in a data file, spelled as `read` spells them."""
    folded = "".join(sign.character for sign in fold(phrase))
    if folded.isalpha() and len(folded) > 1 and _expand(folded, _NOTHING) is None:
        # Most are one word, of which there are tens of thousands to read at every start.
        return [squeeze(folded)]
    return [word.form for word in read(phrase, _NOTHING).words]


_NOTHING = Vocabulary({})


def _laid_out(text: str, words: list[Word]) -> Reading:
    starts, position = [], 1
    for word in words:
        starts.append(position)
        position += len(word.form) + 1
    plain = f" {' '.join(word.form for word in words)} " if words else " "
    return Reading(text, tuple(words), plain, tuple(starts))


def _split(text: str) -> list[Word]:
    signs = fold(text)
    folded = "".join(sign.character for sign in signs)
    pieces = []
    for found in _WORD.finditer(folded):
        form = found.group()
        start, end = signs[found.start()].place, signs[found.end() - 1].place + 1
        if form in _MARKS:
            form = _MARKS[form]
        elif form in _QUOTES:
            form = QUOTE
        pieces.append(Word(form, start, end))
    return pieces


def _join_spaced(pieces: list[Word], vocabulary: Vocabulary) -> list[Word]:
    """`k i l l` and `k.i.l.l` are words whose letters were set apart."""
    joined: list[Word] = []
    run: list[Word] = []

    def finish() -> None:
        while run and not _is_letter(run[-1].form):
            held.insert(0, run.pop())
        letters = [each for each in run if _is_letter(each.form)]
        if len(letters) >= _LEAST_SPACED:
            joined.extend(_regroup(letters, vocabulary))
        else:
            joined.extend(run)
        joined.extend(held)
        run.clear()
        held.clear()

    held: list[Word] = []
    for piece in pieces:
        if _is_letter(piece.form) or (run and piece.form in (STOP, PAUSE) and _touches(run[-1], piece)):
            run.append(piece)
            continue
        finish()
        joined.append(piece)
    finish()
    return [piece for piece in joined if piece.form != _APOSTROPHE]


_PARTED = {("my", "self"): "myself", ("him", "self"): "himself", ("her", "self"): "herself", ("them", "selves"): "themselves",
           ("no", "more"): "any more", ("over", "dose"): "overdose", ("over", "dosed"): "overdosed"}  # fmt: skip


def _join_parted(words: list[Word]) -> list[Word]:
    """`my self` is `myself`, and `no more` says what `any more` does."""
    joined: list[Word] = []
    for word in words:
        said = _PARTED.get((joined[-1].form, word.form)) if joined else None
        if said is None:
            joined.append(word)
            continue
        first = joined.pop()
        joined.extend(Word(form, first.start, word.end) for form in said.split())
    return joined


def _is_letter(form: str) -> bool:
    return len(form) == 1 and form not in (STOP, PAUSE, QUOTE)


def _touches(earlier: Word, later: Word) -> bool:
    return later.start - earlier.end <= 0


def _regroup(letters: list[Word], vocabulary: Vocabulary) -> list[Word]:
    """Words from single letters: a wider gap parts words; without any, the likeliest words do."""
    gaps = [later.start - earlier.end for earlier, later in pairwise(letters)]
    usual = min(gaps)
    groups: list[list[Word]] = [[letters[0]]]
    for letter, gap in zip(letters[1:], gaps, strict=True):
        if gap > usual:
            groups.append([])
        groups[-1].append(letter)
    words = []
    for group in groups:
        # An apostrophe between spaced letters belongs to the word, which is known without it.
        group = [letter for letter in group if letter.form != _APOSTROPHE]
        if not group:
            continue
        text = "".join(letter.form for letter in group)
        for start, end in _part(text, vocabulary) or [(0, len(text))]:
            words.append(Word(text[start:end], group[start].start, group[end - 1].end))
    return words


def _part(text: str, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """The likeliest known words that make up a text, as bounds; none when it is not made of known words."""
    whole = squeeze(text)
    if not vocabulary.counts or whole in vocabulary or whole in _otherwise() or whole in _contractions():
        return []
    costs = _costs(vocabulary)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(inf, 0)] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - _LONGEST_PART), end):
            cost = costs.get(squeeze(text[start:end]))
            if cost is not None and best[start][0] + cost < best[end][0]:
                best[end] = (best[start][0] + cost, start)
    if best[-1][0] == inf:
        return []
    parts, end = [], len(text)
    while end:
        start = best[end][1]
        parts.append((start, end))
        end = start
    return parts[::-1]


_COSTS: dict[int, Mapping[str, float]] = {}


def _costs(vocabulary: Vocabulary) -> Mapping[str, float]:
    """What each word costs; short forms that are written out when they are read cost as much as a rare word."""
    if id(vocabulary.counts) not in _COSTS:
        costs = dict(vocabulary.costs())
        dearest = max(costs.values(), default=0.0)
        for form in (*_otherwise(), *_contractions()):
            costs.setdefault(form, dearest)
        _COSTS[id(vocabulary.counts)] = costs
    return _COSTS[id(vocabulary.counts)]


def _is_disguised(form: str) -> bool:
    """Whether a word holds signs among letters that could stand for letters, and is no number with a unit."""
    if form in (STOP, PAUSE, QUOTE) or not _LETTER.search(form) or _NUMBER.fullmatch(form):
        return False
    return form.replace("'", "").isalnum() is False or bool(_DIGIT.search(form))


def _undo_signs(form: str, vocabulary: Vocabulary) -> str | None:
    """The known word that a word with digits and signs stands for; None when it stands for none."""
    letters = load_data("spelling.json")["letters_for_signs"]
    signs = [place for place, character in enumerate(form) if character in letters]
    if "*" in form:
        return _undo_stars(form, vocabulary)
    if not signs or len(signs) > _MOST_SIGNS + len(form) // 2:
        return None
    choices = [letters.get(character, character) for character in form]
    if sum(len(choice) > 1 for choice in choices) > _MOST_SIGNS:
        choices = [choice[0] for choice in choices]
    for candidate in map("".join, product(*choices)):
        if (plain := squeeze(candidate)) in vocabulary or squeeze(
            candidate.replace("'", "")
        ) in _contractions():
            return candidate
        if plain in _otherwise():
            return candidate
    return None


@cache
def _starred(form: str) -> re.Pattern[str]:
    return re.compile("".join(r"\w" if character == "*" else re.escape(character) for character in form))


def _undo_stars(form: str, vocabulary: Vocabulary) -> str | None:
    pattern = _starred(form)
    fitting = [word for word in _hidden_words() if pattern.fullmatch(word)]
    return fitting[0] if len(fitting) >= 1 and not vocabulary.counts.get(form) else None


@cache
def _hidden_words() -> tuple[str, ...]:
    """Words that people hide behind stars, in full spelling."""
    return tuple(load_data("spelling.json")["hidden_behind_stars"].split())


@cache
def _contractions() -> Mapping[str, str]:
    """Expansions by the word without its apostrophe where that is no other word, and with it elsewhere."""
    given: dict[str, str] = load_data("spelling.json")["contractions"]
    return {squeeze(word): said for word, said in given.items()}


@cache
def _otherwise() -> Mapping[str, str]:
    given: dict[str, str] = load_data("spelling.json")["written_otherwise"]
    return {squeeze(word) if not word.isdigit() else word: said for word, said in given.items()}


@cache
def _before_a_verb() -> Mapping[str, str]:
    given: dict[str, str] = load_data("spelling.json")["before_a_verb"]
    return {squeeze(word): said for word, said in given.items()}


def _spell(
    pieces: list[Word], place: int, piece: Word, vocabulary: Vocabulary, is_leet: bool
) -> Iterable[Word]:
    """The plain words that one written word stands for, usually one."""
    form = piece.form
    if form in (STOP, PAUSE, QUOTE):
        return (piece,)
    if _is_disguised(form) or (is_leet and _DIGIT.search(form) and (len(form) <= 4 or not form.isdigit())):
        form = _undo_signs(form, vocabulary) or form
    forms = _expand(form, vocabulary)
    if forms is None:
        forms = _expand_before_a_verb(pieces, place, form) or _nearest(
            squeeze(form.replace("'", "")), vocabulary
        )
    return (Word(squeeze(each), piece.start, piece.end) for each in forms)


def _expand(form: str, vocabulary: Vocabulary) -> list[str] | None:
    """The words a short form stands for; None for a word of its own."""
    squeezed = squeeze(form)
    for known in (squeezed, squeezed.replace("'", "")):
        if known in _contractions():
            return _contractions()[known].split()
        if known in _otherwise():
            return _otherwise()[known].split()
    if "'" in form:
        head, _, tail = form.partition("'")
        if tail in ("s", "ll", "d", "re", "ve") and head:
            return [
                *(_expand(head, vocabulary) or [head]),
                {"ll": "will", "d": "would", "re": "are", "ve": "have"}.get(tail, "s"),
            ]
    return None


def _expand_before_a_verb(pieces: list[Word], place: int, form: str) -> list[str] | None:
    """`hell hurt me` is what `he'll` becomes without its apostrophe."""
    said = _before_a_verb().get(squeeze(form))
    if said is None or place + 1 >= len(pieces) or squeeze(pieces[place + 1].form) not in _verbs():
        return None
    if place and squeeze(pieces[place - 1].form) in _not_before_a_person():
        return None
    return said.split()


@cache
def _not_before_a_person() -> Collection[str]:
    return frozenset(map(squeeze, load_data("spelling.json")["not_before_a_person"].split()))


@cache
def _verbs() -> Collection[str]:
    return frozenset(map(squeeze, load_data("spelling.json")["verbs_after_a_person"].split()))


def _nearest(form: str, vocabulary: Vocabulary) -> list[str]:
    """A word that nobody knows is the known word of at least six letters one slip away, or words run together."""
    if not vocabulary.corrects:
        return [form]
    if (
        form in vocabulary
        or not form.isalpha()
        or not form.isascii()
        or len(form) < 6
        or not vocabulary.counts
    ):
        return [form]
    slips = _slips(vocabulary)
    candidates = {known for key in (form, *_shortened(form)) for known in slips.get(key, ())}
    # People rarely get the first letter wrong, and other words often differ in nothing else.
    near = [known for known in candidates if known[0] == form[0] and _is_one_slip(form, known)]
    if near:
        return [min(near, key=lambda known: (-vocabulary.counts[known], known))]
    if len(form) >= 8 and (parts := _part(form, vocabulary)) and all(end - start > 1 for start, end in parts):
        return [form[start:end] for start, end in parts] if len(parts) <= 4 else [form]
    return [form]


_SLIPS: dict[int, Mapping[str, tuple[str, ...]]] = {}


def _slips(vocabulary: Vocabulary) -> Mapping[str, tuple[str, ...]]:
    """Known words by what is left of them when one letter is left out. Source: symmetric delete spelling correction."""
    if id(vocabulary.counts) not in _SLIPS:
        index: dict[str, list[str]] = {}
        for known in vocabulary.counts:
            if len(known) >= 6 and known.isalpha() and known.isascii():
                for key in (known, *_shortened(known)):
                    index.setdefault(key, []).append(known)
        _SLIPS[id(vocabulary.counts)] = {key: tuple(words) for key, words in index.items()}
    return _SLIPS[id(vocabulary.counts)]


def _shortened(word: str) -> set[str]:
    return {word[:place] + word[place + 1 :] for place in range(len(word))}


def _is_one_slip(one: str, other: str) -> bool:
    """Whether a letter left out, put in, replaced, or two exchanged make one word of the other."""
    if len(one) == len(other):
        apart = [place for place in range(len(one)) if one[place] != other[place]]
        if len(apart) == 2 and apart[1] == apart[0] + 1:
            return one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
        return len(apart) == 1
    shorter, longer = sorted((one, other), key=len)
    return len(longer) == len(shorter) + 1 and shorter in _shortened(longer)


def count_words(texts: Iterable[str]) -> Vocabulary:
    """The vocabulary of texts that are spelled as they should be."""
    counts = Counter(word.form for text in texts for word in read(text, _NOTHING).words)
    return Vocabulary({form: count for form, count in counts.items() if form.isalpha()})
