"""The honeypot over HTTP, on both databases: what each route answers, and how it refuses."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr
from tests.asgi import JSON, client
from tests.conftest import START

from switchboard.apps import APPS
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.outbound.addresses import AddressPolicy
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings

SESSIONS = "/api/honeypot/sessions"
SEARCH = "/api/honeypot/search"
SCAM = "Dear customer, your KYC has expired. Call 98765 43210 or pay to helpdesk@ybl"
CODES = {
    400: "invalid",
    401: "forbidden",
    404: "not_found",
    405: "invalid",
    409: "conflict",
    413: "invalid",
    415: "invalid",
    422: "invalid",
}


def refused(answer: httpx.Response, status: int) -> str:
    """What an error says; it has the one shape of all errors and nothing of the inside."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "hint", "correlation_id"}
    assert error["code"] == CODES[status]
    assert error["message"]
    assert error["hint"]
    assert error["correlation_id"] == answer.headers["x-correlation-id"]
    assert "Traceback" not in answer.text
    message: str = error["message"]
    return message


async def opened(asked: httpx.AsyncClient, message: str = SCAM, **fields: Any) -> str:
    answer = await asked.post(SESSIONS, json={"message": message, **fields})
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["session_id"]
    return id


async def test_an_opened_session_answers_with_its_first_turn(platform: Platform) -> None:
    async with client(platform) as asked:
        answer = await asked.post(
            SESSIONS,
            json={
                "message": SCAM,
                "source_type": "whatsapp",
                "source_identifier": "+91 99999 00000",
                "persona_id": "elderly_victim",
                "metadata": {"case": 7, "tags": ["a", None]},
                "client_message_id": "first-1",
            },
        )
        assert answer.status_code == 201
        turn = answer.json()
        assert set(turn) == {
            "session_id",
            "reply",
            "persona",
            "scam",
            "status",
            "turn_count",
            "new_intelligence",
            "intelligence_score",
        }
        assert turn["persona"]["id"] == "elderly_victim"
        assert turn["scam"]["is_scam"] is True
        assert turn["scam"]["reasons"]
        assert {(each["type"], each["value"]) for each in turn["new_intelligence"]} == {
            ("phone", "+919876543210"),
            ("upi", "helpdesk@ybl"),
        }
        session = (await asked.get(f"{SESSIONS}/{turn['session_id']}")).json()
        assert session["source_identifier"] == "+91 99999 00000"
        assert session["metadata"] == {"case": 7, "tags": ["a", None]}
        assert session["ended_at"] is None
        assert {datetime.fromisoformat(session[name]) for name in ("started_at", "last_message_at")} == {
            START
        }
        assert [each["id"] for each in session["intelligence"]["upi_ids"]] == ["helpdesk@ybl"]


