"""A campaign as a map: sessions and the values they share, laid out so that what hangs together lies together.

The layout is the one of Fruchterman and Reingold (1991): all nodes push each other away, edges pull their ends
together, and steps grow smaller until the drawing rests. It begins on a circle in the order of the nodes, so the same
campaign is drawn the same way each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, hypot, pi, sin, sqrt

MOST_NODES = 80
_STEPS = 120
_FIRST_STEP = 0.12
_LEAST_DISTANCE = 1e-4

Edge = tuple[str, str]


def choose(
    ties: Mapping[str, Sequence[str]], newest: Sequence[str], most: int = MOST_NODES
) -> tuple[list[str], list[str]]:
    """The values and sessions to draw: the most shared values, then the sessions that share most of them.

    `ties` names the sessions of each value, `newest` all sessions, the newest first. Returns values and sessions.
    """
    values = sorted(ties, key=lambda value: (-len(ties[value]), value))[: max(1, most // 3)]
    shared: dict[str, int] = {}
    for value in values:
        for session in ties[value]:
            shared[session] = shared.get(session, 0) + 1
    age = {session: at for at, session in enumerate(newest)}
    sessions = sorted(shared, key=lambda session: (-shared[session], age.get(session, len(age)), session))
    return values, sessions[: max(1, most - len(values))]


def lay_out(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, tuple[float, float]]:
    """Where each node lies, both coordinates from 0 to 1."""
    if not nodes:
        return {}
    places = {
        node: (cos(2 * pi * at / len(nodes)), sin(2 * pi * at / len(nodes))) for at, node in enumerate(nodes)
    }
    ideal = sqrt(4 / len(nodes))
    for step in range(_STEPS):
        reach = _FIRST_STEP * (1 - step / _STEPS)
        places = _moved(places, edges, ideal, reach)
    return _fitted(places)


def _moved(
    places: Mapping[str, tuple[float, float]], edges: Sequence[Edge], ideal: float, reach: float
) -> dict[str, tuple[float, float]]:
    """Every node a step further, at most as far as `reach`."""
    force = {node: [0.0, 0.0] for node in places}
    names = list(places)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            dx, dy, distance = _between(places[one], places[other])
            push = ideal * ideal / distance / distance
            _apply(force, one, other, dx * push, dy * push)
    for one, other in edges:
        dx, dy, distance = _between(places[one], places[other])
        pull = -distance / ideal
        _apply(force, one, other, dx * pull, dy * pull)
    moved = {}
    for node, (x, y) in places.items():
        fx, fy = force[node]
        strength = max(hypot(fx, fy), _LEAST_DISTANCE)
        step = min(strength, reach) / strength
        moved[node] = (x + fx * step, y + fy * step)
    return moved


def _between(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float, float]:
    dx, dy = one[0] - other[0], one[1] - other[1]
    return dx, dy, max(hypot(dx, dy), _LEAST_DISTANCE)


def _apply(force: dict[str, list[float]], one: str, other: str, fx: float, fy: float) -> None:
    force[one][0] += fx
    force[one][1] += fy
    force[other][0] -= fx
    force[other][1] -= fy


def _fitted(places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """The same drawing, filling the square."""
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    left, width = min(xs), max(xs) - min(xs)
    top, height = min(ys), max(ys) - min(ys)
    return {
        node: (
            round((x - left) / width, 4) if width > _LEAST_DISTANCE else 0.5,
            round((y - top) / height, 4) if height > _LEAST_DISTANCE else 0.5,
        )
        for node, (x, y) in places.items()
    }
