"""Whether a flow holds together: every state is reached, every state leads to the end, no circle runs for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from switchboard.apps.guide.rules.flow.document import END, REVIEW, Flow


def find_problems(flow: Flow) -> list[str]:
    """What is wrong with the ways between the states, as sentences; nothing for a flow that holds together."""
    if flow.start not in flow.states:
        return [f"The flow starts in {flow.start!r}, and there is no such state."]
    ways = {name: state.ways_out for name, state in flow.states.items()}
    lost = [
        f"State {name!r} leads to {target!r}, and there is no such state."
        for name, targets in ways.items()
        for target in targets
        if target not in flow.states
    ]
    if lost:
        return lost
    reached = _reached([flow.start], ways)
    ends = [name for name, state in flow.states.items() if state.kind == END]
    backwards = {name: [other for other, targets in ways.items() if name in targets] for name in flow.states}
    ending = _reached(ends, backwards)
    problems = [
        f"State {name!r} is never reached from {flow.start!r}." for name in flow.states if name not in reached
    ]
    problems += [f"State {name!r} has no way to an end." for name in flow.states if name not in ending]
    problems += _circles(flow, ways)
    reviews = [name for name, state in flow.states.items() if state.kind == REVIEW]
    if len(reviews) > 1:
        problems.append(f"A flow has one review at most; this has {len(reviews)}.")
    if not ends:
        problems.append("The flow has no state of the kind 'end'.")
    return problems


def _reached(starts: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    open_names = list(starts)
    while open_names:
        name = open_names.pop()
        if name not in reached:
            reached.add(name)
            open_names.extend(ways[name])
    return reached


def _circles(flow: Flow, ways: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Circles in which no state counts its visits: those that remain when all that count are taken out."""
    uncounted = {
        name: [target for target in targets if not flow.states[target].most_visits]
        for name, targets in ways.items()
        if not flow.states[name].most_visits
    }
    return [
        f"State {name!r} can lead back to itself for ever: give a state on the way `most_visits`."
        for name, targets in uncounted.items()
        if name in _reached(targets, uncounted)
    ]
