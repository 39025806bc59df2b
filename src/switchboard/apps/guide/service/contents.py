"""Lines and wordings, read and changed by people: every change is a version that can be read and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from switchboard.apps.guide import repository, statements
from switchboard.apps.guide.rules.flow import wording as around
from switchboard.apps.guide.rules.flow.document import Flow
from switchboard.apps.guide.rules.flow.wording import packaged_session_wording
from switchboard.apps.guide.rules.response import requirements
from switchboard.apps.guide.rules.response.composing import packaged_wording
from switchboard.apps.guide.service import resource_lines
from switchboard.apps.guide.service.library import Library
from switchboard.apps.guide.service.shelf import Shelf
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.platform import Platform
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ADMINISTER, READ, operation

CRISIS, SESSION = "crisis", "session"
_LONGEST_TEXT = 700
_LONGEST_NOTE = 300

Texts = Mapping[str, Mapping[str, str]]
"""Texts by section and name."""


class Kind(NamedTuple):
    """One kind of wording: which sections people may change, what ships, and what a change must keep."""

    name: str
    sections: tuple[str, ...]
    packaged: Callable[[str], Mapping[str, Any]]
    wordings: Callable[[Library], Mapping[str, Mapping[str, Any]]]
    find_failures: Callable[[Mapping[str, Any], str], list[str]]


KINDS = {
    CRISIS: Kind(
        CRISIS,
        ("shared", "self_harm", "harm_to_others", "abuse", "crisis_other", "friend", "line"),
        packaged_wording,
        lambda library: library.crisis,
        lambda wording, language: requirements.find_failures(wording, packaged_wording(language)),
    ),
    SESSION: Kind(
        SESSION,
        ("text", "buttons"),
        packaged_session_wording,
        lambda library: library.session,
        lambda wording, language: around.find_failures(wording, packaged_session_wording(language), language),
    ),
}


def shown_texts(kind: Kind, wording: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """A wording's texts as people edit them: the variants of one text stand in lines of their own."""
    return {
        section: {
            name: text if isinstance(text, str) else "\n".join(text)
            for name, text in wording[section].items()
        }
        for section in kind.sections
    }


