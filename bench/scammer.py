"""Does the persona get a scammer to give something away? `python -m bench.scammer`

Five scripted scammers of our own that follow their script, refuse, hurry, lose patience and leave; they give an
identifier when they are asked for it convincingly or must correct a mistake, and rarely of their own accord. Each
run is seeded and goes through the pure rules. The same scammers meet two simpler victims for comparison.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from switchboard.apps.honeypot.rules import guards, lifecycle, replies
from switchboard.apps.honeypot.rules.detection import Verdict, combine, detect
from switchboard.apps.honeypot.rules.extraction import Finding, extract
from switchboard.apps.honeypot.rules.language import detect_language
from switchboard.apps.honeypot.rules.personas import Persona, choose_persona
from switchboard.apps.honeypot.rules.safety import find_danger
from switchboard.apps.honeypot.rules.scoring import intelligence_score

RUNS = 200
MAX_TURNS = 10
BAR = 0.60
# How often, once the script is at the payment, a scammer says unasked where the money goes.
VOLUNTEERS = 0.05
ASKED_FOR = ("upi", "bank_account", "phone", "url", "ifsc", "email", "crypto_wallet", "telegram")
HANDLES = ("ybl", "paytm", "okaxis", "oksbi", "ibl")
WORDS = ("helpdesk", "refundcell", "primecare", "quickdesk", "officework", "winnerdesk", "securepay")

Reply = Callable[["Game"], str]


@dataclass
class Scammer:
    """One scammer at work. Deterministic for the same script and seed."""

    script: dict[str, Any]
    language: str
    draw: random.Random
    values: dict[str, str] = field(init=False)
    step: int = 0
    patience: float = field(init=False)
    given: list[str] = field(default_factory=list)
    asked: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    last_line: str = ""

    def __post_init__(self) -> None:
        self.values = _invent_values(self.draw)
        self.patience = self.draw.uniform(*self.script["patience"])

    def say(self, heard: str | None) -> str | None:
        """The next message in answer to the victim's line (None at the start); None once they have left."""
        if heard is None:
            return self._next_step()
        self._lose_patience(heard)
        if self.patience <= 0:
            return None
        kind = self._asked_kind(heard)
        if self.given and _matches("checks_back", heard) and self.draw.random() < 0.7:
            return self._line("corrects", self.given[-1])
        if kind and self.draw.random() < self._chance(kind, heard):
            return self._give(kind)
        if self._wants_payment and self.draw.random() < VOLUNTEERS:
            return self._give(self.draw.choice(["upi", "bank_account"]))
        if kind and self.draw.random() < 0.4:
            return self._pick(self._lines["refuses"])
        return self._pick(self._lines["hurries"]) if self.draw.random() < 0.3 else self._next_step()

    def _lose_patience(self, heard: str) -> None:
        self.patience -= 1.0
        if not _matches("is_willing", heard):
            self.patience -= 0.4
        if heard == self.last_line:
            self.patience -= 1.5
        self.last_line = heard

    def _asked_kind(self, heard: str) -> str | None:
        """The kind the victim asks for, if they do; being asked again and again makes one wary."""
        if "?" not in heard and not re.search(
            r"\b(?:tell|give|send|write|type|batao|do|likh)\b", heard.lower()
        ):
            return None
        kinds: list[str] = [
            kind
            for kind in self.script["willing"]
            if re.search(_facts()["understanding"][kind], heard.lower())
        ]
        if not kinds:
            return None
        self.asked[kinds[0]] += 1
        return kinds[0]

    def _chance(self, kind: str, heard: str) -> float:
        chance: float = self.script["willing"][kind]
        if _matches("is_willing", heard):
            chance += 0.1
        if self._wants_payment and kind in ("upi", "bank_account"):
            chance += 0.3
        if self.step <= 1:
            chance -= 0.15
        return chance - 0.05 * (self.asked[kind] - 1)

    def _give(self, kind: str) -> str:
        self.given.append(kind)
        return self._line("gives", kind)

    @property
    def _wants_payment(self) -> bool:
        starts_at: int = self.script["wants_payment_from"]
        return self.step > starts_at

    def _next_step(self) -> str:
        steps = self.script["steps"][self.language]
        line: str = (
            steps[min(self.step, len(steps) - 1)]
            if self.step < len(steps)
            else self._pick(self._lines["hurries"])
        )
        self.step += 1
        return line

    def _line(self, manner: str, kind: str) -> str:
        return self._pick(self._lines[manner][kind]).format(**self.values)

    @property
    def _lines(self) -> dict[str, Any]:
        lines: dict[str, Any] = _facts()["lines"][self.language]
        return lines

    def _pick(self, lines: Sequence[str]) -> str:
        return self.draw.choice(lines)