async def test_the_same_request_again_is_answered_alike_and_another_under_its_name_is_a_conflict(
    platform: Platform,
) -> None:
    async with client(platform) as asked:
        body = {"message": SCAM, "client_message_id": "named-1"}
        first = await asked.post(SESSIONS, json=body)
        again = await asked.post(SESSIONS, json=body)
        assert (again.status_code, again.json()) == (201, first.json())
        refused(await asked.post(SESSIONS, json={**body, "message": "Another"}), 409)
        refused(await asked.post(SESSIONS, json={**body, "source_type": "email"}), 409)
        turns = f"{SESSIONS}/{first.json()['session_id']}/messages"
        said = {"message": "Share the OTP", "client_message_id": "named-1"}
        replied = await asked.post(turns, json=said)
        assert replied.status_code == 200
        assert (await asked.post(turns, json=said)).json() == replied.json()
        refused(await asked.post(turns, json={**said, "message": "Another"}), 409)
        assert len((await asked.get(turns)).json()["items"]) == 4


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": " \n\t"}, "message"),
        ({"message": 7}, "message"),
        ({"message": None}, "message"),
        ({"message": "x" * 8_001}, "message"),
        ({"message": "NUL \x00"}, "message"),
        ({"message": SCAM, "source_type": "Not A Type"}, "source_type"),
        ({"message": SCAM, "source_identifier": "x" * 256}, "source_identifier"),
        ({"message": SCAM, "persona_id": "Nobody!"}, "persona_id"),
        ({"message": SCAM, "persona_id": "nobody"}, "nobody"),
        ({"message": SCAM, "metadata": []}, "metadata"),
        ({"message": SCAM, "metadata": {"n": 2**63}}, "metadata"),
        ({"message": SCAM, "metadata": {"x": "y" * 16_384}}, "metadata"),
        ({"message": SCAM, "client_message_id": "has space"}, "client_message_id"),
        ({"message": SCAM, "client_message_id": "x" * 101}, "client_message_id"),
        ({"message": SCAM, "mesage": "a slip"}, "mesage"),
        ([SCAM], "body"),
    ],
)
async def test_an_opening_that_breaks_a_rule_is_refused_by_the_fields_name_and_leaves_nothing(
    platform: Platform, body: Any, named: str
) -> None:
    async with client(platform) as asked:
        assert named in refused(await asked.post(SESSIONS, json=body), 422)
        assert (await asked.get(SESSIONS)).json() == {"items": [], "next": None}


async def test_a_message_of_the_longest_length_and_of_any_script_comes_back_as_it_was_said(
    platform: Platform,
) -> None:
    async with client(platform) as asked:
        for text in ("x" * 8_000, "😀" * 8_000, "आपका खाता\r\nबंद 'quotes\" \\ %s :name {x}"):
            id = await opened(asked, text)
            lines = (await asked.get(f"{SESSIONS}/{id}/messages")).json()["items"]
            assert lines[0]["content"] == text
        refused(
            await asked.post(SESSIONS, content=b'{"message": "half \\ud83d"}', headers=JSON),
            400,
        )


async def test_bodies_that_cannot_be_read_are_refused_by_kind(platform: Platform) -> None:
    async with client(platform) as asked:
        turns = f"{SESSIONS}/{await opened(asked)}/messages"
        for path in (SESSIONS, turns):
            refused(await asked.post(path, content=b'{"message": ', headers=JSON), 400)
            refused(await asked.post(path, content=b"message=x"), 415)
            refused(await asked.post(path, content=b"message=x", headers={"Content-Type": "text/plain"}), 415)
            huge = b'{"message": "' + b"x" * platform.settings.body_limit_bytes + b'"}'
            refused(await asked.post(path, content=huge, headers=JSON), 413)
            deep = b'{"message": "x", "metadata": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}"
            refused(await asked.post(path, content=deep, headers=JSON), 422)
            assert refused(await asked.put(path, json={"message": "x"}), 405)
        assert len((await asked.get(turns)).json()["items"]) == 2


