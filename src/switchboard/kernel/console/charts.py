"""Plots, drawn here so that a page needs no script for them: bars, stacked bars, lines.

Colours are classes of the style sheet (`series-1` …), so light and dark, print and contrast are decided there. Every
plot is given with its numbers; the template shows them in a table beneath.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import LiteralString

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 480, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 28

Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity over the chart's labels; None where there is none."""

    title: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot with the numbers it was drawn from."""

    title: str
    drawn: Markup
    labels: Sequence[str]
    series: Sequence[Series]
    write: Write
    first_column: str

    @property
    def is_empty(self) -> bool:
        return not any(value for each in self.series for value in each.values)


def columns(
    title: str, labels: Sequence[str], series: Sequence[Series], *, write: Write, first_column: str
) -> Chart:
    """Upright bars, the series stacked: for counts over days."""
    totals = [sum(each.values[at] or 0 for each in series) for at in range(len(labels))]
    scale = _Scale(max(totals, default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    width = min(36.0, step * 0.72)
    parts = [_grid(scale, write), _labels_below(labels, step)]
    for at, label in enumerate(labels):
        bottom = scale.y(0)
        said = ", ".join(f"{each.title}: {write(each.values[at] or 0)}" for each in series)
        stack = []
        for number, each in enumerate(series, 1):
            height = scale.y(0) - scale.y(each.values[at] or 0)
            if height:
                left = _LEFT + step * (at + 0.5) - width / 2
                stack.append(_rectangle(left, bottom - height, width, height, number))
                bottom -= height
        parts.append(Markup("<g><title>{}: {}</title>{}</g>").format(label, said, Markup().join(stack)))
    return Chart(title, _drawing(title, _HEIGHT, parts), labels, series, write, first_column)


def bars(
    title: str,
    labels: Sequence[str],
    series: Series,
    *,
    write: Write,
    first_column: str,
    most: float | None = None,
) -> Chart:
    """Lying bars, one a label with its value written: for what is compared by name. `most` fixes the scale's end."""
    top = most or max((value or 0 for value in series.values), default=0) or 1
    rows = Markup("").join(
        Markup(
            '<span class="bar-name" title="{label}">{label}</span>'
            '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none"><rect class="series-1" width="{share}" height="4"/></svg>'
            '<span class="bar-value">{said}</span>'
        ).format(
            label=label,
            share=f"{100 * min(1.0, (value or 0) / top):.2f}",
            said="–" if value is None else write(value),
        )
        for label, value in zip(labels, series.values, strict=True)
    )
    drawn = Markup('<div class="bars" role="img" aria-label="{}">{}</div>').format(title, rows)
    return Chart(title, drawn, labels, [series], write, first_column)


def line(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    write: Write,
    first_column: str,
    most: float | None = None,
) -> Chart:
    """Lines with a dot at each value: for what grows turn by turn."""
    scale = _Scale(most or max((value or 0 for each in series for value in each.values), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    parts = [_grid(scale, write), _labels_below(labels, step)]
    for number, each in enumerate(series, 1):
        points = [
            (_LEFT + step * (at + 0.5), scale.y(value), value)
            for at, value in enumerate(each.values)
            if value is not None
        ]
        path = " ".join(f"{'L' if at else 'M'}{x:.1f} {y:.1f}" for at, (x, y, _) in enumerate(points))
        dots = Markup("").join(
            Markup('<circle class="dot-{}" cx="{}" cy="{}" r="3.5"><title>{}: {}</title></circle>').format(
                number, f"{x:.1f}", f"{y:.1f}", each.title, write(value)
            )
            for x, y, value in points
        )
        parts.append(Markup('<path class="line-{}" d="{}" fill="none"/>{}').format(number, path, dots))
    return Chart(title, _drawing(title, _HEIGHT, parts), labels, series, write, first_column)


class _Scale:
    """From values to heights, up to a round number."""

    def __init__(self, most: float) -> None:
        self.step = _round_step(most / 4) if most > 0 else 1.0
        self.top = self.step * max(1, ceil(most / self.step - 1e-9))

    def y(self, value: float) -> float:
        room = _HEIGHT - _TOP - _BOTTOM
        return _TOP + room * (1 - value / self.top)

    def ticks(self) -> list[float]:
        return [self.step * at for at in range(round(self.top / self.step) + 1)]


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(power * each for each in (1, 2, 2.5, 5, 10) if power * each >= rough * (1 - 1e-9))


def _drawing(title: str, height: float, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="xMinYMin meet">{}</svg>'
    ).format(_WIDTH, f"{height:g}", title, Markup("").join(parts))


def _grid(scale: _Scale, write: Write) -> Markup:
    return Markup("").join(
        _shape(
            '<line class="chart-grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>'
            '<text class="chart-tick" x="%d" y="%.1f" text-anchor="end">',
            _LEFT,
            _WIDTH - _RIGHT,
            y,
            y,
            _LEFT - 6,
            y + 4,
        )
        + escape(write(tick))
        + Markup("</text>")
        for tick, y in ((tick, scale.y(tick)) for tick in scale.ticks())
    )


def _labels_below(labels: Sequence[str], step: float) -> Markup:
    every = max(1, ceil(len(labels) * 62 / (_WIDTH - _LEFT - _RIGHT)))
    return Markup("").join(
        Markup('<text class="chart-tick" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            f"{_LEFT + step * (at + 0.5):.1f}", _HEIGHT - 8, _shortened(label, 12)
        )
        for at, label in enumerate(labels)
        # Counted from the end: the newest day is the one that people look for.
        if (len(labels) - 1 - at) % every == 0
    )


def _rectangle(x: float, y: float, width: float, height: float, number: int) -> Markup:
    return _shape(
        '<rect class="series-%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="1.5"/>',
        number, x, y, width, height,
    )  # fmt: skip


def _shape(template: LiteralString, *numbers: float) -> Markup:
    """Numbers alone in a template of ours; a page holds hundreds, and escaping takes ten times as long."""
    return Markup(template % numbers)  # noqa: S704


def _shortened(text: str, longest: int) -> Markup:
    return escape(text if len(text) <= longest else text[: longest - 1] + "…")
