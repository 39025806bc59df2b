"""What the persona says: an answer to what was said, in the scammer's language, that leads on to what is missing.

A line is an answer to the scammer's move and a part that the phase asks for, with an opener and an aside in the
persona's voice. Every line passes `guards`. When a session ends is decided in `lifecycle`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, islice

from switchboard.apps.honeypot.rules import guards
from switchboard.apps.honeypot.rules.detection import Verdict
from switchboard.apps.honeypot.rules.extraction import Finding
from switchboard.apps.honeypot.rules.folding import fold_for_reading
from switchboard.apps.honeypot.rules.grammar import as_texted, compose, remember
from switchboard.apps.honeypot.rules.language import ENGLISH, HINDI, HINGLISH
from switchboard.apps.honeypot.rules.mishearing import misheard_holes, named_amount
from switchboard.apps.honeypot.rules.moves import OTHER, invited_kinds, recognise
from switchboard.apps.honeypot.rules.personas import INDIA, Persona
from switchboard.apps.honeypot.rules.wording import Parts, Wording, wording_of

TRUST = "trust"
ASK = "ask"
CORRECT = "correct"
STALL = "stall"

_FULL_SESSION = 10
_LAST_TURN_OF = {TRUST: 2, ASK: 5, CORRECT: 8}
_HARMLESS_BELOW = 0.35
_OPENER_CHANCE = 0.7
_ASIDE_CHANCE = 0.45
_MOST_TRIES = 40

_AGAIN = "_again"
_ANYTHING = "any"
_ONLY_IN_INDIA = frozenset({"upi", "ifsc"})
# A victim does not bring these up: they are asked for once the scammer spoke of them.
_ONLY_WHEN_NAMED = {
    "crypto_wallet": ("crypto", "coin", "btc", "usdt", "wallet", "क्रिप्टो", "कॉइन"),
    "telegram": ("telegram", "t.me", "टेलीग्राम"),
}
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
    if not scene.verdict.is_scam and scene.verdict.confidence < _HARMLESS_BELOW:
        slots = turn.harmless_slots()
    else:
        slots = turn.scam_slots()
    values = [*chain(*scene.known.values()), *(found.value for found in scene.findings)]
    return _first_allowed(persona, turn.wording, turn.lines(slots), scene.said, values)


def close(persona: Persona, closing: str, *, language: str, seed: int, said: Sequence[str] = ()) -> str:
    """The persona's last line. `closing` is `lifecycle.Outcome.closing` or `"benign"`; KeyError for another."""
    wording = wording_of(persona, language)
    slots = [wording.closings[closing]]
    if closing not in _CLOSED_AT_ONCE:
        slots.insert(0, wording.openers)
    lines = compose(slots, {}, remember(said), random.Random(f"{seed}:{closing}"))
    return _first_allowed(persona, wording, lines, said, ())


def phase_of(turn: int, max_turns: int) -> str:
    """TRUST, ASK, CORRECT or STALL. A session of fewer than ten turns goes through them faster."""
    progress = turn * _FULL_SESSION / min(max_turns, _FULL_SESSION)
    if turn == 1:
        return TRUST
    return next((phase for phase, last in _LAST_TURN_OF.items() if progress <= last), STALL)


def _first_allowed(
    persona: Persona, wording: Wording, lines: Iterable[str], said: Sequence[str], values: Sequence[str]
) -> str:
    """The first line that breaks no rule. Greetings, ever longer, are left when all has been said."""
    greetings = (" ".join([wording.hello] * times) for times in count(1))
    for line in chain(lines, greetings):
        written = as_texted(line) if persona.texting else line
        if not guards.check(written, language=wording.language, said=said, known_values=values):
            return written
    raise AssertionError("greetings never end")


