"""The map of a campaign: the same each time, within its frame, with nothing upon another."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.campaign_map import MOST_NODES, choose, lay_out

STAR = [("value", f"session {at}") for at in range(8)]


def test_what_is_shared_lies_amid_those_who_share_it() -> None:
    nodes = ["value", *(session for _, session in STAR)]
    places = lay_out(nodes, STAR)
    x, y = places["value"]
    assert 0.25 < x < 0.75
    assert 0.25 < y < 0.75


def test_two_rings_with_nothing_in_common_lie_apart() -> None:
    one = [("a", f"a{at}") for at in range(5)]
    other = [("b", f"b{at}") for at in range(5)]
    nodes = ["a", "b", *(end for _, end in one + other)]
    places = lay_out(nodes, one + other)
    within = [_distance(places["a"], places[end]) for _, end in one]
    between = [_distance(places["a"], places[end]) for _, end in other]
    assert max(within) < min(between)


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return ((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_every_node_lies_in_the_frame_alone_and_always_in_the_same_place(
    count: int, pairs: list[tuple[int, int]]
) -> None:
    nodes = [str(at) for at in range(count)]
    edges = [(str(a), str(b)) for a, b in pairs if a < count and b < count and a != b]
    places = lay_out(nodes, edges)
    assert places == lay_out(nodes, edges)
    assert set(places) == set(nodes)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())
    assert all(one != other for one, other in combinations(places.values(), 2))


def test_of_a_large_campaign_the_most_shared_values_and_the_sessions_that_share_most_are_drawn() -> None:
    ties = {f"value {at:03}": [f"session {each}" for each in range(at + 2)] for at in range(200)}
    newest = [f"session {at}" for at in range(202)]
    values, sessions = choose(ties, newest)
    assert len(values) + len(sessions) == MOST_NODES
    assert values[0] == "value 199"
    assert sessions[0] == "session 0"
