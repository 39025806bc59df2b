"""Sessions that share a value find each other, whatever happens to them, on both databases."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from switchboard.apps.honeypot.rules.linking import components
from switchboard.apps.honeypot.service import Honeypot, Opening, queries
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Conflict, NotFound
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

ME = command_caller()
SESSIONS = Statement("SELECT id, campaign_id FROM {sessions} ORDER BY id")
VALUES = Statement("SELECT session_id, kind, value FROM {intelligence_values}")
LINKED = Statement(
    "SELECT kind, value, session_count, occurrences, first_seen_at, last_seen_at FROM {linked_values}"
    " ORDER BY value, kind"
)
KNOWN = Statement(
    "SELECT kind, sum(known) AS known, sum(shared) AS shared FROM {value_counts} GROUP BY kind"
    " HAVING sum(known) > 0 ORDER BY kind"
)
COUNTED = Statement("SELECT id, session_count FROM {campaigns} ORDER BY id")
FIGURES = Statement(
    "SELECT day, scam_type, persona_id, source_type, sum(sessions) AS sessions, sum(scams) AS scams,"
    " sum(took_off) AS took_off, sum(disclosed) AS disclosed, sum(disclosure_turns) AS disclosure_turns,"
    " sum(turns) AS turns, sum(ongoing) AS ongoing, sum(terminated) AS terminated"
    " FROM {daily_rollups} GROUP BY day, scam_type, persona_id, source_type HAVING sum(sessions) > 0"
    " ORDER BY day, scam_type, persona_id, source_type"
)


@pytest.fixture
def honeypot(platform: Platform) -> Honeypot:
    return Honeypot(platform)


async def open_with(honeypot: Honeypot, text: str, source_type: str = "sms") -> str:
    answer = await honeypot.open_session(ME, Opening(text, source_type, None, None, None))
    return str(answer["session_id"])


def campaigns_of(platform: Platform) -> dict[str, str | None]:
    rows = platform.database("honeypot").read_now(lambda tx: tx.rows(SESSIONS))
    return {row["id"]: row["campaign_id"] for row in rows}


async def test_the_same_number_in_two_sessions_makes_a_campaign(honeypot: Honeypot) -> None:
    one = await open_with(honeypot, "Your KYC expired, call 98765 43210")
    assert await honeypot.list_campaigns(ME, {}, None, 10) == []
    other = await open_with(honeypot, "Lottery! Pay to win@ybl and call +91-9876543210")
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 10)
    assert campaign["session_count"] == 2
    assert [tie["shown"] for tie in campaign["ties"]] == ["+919876543210"]
    assert {row["scam_type"] for row in campaign["scam_types"]} == {"KYC_PHISHING", "LOTTERY_PRIZE"}
    sessions = await honeypot.list_sessions(ME, {"campaign_id": campaign["id"]}, None, 10)
    assert {row["id"] for row in sessions} == {one, other}


async def test_the_newest_sessions_speak_for_a_campaign_that_has_outgrown_a_list(
    honeypot: Honeypot, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SPEAK_FOR_ALL", 2)
    first = "Lottery! Pay to win@ybl and to old@ybl, call 98765 43210"
    for text in (
        first,
        first,
        "Your KYC expired, pay kyc@ybl",
        "Your KYC expired, pay kyc@ybl or call 98765 43210",
    ):
        await open_with(honeypot, text)
        clock.advance(timedelta(minutes=1))
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 10)
    assert campaign["session_count"] == 4
    assert [tie["shown"] for tie in campaign["ties"]] == ["kyc@ybl"]
    assert [row["scam_type"] for row in campaign["scam_types"]] == ["KYC_PHISHING"]


async def test_sessions_that_go_on_are_listed_by_who_spoke_last(
    honeypot: Honeypot, clock: FixedClock
) -> None:
    ids = []
    for _ in range(4):
        ids.append(await open_with(honeypot, "Your KYC expired"))
        clock.advance(timedelta(minutes=1))
    await honeypot.end_session(ME, ids[2], None)
    await honeypot.receive_message(ME, ids[0], "Are you there?")
    assert [row["id"] for row in await honeypot.list_ongoing(ME, 10)] == [ids[0], ids[3], ids[1]]


async def test_a_later_turn_can_bring_two_campaigns_together(honeypot: Honeypot) -> None:
    for name in ("a", "b"):
        for _ in range(2):
            await open_with(honeypot, f"Pay to {name}{name}@ybl now")
    assert len(await honeypot.list_campaigns(ME, {}, None, 10)) == 2
    bridge = await open_with(honeypot, "Your account is blocked")
    await honeypot.receive_message(ME, bridge, "Pay to aa@ybl")
    await honeypot.receive_message(ME, bridge, "or to bb@ybl")
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 10)
    assert campaign["session_count"] == 5
    assert {tie["shown"] for tie in campaign["ties"]} == {"aa@ybl", "bb@ybl"}


async def test_deleting_the_bridge_divides_the_campaign_again(honeypot: Honeypot, platform: Platform) -> None:
    left = [await open_with(honeypot, "Pay to aa@ybl now") for _ in range(2)]
    right = [await open_with(honeypot, "Pay to bb@ybl now") for _ in range(3)]
    bridge = await open_with(honeypot, "Pay to aa@ybl or bb@ybl")
    await honeypot.delete_session(ME, bridge)
    of = campaigns_of(platform)
    assert len({of[id] for id in left}) == len({of[id] for id in right}) == 1
    assert of[left[0]] != of[right[0]]
    counts = {row["session_count"] for row in await honeypot.list_campaigns(ME, {}, None, 10)}
    assert counts == {2, 3}
    await honeypot.delete_session(ME, left[0])
    assert campaigns_of(platform)[left[1]] is None
    [value] = await honeypot.list_values(ME, {}, "aa@ybl", None, 10)
    assert value["session_count"] == 1


async def test_deleting_leaves_no_trace_in_values_and_campaigns(
    honeypot: Honeypot, platform: Platform
) -> None:
    ids = [await open_with(honeypot, "Pay to aa@ybl, call 98765 43210") for _ in range(3)]
    for id in ids:
        await honeypot.delete_session(ME, id)
    database = platform.database("honeypot")
    for statement in (SESSIONS, VALUES, LINKED, KNOWN, COUNTED, FIGURES):
        assert database.read_now(lambda tx, s=statement: tx.rows(s)) == []


async def test_values_are_listed_across_sessions_and_found_by_any_written_form(
    honeypot: Honeypot, clock: FixedClock
) -> None:
    first = await open_with(honeypot, "call 98765 43210 or pay to one@ybl")
    clock.advance(timedelta(hours=1))
    second = await open_with(honeypot, "call 9876543210 via http://kyc-update.example/Pay/")
    newest, next_to_it, oldest = [row["shown"] for row in await honeypot.list_values(ME, {}, None, None, 10)]
    assert {newest, next_to_it} == {"+919876543210", "http://kyc-update.example/Pay/"}
    assert oldest == "one@ybl"
    [phone] = await honeypot.list_values(ME, {"least_sessions": 2}, None, None, 10)
    assert (phone["shown"], phone["session_count"], phone["occurrences"]) == ("+919876543210", 2, 2)
    for written in ("98765-43210", "+91 98765 43210", "09876543210"):
        assert [row["id"] for row in await honeypot.list_values(ME, {}, written, None, 10)] == [phone["id"]]
    [link] = await honeypot.list_values(ME, {}, "https://kyc-update.example/Pay", None, 10)
    assert link["shown"] == "http://kyc-update.example/Pay/"
    value = await honeypot.get_value(ME, phone["id"], None, 10)
    assert [row["id"] for row in value["sessions"]] == [second, first]
    since = {"since": clock.now() - timedelta(minutes=1)}
    assert {row["kind"] for row in await honeypot.list_values(ME, since, None, None, 10)} == {"phone", "url"}
    assert await honeypot.list_values(ME, {"kind": "upi", **since}, None, None, 10) == []
    with pytest.raises(NotFound):
        await honeypot.get_value(ME, "nobody", None, 10)


async def test_a_list_of_values_is_paged_without_gap_or_repetition(
    honeypot: Honeypot, clock: FixedClock
) -> None:
    from switchboard.apps.honeypot.service import Place

    for number in range(23):
        await open_with(honeypot, f"pay to payee{number}@ybl")
        clock.advance(timedelta(seconds=number % 3))
    seen: list[str] = []
    place: Place | None = None
    while page := await honeypot.list_values(ME, {"kind": "upi"}, None, place, 5):
        seen += [row["shown"] for row in page]
        place = Place(page[-1]["last_seen_at"], page[-1]["id"])
    assert sorted(seen) == sorted(f"payee{number}@ybl" for number in range(23))


async def test_a_campaign_gets_a_name_of_ones_own(honeypot: Honeypot) -> None:
    for _ in range(2):
        await open_with(honeypot, "Pay to aa@ybl now")
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 10)
    named = await honeypot.name_campaign(ME, campaign["id"], "Monday's KYC ring")
    assert named["name"] == "Monday's KYC ring"
    await open_with(honeypot, "Pay to aa@ybl now")
    assert (await honeypot.get_campaign(ME, campaign["id"]))["name"] == "Monday's KYC ring"
    with pytest.raises(NotFound):
        await honeypot.name_campaign(ME, "nobody", "x")


async def test_sessions_are_found_by_what_was_said_each_once(honeypot: Honeypot) -> None:
    ids = [await open_with(honeypot, f"unusualword number{number}") for number in range(7)]
    for id in ids[:3]:
        await honeypot.receive_message(ME, id, "again an unusualword")
    found: list[str] = []
    before: int | None = None
    while True:
        page, before = await honeypot.find_sessions_that_say(ME, "unusualword", {}, before, 2)
        found += [row["id"] for row in page]
        if before is None:
            break
    assert found == [ids[2], ids[1], ids[0], ids[6], ids[5], ids[4], ids[3]]
    page, _ = await honeypot.find_sessions_that_say(ME, "unusualword number1", {}, None, 10)
    assert [row["id"] for row in page] == [ids[1]]
    page, _ = await honeypot.find_sessions_that_say(ME, "unusualword", {"status": "TERMINATED"}, None, 10)
    assert page == []


async def test_a_session_is_ended_by_hand_once(honeypot: Honeypot, clock: FixedClock) -> None:
    id = await open_with(honeypot, "Your KYC expired")
    clock.advance(timedelta(minutes=2))
    ended = await honeypot.end_session(ME, id, "seen enough")
    assert (ended["status"], ended["ended_reason"]) == ("TERMINATED", "Ended by hand: seen enough")
    assert ended["ended_at"] == clock.now()
    with pytest.raises(Conflict):
        await honeypot.end_session(ME, id, None)
    with pytest.raises(Conflict):
        await honeypot.receive_message(ME, id, "hello?")
    figures = await honeypot.sum_figures(ME, None, None)
    assert figures["total"]["by_status"]["TERMINATED"] == 1


async def test_what_is_kept_turn_by_turn_is_what_counting_anew_gives(
    honeypot: Honeypot, platform: Platform, clock: FixedClock
) -> None:
    """A random life of many sessions: links, campaigns and figures agree with the sessions themselves."""
    draw = random.Random(4)
    texts = [f"Your KYC expired, pay to ring{number}@ybl" for number in range(9)]
    texts += ["call 98765 43210", "see http://kyc-update.example/x", "how are you my friend", "pay or jail"]
    ids: list[str] = []
    for _ in range(160):
        clock.advance(timedelta(minutes=draw.randint(0, 90)))
        action = draw.random()
        if action < 0.45 or not ids:
            text = " and ".join(draw.sample(texts, draw.randint(1, 2)))
            ids.append(await open_with(honeypot, text, draw.choice(["sms", "email"])))
        elif action < 0.8:
            with suppress(Conflict):
                await honeypot.receive_message(ME, draw.choice(ids), draw.choice(texts))
        elif action < 0.9:
            await honeypot.delete_session(ME, ids.pop(draw.randrange(len(ids))))
        else:
            await asyncio.to_thread(honeypot.end_silent_sessions, ME)

    kept = _all_of(platform)
    assert kept["groups"] == _groups(platform)
    await asyncio.to_thread(honeypot.rebuild_links, ME)
    assert _all_of(platform) == kept


async def test_turns_that_meet_at_the_same_moment_end_in_one_campaign(
    honeypot: Honeypot, platform: Platform
) -> None:
    texts = [f"pay to a{number}@ybl or a{(number + 1) % 12}@ybl" for number in range(12)]
    await asyncio.gather(*(open_with(honeypot, text) for text in texts))
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 10)
    assert campaign["session_count"] == 12
    assert set(campaigns_of(platform).values()) == {campaign["id"]}


def _all_of(platform: Platform) -> dict[str, Any]:
    database = platform.database("honeypot")
    grouped: dict[str, list[str]] = defaultdict(list)
    for id, campaign in campaigns_of(platform).items():
        grouped[campaign or id].append(id)
    return {
        "groups": sorted(grouped.values()),
        "linked": database.read_now(lambda tx: tx.rows(LINKED)),
        "known": database.read_now(lambda tx: tx.rows(KNOWN)),
        "counted": [row["session_count"] for row in database.read_now(lambda tx: tx.rows(COUNTED))],
        "figures": database.read_now(lambda tx: tx.rows(FIGURES)),
    }


def _groups(platform: Platform) -> list[list[str]]:
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in platform.database("honeypot").read_now(lambda tx: tx.rows(VALUES)):
        shared[row["kind"], row["value"]].append(row["session_id"])
    return sorted(components(campaigns_of(platform), shared))