@dataclass
class Game:
    """One conversation: the scammer's lines, the victim's, and what came of it."""

    seed: int
    language: str = "en"
    persona: Persona | None = None
    verdict: Verdict | None = None
    findings: Sequence[Finding] = ()
    known: dict[str, list[str]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    first_disclosure: int | None = None
    status: str = lifecycle.ONGOING
    violations: list[str] = field(default_factory=list)

    @property
    def turn(self) -> int:
        return len(self.heard)

    def hear(self, text: str) -> None:
        self.heard.append(text)
        self.language = detect_language(text) if self.turn == 1 else self.language
        self.findings = extract(text)
        self.verdict = combine(self.verdict, detect(text, self.findings))
        for found in self.findings:
            values = self.known.setdefault(found.kind, [])
            if found.value not in values:
                values.append(found.value)
        if self.findings and self.first_disclosure is None:
            self.first_disclosure = self.turn

    def outcome(self) -> lifecycle.Outcome:
        assert self.verdict is not None
        score = intelligence_score({kind: [0.9] * len(values) for kind, values in self.known.items()})
        return lifecycle.decide(self.turn, MAX_TURNS, score, self.verdict, find_danger(self.heard[-1]))


def play(seed: int, victim: Reply) -> Game:
    """One whole conversation between the seed's scammer and this victim."""
    draw = random.Random(f"scammer:{seed}")
    scripts = _facts()["scripts"]
    script = scripts[seed % len(scripts)]
    scammer = Scammer(script, draw.choice(sorted(script["steps"])), draw)
    game = Game(seed)
    text = scammer.say(None)
    while text is not None:
        game.hear(text)
        game.status = game.outcome().status
        line = victim(game)
        game.violations += guards.check(
            line,
            language=game.language,
            said=game.said,
            known_values=[v for vs in game.known.values() for v in vs],
        )
        game.said.append(line)
        if lifecycle.is_ended(game.status):
            return game
        text = scammer.say(line)
    game.status = lifecycle.TERMINATED
    return game


def answer_as_persona(game: Game) -> str:
    """What the product says."""
    assert game.verdict is not None
    if game.persona is None:
        game.persona = choose_persona(game.verdict.scam_type, game.language, game.seed, game.heard[0])
    closing = game.outcome().closing
    if closing:
        return replies.close(game.persona, closing, language=game.language, seed=game.seed, said=game.said)
    scene = replies.Scene(
        turn=game.turn,
        text=game.heard[-1],
        verdict=game.verdict,
        seed=game.seed,
        language=game.language,
        max_turns=MAX_TURNS,
        findings=game.findings,
        known=game.known,
        missing=[kind for kind in ASKED_FOR if kind not in game.known],
        said=game.said,
        heard=game.heard[:-1],
    )
    return replies.reply(game.persona, scene)


def say_ok(game: Game) -> str:
    """The alternative: a victim who agrees to everything and asks for nothing."""
    return "ok"


def ask_the_same(game: Game) -> str:
    """A harder alternative: a victim who is willing and asks for the scammer's number, always in the same words."""
    return "I will do it. Which is your number, so that I can call you?"


def report(name: str, games: Sequence[Game]) -> float:
    """Print the figures of one kind of victim; the share of runs in which something was given away."""
    disclosed = [game for game in games if game.first_disclosure is not None]
    share = len(disclosed) / len(games)
    first = [game.first_disclosure for game in disclosed if game.first_disclosure is not None]
    values = [sum(map(len, game.known.values())) for game in games]
    print(
        f"{name}: disclosed in {share:.3f} of {len(games)} runs,"
        f" first at turn {statistics.mean(first) if first else float('nan'):.1f},"
        f" {statistics.mean(values):.2f} values and {statistics.mean(game.turn for game in games):.1f} turns a run"
    )
    by_script: defaultdict[str, list[bool]] = defaultdict(list)
    scripts = _facts()["scripts"]
    for game in games:
        by_script[scripts[game.seed % len(scripts)]["id"]].append(game.first_disclosure is not None)
    print("  " + ", ".join(f"{script} {sum(runs) / len(runs):.2f}" for script, runs in by_script.items()))
    return share


def main() -> None:
    games = [play(seed, answer_as_persona) for seed in range(RUNS)]
    share = report("personas", games)
    report('a victim who says "ok"', [play(seed, say_ok) for seed in range(RUNS)])
    report("a victim who asks one thing", [play(seed, ask_the_same) for seed in range(RUNS)])
    repeats = sum(len(game.said) - len(set(game.said)) for game in games)
    violations = [violation for game in games for violation in game.violations]
    print(
        f"lines repeated within a session: {repeats}; broken guards: {len(violations)} {sorted(set(violations))}"
    )
    holds = share >= BAR and not repeats and not violations
    print(f"{'PASS' if holds else 'FAIL'}  disclosure >= {BAR:.2f}, nothing repeated, nothing leaked")
    sys.exit(0 if holds else 1)


def _matches(name: str, line: str) -> bool:
    pattern: str = _facts()[name]
    return re.search(pattern, line.lower()) is not None


def _invent_values(draw: random.Random) -> dict[str, str]:
    word = draw.choice(WORDS)
    return {
        "upi": f"{word}{draw.randint(10, 99)}@{draw.choice(HANDLES)}",
        "phone": f"90000 {draw.randint(10000, 99999)}",
        "bank_account": str(draw.randint(10**11, 10**12 - 1)),
        "url": f"https://{word}-{draw.randint(10, 99)}.example/form",
        "email": f"{word}{draw.randint(10, 99)}@mail.example",
    }


@cache
def _facts() -> dict[str, Any]:
    file = Path(__file__).parent / "data" / "scammer_scripts.json"
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return facts


if __name__ == "__main__":
    main()
