"""What the persona says: an answer to what was said, in the scammer's language, that leads on to what is missing.

A line is an answer to the scammer's move and a part that the phase asks for, with an opener and an aside in the
persona's voice. Every line passes `guards`. When a session ends is decided in `lifecycle`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from switchboard.apps.honeypot.rules.conversation import guards
from switchboard.apps.honeypot.rules.conversation.grammar import as_texted, compose, remember
from switchboard.apps.honeypot.rules.conversation.mishearing import misheard_holes, named_amount
from switchboard.apps.honeypot.rules.conversation.moves import (
    FACTS,
    OTHER,
    invited_kinds,
    recognise,
    speaks_of,
)
from switchboard.apps.honeypot.rules.conversation.personas import INDIA, Persona
from switchboard.apps.honeypot.rules.conversation.wording import Parts, Wording, wording_of
from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.text.language import ENGLISH, HINDI, HINGLISH

TRUST = "trust"
ASK = "ask"
CORRECT = "correct"
STALL = "stall"

_FULL_SESSION = 10
_LAST_TURN_OF = {TRUST: 2, ASK: 5, CORRECT: 8}
_HARMLESS_BELOW = 0.35
_OPENER_CHANCE = 0.7
_ASIDE_CHANCE = 0.45
_MISTAKE_CHANCE = {CORRECT: 1.0, STALL: 0.5}
_MOST_TRIES = 40
_REMEMBERS_TURNS = 3

_AGAIN = "_again"
_ANYTHING = "any"
_ONLY_IN_INDIA = frozenset({"upi", "ifsc"})
# A victim brings money up before asking where it goes; coins and Telegram they do not bring up at all.
_NEEDS_AN_OFFER = frozenset({"upi", "bank_account"})
_ONLY_WHEN_NAMED = frozenset({"crypto_wallet", "telegram"})
# A sum is rewritten from its number, so it holds no word of the scammer's either.
_OUR_OWN_HOLES = frozenset({"tongue", "amount"})
_CLOSED_AT_ONCE = frozenset({"safety", "self_harm"})


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a conversation stands when the persona is to answer `text`, the scammer's message of this turn.

    Turns count from 1. `findings` are those of `text`, `verdict` the session's, `known` the scammer's values by
    kind, `missing` the kinds worth asking for, the most wanted first. `said` are the persona's earlier lines,
    `heard` the scammer's. `language` is the scammer's.
    """

    turn: int
    text: str
    verdict: Verdict
    seed: int
    language: str = ENGLISH
    max_turns: int = _FULL_SESSION
    findings: Sequence[Finding] = ()
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: Sequence[str] = ()
    said: Sequence[str] = ()
    heard: Sequence[str] = ()


def reply(persona: Persona, scene: Scene) -> str:
    """What the persona answers: at most 300 characters, none of `scene.said`, the same for the same arguments.

    A language the persona does not speak is answered in English; one that no persona speaks is, at first, said
    to be read badly.
    """
    turn = _Turn(persona, scene)
    slots = turn.harmless_slots() if is_harmless(scene.verdict) else turn.scam_slots()
    return _first_allowed(persona, turn.wording, turn.lines(slots), scene.said, turn.is_allowed)


def close(persona: Persona, closing: str, *, language: str, seed: int, said: Sequence[str] = ()) -> str:
    """The persona's last line. `closing` is `lifecycle.Outcome.closing` or `"benign"`; KeyError for another."""
    wording = wording_of(persona, language)
    slots = [wording.closings[closing]]
    if closing not in _CLOSED_AT_ONCE:
        slots.insert(0, wording.openers)
    lines = compose(slots, {}, remember(said), random.Random(f"{seed}:{closing}:{persona.id}"))
    return _first_allowed(persona, wording, lines, said, lambda line: True)


def is_harmless(verdict: Verdict) -> bool:
    """Whether so little speaks of a scam that the sender is asked who they are, and for nothing else."""
    return not verdict.is_scam and verdict.confidence < _HARMLESS_BELOW


