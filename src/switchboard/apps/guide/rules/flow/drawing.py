"""A flow drawn: as a Mermaid diagram, and as places and lines for a picture."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from switchboard.apps.guide.rules.flow.document import CHOICE, END, QUESTION, REVIEW, WELCOME, Flow

_SHAPES = {
    WELCOME: ("([", "])"),
    QUESTION: ("[", "]"),
    CHOICE: ("{{", "}}"),
    REVIEW: ("[/", "/]"),
    END: ("((", "))"),
}


class Box(NamedTuple):
    """A state's place in a picture: `row` from the top, `column` from the left, in steps of one."""

    state: str
    kind: str
    label: str
    row: int
    column: int


class Line(NamedTuple):
    """A way from one state to another. `label` says when it is taken, empty where it is the only one."""

    start: str
    end: str
    label: str
    is_back: bool
    """Whether it leads back up: only when an answer is changed."""


class Drawing(NamedTuple):
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(flow: Flow) -> Drawing:
    """The states in rows by their distance from the start, and the ways between them."""
    rows: dict[str, int] = {flow.start: 0}
    changed = True
    while changed:
        changed = False
        for name, state in flow.states.items():
            for target in state.ways_out if name in rows else ():
                row = rows[name] + 1
                if rows.get(target, -1) < row <= len(flow.states):
                    rows[target], changed = row, True
    columns: dict[int, int] = {}
    boxes = []
    for name, state in flow.states.items():
        row = rows.get(name, 0)
        columns[row] = columns.get(row, -1) + 1
        boxes.append(Box(name, state.kind, _label(flow, name), row, columns[row]))
    return Drawing(tuple(boxes), tuple(_lines(flow, rows)))


def _lines(flow: Flow, rows: dict[str, int]) -> list[Line]:
    lines = []
    for name, state in flow.states.items():
        lines += [
            Line(name, branch.next, branch.name, rows[branch.next] <= rows[name]) for branch in state.branches
        ]
        if state.next and state.next not in [branch.next for branch in state.branches]:
            label = "skipped" if state.branches else ""
            lines.append(Line(name, state.next, label, rows[state.next] <= rows[name]))
        if state.kind == REVIEW:
            lines += [Line(name, question.name, "changed", True) for question in flow.questions]
    return lines


def to_mermaid(flow: Flow) -> str:
    """The flow as the text of a Mermaid flowchart."""
    drawing = draw(flow)
    text = ["flowchart TD"]
    for box in drawing.boxes:
        left, right = _SHAPES[box.kind]
        text.append(f'    {box.state}{left}"{box.label}"{right}')
    for line in drawing.lines:
        arrow = "-.->" if line.is_back else "-->"
        text.append(
            f"    {line.start} {arrow}|{line.label}| {line.end}"
            if line.label
            else f"    {line.start} {arrow} {line.end}"
        )
    return "\n".join(text) + "\n"


def _label(flow: Flow, name: str) -> str:
    headings = flow.states[name].text.get(flow.languages[0], {}).get("heading")
    return headings[0].replace('"', "'") if headings else name.replace("_", " ")


_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 46, 50, 46, 24
_ROUND = {WELCOME: 23, QUESTION: 8, CHOICE: 0, REVIEW: 8, END: 23}


def to_svg(flow: Flow) -> str:
    """The flow as a picture that takes the colours of the page it stands on."""
    drawing = draw(flow)
    columns = max(box.column for box in drawing.boxes) + 1
    rows = max(box.row for box in drawing.boxes) + 1
    width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _GAP_X + 90
    height = 2 * _MARGIN + rows * _HEIGHT + (rows - 1) * _GAP_Y
    places = {
        box.state: (_MARGIN + box.column * (_WIDTH + _GAP_X), _MARGIN + box.row * (_HEIGHT + _GAP_Y))
        for box in drawing.boxes
    }
    title = escape(flow.title[flow.languages[0]])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{title}" font-family="system-ui, sans-serif" font-size="14">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
        ' orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>',
    ]
    parts += [_drawn_line(line, places) for line in drawing.lines]
    parts += [_drawn_box(box, *places[box.state]) for box in drawing.boxes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _drawn_box(box: Box, x: int, y: int) -> str:
    shape = (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{_ROUND[box.kind]}" fill="none"'
        ' stroke="currentColor"/>'
    )
    return (
        f'{shape}<text x="{x + _WIDTH // 2}" y="{y + _HEIGHT // 2 + 5}" text-anchor="middle" fill="currentColor">'
        f"{escape(box.label)}</text>"
    )


def _drawn_line(line: Line, places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[line.start], places[line.end]
    if line.is_back:
        # Back up along the right edge.
        right = x1 + _WIDTH + 40
        path = (
            f"M{x1 + _WIDTH} {y1 + _HEIGHT // 2}C{right} {y1} {x2 + _WIDTH + 40} {y2 + _HEIGHT}"
            f" {x2 + _WIDTH} {y2 + _HEIGHT // 2}"
        )
        drawn = f'<path d="{path}" fill="none" stroke="currentColor" stroke-dasharray="4 4" opacity=".6" marker-end="url(#tip)"/>'
    else:
        start, end = (x1 + _WIDTH // 2, y1 + _HEIGHT), (x2 + _WIDTH // 2, y2)
        middle = (start[1] + end[1]) // 2
        path = f"M{start[0]} {start[1]}C{start[0]} {middle} {end[0]} {middle} {end[0]} {end[1]}"
        drawn = f'<path d="{path}" fill="none" stroke="currentColor" marker-end="url(#tip)"/>'
    if not line.label or line.is_back:
        return drawn
    at = (x1 + x2) // 2 + _WIDTH // 2 + 6, (y1 + _HEIGHT + y2) // 2
    return (
        f'{drawn}<text x="{at[0]}" y="{at[1]}" font-size="12" fill="currentColor">{escape(line.label)}</text>'
    )
