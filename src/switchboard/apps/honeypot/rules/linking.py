"""Which values tie sessions together, in which form they are compared, and what hangs together through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from switchboard.apps.honeypot.rules.extraction.links import domain_of, is_official, link_facts

VALUE_LIMIT = 512
"""Characters of a value that are compared: what the column holds."""

_TIES = frozenset(
    {"phone", "upi", "bank_account", "url", "email", "crypto_wallet", "telegram", "pan", "aadhaar"}
)
LEAST_CONFIDENCE = 0.5


def lookup_form(kind: str, value: str) -> str:
    """The form in which a normalised value is compared: a link without its scheme and its last slash."""
    if kind == "url":
        value = value.split("://", 1)[-1].rstrip("/")
    return value[:VALUE_LIMIT]


def ties_sessions(kind: str, value: str, confidence: float) -> bool:
    """Whether two sessions that name this value belong together.

    A bank's branch is shared by thousands of customers, its website by everybody; what may be a misreading
    ties nothing.
    """
    if kind not in _TIES or confidence < LEAST_CONFIDENCE:
        return False
    if kind != "url":
        return True
    domain = domain_of(value)
    is_bare_shortener = domain in link_facts().shorteners and not _has_path(value)
    return not is_official(domain) and not is_bare_shortener


def components(members: Iterable[str], shared: Mapping[tuple[str, str], Sequence[str]]) -> list[list[str]]:
    """The groups of sessions that hang together, the largest first, each sorted by id.

    `members` are the ids of the sessions to divide, `shared` the ids that name each (kind, value). A session
    that shares nothing is a group of its own.
    """
    parent = {id: id for id in members}

    def find(id: str) -> str:
        while parent[id] != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    for ids in shared.values():
        known = [id for id in ids if id in parent]
        for other in known[1:]:
            parent[find(other)] = find(known[0])
    groups: dict[str, list[str]] = {}
    for id in sorted(parent):
        groups.setdefault(find(id), []).append(id)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))


def _has_path(value: str) -> bool:
    return bool(value.split("://", 1)[-1].partition("/")[2])