async def test_every_route_asks_for_a_key(platform: Platform) -> None:
    async with client(platform) as owner:
        id = await opened(owner)
    routes = [
        ("POST", SESSIONS),
        ("GET", SESSIONS),
        ("GET", f"{SESSIONS}/{id}"),
        ("DELETE", f"{SESSIONS}/{id}"),
        ("POST", f"{SESSIONS}/{id}/messages"),
        ("GET", f"{SESSIONS}/{id}/messages"),
        ("GET", f"{SEARCH}?q=KYC"),
    ]
    async with client(platform, key="") as stranger:
        for method, path in routes:
            answer = await stranger.request(method, path, json={"message": "x"} if method == "POST" else None)
            refused(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert id not in answer.text


async def test_a_session_that_is_not_there_is_not_found_by_any_route(platform: Platform) -> None:
    async with client(platform) as asked:
        for id in (
            "nothing",
            "00000000-0000-0000-0000-000000000000",
            quote("';--"),
            "x" * 500,
            "%00",
            "a%00b",
        ):
            refused(await asked.get(f"{SESSIONS}/{id}"), 404)
            refused(await asked.delete(f"{SESSIONS}/{id}"), 404)
            refused(await asked.get(f"{SESSIONS}/{id}/messages"), 404)
            refused(await asked.post(f"{SESSIONS}/{id}/messages", json={"message": "x"}), 404)


async def test_pages_of_sessions_hold_each_once_while_new_ones_arrive(
    platform: Platform, clock: FixedClock
) -> None:
    async with client(platform) as asked:
        ids = []
        for number in range(10):
            ids.append(await opened(asked, f"Message {number}"))
            clock.advance(timedelta(seconds=number % 2))
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await asked.get(SESSIONS, params={"limit": 3, **cursor})).json()
            seen += [each["session_id"] for each in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
            await opened(asked, "A newcomer")
        assert seen == ids[::-1]


async def test_pages_of_lines_hold_each_once_while_the_session_goes_on(platform: Platform) -> None:
    async with client(platform) as asked:
        turns = f"{SESSIONS}/{await opened(asked)}/messages"
        seen: list[tuple[int, str]] = []
        page = (await asked.get(turns, params={"limit": 1})).json()
        for number in range(20):
            seen += [(line["turn_number"], line["role"]) for line in page["items"]]
            if page["next"] is None:
                break
            for _ in range(2 if number < 3 else 0):
                await asked.post(turns, json={"message": f"Message {number}"})
            page = (await asked.get(turns, params={"limit": 3, "cursor": page["next"]})).json()
        # Every moment is the same here, so the scammer's line comes first by its id alone.
        assert seen == [(turn, role) for turn in range(1, 8) for role in ("scammer", "agent")]


def _as_cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "not-ours",
        "ünïcode",
        "x" * 201,
        _as_cursor("2026-02-04T10:00:00Z"),
        _as_cursor("2026-02-04T10:00:00Z|"),
        _as_cursor("2026-02-04T10:00:00|naive"),
        _as_cursor("yesterday|id"),
        _as_cursor("2026-02-04T10:00:00Z|" + "x" * 37),
        _as_cursor("2026-02-04T10:00:00Z|nul\x00"),
        _as_cursor("9999-12-31T23:59:59-23:59|past the last moment"),
        _as_cursor("0001-01-01T00:00:00+23:59|before the first moment"),
    ],
)
async def test_a_cursor_that_is_not_ours_is_refused(platform: Platform, cursor: str) -> None:
    async with client(platform) as asked:
        id = await opened(asked)
        refused(await asked.get(SESSIONS, params={"cursor": cursor}), 422)
        refused(await asked.get(f"{SESSIONS}/{id}/messages", params={"cursor": cursor}), 422)


@pytest.mark.parametrize("limit", ["0", "-1", "201", "ten", "1.5", "", "9" * 30])
async def test_a_wrong_limit_is_refused(platform: Platform, limit: str) -> None:
    async with client(platform) as asked:
        id = await opened(asked)
        for path, more in ((SESSIONS, {}), (f"{SESSIONS}/{id}/messages", {}), (SEARCH, {"q": "KYC"})):
            assert "limit" in refused(await asked.get(path, params={"limit": limit, **more}), 422)


@pytest.mark.parametrize(
    "filters",
    [
        {"status": "ongoing"},
        {"is_scam": "perhaps"},
        {"scam_type": "x" * 256},
        {"source_type": "x" * 256},
        {"persona_id": "x" * 256},
        {"since": "yesterday"},
        {"since": "2026-02-04T10:00:00"},
        {"until": "9999-12-31T23:59:59-23:59"},
        {"since": "0001-01-01T00:00:00+23:59"},
    ],
)
async def test_a_filter_that_cannot_be_met_is_refused_by_name(
    platform: Platform, filters: dict[str, str]
) -> None:
    async with client(platform) as asked:
        assert next(iter(filters)) in refused(await asked.get(SESSIONS, params=filters), 422)


