"""`switchboard guide flow`: flows checked, drawn and walked through; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from switchboard.apps.guide.commands.chat import show, typed_lines
from switchboard.apps.guide.rules.flow.document import parse_flow
from switchboard.apps.guide.rules.flow.drawing import to_mermaid, to_svg
from switchboard.apps.guide.service.library import problems_of, read_flow_file, read_flows
from switchboard.apps.guide.service.rehearsal import Rehearsal
from switchboard.kernel import terminal
from switchboard.kernel.errors import Invalid
from switchboard.kernel.settings import load_settings


def check(file: Path) -> bool:
    """Print all that is wrong with a flow's file; whether nothing is."""
    document = read_flow_file(file)
    problems = problems_of(document)
    out = terminal.output()
    for problem in problems:
        out.print(Text(terminal.one_line(problem)))
    if not problems:
        flow = parse_flow(document)
        questions = terminal.count(len(flow.questions), "question")
        out.print(f"{flow.id}: {len(flow.states)} states, {questions}, all reached, all lead to the end.")
    return not problems


def draw(which: str, out: Path | None) -> None:
    """Print a flow as Mermaid text, or write it to a file: a picture for *.svg."""
    flow = parse_flow(_find(which))
    if out is None:
        terminal.output().print(Text(to_mermaid(flow)), end="", soft_wrap=True)
        return
    terminal.write_file(out, [to_svg(flow) if out.suffix == ".svg" else to_mermaid(flow)])
    terminal.notices().print(Text(f"Wrote {out}."))


def try_out(which: str, country: str | None) -> None:
    """Walk through a flow line by line."""
    rehearsal = Rehearsal(parse_flow(_find(which)), country)
    show(rehearsal.begin())
    for line in typed_lines():
        answer = rehearsal.hear(line)
        show(answer)
        if answer["is_deleted"]:
            return


def show_all() -> None:
    """Print every flow with its title."""
    for id, document in read_flows(load_settings().guide_flows_dir).items():
        flow = parse_flow(document)
        languages = ", ".join(flow.languages)
        terminal.output().print(Text(f"{id}  {flow.title[flow.languages[0]]} ({languages})"))


def _find(which: str) -> Mapping[str, Any]:
    """The document of a flow by its id, or in a file. Raises Invalid, with what is wrong."""
    known = read_flows(load_settings().guide_flows_dir)
    if which in known:
        return known[which]
    if not which.endswith(".toml"):
        raise Invalid(
            f"There is no flow {terminal.one_line(which)!r}.",
            hint=f"Name a file that ends in .toml, or one of: {', '.join(known)}.",
        )
    document = read_flow_file(Path(which))
    if problems := problems_of(document):
        raise Invalid("This flow is wrong. " + " ".join(problems), hint="Correct the file.")
    return document
