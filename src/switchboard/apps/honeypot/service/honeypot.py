"""The use cases, one method each, over one honeypot database."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from switchboard.apps.honeypot import statements
from switchboard.apps.honeypot.exports.evidence import Producer
from switchboard.apps.honeypot.rules.conversation import personas
from switchboard.apps.honeypot.service import evidence, linking, queries, rollups
from switchboard.apps.honeypot.service.decision import Decision, get_persona
from switchboard.apps.honeypot.service.listening import Heard, Listener
from switchboard.apps.honeypot.service.queries import LAST_SEEN, NEWEST, Answer, Order, Place
from switchboard.apps.honeypot.service.replays.replays import Replays
from switchboard.apps.honeypot.service.turns import Opening, Turns
from switchboard.apps.honeypot.service.wording import Wordings
from switchboard.apps.honeypot.statements import linking as links
from switchboard.kernel import receipts
from switchboard.kernel.database.database import BATCH_ROWS, Database
from switchboard.kernel.database.statement import Row
from switchboard.kernel.database.transaction import Transaction, as_json
from switchboard.kernel.errors import Invalid, NotFound
from switchboard.kernel.language import search
from switchboard.kernel.platform import Platform
from switchboard.kernel.receipts import RequestName
from switchboard.kernel.security import audit
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import ACT, ADMINISTER, READ, operation

if TYPE_CHECKING:
    from switchboard.apps.honeypot.exports.evidence import Sharing

_ID_LENGTH = 36
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger("switchboard.honeypot")


class Honeypot:
    """Sessions with scammers, what they gave away, and what that ties together."""

    scope = "honeypot"

    def __init__(self, platform: Platform, *, uses_model: bool = True) -> None:
        """Without `uses_model`, or where no model is configured, the grammar words every reply."""
        self._platform = platform
        self._database: Database = platform.database("honeypot")
        self._clock = platform.clock
        self._ids = platform.ids
        self._logs_texts = platform.settings.log_message_texts
        self._listener = Listener(platform.clock, platform.chance, self._fingerprint)
        self._turns = Turns(
            platform.ids,
            max_turns=platform.settings.honeypot_max_turns,
            silence=timedelta(minutes=platform.settings.honeypot_silence_minutes),
            goal_score=platform.settings.honeypot_goal_score,
            persona_id=_check_persona(platform.settings.honeypot_persona),
        )
        model = platform.model if uses_model else None
        self._wordings = None if model is None else Wordings(model, platform.chance)

    @cached_property
    def replays(self) -> Replays:
        """The files of messages that are played through this service, without a model."""
        return Replays(self._platform, Honeypot(self._platform, uses_model=False))

    async def begin(self) -> None:
        """Take up, in the running event loop, what an earlier process left."""
        self.replays.go_on()

    async def close(self) -> None:
        """Leave to the next process what is under way."""
        await self.replays.close()

    @operation(ACT)
    async def open_session(
        self, caller: Caller, opening: Opening, client_message_id: str | None = None
    ) -> Answer:
        """Open a session with a scammer's first message; the first turn's answer.

        Raises Invalid for an unknown persona, Conflict for a client_message_id used for another request.
        """
        if opening.persona_id is not None:
            _check_persona(opening.persona_id)
        name = _request_name(caller.scope, client_message_id, *opening)
        heard = self._listener.hear(opening.message)
        asked = (opening, heard, name)
        answer = await self._take_turn(self._turns.open, self._turns.foresee_opening, name, asked)
        return self._note(heard, answer)

    @operation(ACT)
    async def receive_message(
        self, caller: Caller, session_id: str, message: str, client_message_id: str | None = None
    ) -> Answer:
        """Take a scammer's next message; the turn's answer.

        Raises NotFound, Conflict for an ended session or a client_message_id used for another message.
        """
        _require_id(session_id)
        name = _request_name(f"session:{session_id}", client_message_id, message)
        heard = self._listener.hear(message)
        asked = (session_id, heard, name)
        answer = await self._take_turn(self._turns.receive, self._turns.foresee, session_id, asked)
        return self._note(heard, answer)

    @operation(ACT)
    async def end_session(self, caller: Caller, session_id: str, reason: str | None) -> Answer:
        """End an open session by hand; the session. Raises NotFound, Conflict when it has ended."""
        _require_id(session_id)
        said = f"Ended by hand: {reason}" if reason else "Ended by hand."
        await self._database.write(self._turns.end, session_id, said[:200], caller, self._clock.now())
        return await self.get_session(caller, session_id)

    @operation(ACT)
    async def delete_session(self, caller: Caller, session_id: str, reason: str | None = None) -> None:
        """Delete a session and every trace of what was said in it; the deed and its reason stay in the audit."""
        _require_id(session_id)
        await self._database.write(self._turns.delete, session_id, reason, caller, self._clock.now())

    @operation(READ)
    async def get_session(self, caller: Caller, session_id: str) -> Answer:
        """A session with its intelligence. Raises NotFound."""
        _require_id(session_id)
        return await self._database.read(queries.load_session, session_id)

    @operation(READ)
    async def get_intelligence(self, caller: Caller, session_id: str) -> Answer:
        """What one session gave away, by column. Raises NotFound."""
        _require_id(session_id)
        return await self._database.read(queries.load_intelligence, session_id)

    @operation(READ)
    async def list_messages(
        self, caller: Caller, session_id: str, after: Place | None, limit: int
    ) -> list[Row]:
        """A session's lines, oldest first, after a place. Raises NotFound."""
        _require_id(session_id)
        return await self._database.read(queries.load_messages, session_id, after, limit)

    @operation(READ)
    async def list_history(self, caller: Caller, session_id: str) -> list[Answer]:
        """What became of a session, oldest first: `at`, `said` in words, `actor` where somebody did it."""
        _require_id(session_id)
        return await self._database.read(queries.load_history, session_id)

    @operation(READ)
    async def list_sessions(
        self,
        caller: Caller,
        filters: Mapping[str, Any],
        before: Place | None,
        limit: int,
        order: Order = NEWEST,
    ) -> list[Row]:
        """Sessions that meet every filter, in an order, behind a place in it; newest first where none is named."""
        return await self._database.read(queries.list_sessions, filters, before, limit, order)

    @operation(READ)
    async def list_openings(self, caller: Caller, session_ids: Sequence[str]) -> dict[str, str]:
        """The first line of each of these sessions, by session; those that are gone are left out."""
        return await self._database.read(queries.list_openings, session_ids)

    @operation(READ)
    async def list_ongoing(self, caller: Caller, limit: int) -> list[Row]:
        """Sessions that go on, the one that was spoken in last first."""
        return await self._database.read(lambda tx: tx.rows(statements.LIST_ONGOING, limit=limit))

    @operation(READ)
    async def find_sessions_that_say(
        self, caller: Caller, query: str, filters: Mapping[str, Any], before: int | None, limit: int
    ) -> tuple[list[Row], int | None]:
        """Sessions with a line that holds the words, and where to go on: see `queries`."""
        return await self._database.read(queries.find_sessions_that_say, query, filters, before, limit)

    @operation(READ)
    async def search(self, caller: Caller, query: str, before: int | None, limit: int) -> Answer:
        """What was said and given away: messages that hold the words, values that the query could name."""
        lookups = queries.lookup_forms(query, self._fingerprint) if before is None else []
        return await self._database.read(queries.find, query, lookups, before, limit)

    @operation(READ)
    async def list_values(
        self,
        caller: Caller,
        filters: Mapping[str, Any],
        value: str | None,
        before: Place | None,
        limit: int,
        order: Order = LAST_SEEN,
    ) -> list[Row]:
        """Values across sessions, last seen first; with `value`, those that its written form could mean."""
        lookups = None if value is None else queries.lookup_forms(value, self._fingerprint)
        return await self._database.read(queries.list_values, filters, lookups, before, limit, order)

    @operation(READ)
    async def get_value(self, caller: Caller, value_id: str, before: Place | None, limit: int) -> Answer:
        """A value with the sessions that name it. Raises NotFound."""
        _require_id(value_id)
        return await self._database.read(queries.load_value, value_id, before, limit)

    @operation(READ)
    async def list_campaigns(
        self, caller: Caller, filters: Mapping[str, Any], before: Place | None, limit: int
    ) -> list[Answer]:
        """Campaigns, last seen first, each with the values that hold it together."""
        return await self._database.read(queries.list_campaigns, filters, before, limit)

    @operation(READ)
    async def get_campaign(self, caller: Caller, campaign_id: str) -> Answer:
        """A campaign. Raises NotFound."""
        _require_id(campaign_id)
        return await self._database.read(queries.load_campaign, campaign_id)

    @operation(READ)
    async def map_campaign(self, caller: Caller, campaign_id: str) -> Answer:
        """A campaign to be drawn: its most shared values and the sessions that share them. Raises NotFound."""
        _require_id(campaign_id)
        return await self._database.read(queries.map_campaign, campaign_id)

    @operation(ACT)
    async def name_campaign(self, caller: Caller, campaign_id: str, name: str | None) -> Answer:
        """Give a campaign a name of one's own, or take it away. Raises NotFound."""
        _require_id(campaign_id)
        await self._database.write(
            _name_campaign, campaign_id, name, caller, audit_id=self._ids.new(), now=self._clock.now()
        )
        return await self.get_campaign(caller, campaign_id)

    @operation(READ)
    async def sum_figures(self, caller: Caller, since: datetime | None, until: datetime | None) -> Answer:
        """The figures of the sessions begun from `since` until before `until`, by whole days in UTC.

        Without them, of the last 30 days and today. Raises Invalid for a stretch that ends before it begins.
        """
        tomorrow = _midnight(self._clock.now()) + timedelta(days=1)
        end = tomorrow if until is None else _midnight(until)
        begin = end - timedelta(days=31) if since is None else _midnight(since)
        if end <= begin:
            raise Invalid(
                f"The days end ({end:%Y-%m-%d}) before they begin ({begin:%Y-%m-%d}).",
                hint="`until` is a later day than `since`; without it, days end today.",
            )
        return await self._database.read(queries.sum_figures, begin, end)

    @operation(READ)
    async def require_sessions(self, caller: Caller, ids: Sequence[str]) -> None:
        """Raise NotFound unless every session exists."""
        for id in ids:
            await self.get_session(caller, id)

    @operation(READ)
    def export(
        self, caller: Caller, name: str, filters: Mapping[str, Any], sharing: Sharing
    ) -> Iterator[str]:
        """The sessions that meet the filters, as the text of a file, piece by piece; blocks while it reads.

        `name` is a key of `exports.formats.FORMATS`. Filters are those of `list_sessions`, and `ids`.
        """
        from switchboard.apps.honeypot.exports.formats import FORMATS

        asked = {**filters, "ids": as_json(filters["ids"])} if "ids" in filters else filters
        return FORMATS[name].write(evidence.read(self._database, asked), self._producer(), sharing)

    @operation(ADMINISTER)
    def end_silent_sessions(self, caller: Caller) -> int:
        """End a batch of the sessions whose scammer has stopped answering; how many."""
        return self._database.write_now(self._turns.end_silent, caller, self._clock.now())

    @operation(ADMINISTER)
    def rebuild_search(self, caller: Caller) -> int:
        """Make the search index anew from the messages, in batches; how many messages it holds."""
        search.clear(self._database)
        after, count = "", 0
        while batch := self._database.write_now(_index_after, after):
            after, done = batch
            count += done
        return count

    @operation(ADMINISTER)
    def rebuild_links(self, caller: Caller) -> tuple[int, int, int]:
        """Count values, campaigns and daily figures anew from the sessions; how many of each there are."""
        values, campaigns = linking.rebuild(self._database, self._clock.now(), self._ids)
        return values, campaigns, rollups.rebuild(self._database, _BEGINNING)

    async def _take_turn(
        self,
        turn: Callable[..., Answer],
        foresee: Callable[..., Decision | None],
        conversation: Hashable,
        asked: tuple[Any, ...],
    ) -> Answer:
        """A turn in its one transaction. A model is asked for the reply before that, never inside."""
        if self._wordings is None:
            return await self._database.write(turn, *asked)
        foreseen = partial(self._database.read, foresee, *asked)
        # A first message without a name is like no other, so it waits for none.
        async with self._wordings.propose(conversation or object(), foreseen) as wording:
            return await self._database.write(turn, *asked, wording)

    def _fingerprint(self, kind: str, value: str) -> str:
        """What stands for a secret wherever values are compared."""
        return self._platform.vault.fingerprint(value, f"honeypot|intelligence|{kind}")

    def _producer(self) -> Producer:
        """Who exports: the ids of two installations must not meet, those of one must stay."""
        namespace = UUID(self._platform.vault.fingerprint("exports", "honeypot|exports|namespace")[:32])
        return Producer(self._platform.settings.organisation, namespace)

    def _note(self, heard: Heard, answer: Answer) -> Answer:
        """A log line for a turn, and in it what was said only where the operator has asked for that."""
        texts = {"message_text": heard.text, "reply_text": answer["reply"]} if self._logs_texts else {}
        write = log.info if self._logs_texts else log.debug
        write(
            "turn",
            session_id=answer["session_id"],
            turn=answer["turn_count"],
            status=answer["status"],
            **texts,
        )
        return answer


