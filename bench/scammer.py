"""Does the persona get a scammer to give something away? `python -m bench.scammer`

Five scripted scammers of our own that follow their script, refuse, hurry, lose patience and leave; they give an
identifier when they are asked for it convincingly or must correct a mistake, and rarely of their own accord. Each
run is seeded and a session of the product's own service. The same scammers meet two simpler victims for comparison.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from switchboard.apps import APPS
from switchboard.apps.honeypot.rules import lifecycle
from switchboard.apps.honeypot.rules.conversation import guards
from switchboard.apps.honeypot.rules.extraction import extract
from switchboard.apps.honeypot.rules.text.language import detect_language
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel import logging
from switchboard.kernel.ids import FixedChance
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings

RUNS = 200
MAX_TURNS = 10
BAR = 0.60
# How often, once the script is at the payment, a scammer says unasked where the money goes.
VOLUNTEERS = 0.05
HANDLES = ("ybl", "paytm", "okaxis", "oksbi", "ibl")
WORDS = ("helpdesk", "refundcell", "primecare", "quickdesk", "officework", "winnerdesk", "securepay")

Victim = Callable[["Game"], tuple[str, bool]]
"""Answers the game's last line, and says whether it was the last it will answer."""


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
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    values: dict[str, set[str]] = field(default_factory=dict)
    first_disclosure: int | None = None
    violations: list[str] = field(default_factory=list)

    @property
    def turns(self) -> int:
        return len(self.heard)

    def hear(self, text: str) -> None:
        self.heard.append(text)
        for found in extract(text):
            self.values.setdefault(found.kind, set()).add(found.value)
        if self.values and self.first_disclosure is None:
            self.first_disclosure = self.turns

    def say(self, line: str) -> None:
        """Keep the line and what is wrong with it, in whichever of the scammer's languages it is answered."""
        known = [value for values in self.values.values() for value in values]
        languages = {detect_language(text) for text in self.heard}
        checks = [guards.check(line, language=each, said=self.said, known_values=known) for each in languages]
        self.violations += min(checks, key=len)
        self.said.append(line)


def play(seed: int, victim: Victim) -> Game:
    """One whole conversation between the seed's scammer and this victim."""
    draw = random.Random(f"scammer:{seed}")
    scripts = _facts()["scripts"]
    script = scripts[seed % len(scripts)]
    scammer = Scammer(script, draw.choice(sorted(script["steps"])), draw)
    game = Game(seed)
    text = scammer.say(None)
    while text is not None:
        game.hear(text)
        line, has_ended = victim(game)
        game.say(line)
        if has_ended:
            return game
        text = scammer.say(line)
    return game


class Product:
    """The honeypot itself as the victim: its service on a database of its own, each game a session."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        # The score that ends a session early is out of reach, so that every victim has as many turns.
        settings = Settings(data_dir=folder, honeypot_max_turns=MAX_TURNS, honeypot_goal_score=3)
        logging.configure(settings)
        self._platform = Platform(settings, APPS, chance=FixedChance())
        self._platform.migrate()
        self._honeypot = Honeypot(self._platform)
        self._runner = runner
        self._sessions: dict[int, str] = {}

    def __call__(self, game: Game) -> tuple[str, bool]:
        answer = self._runner.run(self._answer(game))
        self._sessions[game.seed] = answer["session_id"]
        return answer["reply"], lifecycle.is_ended(answer["status"])

    async def _answer(self, game: Game) -> dict[str, Any]:
        text = game.heard[-1]
        if game.turns > 1:
            return await self._honeypot.receive_message(command_caller(), self._sessions[game.seed], text)
        return await self._honeypot.open_session(command_caller(), Opening(text, "sms", None, None, None))

    def close(self) -> None:
        self._platform.close()


def say_ok(game: Game) -> tuple[str, bool]:
    """The alternative: a victim who agrees to everything and asks for nothing."""
    return "ok", game.turns >= MAX_TURNS


def ask_the_same(game: Game) -> tuple[str, bool]:
    """A harder alternative: a victim who is willing and asks for the scammer's number, always in the same words."""
    line = "I will do it. Which is your number, so that I can call you?"
    return line, game.turns >= MAX_TURNS


def report(name: str, games: Sequence[Game]) -> float:
    """Print the figures of one kind of victim; the share of runs in which something was given away."""
    disclosed = [game for game in games if game.first_disclosure is not None]
    share = len(disclosed) / len(games)
    first = [game.first_disclosure for game in disclosed if game.first_disclosure is not None]
    values = [sum(map(len, game.values.values())) for game in games]
    print(
        f"{name}: disclosed in {share:.3f} of {len(games)} runs,"
        f" first at turn {statistics.mean(first) if first else float('nan'):.1f},"
        f" {statistics.mean(values):.2f} values and {statistics.mean(game.turns for game in games):.1f} turns a run"
    )
    by_script: defaultdict[str, list[bool]] = defaultdict(list)
    scripts = _facts()["scripts"]
    for game in games:
        by_script[scripts[game.seed % len(scripts)]["id"]].append(game.first_disclosure is not None)
    print("  " + ", ".join(f"{script} {sum(runs) / len(runs):.2f}" for script, runs in by_script.items()))
    return share


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        product = Product(Path(folder), runner)
        games = [play(seed, product) for seed in range(RUNS)]
        product.close()
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
