"""How the honeypot's facts look in a cell: statuses and verdicts with their meaning, values by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from switchboard.apps.honeypot import naming
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.kernel.console.rendering import percent

_OPENING = 70

_MEANING = {
    "INITIAL": "told",
    "ONGOING": "told",
    "COMPLETED": "good",
    "SAFETY_EXIT": "careful",
}


def status(row: Mapping[str, Any]) -> Markup:
    return Markup('<span class="badge {}">{}</span>').format(
        _MEANING.get(row["status"], ""), naming.status(row["status"])
    )


def verdict(row: Mapping[str, Any]) -> Markup:
    """Scam or not, of which type, and how sure that is."""
    sure = percent(row.get("scam_confidence"), "")
    if row["is_scam"]:
        return Markup(
            '<span class="badge danger">Scam</span> {} <span class="soft unbroken">{}</span>'
        ).format(naming.scam_type(row["scam_type"]), sure)
    return Markup('<span class="badge">No scam so far</span> <span class="soft unbroken">{}</span>').format(
        sure
    )


def opening(row: Mapping[str, Any]) -> Markup:
    """The words a session began with, cut."""
    text = " ".join((row["opening"] or "").split())
    cut = text if len(text) <= _OPENING else text[: _OPENING - 1].rstrip() + "…"
    return Markup('<bdi class="soft opening">{}</bdi>').format(cut or "–")


def persona(row: Mapping[str, Any]) -> str:
    """The persona's name; its id where it is none of today's."""
    return persona_name(row["persona_id"])


def persona_name(persona_id: str) -> str:
    try:
        return personas.get_persona(persona_id).name
    except personas.UnknownPersona:
        return persona_id


def value(row: Mapping[str, Any]) -> Markup:
    return Markup('<bdi class="mono">{}</bdi>').format(row["shown"])
