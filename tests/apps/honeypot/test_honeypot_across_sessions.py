"""Over HTTP: values, campaigns, figures and exports across sessions, and what no answer ever shows."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest
from tests.asgi import client

from switchboard.kernel.platform import Platform

API = "/api/honeypot"
PAN = "ABCPE1234F"
AADHAAR = "2341 2341 2346"


async def opened(asked: httpx.AsyncClient, message: str, **fields: Any) -> str:
    answer = await asked.post(f"{API}/sessions", json={"message": message, **fields})
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["session_id"]
    return id


async def test_the_same_account_in_two_sessions_is_found_and_makes_a_campaign(platform: Platform) -> None:
    async with client(platform) as asked:
        account = "transfer to a/c 50100123456789 IFSC HDFC0000001"
        first = await opened(asked, f"Your KYC expired, {account}", source_type="sms")
        second = await opened(asked, f"You won a lottery, pay the fee: {account}", source_type="email")
        page = (await asked.get(f"{API}/intelligence", params={"type": "bank_account"})).json()
        [value] = page["items"]
        assert (value["value"], value["session_count"]) == ("50100123456789", 2)
        assert value["bank_name"] == "HDFC Bank"
        [same] = (
            await asked.get(f"{API}/intelligence", params={"bank": "HDFC Bank", "type": "bank_account"})
        ).json()["items"]
        assert same["id"] == value["id"]
        named = (await asked.get(f"{API}/intelligence/{value['id']}")).json()
        assert {who["session_id"] for who in named["sessions"]} == {first, second}
        [campaign] = (await asked.get(f"{API}/campaigns")).json()["items"]
        assert campaign["session_count"] == 2
        assert value["id"] in {tie["value_id"] for tie in campaign["ties"]}
        sessions = (await asked.get(f"{API}/sessions", params={"campaign_id": campaign["id"]})).json()
        assert {each["session_id"] for each in sessions["items"]} == {first, second}
        renamed = await asked.put(f"{API}/campaigns/{campaign['id']}/name", json={"name": "HDFC ring"})
        assert renamed.json()["name"] == "HDFC ring"


async def test_figures_follow_what_happens(platform: Platform) -> None:
    async with client(platform) as asked:
        id = await opened(asked, "Your KYC has expired, call 98765 43210", persona_id="elderly_victim")
        await opened(asked, "Hi, are we still on for lunch tomorrow?")
        await asked.post(f"{API}/sessions/{id}/messages", json={"message": "Call now or be blocked"})
        await asked.post(f"{API}/sessions/{id}/end", json={"reason": "seen enough"})
        figures = (await asked.get(f"{API}/analytics")).json()
        total = figures["total"]
        assert (total["sessions"], total["scams"], total["took_off"], total["disclosed"]) == (2, 1, 1, 1)
        assert (total["take_off_rate"], total["mean_turns_to_first_disclosure"]) == (1.0, 1.0)
        assert total["by_status"]["TERMINATED"] == 1
        assert {row["key"] for row in figures["by_scam_type"]} == {"KYC_PHISHING", "NOT_A_SCAM"}
        assert [row["sessions"] for row in figures["by_day"]] == [2]
        assert figures["values"] == [{"type": "phone", "values": 1, "shared": 0}]


async def test_no_answer_and_no_export_shows_a_pan_or_an_aadhaar(platform: Platform) -> None:
    async with client(platform) as asked:
        text = f"Sir your PAN {PAN} and Aadhaar number {AADHAAR} are blocked, call 98765 43210"
        ids = [await opened(asked, text) for _ in range(2)]
        paths = [
            *(f"sessions/{id}{part}" for id in ids for part in ("", "/messages", "/intelligence")),
            "sessions?q=blocked",
            "search?q=blocked",
            "intelligence",
            "campaigns",
            *(f"export?format={name}" for name in ("json", "csv", "csv-messages", "stix", "misp")),
        ]
        for path in paths:
            answer = await asked.get(f"{API}/{path}")
            assert answer.status_code == 200, answer.text
            for secret in (PAN, AADHAAR, AADHAAR.replace(" ", "")):
                assert secret not in answer.text, path
        lines = (await asked.get(f"{API}/sessions/{ids[0]}/messages")).json()["items"]
        assert lines[0]["content"] == text.replace(PAN, "XXXXXX234F").replace(AADHAAR, "XXXX XXXX 2346")
        for asked_for in (PAN, AADHAAR, "234123412346"):
            found = (await asked.get(f"{API}/search", params={"q": asked_for})).json()["values"]
            assert {row["session_id"] for row in found} == set(ids), asked_for


@pytest.mark.parametrize("name", ["json", "csv", "csv-sessions", "csv-messages", "stix", "misp"])
async def test_every_export_opens_as_what_it_says_it_is(platform: Platform, name: str) -> None:
    async with client(platform) as asked:
        id = await opened(
            asked, '=cmd|"/c calc"!A1 Your KYC expired, pay to helpdesk@ybl or call 98765 43210'
        )
        await opened(asked, "Your KYC expired, visit http://kyc-update.example/x")
        everything = await asked.get(f"{API}/export", params={"format": name})
        one = await asked.get(f"{API}/export", params={"format": name, "session_id": id})
        for answer in (everything, one):
            assert answer.status_code == 200, answer.text
            assert "attachment" in answer.headers["content-disposition"]
        assert len(one.content) < len(everything.content)
        assert "kyc-update.example" not in one.text
        if name.startswith("csv"):
            rows = list(csv.reader(io.StringIO(everything.text)))
            assert len({len(row) for row in rows}) == 1
            assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
        else:
            assert json.loads(everything.text)
        again = await asked.get(f"{API}/export", params={"format": name})
        assert again.content == everything.content


async def test_an_export_of_what_does_not_exist_is_refused_before_it_begins(platform: Platform) -> None:
    async with client(platform) as asked:
        await opened(asked, "Your KYC expired")
        missing = await asked.get(f"{API}/export", params={"session_id": "nobody"})
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "not_found"
        unknown = await asked.get(f"{API}/export", params={"format": "pdf"})
        assert unknown.status_code == 422
        none = await asked.get(f"{API}/export", params={"format": "csv", "status": "COMPLETED"})
        assert len(none.text.splitlines()) == 1


async def test_many_sessions_are_exported_page_by_page(platform: Platform) -> None:
    async with client(platform) as asked:
        ids = {await opened(asked, f"Your KYC expired, pay to payee{number}@ybl") for number in range(120)}
        rows = list(csv.DictReader(io.StringIO((await asked.get(f"{API}/export?format=csv-sessions")).text)))
        assert len(rows) == 120
        # Test ids are digits alone, which a spreadsheet would take for a number.
        assert ids == {row["session_id"].removeprefix("'") for row in rows}