class _Turn:
    """One turn's choices: which parts may stand where, and what fills their holes."""

    def __init__(self, persona: Persona, scene: Scene) -> None:
        self.wording = wording_of(persona, scene.language)
        self._persona = persona
        self._scene = scene
        self._memory = remember(scene.said)
        self._draw = random.Random(f"{scene.seed}:{scene.turn}")
        self._moves = recognise(scene.text, scene.findings)
        self._holes = {"tongue": self.wording.tongues.get(scene.language) or self.wording.tongues[""]}
        amount = named_amount(scene.text)
        if amount:
            self._holes["amount"] = self.wording.amounts[amount.currency].format(sum=amount.sum)

    def lines(self, slots: Sequence[Parts]) -> Iterator[str]:
        """The lines the slots make; then, should what the scammer gave spoil them all, lines without it."""
        yield from islice(compose(slots, self._holes, self._memory, self._draw), _MOST_TRIES)
        plain = [self.wording.answers[OTHER], self.wording.shared_stalls, self.wording.asks[_ANYTHING]]
        yield from islice(compose(plain, {}, self._memory, self._draw), _MOST_TRIES)

    def harmless_slots(self) -> list[Parts]:
        """Who is this, and from the second turn on a goodbye: polite, and open should it be a scam yet."""
        if self._scene.turn == 1:
            return [self.wording.openers, self.wording.strangers]
        return [*self._opener(), self.wording.closings["benign"]]

    def scam_slots(self) -> list[Parts]:
        """An answer, then by phase: trust, a question for what is missing, a mistake to correct, a stall."""
        wording, phase = self.wording, phase_of(self._scene.turn, self._scene.max_turns)
        answer, ask = self._answer(), self._ask()
        if phase == TRUST:
            return [*self._opener(), answer, ask if self._is_asking_natural() else wording.trust]
        if phase == ASK:
            return [*self._opener(), answer, *self._aside(), ask]
        mistake = self._mistake()
        if mistake and phase == CORRECT:
            return [*self._opener(), mistake, ask] if self._happens(0.4) else [answer, mistake]
        if mistake and self._happens(0.5):
            return [*self._opener(), mistake, wording.stalls]
        if phase == CORRECT:
            return [*self._opener(), answer, *self._aside(), ask]
        stalls = wording.stalls if self._happens(0.6) else wording.shared_stalls
        return [*self._opener(), answer, stalls, *([ask] if self._happens(0.7) else [])]

    def _opener(self) -> list[Parts]:
        return [self.wording.openers] if self._happens(_OPENER_CHANCE) else []

    def _aside(self) -> list[Parts]:
        return [self.wording.asides] if self._happens(_ASIDE_CHANCE) else []

    def _happens(self, chance: float) -> bool:
        return self._draw.random() < chance

    def _answer(self) -> Parts:
        """Unused parts that answer the first move which has any left: the persona's own before the shared."""
        if self._scene.language not in (ENGLISH, HINDI, HINGLISH):
            foreign = self._unused(self.wording.foreign)
            if foreign:
                return foreign
        for move in (*self._moves, OTHER):
            for parts in self._answers_to(move):
                unused = self._unused(parts)
                if unused:
                    return unused
        return self.wording.answers.get(self._moves[0]) or self.wording.answers[OTHER]

    def _answers_to(self, move: str) -> list[Parts]:
        """Where to look for an answer; what was asked before is answered as such, with the same facts."""
        own, shared = self.wording.own_answers.get(move, ()), self.wording.answers.get(move, ())
        again = self.wording.answers.get(move + _AGAIN, ())
        was_asked = any(part.is_used(self._memory) for part in (*own, *shared))
        return [again, own, shared] if was_asked else [own, shared, again]

    def _ask(self) -> Parts:
        """Parts that ask for a kind that is missing: one that fits the move, else the one least asked for."""
        kinds = [kind for kind in self._scene.missing if kind in self.wording.asks and self._may_ask(kind)]
        if not kinds:
            return self.wording.asks[_ANYTHING]
        natural = invited_kinds(self._moves)
        kind = min(kinds, key=lambda kind: self._times_asked(kind) - (kind in natural))
        return self._unused(self.wording.asks[kind]) or self.wording.asks[kind]

    def _may_ask(self, kind: str) -> bool:
        if kind in _ONLY_WHEN_NAMED:
            spoken = fold_for_reading(" ".join([*self._scene.heard, self._scene.text]))
            return any(word in spoken for word in _ONLY_WHEN_NAMED[kind])
        return kind not in _ONLY_IN_INDIA or self._persona.country == INDIA

    def _times_asked(self, kind: str) -> int:
        return sum(part.is_used(self._memory) for part in self.wording.asks[kind])

    def _is_asking_natural(self) -> bool:
        """Whether, while trust is still being won, the move itself calls for the victim's question."""
        return self._scene.turn > 1 and any(kind in self._scene.missing for kind in invited_kinds(self._moves))

    def _mistake(self) -> Parts:
        """Parts that give a value back wrongly, their holes filled: this message's, or one not yet mistaken."""
        given = [(found.kind, found.value) for found in self._scene.findings]
        earlier = [(kind, value) for kind, values in self._scene.known.items() for value in values]
        for kind, value in [*given, *earlier]:
            parts = self._unused(self.wording.mistakes.get(kind, ()))
            holes = misheard_holes(kind, value)
            if parts and holes and ((kind, value) in given or not self._was_said(holes)):
                self._holes.update(holes)
                return [part for part in parts if part.holes <= self._holes.keys()]
        return ()

    def _was_said(self, holes: Mapping[str, str]) -> bool:
        return any(remember([filled]) in self._memory for filled in holes.values())

    def _unused(self, parts: Parts) -> Parts:
        return [part for part in parts if part.holes <= self._holes.keys() and not part.is_used(self._memory)]
