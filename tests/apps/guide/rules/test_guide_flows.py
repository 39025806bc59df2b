"""Flows as documents: those that ship hold together, and what is wrong in one is said."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from switchboard.apps.guide.rules.flow.document import WrongFlow, packaged_documents, parse_flow
from switchboard.apps.guide.rules.flow.drawing import draw, to_mermaid, to_svg
from switchboard.apps.guide.rules.flow.graph import find_problems

FLOWS = packaged_documents()


def changed(id: str, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A flow that ships, with something changed in it."""
    document = copy.deepcopy(dict(FLOWS[id]))
    change(document)
    return document


def problems(document: dict[str, Any]) -> str:
    """All that is said to be wrong, whether with its form or with its ways."""
    try:
        return " ".join(find_problems(parse_flow(document)))
    except WrongFlow as error:
        return " ".join(error.problems)


def state(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["state"] if each["name"] == name)
    return found


@pytest.mark.parametrize("id", FLOWS)
def test_a_flow_that_ships_holds_together(id: str) -> None:
    assert problems(dict(FLOWS[id])) == ""


def test_two_different_flows_ship() -> None:
    assert {"four_steps", "check_in"} <= set(FLOWS)
    four, short = (parse_flow(FLOWS[id]) for id in ("four_steps", "check_in"))
    assert [each.saves for each in four.questions] == ["support_people", "strengths", "worries", "goals"]
    assert {each.kind for each in short.states.values()} > {each.kind for each in four.states.values()}


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a state that nothing leads to": (
        lambda flow: state(flow, "strengths").update(next="goals"),
        "'worries' is never reached",
    ),
    "a way to nowhere": (lambda flow: state(flow, "goals").update(next="heaven"), "no such state"),
    "a circle": (
        lambda flow: state(flow, "goals").update(next="strengths"),
        "can lead back to itself for ever",
    ),
    "no end": (lambda flow: state(flow, "summary").update(kind="review"), "summary"),
    "a start that is not there": (lambda flow: flow.update(start="hello"), "no such state"),
    "a question that asks for ever": (
        lambda flow: state(flow, "goals").update(most_attempts=0),
        "`most_attempts` is 1 to 3",
    ),
    "a review that lets change for ever": (
        lambda flow: state(flow, "review").pop("most_changes"),
        "`most_changes` is 1",
    ),
    "a text that lacks": (lambda flow: state(flow, "goals")["text"]["en"].pop("why"), "'why' is a list"),
    "a text without use": (
        lambda flow: state(flow, "goals")["text"]["en"].update(joke=["ha"]),
        "no use for 'joke'",
    ),
    "a language without texts": (
        lambda flow: flow.update(languages=["en", "de"], title={"en": "a", "de": "b"}),
        "no texts in 'de'",
    ),
    "a field that nobody knows": (lambda flow: flow.update(colour="red"), "unknown field 'colour'"),
    "two states of one name": (lambda flow: state(flow, "goals").update(name="worries"), "Two states"),
    "two answers under one name": (
        lambda flow: state(flow, "goals").update(saves="worries"),
        "Two states save",
    ),
    "an answer without a name": (lambda flow: state(flow, "goals").pop("saves"), "`saves` names"),
    "a choice of one": (lambda flow: state(flow, "goals").update(kind="choice"), "at least two"),
    "no version": (lambda flow: flow.update(version="one"), "`version`"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_flow_is_said(what: str) -> None:
    change, said = WRONG[what]
    assert said in problems(changed("four_steps", change))


def test_a_circle_with_a_counter_is_none() -> None:
    def come_again(flow: dict[str, Any]) -> None:
        state(flow, "next_step").update(most_visits=2, next="today")
        state(flow, "today")["branch"].append({"name": "enough", "next": "review"})
        state(flow, "today")["text"]["en"]["enough"] = ["That is all"]

    assert problems(changed("check_in", come_again)) == ""


@pytest.mark.parametrize("document", [{}, {"id": 1}, {"state": 3}, [], "x", None])
def test_what_is_no_flow_at_all_is_refused_in_words(document: Any) -> None:
    with pytest.raises(WrongFlow):
        parse_flow(document)


@pytest.mark.parametrize("id", FLOWS)
def test_a_drawing_shows_every_state_and_every_way(id: str) -> None:
    flow = parse_flow(FLOWS[id])
    drawing = draw(flow)
    assert {box.state for box in drawing.boxes} == set(flow.states)
    assert len({(box.row, box.column) for box in drawing.boxes}) == len(flow.states)
    for name, each in flow.states.items():
        for following in each.ways_out:
            assert any((line.start, line.end) == (name, following) for line in drawing.lines)
            assert f"{name} -->" in to_mermaid(flow)
    assert to_svg(flow).count("<rect") == len(flow.states)


def test_the_documents_picture_is_the_flow_as_it_is() -> None:
    page = (Path(__file__).parents[4] / "docs" / "use" / "guide.md").read_text(encoding="utf-8")
    for id in FLOWS:
        assert to_mermaid(parse_flow(FLOWS[id])) in page, f"draw {id} anew: switchboard guide flow draw {id}"


def test_the_page_about_flows_shows_a_flow_that_works() -> None:
    page = (Path(__file__).parents[4] / "docs" / "extend" / "flows.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert problems(tomllib.loads(example)) == ""