@pytest.mark.parametrize("name", ["scam_type", "source_type", "persona_id"])
async def test_a_filter_with_a_character_that_no_database_keeps_is_no_defect_of_the_server(
    platform: Platform, name: str
) -> None:
    async with client(platform) as asked:
        await opened(asked)
        answer = await asked.get(SESSIONS, params={name: "a\x00b"})
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 200:
            assert answer.json()["items"] == []


async def test_every_filter_keeps_what_meets_it(platform: Platform, clock: FixedClock) -> None:
    async with client(platform) as asked:
        first = await opened(asked, source_type="email")
        clock.advance(timedelta(days=1))
        second = await opened(asked, "Lunch on Sunday?")

        async def found(**filters: str) -> list[str]:
            answer = await asked.get(SESSIONS, params=filters)
            assert answer.status_code == 200, answer.text
            return [each["session_id"] for each in answer.json()["items"]]

        assert await found() == [second, first]
        assert await found(status="ONGOING") == [second, first]
        assert await found(status="TERMINATED") == []
        assert await found(is_scam="true") == [first]
        assert await found(is_scam="false") == [second]
        assert await found(scam_type="KYC_PHISHING") == [first]
        assert await found(source_type="email") == [first]
        assert await found(persona_id="elderly_victim") == [second, first]
        assert await found(persona_id="nobody") == []
        assert await found(since="2026-02-05T10:00:00Z") == [second]
        assert await found(since="2026-02-05T15:30:00+05:30") == [second]
        assert await found(until="2026-02-05T10:00:00Z") == [first]
        assert await found(is_scam="true", source_type="sms") == []


async def test_search_finds_values_by_any_written_form_and_lines_by_their_words(platform: Platform) -> None:
    async with client(platform) as asked:
        id = await opened(asked, f"{SCAM} at http://Evil-Login.example/Pay?x=1")

        async def found(q: str) -> tuple[set[tuple[str, str]], set[int]]:
            page = await asked.get(SEARCH, params={"q": q})
            assert page.status_code == 200, page.text
            values, lines = page.json()["values"], page.json()["messages"]
            assert {each["session_id"] for each in (*values, *lines)} <= {id}
            return {(each["type"], each["value"]) for each in values}, {each["turn_number"] for each in lines}

        for written in ("9876543210", "+91 98765-43210", "(0)98765 43210", "+919876543210"):
            assert (await found(written))[0] == {("phone", "+919876543210")}
        for written in ("helpdesk@ybl", "HelpDesk@YBL", "ｈｅｌｐｄｅｓｋ＠ｙｂｌ"):
            assert ("upi", "helpdesk@ybl") in (await found(written))[0]
        [(kind, _)] = (await found("hxxp://evil-login[.]example/Pay?x=1"))[0]
        assert kind == "url"
        assert (await found("kyc EXPIRED"))[1] == {1}
        assert await found("nowhere-said") == (set(), set())


async def test_search_pages_hold_each_line_once_and_end(platform: Platform) -> None:
    async with client(platform) as asked:
        ids = [await opened(asked, f"pangolin number {number}") for number in range(7)]
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(10):
            page = (await asked.get(SEARCH, params={"q": "pangolin", "limit": 2, **cursor})).json()
            seen += [each["session_id"] for each in page["messages"] if each["role"] == "scammer"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
            await opened(asked, "a later pangolin")
        assert seen == ids[::-1]


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": "  "}, {"q": "x" * 201}, {"q": "a\x00"}, {"q": "x", "cursor": "-1"}]
)
async def test_a_search_that_breaks_a_rule_is_refused(platform: Platform, query: dict[str, str]) -> None:
    async with client(platform) as asked:
        refused(await asked.get(SEARCH, params=query), 422)
        refused(await asked.get(SEARCH, params={"q": "x", "cursor": "9" * 30}), 422)