def phase_of(turn: int, max_turns: int) -> str:
    """TRUST, ASK, CORRECT or STALL. A session of fewer than ten turns goes through them faster."""
    progress = turn * _FULL_SESSION / min(max_turns, _FULL_SESSION)
    if turn == 1:
        return TRUST
    return next((phase for phase, last in _LAST_TURN_OF.items() if progress <= last), STALL)


def _first_allowed(
    persona: Persona,
    wording: Wording,
    lines: Iterable[str],
    said: Sequence[str],
    is_allowed: Callable[[str], bool],
) -> str:
    """The first line that is short enough, new and allowed. When all has been said, greetings are left."""
    longest = guards.MAX_REPLY_CHARACTERS // (len(wording.hello) + 1)
    greetings = (" ".join([wording.hello] * times) for times in range(1, longest + 1))
    for line in chain(lines, greetings):
        written = as_texted(line) if persona.texting else line
        fits = len(written) <= guards.MAX_REPLY_CHARACTERS and not guards.is_repeated(written, said)
        if fits and is_allowed(written):
            return written
    return wording.hello


class _Turn:
    """One turn's choices: which parts may stand where, and what fills their holes."""

    def __init__(self, persona: Persona, scene: Scene) -> None:
        self.wording = wording_of(persona, scene.language)
        self._persona = persona
        self._scene = scene
        self._memory = remember(scene.said)
        self._draw = random.Random(f"{scene.seed}:{scene.turn}:{persona.id}")
        self._moves = recognise(scene.text, scene.findings)
        tongues = self.wording.tongues
        self._holes = {"tongue": tongues.get(scene.language, tongues.get("", ""))}
        self._lately_heard = "\n".join([*scene.heard[-_REMEMBERS_TURNS:], scene.text])
        amount = named_amount(scene.text)
        if amount:
            self._holes["amount"] = self.wording.amounts[amount.currency].format(sum=amount.sum)

    def lines(self, slots: Sequence[Parts]) -> Iterator[str]:
        """The lines the slots make; then, should what the scammer gave spoil them all, lines without it."""
        unnatural = []
        for line in islice(compose(slots, self._holes, self._memory, self._draw), _MOST_TRIES):
            if self._addresses_twice(line):
                unnatural.append(line)
            else:
                yield line
        yield from unnatural
        plain = [self.wording.answers[OTHER], self.wording.shared_stalls, self.wording.asks[_ANYTHING]]
        yield from islice(compose(plain, {}, self._memory, self._draw), _MOST_TRIES)

    def _addresses_twice(self, line: str) -> bool:
        """Whether "boss" or "beta" is said at the beginning and again: grammatical, but nobody talks so."""
        return line.casefold().count(self.wording.address) > 1

    def is_allowed(self, line: str) -> bool:
        """Whether the line breaks no rule. Our own wording is known to break none; the scammer's may."""
        if self._holes.keys() <= _OUR_OWN_HOLES:
            return True
        scene = self._scene
        values = [*chain(*scene.known.values()), *(found.value for found in scene.findings)]
        return not guards.check(line, language=self.wording.language, said=scene.said, known_values=values)

    def harmless_slots(self) -> list[Parts]:
        """Who is this, and from the second turn on a goodbye: polite, and open should it be a scam yet."""
        if self._scene.turn == 1:
            return [self.wording.openers, self.wording.strangers]
        return [*self._opener(), self.wording.closings["benign"]]

    def scam_slots(self) -> list[Parts]:
        """An answer, then by phase: trust, a question for what is missing, a mistake to correct, a stall."""
        phase = phase_of(self._scene.turn, self._scene.max_turns)
        opener, answers, ask = self._opener(), self._answers(), self._ask()
        if phase == TRUST:
            return [*opener, *answers, *(ask if self._is_asking_natural() else [self.wording.trust])]
        mistake = self._mistake() if phase != ASK else ()
        if mistake and self._happens(_MISTAKE_CHANCE[phase]):
            return [*opener, mistake, *ask] if self._happens(0.4) else [*answers, mistake]
        if phase != STALL:
            aside = self._aside() if len(answers) == 1 else []
            return [*opener, *answers, *aside, *ask]
        stalls = self.wording.stalls if self._happens(0.6) else self.wording.shared_stalls
        return [*opener, *answers, stalls, *(ask if self._happens(0.7) else [])]

    def _opener(self) -> list[Parts]:
        return [self.wording.openers] if self._happens(_OPENER_CHANCE) else []

    def _aside(self) -> list[Parts]:
        return [self.wording.asides] if self._happens(_ASIDE_CHANCE) else []

    def _happens(self, chance: float) -> bool:
        return self._draw.random() < chance

    def _answers(self) -> list[Parts]:
        """An answer; and the facts, two at most, when the persona is asked about themselves."""
        foreign = (
            () if self._scene.language in (ENGLISH, HINDI, HINGLISH) else self._unused(self.wording.foreign)
        )
        if foreign:
            return [foreign]
        facts = [self._answer([move]) for move in self._moves if move in FACTS]
        if len(facts) > 1 or self._moves[0] in FACTS:
            return facts[:2]
        return [self._answer([*self._moves, OTHER]), *facts]

    def _answer(self, moves: Sequence[str]) -> Parts:
        """Unused parts that answer the first move which has any left: the persona's own before the shared."""
        unused = (self._unused(parts) for move in moves for parts in self._answers_to(move))
        return next(filter(None, unused), ()) or self.wording.answers[moves[0]]

    def _answers_to(self, move: str) -> list[Parts]:
        """Where to look for an answer; what was asked before is answered as such, with the same facts."""
        own, shared = self.wording.own_answers.get(move, ()), self.wording.answers.get(move, ())
        again = self.wording.answers.get(move + _AGAIN, ())
        was_asked = any(part.is_used(self._memory) for part in (*own, *shared))
        return [again, own, shared] if was_asked else [own, shared, again]

    def _ask(self) -> list[Parts]:
        """A question for a kind that is missing: one that fits the move, else the one least asked for."""
        kinds = [kind for kind in self._scene.missing if kind in self.wording.asks and self._may_ask(kind)]
        if not kinds:
            return [self.wording.asks[_ANYTHING]]
        natural = invited_kinds(self._moves)
        kind = min(kinds, key=lambda kind: self._times_asked(kind) - (kind in natural))
        ask = self._unused(self.wording.asks[kind]) or self.wording.asks[kind]
        if kind in _NEEDS_AN_OFFER and not speaks_of("money", self._lately_heard):
            return [self.wording.offers, ask]
        return [ask]

    def _may_ask(self, kind: str) -> bool:
        if kind in _ONLY_WHEN_NAMED:
            return speaks_of(kind, self._lately_heard)
        if kind == "ifsc" and not self._scene.known.get("bank_account"):
            return False
        return kind not in _ONLY_IN_INDIA or self._persona.country == INDIA

    def _times_asked(self, kind: str) -> int:
        return sum(part.is_used(self._memory) for part in self.wording.asks[kind])

    def _is_asking_natural(self) -> bool:
        """Whether, while trust is still being won, the move itself calls for the victim's question."""
        natural = [kind for kind in invited_kinds(self._moves) if kind in self._scene.missing]
        return self._scene.turn > 1 and any(map(self._may_ask, natural))

    def _mistake(self) -> Parts:
        """Parts that give a value back wrongly, their holes filled: this message's, or one not yet mistaken."""
        given = [(found.kind, found.value) for found in self._scene.findings]
        earlier = [(kind, value) for kind, values in self._scene.known.items() for value in values]
        for kind, value in [*given, *earlier]:
            holes = misheard_holes(kind, value)
            if holes and not self._was_said(holes):
                self._holes.update(holes)
                return self._unused(self.wording.mistakes.get(kind, ()))
        return ()

    def _was_said(self, holes: Mapping[str, str]) -> bool:
        return any(remember([filled]) in self._memory for hole, filled in holes.items() if hole != "handle")

    def _unused(self, parts: Parts) -> Parts:
        return [part for part in parts if part.holes <= self._holes.keys() and not part.is_used(self._memory)]