class Contents:
    """The lines that are shown and the words around them."""

    scope = "guide"

    def __init__(self, platform: Platform, shelf: Shelf) -> None:
        self._database = platform.database("guide")
        self._clock = platform.clock
        self._ids = platform.ids
        self._shelf = shelf

    @operation(READ)
    async def list_resources(self, caller: Caller, country: str | None = None) -> list[Row]:
        """The lines that people in danger can be shown, of one country or of all."""
        await self._shelf.library()
        rows = await self._database.read(lambda tx: tx.rows(statements.LIST_RESOURCES))
        return [row for row in rows if country is None or row["country"] == country]

    @operation(READ)
    async def get_resource(self, caller: Caller, id: str) -> Row:
        """One line with its `versions`, newest first. Raises NotFound."""
        await self._shelf.library()
        return await self._database.read(_with_versions, id)

    @operation(ADMINISTER)
    async def change_resource(
        self, caller: Caller, id: str, changes: Mapping[str, Any], note: str = ""
    ) -> Row:
        """Change a line; a changed number has to be verified again. Raises NotFound, Invalid."""
        await self._shelf.library()
        args = (id, changes, caller.actor, note[:_LONGEST_NOTE])
        return await self._change(resource_lines.change_resource, caller, "change", id, *args)

    @operation(ADMINISTER)
    async def verify_resource(self, caller: Caller, id: str, by: str) -> Row:
        """Put down that a person made sure of a line now. Raises NotFound, Invalid for nobody."""
        await self._shelf.library()
        return await self._change(resource_lines.verify_resource, caller, "verify", id, id, _somebody(by))

    @operation(READ)
    async def list_flows(self, caller: Caller) -> list[Flow]:
        """The newest version of each flow, and the earlier ones that sessions may still follow, oldest first."""
        known = await self._shelf.library()
        return [known.flows[key] for key in sorted(known.flows)]

    @operation(READ)
    async def list_wordings(self, caller: Caller) -> list[Row]:
        """Every wording: `kind`, `language`, `version` (0 as shipped), who reviewed it and when."""
        known = await self._shelf.library()
        edited = {
            (row["kind"], row["key"]): row["version"]
            for row in await self._database.read(lambda tx: tx.rows(statements.LIST_NEWEST_WORDINGS))
        }
        return [
            {
                "kind": kind.name,
                "language": language,
                "version": edited.get((kind.name, language), 0),
                "reviewed_by": wording["reviewed_by"] or None,
                "reviewed_at": wording["reviewed_at"] or None,
            }
            for kind in KINDS.values()
            for language, wording in kind.wordings(known).items()
        ]

    @operation(READ)
    async def get_wording(self, caller: Caller, kind: str, language: str) -> Row:
        """The wording of a kind in a language: `texts` by section and name, `versions`, `failures`.

        A text with several variants has one in each line. Raises NotFound.
        """
        known = await self._shelf.library()
        found = KINDS.get(kind)
        if found is None or language not in found.wordings(known):
            raise NotFound(
                f"There is no wording {kind[:20]!r} in {language[:10]!r}.",
                hint=f"There is: {', '.join(KINDS)}, in {', '.join(known.crisis)}.",
            )
        wording = found.wordings(known)[language]
        versions = await self._database.read(
            lambda tx: tx.rows(statements.LIST_CONTENTS, kind=kind, key=language)
        )
        return {
            "kind": kind,
            "language": language,
            "wording": wording,
            "texts": shown_texts(found, wording),
            "versions": versions,
            "failures": found.find_failures(wording, language),
        }

    @operation(READ)
    async def find_wording_failures(
        self, caller: Caller, kind: str, language: str, changes: Texts
    ) -> list[str]:
        """What a changed wording would break, as sentences; nothing is stored. Raises NotFound, Invalid."""
        return (await self._changed(caller, kind, language, changes))[1]

    @operation(ADMINISTER)
    async def change_wording(
        self, caller: Caller, kind: str, language: str, changes: Texts, note: str
    ) -> Row:
        """Put down a new version of a wording; it holds from the next message and is not reviewed yet.

        `changes` are texts by section and name. Raises NotFound; Invalid for a wording that breaks a requirement, with
        all that it breaks.
        """
        body, failures = await self._changed(caller, kind, language, changes)
        if failures:
            raise Invalid(
                "Not kept: " + " ".join(failures[:5]),
                hint="Correct the texts, and keep what stands in braces.",
            )
        args = (kind, language, body, caller.actor, note[:_LONGEST_NOTE])
        return await self._change(_put_wording, caller, "change", f"{kind}/{language}", *args)

    @operation(ADMINISTER)
    async def restore_wording(self, caller: Caller, kind: str, language: str, version: int) -> Row:
        """Let an earlier version hold again, as a new one; 0 is what ships. Raises NotFound, Invalid."""
        known = await self.get_wording(caller, kind, language)
        earlier = {row["version"]: row["body_json"] for row in known["versions"]}
        earlier[0] = KINDS[kind].packaged(language)
        if version not in earlier:
            raise NotFound(f"There is no version {version}.", hint="Load the page again.")
        texts = shown_texts(KINDS[kind], {**known["wording"], **earlier[version]})
        return await self.change_wording(caller, kind, language, texts, f"version {version} restored")

    @operation(ADMINISTER)
    async def review_wording(self, caller: Caller, kind: str, language: str, by: str) -> Row:
        """Put down that somebody reviewed a wording as it is now. Raises NotFound, Invalid for nobody."""
        wording = (await self.get_wording(caller, kind, language))["wording"]
        body = {section: wording[section] for section in KINDS[kind].sections}
        args = (kind, language, body, _somebody(by))
        return await self._change(_put_review, caller, "review", f"{kind}/{language}", *args)

    async def _changed(
        self, caller: Caller, kind: str, language: str, changes: Texts
    ) -> tuple[dict[str, Any], list[str]]:
        """The body of a changed wording, and what it breaks."""
        before = (await self.get_wording(caller, kind, language))["wording"]
        found = KINDS[kind]
        packaged = found.packaged(language)
        body = {section: dict(before[section]) for section in found.sections}
        for section, texts in changes.items():
            if section not in body or set(texts) - set(packaged[section]):
                raise Invalid(f"There is no text {section[:40]!r} to change.", hint="Load the page again.")
            for name, text in texts.items():
                has_variants = isinstance(packaged[section][name], list)
                body[section][name] = _variants(text) if has_variants else _text(text)
        return body, found.find_failures({**packaged, **body}, language)

    async def _change(
        self, turn: Callable[..., Row], caller: Caller, action: str, id: str, *args: Any
    ) -> Row:
        now, audit_id = self._clock.now(), self._ids.new()

        def recorded(tx: Transaction) -> Row:
            row = turn(tx, *args, now)
            audit.record(tx, caller, action, "content", id, id=audit_id, at=now)
            return row

        return await self._database.write(recorded)


def _with_versions(tx: Transaction, id: str) -> Row:
    row = resource_lines.require_resource(tx, id)
    versions = tx.rows(statements.LIST_CONTENTS, kind=resource_lines.RESOURCE, key=id)
    return {**row, "versions": versions}


def _put_wording(
    tx: Transaction, kind: str, key: str, body: Mapping[str, Any], by: str, note: str, now: datetime
) -> Row:
    versions = tx.rows(statements.LIST_CONTENTS, kind=kind, key=key)
    version = versions[0]["version"] + 1 if versions else 1
    repository.save_content_version(tx, kind, key, version, body, note, by, now)
    return {"kind": kind, "language": key, "version": version}


def _put_review(
    tx: Transaction, kind: str, key: str, texts: Mapping[str, Any], by: str, now: datetime
) -> Row:
    versions = tx.rows(statements.LIST_CONTENTS, kind=kind, key=key)
    if not versions:
        # What ships has no version in the database yet: the review is of what stands there today.
        _put_wording(tx, kind, key, texts, by, "as shipped", now)
    version = versions[0]["version"] if versions else 1
    tx.run(statements.REVIEW_CONTENT, kind=kind, key=key, version=version, reviewed_by=by, now=now)
    return {"kind": kind, "language": key, "version": version, "reviewed_by": by, "reviewed_at": now}


def _somebody(by: str) -> str:
    if not by.strip():
        raise Invalid("Nobody is named.", hint="Say who made sure of it: their name, or their role.")
    return by.strip()[:100]


def _text(text: str) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_TEXT or "\0" in text:
        raise Invalid(f"A text has 1 to {_LONGEST_TEXT} characters.", hint="Shorten it.")
    return text.strip()


def _variants(text: str) -> list[str]:
    """One variant in each line. Raises Invalid."""
    lines = [line for line in text.splitlines() if line.strip()] if isinstance(text, str) else []
    return [_text(line) for line in lines] or [_text("")]
