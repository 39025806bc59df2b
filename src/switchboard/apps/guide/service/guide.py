"""The use cases, one method each, over one guide database."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from switchboard.apps.guide import repository, statements
from switchboard.apps.guide.rules import closing, summary
from switchboard.apps.guide.rules.flow.document import Flow
from switchboard.apps.guide.rules.flow.place import place_from
from switchboard.apps.guide.rules.hearing import hear, prepare
from switchboard.apps.guide.rules.response.resources import Resource
from switchboard.apps.guide.service.contents import Contents
from switchboard.apps.guide.service.intent_models import load_methods
from switchboard.apps.guide.service.library import Library
from switchboard.apps.guide.service.records import Records
from switchboard.apps.guide.service.shelf import Shelf
from switchboard.apps.guide.service.turns import (
    Asked,
    Opening,
    Reply,
    Turns,
    answers_of,
    progress_of,
    require,
    step_of,
)
from switchboard.kernel import receipts
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.llm.fence import Fence
from switchboard.kernel.llm.model import ModelUnavailable, Prompt, Turn
from switchboard.kernel.platform import Platform
from switchboard.kernel.receipts import RequestName
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ACT, operation

_ID_LENGTH = 36
_SECONDS_BEFORE_PREPARING = 1.0
"""So that a server answers its first requests before its cores are busy with this."""
LONGEST_MESSAGE = 4_000

log = structlog.get_logger("switchboard.guide")


class Guide:
    """Guided sessions: begun, gone on with on any device, summed up, deleted."""

    scope = "guide"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._database: Database = platform.database("guide")
        self._clock = platform.clock
        self._ids = platform.ids
        self._chance = platform.chance
        self.settings = platform.settings
        self._methods = load_methods(platform.settings.guide_intents, platform.settings.guide_intents_dir)
        self._turns = Turns(platform.ids, platform.settings.guide_retention_days, self._methods)
        self._shelf = Shelf(platform)
        self.records = Records(platform, self._shelf, self._turns)
        self.contents = Contents(platform, self._shelf)
        self._preparing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Leave what is not yet prepared."""
        if self._preparing is not None:
            self._preparing.cancel()

    def shown_resources(self) -> dict[str, list[Resource]]:
        """The lines as last read, by country."""
        return self._shelf.shown_resources()

    def usual_flow(self) -> tuple[Flow, str]:
        """The flow that sessions begin with where nobody wishes for another, as last read, and their language."""
        flow = self._shelf.usual_flow_as_read()
        language = self._language(None)
        return flow, language if language in flow.languages else flow.languages[0]

    @operation(ACT)
    async def start_session(
        self,
        caller: Caller,
        message: str = "",
        *,
        flow: str | None = None,
        language: str | None = None,
        country: str | None = None,
        channel: str = "api",
        client_message_id: str | None = None,
    ) -> Reply:
        """Begin a session; the first turn's answer. `message` is what the person wrote first, if anything.

        Raises Invalid for a flow, language or country that does not exist here.
        """
        known = await self._shelf.library()
        chosen = self._shelf.usual_flow(known, flow)
        language = self._language(language)
        country = self._country(known, country)
        name = _request_name(caller.scope, client_message_id, message, flow, language, country)
        state = chosen.states[chosen.start]
        asked = self._asked(known, message, state.saves, language, name)
        opening = Opening(message, chosen, language, country, channel)
        session_id = self._ids.anonymous()
        return self._note(await self._database.write(self._turns.open, session_id, opening, asked))

    @operation(ACT)
    async def receive_message(
        self, caller: Caller, session_id: str, message: str, client_message_id: str | None = None
    ) -> Reply:
        """Take what a person writes next; the turn's answer. Raises NotFound, Invalid, Conflict."""
        _require_id(session_id)
        _require_text(message)
        name = _request_name(f"session:{session_id}", client_message_id, message)
        known = await self._shelf.library()
        session = require(await self._database.read(_find, session_id), session_id)
        place = place_from(session["fsm_state"], session["place_json"])
        step = step_of(known.flow_of(session), place)
        asked = self._asked(known, message, step, session["language"], name)
        return self._note(await self._database.write(self._turns.receive, session_id, asked))

    @operation(ACT)
    async def get_session(self, caller: Caller, session_id: str) -> Row:
        """Where a session stands: state, progress, whether it is complete. Raises NotFound."""
        _require_id(session_id)
        known = await self._shelf.library()
        session = require(await self._database.read(_find, session_id), session_id)
        place = place_from(session["fsm_state"], session["place_json"])
        return {
            "session_id": session_id,
            "state": session["fsm_state"],
            "progress": progress_of(known.flow_of(session), place),
            "flow": {"id": session["flow_id"], "version": session["flow_version"]},
            "language": session["language"],
            "country": session["country"],
            "is_complete": bool(session["completed"]),
            "is_paused": place.aside in ("paused", "stopped"),
            "created_at": session["created_at"],
            "last_activity": session["last_activity"],
            "completion_time": session["completion_time"],
            "deleted_after": session["last_activity"] + timedelta(days=self.settings.guide_retention_days),
        }

    @operation(ACT)
    async def get_summary(self, caller: Caller, session_id: str) -> Row:
        """The summary of what was answered so far; `type` is 'partial' or 'complete'. Raises NotFound."""
        _require_id(session_id)
        known = await self._shelf.library()
        session = require(await self._database.read(repository.get_session_data, session_id), session_id)
        made = summary.build(known.flow_of(session), session["language"], answers_of(session))
        row = await self._database.read(lambda tx: tx.find(statements.FIND_SUMMARY, session_id=session_id))
        stored = json.loads(row["summary_data"]) if row else {}
        # A closing thought belongs to the answers that it was worded for.
        made["closing"] = stored.get("closing") if stored.get("parts") == made["parts"] else None
        return {
            "session_id": session_id,
            "type": "complete" if session["completed"] else "partial",
            **made,
            "text": summary.as_text(made),
        }

    @operation(ACT)
    async def word_closing(self, caller: Caller, session_id: str) -> str | None:
        """A closing thought that the configured model words about the answers; None where it says nothing usable.

        Asked once for the same answers, never where danger was told of, and with no transaction open. Raises NotFound.
        """
        model = self._platform.model if self.settings.guide_model_closing else None
        made = await self.get_summary(caller, session_id)
        if model is None or made["closing"] or not made["parts"]:
            return made["closing"] or None
        session = require(await self._database.read(_find, session_id), session_id)
        if place_from(session["fsm_state"], session["place_json"]).shown:
            return None
        fence = Fence(self._chance)
        prompt = Prompt(
            f"{closing.SYSTEM} {fence.rule}",
            (Turn("user", fence.enclose(closing.answers_as_text(made))),),
            max_tokens=closing.MOST_TOKENS,
            temperature=closing.TEMPERATURE,
        )
        try:
            completion = await model.complete(prompt)
        except ModelUnavailable as error:
            log.info("closing thought not worded", why=error.reason)
            return None
        said = closing.accept(completion.text)
        if said is not None:
            kept = {name: made[name] for name in ("flow", "language", "title", "parts")}
            await self._database.write(
                _keep_closing, session_id, made["type"], {**kept, "closing": said}, self._clock.now()
            )
        return said

    @operation(ACT)
    async def print_summary(self, caller: Caller, session_id: str) -> bytes:
        """The summary as a PDF page. Raises NotFound."""
        from switchboard.apps.guide.exports import pdf

        made = await self.get_summary(caller, session_id)
        known = await self._shelf.library()
        texts = (known.session.get(made["language"]) or known.session["en"])["text"]
        return await asyncio.to_thread(pdf.write, made, texts["summary_reminder"][0])

    @operation(ACT)
    async def delete_session(self, caller: Caller, session_id: str) -> None:
        """Delete a session and every trace of what was said in it; the deed stays in the audit. Raises NotFound."""
        _require_id(session_id)
        await self._database.write(self._turns.delete, session_id, caller, self._clock.now())

    @operation(ACT)
    async def make_resume_link(self, caller: Caller, session_id: str) -> str:
        """A secret that opens this session elsewhere, until the session is deleted. Only its hash is stored.

        An earlier one of the session stops working. Raises NotFound.
        """
        _require_id(session_id)
        secret, now = secrets.token_urlsafe(24), self._clock.now()
        await self._database.write(
            _keep_link,
            session_id,
            _hash(secret),
            now,
            now + timedelta(days=self.settings.guide_retention_days),
        )
        return secret

    @operation(ACT)
    async def return_to_session(self, caller: Caller, session_id: str) -> Reply:
        """What is said to somebody who opens a session again: the open question once more. Raises NotFound."""
        _require_id(session_id)
        known = await self._shelf.library()
        session = require(await self._database.read(_find, session_id), session_id)
        asked = self._asked(known, "", None, session["language"], None)
        return self._note(await self._database.write(self._turns.come_back, session_id, asked))

    @operation(ACT)
    async def resume_session(self, caller: Caller, secret: str) -> Row:
        """The session that a secret opens, as `get_session` tells of it. Raises NotFound."""
        row = await self._database.read(
            lambda tx: tx.find(statements.FIND_LINK, token_hash=_hash(secret), now=self._clock.now())
        )
        if row is None:
            raise NotFound(
                "This link opens nothing.",
                hint="It may be old, or replaced by a newer one. Start a new session.",
            )
        return await self.get_session(caller, row["session_id"])

    async def begin(self) -> None:
        """Check the flows and put everything in order when the server starts. Raises Invalid for a wrong flow.

        What the first messages would have to wait for is prepared beside the server's own start.
        """
        await self._shelf.library()
        self._preparing = asyncio.create_task(_prepare())

    def _asked(
        self, known: Library, message: str, step: str | None, language: str, name: RequestName | None
    ) -> Asked:
        return Asked(
            known, hear(message, step, language, self._methods), self._chance.seed(), self._clock.now(), name
        )

    def _language(self, language: str | None) -> str:
        allowed = [each.strip() for each in self.settings.guide_languages.split(",")]
        if language is None:
            return allowed[0]
        if language not in allowed:
            raise Invalid(
                f"Sessions are not held in {language[:20]!r} here.",
                hint=f"Use one of: {', '.join(allowed)}. SWITCHBOARD_GUIDE_LANGUAGES turns more on.",
            )
        return language

    def _country(self, known: Library, country: str | None) -> str | None:
        wished = country or self.settings.guide_country or None
        if wished is not None and wished not in known.resources:
            raise Invalid(
                f"There are no lines for the country {wished[:10]!r}.",
                hint=f"Use one of: {', '.join(sorted(known.resources))}; or leave it out, and the person is asked.",
            )
        return wished

    def _note(self, answer: Reply) -> Reply:
        """A log line for a turn, and nothing in it of what was said."""
        log.debug("turn", state=answer["state"], is_complete=answer["is_complete"])
        return answer


