"""A campaign's map as SVG: sessions are dots, shared values squares, each a link to its page."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from switchboard.apps.honeypot import naming
from switchboard.kernel.console.rendering import day

_WIDTH, _HEIGHT, _MARGIN = 900, 560, 60
_SHOWN = 22


def draw(map: Any) -> Markup:
    """The map: `nodes` with id, kind ('session' or 'value'), label and x, y in 0..1; `edges` as pairs of ids."""
    places = {node["id"]: (_x(node["x"]), _y(node["y"])) for node in map["nodes"]}
    edges = Markup("").join(
        Markup('<line x1="{}" y1="{}" x2="{}" y2="{}"/>').format(*places[one], *places[other])
        for one, other in map["edges"]
    )
    nodes = Markup("").join(_node(node, *places[node["id"]]) for node in map["nodes"])
    return Markup(
        '<svg class="map" viewBox="0 0 {} {}" role="group" aria-label="Sessions and the values they share">{}{}</svg>'
    ).format(_WIDTH, _HEIGHT, edges, nodes)


def _node(node: Any, x: float, y: float) -> Markup:
    if node["kind"] == "session":
        said = f"Session of {day(node['at'])}, {naming.scam_type(node['scam_type'])}"
        return Markup(
            '<a class="node-session" href="/honeypot/sessions/{}" aria-label="{said}"><title>{said}</title>'
            '<circle cx="{}" cy="{}" r="7"/></a>'
        ).format(node["id"], x, y, said=said)
    said = f"{naming.kind(node['value_kind'])} {node['label']}, in {node['sessions']} sessions"
    label = node["label"] if len(node["label"]) <= _SHOWN else f"{node['label'][: _SHOWN - 1]}…"
    return Markup(
        '<a class="node-value" href="/honeypot/intelligence/{}" aria-label="{said}"><title>{said}</title>'
        '<rect x="{}" y="{}" width="14" height="14" rx="2"/><text x="{}" y="{}" text-anchor="middle">{label}</text></a>'
    ).format(node["id"], round(x - 7, 1), round(y - 7, 1), x, round(y + 22, 1), said=said, label=label)


def _x(at: float) -> float:
    return round(_MARGIN + at * (_WIDTH - 2 * _MARGIN), 1)


def _y(at: float) -> float:
    return round(_MARGIN / 2 + at * (_HEIGHT - _MARGIN * 1.4), 1)