def _check_persona(persona_id: str) -> str:
    """The id, or `auto`. Raises Invalid for a persona that does not exist."""
    return persona_id if persona_id == personas.AUTO else get_persona(persona_id).id


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _request_name(scope: str, client_message_id: str | None, *asked: Any) -> RequestName | None:
    if client_message_id is None:
        return None
    return receipts.name_request(scope, client_message_id, *asked)


def _require_id(id: str) -> None:
    """Nothing that could not be an id reaches a database."""
    if len(id) > _ID_LENGTH or not id.isprintable():
        raise NotFound("There is no such thing.", hint="An id has 36 letters, digits and hyphens.")


def _name_campaign(
    tx: Transaction, campaign_id: str, name: str | None, caller: Caller, *, audit_id: str, now: datetime
) -> None:
    queries.load_campaign(tx, campaign_id)
    tx.run(links.NAME_CAMPAIGN, id=campaign_id, name=name)
    audit.record(tx, caller, "name", "campaign", campaign_id, id=audit_id, at=now)


def _index_after(tx: Transaction, after: str) -> tuple[str, int] | None:
    """Index the next batch of messages; the last id and how many, or None at the end."""
    rows = tx.rows(statements.LIST_MESSAGES_FROM, after=after, limit=BATCH_ROWS)
    search.add_missing(tx, [(row["id"], row["session_id"], row["content"]) for row in rows])
    return (rows[-1]["id"], len(rows)) if rows else None