@pytest.mark.parametrize("query", ['"', "*", "a OR b", "NEAR(", "%", "_", "'", ":* & !", "\\", "😀", "-"])
async def test_signs_in_a_search_are_read_as_text(platform: Platform, query: str) -> None:
    async with client(platform) as asked:
        await opened(asked, "A plain line")
        answer = await asked.get(SEARCH, params={"q": query})
        assert answer.status_code == 200, answer.text
        assert not [each for each in answer.json()["messages"] if each["role"] == "scammer"]


async def test_a_deleted_session_is_gone_from_every_route(platform: Platform) -> None:
    async with client(platform) as asked:
        id = await opened(asked, f"quokka {SCAM}")
        deleted = await asked.delete(f"{SESSIONS}/{id}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        refused(await asked.get(f"{SESSIONS}/{id}"), 404)
        refused(await asked.get(f"{SESSIONS}/{id}/messages"), 404)
        refused(await asked.post(f"{SESSIONS}/{id}/messages", json={"message": "x"}), 404)
        refused(await asked.delete(f"{SESSIONS}/{id}"), 404)
        assert (await asked.get(SESSIONS)).json()["items"] == []
        for q in ("quokka", "98765 43210", "helpdesk@ybl"):
            page = (await asked.get(SEARCH, params={"q": q})).json()
            assert (page["values"], page["messages"]) == ([], [])


async def test_the_last_turn_leaves_one_result_to_deliver_with_true_durations(
    make_settings: Callable[..., Settings], database_url: str | None, clock: FixedClock
) -> None:
    platform = Platform(
        make_settings(honeypot_max_turns=3, database_url=SecretStr(database_url) if database_url else None),
        APPS,
        clock=clock,
    )
    platform.migrate()
    platform.outbox("honeypot").add_endpoint(
        "http://127.0.0.1:9/x", command_caller(), AddressPolicy(["127.0.0.0/8"])
    )
    async with client(platform) as asked:
        id = await opened(asked)
        for text in ("Pay to second@ybl", "Hurry up"):
            clock.advance(timedelta(seconds=30, milliseconds=250))
            last = await asked.post(f"{SESSIONS}/{id}/messages", json={"message": text})
        assert last.json()["status"] == "MAX_TURNS_REACHED"
        clock.advance(timedelta(hours=1))
        said = refused(await asked.post(f"{SESSIONS}/{id}/messages", json={"message": "Hello?"}), 409)
        assert "MAX_TURNS_REACHED" in said
        session = (await asked.get(f"{SESSIONS}/{id}")).json()
    rows = platform.database("honeypot").read_now(lambda tx: tx.rows(Statement("SELECT * FROM {outbox}")))
    platform.close()
    [row] = rows
    assert row["object_id"] == id
    body = json.loads(row["body"])
    told = body.get("data", body)
    assert told["sessionId"] == id
    assert told["status"] == "MAX_TURNS_REACHED"
    assert told["scamDetected"] is True
    assert told["scamType"] == session["scam_type"]
    assert told["confidenceLevel"] == session["scam_confidence"]
    assert told["totalMessagesExchanged"] == 6
    assert told["engagementDurationSeconds"] == 60.5
    assert datetime.fromisoformat(session["ended_at"]) == START + timedelta(seconds=60.5)
    assert told["extractedIntelligence"] == {
        "bankAccounts": session["intelligence"]["bank_accounts"],
        "upiIds": session["intelligence"]["upi_ids"],
        "phoneNumbers": session["intelligence"]["phone_numbers"],
        "phishingLinks": session["intelligence"]["phishing_links"],
        "other": session["intelligence"]["other_intel"],
    }
    assert [each["id"] for each in told["extractedIntelligence"]["upiIds"]] == ["helpdesk@ybl", "second@ybl"]
    assert told["intelligenceScore"] == session["intelligence_score"]
    assert told["agentNotes"] == "; ".join(session["reasons"])
