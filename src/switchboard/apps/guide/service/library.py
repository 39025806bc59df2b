"""What sessions are held with: flows by version, wordings, lines by country; read from the database when it changed."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from switchboard.apps.guide import statements
from switchboard.apps.guide.rules.flow.document import Flow, WrongFlow, packaged_documents, parse_flow
from switchboard.apps.guide.rules.flow.graph import find_problems
from switchboard.apps.guide.rules.flow.wording import packaged_session_wording, session_languages
from switchboard.apps.guide.rules.response.composing import packaged_wording, wording_languages
from switchboard.apps.guide.rules.response.resources import Resource, packaged_resources
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Invalid

_MOST_FILE_BYTES = 500_000


class Library(NamedTuple):
    """Everything at one moment. `mark` differs as soon as anything was changed."""

    mark: Hashable
    flows: Mapping[tuple[str, int], Flow]
    newest: Mapping[str, Flow]
    crisis: Mapping[str, Mapping[str, Any]]
    session: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Sequence[Resource]]

    def flow_of(self, session: Mapping[str, Any]) -> Flow:
        """The flow that a session began with."""
        return self.flows[session["flow_id"], session["flow_version"]]


def read_flows(folder: Path | None) -> dict[str, Mapping[str, Any]]:
    """The documents of the flows that ship and of a folder, by id. Raises Invalid with all that is wrong."""
    documents = dict(packaged_documents())
    problems = []
    if folder is not None:
        if not folder.is_dir():
            raise Invalid(
                f"There is no folder {folder}.", hint="Name an existing one in SWITCHBOARD_GUIDE_FLOWS_DIR."
            )
        for file in sorted(folder.glob("*.toml")):
            document = read_flow_file(file)
            documents[str(document.get("id", file.stem))] = document
    for id, document in documents.items():
        problems += [f"{id}: {problem}" for problem in problems_of(document)]
    if problems:
        raise Invalid(
            "A flow is wrong. " + " ".join(problems), hint="`switchboard guide flow check FILE` checks one."
        )
    return documents


def read_flow_file(file: Path) -> Mapping[str, Any]:
    """The document in a TOML file. Raises Invalid."""
    try:
        if file.stat().st_size > _MOST_FILE_BYTES:
            raise Invalid(f"{file.name} is too large for a flow.", hint="A flow has some dozen states.")
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.", hint="Check its name.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{file.name} is no TOML: {error}.", hint="Check quotes and brackets there.") from error


def problems_of(document: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a flow's document, as sentences."""
    try:
        return find_problems(parse_flow(document))
    except WrongFlow as error:
        return list(error.problems)


def ensure(tx: Transaction, documents: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Put down flows that are new or changed, each as a version of its own, and lines that are new."""
    known = tx.rows(statements.LIST_FLOWS)
    for id, document in documents.items():
        versions = [row for row in known if row["flow_id"] == id]
        digest = _digest(document)
        if versions and versions[-1]["digest"] == digest:
            continue
        # A file that changed without another number gets the next one: who began keeps what they began.
        last = max((row["version"] for row in versions), default=0)
        version = max(document["version"], last + 1)
        tx.run(
            statements.INSERT_FLOW,
            flow_id=id,
            version=version,
            digest=digest,
            document=as_json(document),
            now=now,
        )
    if tx.find(statements.LIST_RESOURCES) is None:
        for position, resource in enumerate(packaged_resources()):
            tx.run(statements.INSERT_RESOURCE, **row_of(resource, position, now))


def load(tx: Transaction, before: Library | None) -> Library:
    """The library as the database has it; the one from before where nothing changed."""
    row = tx.find(statements.LIBRARY_MARK)
    mark = tuple(row.values()) if row else ()
    if before is not None and before.mark == mark:
        return before
    flows = {(row["flow_id"], row["version"]): _flow(row) for row in tx.rows(statements.LIST_FLOWS)}
    newest = {flow.id: flow for flow in flows.values()}
    edited = {(row["kind"], row["key"]): row for row in tx.rows(statements.LIST_NEWEST_WORDINGS)}
    resources: dict[str, list[Resource]] = {}
    for row in tx.rows(statements.LIST_RESOURCES):
        if row["is_shown"]:
            resources.setdefault(row["country"], []).append(resource_of(row))
    return Library(
        mark,
        flows,
        newest,
        {
            name: _wording(edited.get(("crisis", name)), packaged_wording(name))
            for name in wording_languages()
        },
        {
            name: _wording(edited.get(("session", name)), packaged_session_wording(name))
            for name in session_languages()
        },
        resources,
    )


def resource_of(row: Row) -> Resource:
    return Resource(
        **{name: row[name] for name in Resource._fields if name not in ("languages", "categories")},
        languages=tuple(row["languages_json"]),
        categories=tuple(row["categories_json"]),
    )


def row_of(resource: Resource, position: int, now: datetime) -> dict[str, Any]:
    """A line as a row of its table, first version."""
    given = resource._asdict()
    languages, categories = given.pop("languages"), given.pop("categories")
    return {
        **given,
        "position": position,
        "languages_json": as_json(list(languages)),
        "categories_json": as_json(list(categories)),
        "verified_by": None,
        "is_shown": True,
        "version": 1,
        "updated_at": now,
    }


def _flow(row: Row) -> Flow:
    document = {**row["document_json"], "version": row["version"]}
    return parse_flow(document)


def _wording(edited: Row | None, packaged: Mapping[str, Any]) -> Mapping[str, Any]:
    """What people changed, with what ships where they changed nothing."""
    if edited is None:
        return packaged
    merged: dict[str, Any] = {}
    for name, value in packaged.items():
        own = edited["body_json"].get(name)
        merged[name] = {**value, **own} if isinstance(value, Mapping) and isinstance(own, Mapping) else value
    return {**merged, "reviewed_by": edited["reviewed_by"] or "", "reviewed_at": edited["reviewed_at"] or ""}


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(as_json(document).encode()).hexdigest()
