"""The honeypot's use cases on both databases: what a session is at every moment, and what leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from tests.conftest import START

from switchboard.apps import APPS
from switchboard.apps.honeypot.service import Honeypot, Opening, Place
from switchboard.kernel import upkeep
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from switchboard.kernel.ids import CountingIds, FixedChance
from switchboard.kernel.outbound.addresses import AddressPolicy
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import Caller, command_caller, schedule_caller
from switchboard.kernel.settings import Settings

ME = command_caller()
SCAM = "Dear customer, your KYC has expired. Call 98765 43210 or pay to helpdesk@ybl"


def opening(message: str = SCAM, **given: Any) -> Opening:
    return Opening(
        message,
        given.get("source_type", "sms"),
        given.get("source_identifier"),
        given.get("persona_id"),
        given.get("metadata"),
    )


@pytest.fixture
def honeypot(platform: Platform) -> Honeypot:
    return Honeypot(platform)


async def test_a_session_is_true_at_every_moment(honeypot: Honeypot, clock: FixedClock) -> None:
    first = await honeypot.open_session(ME, opening(metadata={"case": 7}))
    id = first["session_id"]
    assert (first["status"], first["turn_count"], first["scam"]["is_scam"]) == ("ONGOING", 1, True)
    assert {item["value"] for item in first["new_intelligence"]} == {"+919876543210", "helpdesk@ybl"}

    clock.advance(timedelta(minutes=3))
    second = await honeypot.receive_message(ME, id, "Send the money to 98765 43210 at once")
    assert (second["turn_count"], second["new_intelligence"]) == (2, [])
    session = await honeypot.get_session(ME, id)
    assert session["started_at"] == session["created_at"] == START
    assert session["updated_at"] == session["last_message_at"] == START + timedelta(minutes=3)
    assert session["ended_at"] is None
    assert session["metadata_json"] == {"case": 7}
    [phone] = session["intelligence"]["phone_numbers_json"]
    assert (phone["occurrences"], phone["first_turn"], phone["last_turn"]) == (2, 1, 2)

    lines = await honeypot.list_messages(ME, id, None, 100)
    assert [(line["role"], line["turn_number"]) for line in lines] == [
        ("scammer", 1),
        ("agent", 1),
        ("scammer", 2),
        ("agent", 2),
    ]
    assert lines[0]["created_at"] == lines[1]["created_at"]
    [span, *_] = lines[0]["metadata_json"]["spans"]
    assert SCAM[span["start"] : span["end"]] == "98765 43210"


async def test_every_turn_leaves_true_moments_a_true_status_and_two_numbered_lines(
    make_settings: Callable[..., Settings], database_url: str | None, clock: FixedClock
) -> None:
    settings = make_settings(
        honeypot_max_turns=5, database_url=SecretStr(database_url) if database_url else None
    )
    platform = Platform(settings, APPS, clock=clock)
    platform.migrate()
    honeypot = Honeypot(platform)
    id = (await honeypot.open_session(ME, opening()))["session_id"]
    for turn in range(1, 6):
        if turn > 1:
            clock.advance(timedelta(minutes=turn, microseconds=turn))
            await honeypot.receive_message(ME, id, f"Message {turn}")
        session = await honeypot.get_session(ME, id)
        assert (session["turn_count"], session["status"]) == (
            turn,
            "ONGOING" if turn < 5 else "MAX_TURNS_REACHED",
        )
        assert session["started_at"] == session["created_at"] == START
        assert session["updated_at"] == session["last_message_at"] == clock.now()
        assert session["ended_at"] == (None if turn < 5 else clock.now())
        [heard, reply] = (await honeypot.list_messages(ME, id, None, 100))[-2:]
        assert (heard["role"], heard["turn_number"]) == ("scammer", turn)
        assert (reply["role"], reply["turn_number"]) == ("agent", turn)
        assert heard["created_at"] == reply["created_at"] == clock.now()
        assert heard["id"] < reply["id"], "equal moments are ordered by id"

    ended = await honeypot.get_session(ME, id)
    clock.advance(timedelta(hours=2))
    with pytest.raises(Conflict, match="MAX_TURNS_REACHED"):
        await honeypot.receive_message(ME, id, "Are you there?")
    assert honeypot.end_silent_sessions(schedule_caller("silence sweep")) == 0
    assert await honeypot.get_session(ME, id) == ended
    platform.close()


async def test_the_last_turn_ends_the_session_and_nothing_follows_it(
    make_settings: Callable[..., Settings], database_url: str | None, clock: FixedClock
) -> None:
    settings = make_settings(
        honeypot_max_turns=3, database_url=SecretStr(database_url) if database_url else None
    )
    platform = Platform(settings, APPS, clock=clock)
    platform.migrate()
    platform.outbox("honeypot").add_endpoint("http://127.0.0.1:9/x", ME, AddressPolicy(["127.0.0.0/8"]))
    honeypot = Honeypot(platform)
    id = (await honeypot.open_session(ME, opening()))["session_id"]
    clock.advance(timedelta(seconds=45))
    await honeypot.receive_message(ME, id, "Now pay to second@ybl")
    last = await honeypot.receive_message(ME, id, "Hurry up")
    assert (last["status"], last["turn_count"]) == ("MAX_TURNS_REACHED", 3)
    assert (await honeypot.get_session(ME, id))["ended_at"] == clock.now()
    with pytest.raises(Conflict, match="MAX_TURNS_REACHED"):
        await honeypot.receive_message(ME, id, "Are you there?")
    assert len(await honeypot.list_messages(ME, id, None, 100)) == 6
    [row] = platform.database("honeypot").read_now(lambda tx: tx.rows(Statement("SELECT body FROM {outbox}")))
    assert '"engagementDurationSeconds":45.0' in row["body"]
    assert '"second@ybl"' in row["body"]
    assert '"totalMessagesExchanged":6' in row["body"]
    platform.close()


async def test_what_turn_three_gave_away_is_there_after_turn_four(
    honeypot: Honeypot, platform: Platform
) -> None:
    id = (await honeypot.open_session(ME, opening("Your account is blocked, verify now")))["session_id"]
    await honeypot.receive_message(ME, id, "Call me on 98765 43210")
    await honeypot.receive_message(ME, id, "Pay to third@ybl via http://evil-login.example/pay")
    await honeypot.receive_message(ME, id, "Or to fourth@ybl and call 98765 43210")
    known = (await honeypot.get_session(ME, id))["intelligence"]
    assert [item["id"] for item in known["upi_ids_json"]] == ["third@ybl", "fourth@ybl"]
    rows = platform.database("honeypot").read_now(
        lambda tx: tx.rows(
            Statement(
                "SELECT coalesce(shown, value) AS value, occurrences, first_turn, last_turn, confidence"
                " FROM {intelligence_values}"
            )
        )
    )
    items = {
        item[key]: item
        for column, key in (
            ("upi_ids_json", "id"),
            ("phone_numbers_json", "number"),
            ("phishing_links_json", "url"),
        )
        for item in known[column]
    }
    assert {row["value"] for row in rows} == set(items)
    for row in rows:
        item = items[row["value"]]
        for name in ("occurrences", "first_turn", "last_turn", "confidence"):
            assert row[name] == item[name]


async def test_the_same_request_twice_has_one_effect_and_the_same_answer(honeypot: Honeypot) -> None:
    answers = await asyncio.gather(*(honeypot.open_session(ME, opening(), "request-1") for _ in range(16)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await honeypot.list_sessions(ME, {}, None, 50)) == 1
    id = answers[0]["session_id"]
    replies = await asyncio.gather(
        *(honeypot.receive_message(ME, id, "Share the OTP", "request-2") for _ in range(16))
    )
    assert all(reply == replies[0] for reply in replies)
    assert (await honeypot.get_session(ME, id))["turn_count"] == 2
    with pytest.raises(Conflict):
        await honeypot.receive_message(ME, id, "Another text", "request-2")
    with pytest.raises(Conflict):
        await honeypot.open_session(ME, opening("Another text"), "request-1")
    somebody_else = ME._replace(scope="key:other")
    assert (await honeypot.open_session(somebody_else, opening(), "request-1"))["session_id"] != id


async def test_turns_of_one_session_at_once_all_count(honeypot: Honeypot) -> None:
    id = (await honeypot.open_session(ME, opening()))["session_id"]
    await asyncio.gather(*(honeypot.receive_message(ME, id, f"Message {number}") for number in range(8)))
    lines = await honeypot.list_messages(ME, id, None, 100)
    assert sorted(line["turn_number"] for line in lines if line["role"] == "scammer") == list(range(1, 10))
    assert (await honeypot.get_session(ME, id))["turn_count"] == 9


async def test_replies_never_repeat_in_the_longest_session(
    make_settings: Callable[..., Settings], clock: FixedClock
) -> None:
    platform = Platform(make_settings(honeypot_max_turns=50), APPS, clock=clock)
    platform.migrate()
    honeypot = Honeypot(platform)
    answer = await honeypot.open_session(ME, opening())
    replies = [answer["reply"]]
    for number in range(49):
        text = ("Share the OTP now", "Send money to me@ybl", "Click http://x-bank.example/a", "Hello?")[
            number % 4
        ]
        replies.append((await honeypot.receive_message(ME, answer["session_id"], text))["reply"])
    assert len(set(replies)) == 50
    assert max(map(len, replies)) <= 300
    platform.close()


async def test_a_pan_or_an_aadhaar_discloses_nothing_about_the_scammer(honeypot: Honeypot) -> None:
    lure = (
        "Your KYC is pending, account will be blocked today. Your PAN ABCPE1234F is not linked, update now."
    )
    opened = await honeypot.open_session(ME, opening(lure))
    assert [item["type"] for item in opened["new_intelligence"]] == ["pan"]
    figures = await honeypot.sum_figures(ME, None, None)
    assert (figures["total"]["scams"], figures["total"]["disclosed"]) == (1, 0)
    await honeypot.receive_message(ME, opened["session_id"], "Send Rs 10 to kycdesk@ybl")
    figures = await honeypot.sum_figures(ME, None, None)
    assert (figures["total"]["disclosed"], figures["total"]["mean_turns_to_first_disclosure"]) == (1, 2)


async def test_auto_chooses_by_the_scam_whatever_the_settings_name(platform: Platform) -> None:
    honeypot = Honeypot(platform)
    named = [(await honeypot.open_session(ME, opening()))["persona"]["id"] for _ in range(12)]
    chosen = [
        (await honeypot.open_session(ME, opening(persona_id="auto")))["persona"]["id"] for _ in range(12)
    ]
    assert set(named) == {platform.settings.honeypot_persona} == {"elderly_victim"}
    assert len(set(chosen)) > 1


async def test_a_friendly_message_is_no_scam_and_is_answered_politely(honeypot: Honeypot) -> None:
    answer = await honeypot.open_session(ME, opening("Happy birthday Amma! See you on Sunday for lunch."))
    assert answer["scam"]["is_scam"] is False
    assert answer["scam"]["type"] is None
    assert answer["reply"]
    assert (await honeypot.get_session(ME, answer["session_id"]))["is_scam"] is False


async def test_pages_hold_every_session_once_while_new_ones_arrive(
    honeypot: Honeypot, clock: FixedClock
) -> None:
    ids = []
    for number in range(11):
        ids.append(
            (await honeypot.open_session(ME, opening(f"Message {number}, call 98765 43210")))["session_id"]
        )
        if number % 3 == 0:
            clock.advance(timedelta(seconds=1))
    seen: list[str] = []
    before: Place | None = None
    while rows := await honeypot.list_sessions(ME, {}, before, 4):
        seen += [row["id"] for row in rows]
        before = Place(rows[-1]["created_at"], rows[-1]["id"])
        await honeypot.open_session(ME, opening("A newcomer"))
    assert seen == ids[::-1]


async def test_every_filter_keeps_what_meets_it(honeypot: Honeypot, clock: FixedClock) -> None:
    first = (await honeypot.open_session(ME, opening(source_type="email")))["session_id"]
    clock.advance(timedelta(days=1))
    second = (await honeypot.open_session(ME, opening("Lunch on Sunday?")))["session_id"]

    async def found(**filters: Any) -> list[str]:
        return [row["id"] for row in await honeypot.list_sessions(ME, filters, None, 50)]

    assert await found() == [second, first]
    assert await found(status="ONGOING") == [second, first]
    assert await found(status="COMPLETED") == []
    assert await found(is_scam=True) == [first]
    assert await found(scam_type="KYC_PHISHING") == [first]
    assert await found(source_type="email", persona_id="elderly_victim") == [first]
    assert await found(since=START + timedelta(hours=1)) == [second]
    assert await found(until=START + timedelta(hours=1)) == [first]


@pytest.mark.parametrize(
    "written", ["98765 43210", "+91-98765-43210", "９８７６５４３２１０", "098765 43210"]
)
async def test_a_number_is_found_in_any_written_form(honeypot: Honeypot, written: str) -> None:
    id = (await honeypot.open_session(ME, opening()))["session_id"]
    found = await honeypot.search(ME, written, None, 10)
    assert [(row["kind"], row["value"], row["session_id"]) for row in found["values"]] == [
        ("phone", "+919876543210", id)
    ]


async def test_deleting_leaves_no_trace_but_the_deed(honeypot: Honeypot, platform: Platform) -> None:
    platform.outbox("honeypot").add_endpoint("http://127.0.0.1:9/x", ME, AddressPolicy(["127.0.0.0/8"]))
    marker = "unmistakable parrot"
    id = (await honeypot.open_session(ME, opening(f"{marker} {SCAM}"), "request-1"))["session_id"]
    for number in range(9):
        await honeypot.receive_message(ME, id, f"{marker} again {number}", f"request-{number}")
    kept = (await honeypot.open_session(ME, opening()))["session_id"]
    await honeypot.delete_session(ME, id)

    assert rows_that_hold(platform, marker) == {}
    assert rows_that_hold(platform, id) == {"audit": 1}
    assert (await honeypot.search(ME, "parrot", None, 10))["messages"] == []
    assert [row["session_id"] for row in (await honeypot.search(ME, "98765 43210", None, 10))["values"]] == [
        kept
    ]
    with pytest.raises(NotFound):
        await honeypot.get_session(ME, id)
    with pytest.raises(NotFound):
        await honeypot.delete_session(ME, id)


async def test_after_the_upkeep_no_byte_of_a_deleted_session_is_left_in_the_files(
    make_settings: Callable[..., Settings], clock: FixedClock
) -> None:
    settings = make_settings(honeypot_max_turns=50)
    platform = Platform(settings, APPS, clock=clock)
    platform.migrate()
    honeypot = Honeypot(platform)
    marker = "unmistakableparrot"
    long = f"{marker} {'squawk ' * 1_000} {marker}@ybl http://{marker}.example/pay"
    gone = []
    # A session that stays shares its pages with each that goes: a page that splits leaves copies behind in
    # its unused part, which the nightly upkeep wipes. Without it 6 of 60 such pairs showed a trace.
    for each in range(40):
        kept = (await honeypot.open_session(ME, opening("An honest walrus")))["session_id"]
        about = opening(long, source_identifier=marker, metadata={"who": marker})
        id = (await honeypot.open_session(ME, about, f"request-{each}"))["session_id"]
        gone.append(id)
        for number in range(20):
            await honeypot.receive_message(ME, id, f"{marker} again {number}", f"request-{number}")
            await honeypot.receive_message(ME, kept, f"walrus {number}")
    assert files_that_hold(settings, marker)
    for id in gone:
        await honeypot.delete_session(ME, id)
    assert upkeep.tidy(platform, ME) == ["honeypot"]
    platform.close()

    assert files_that_hold(settings, "walrus") == ["honeypot.db"]
    for trace in (marker, "squawk", "kparro"):
        assert files_that_hold(settings, trace) == [], trace
    for id in gone:
        assert files_that_hold(settings, id) == ["honeypot.db"], "the audit names the session"


def files_that_hold(settings: Settings, text: str) -> list[str]:
    """Which files of the data folder hold a text in their bytes, write-ahead logs included."""
    files = (path for path in settings.data_dir.rglob("*") if path.is_file())
    return sorted(path.name for path in files if text.encode() in path.read_bytes())


def rows_that_hold(platform: Platform, text: str) -> dict[str, int]:
    """How many rows of each table hold a text in any column."""
    import sqlalchemy as sa

    engine = platform.database("honeypot").engine
    schema = "honeypot" if engine.dialect.name == "postgresql" else None
    counts: dict[str, int] = {}
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names(schema=schema):
            if table.startswith("search_text"):
                continue
            name = f"{schema}.{table}" if schema else table
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall()
            if count := sum(text in str(tuple(row)) for row in rows):
                counts[table] = count
    return counts


async def test_silent_sessions_end_once_with_a_result_and_a_record(
    honeypot: Honeypot, platform: Platform, clock: FixedClock
) -> None:
    platform.outbox("honeypot").add_endpoint("http://127.0.0.1:9/x", ME, AddressPolicy(["127.0.0.0/8"]))
    silent = (await honeypot.open_session(ME, opening()))["session_id"]
    clock.advance(timedelta(minutes=20))
    talking = (await honeypot.open_session(ME, opening()))["session_id"]
    clock.advance(timedelta(minutes=10))
    sweep = schedule_caller("silence sweep")
    assert honeypot.end_silent_sessions(sweep) == 1
    assert honeypot.end_silent_sessions(sweep) == 0
    ended = await honeypot.get_session(ME, silent)
    assert (ended["status"], ended["ended_at"]) == ("TERMINATED", clock.now())
    assert (await honeypot.get_session(ME, talking))["status"] == "ONGOING"
    assert [row["object_id"] for row in platform.outbox("honeypot").list_results()] == [silent]
    with pytest.raises(Conflict, match="TERMINATED"):
        await honeypot.receive_message(ME, silent, "Hello?")


async def test_an_unknown_persona_is_refused_with_the_known_ones(honeypot: Honeypot) -> None:
    with pytest.raises(Invalid) as refused:
        await honeypot.open_session(ME, opening(persona_id="nobody"))
    assert "elderly_victim" in refused.value.hint
    assert await honeypot.list_sessions(ME, {}, None, 50) == []


async def test_both_databases_give_the_same_answers(
    make_settings: Callable[..., Settings], postgresql_url: str
) -> None:
    told = [
        await _tell(
            Platform(
                make_settings(database_url=url),
                APPS,
                clock=FixedClock(START),
                ids=CountingIds(),
                chance=FixedChance(),
            )
        )
        for url in (None, SecretStr(postgresql_url))
    ]
    assert told[0] == told[1]


async def _tell(platform: Platform) -> list[Any]:
    """One log of operations; everything it showed."""
    platform.migrate()
    honeypot = Honeypot(platform)
    clock = platform.clock
    assert isinstance(clock, FixedClock)
    told: list[Any] = []
    texts = (
        SCAM,
        "आपका खाता बंद हो जाएगा, OTP बताइए",
        "Lunch?",
        "Pay a.b@okaxis or http://bit.ly/xyz",
        "hello 😀",
    )
    for number in range(24):
        clock.advance(timedelta(seconds=7, microseconds=number))
        answer = await honeypot.open_session(
            ME, opening(texts[number % 5], metadata={"n": number, "x": [None, 1.5]})
        )
        told.append(answer)
        told += [
            await honeypot.receive_message(ME, answer["session_id"], texts[turn])
            for turn in range(number % 4)
        ]
        if number % 7 == 3:
            await honeypot.delete_session(ME, answer["session_id"])
    told.append(await honeypot.list_sessions(ME, {"is_scam": True}, None, 200))
    for row in await honeypot.list_sessions(ME, {}, None, 200):
        told.append(await honeypot.get_session(ME, row["id"]))
        told.append(await honeypot.list_messages(ME, row["id"], None, 200))
    for query in ("KYC", "बताइए", "a.b@okaxis", "98765 43210", "lunch"):
        found = await honeypot.search(ME, query, None, 50)
        told.append((found["values"], found["messages"]))
    clock.advance(timedelta(hours=1))
    told.append(honeypot.end_silent_sessions(schedule_caller("sweep")))
    platform.close()
    return told


async def test_an_analyst_holds_sessions_and_leaves_the_upkeep_to_administrators(honeypot: Honeypot) -> None:
    analyst = Caller("person:Ravi", "person:2", roles={"honeypot": "analyst"})
    id = (await honeypot.open_session(analyst, opening()))["session_id"]
    for attempt in (honeypot.rebuild_search, honeypot.rebuild_links, honeypot.end_silent_sessions):
        with pytest.raises(Forbidden, match="administer"):
            attempt(analyst)
    viewer = analyst._replace(roles={"honeypot": "viewer"})
    with pytest.raises(Forbidden, match="change"):
        await honeypot.delete_session(viewer, id)
    assert (await honeypot.get_session(viewer, id))["id"] == id