def _find(tx: Transaction, session_id: str) -> Row | None:
    return tx.find(statements.FIND_SESSION, session_id=session_id)


def _keep_closing(
    tx: Transaction, session_id: str, kind: str, made: Mapping[str, Any], now: datetime
) -> None:
    require(tx.find(statements.LOCK_SESSION, session_id=session_id), session_id)
    repository.save_summary(tx, session_id, kind, made, now)


def _keep_link(tx: Transaction, session_id: str, token_hash: str, now: Any, expires_at: Any) -> None:
    require(tx.find(statements.LOCK_SESSION, session_id=session_id), session_id)
    tx.run(statements.DELETE_LINKS, session_id=session_id)
    tx.run(
        statements.INSERT_LINK, token_hash=token_hash, session_id=session_id, now=now, expires_at=expires_at
    )


async def _prepare() -> None:
    await asyncio.sleep(_SECONDS_BEFORE_PREPARING)
    await asyncio.to_thread(prepare)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _request_name(scope: str, client_message_id: str | None, *asked: Any) -> RequestName | None:
    if client_message_id is None:
        return None
    return receipts.name_request(scope, client_message_id, *asked)


def _require_id(id: str) -> None:
    """Nothing that could not be an id reaches a database."""
    if len(id) > _ID_LENGTH or not id.isprintable():
        raise NotFound("There is no such session.", hint="An id has 36 letters, digits and hyphens.")


def _require_text(message: str) -> None:
    if not message.strip() or len(message) > LONGEST_MESSAGE or "\0" in message:
        raise Invalid(
            f"A message has 1 to {LONGEST_MESSAGE:,} characters.", hint="Shorten it, or send it in parts."
        )
