"""Forms that are refused: what is wrong is said where it was typed, and nothing has to be typed twice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pyotp
import pytest
from tests.console import House, house

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.audit import AuditLog
from switchboard.kernel.security.caller import command_caller

ADMINISTRATOR = {"*": "administrator"}
PASSWORD = "seven green umbrellas"


@pytest.fixture
async def console(platform: Platform) -> AsyncIterator[House]:
    async with house(platform) as opened:
        yield opened


async def test_a_wrong_password_is_told_on_the_page_that_asked_for_it(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    typed = {"old": "nine red umbrellas", "password": "eight blue umbrellas", "again": "eight blue umbrellas"}
    refused = await asha.post("/account/password", typed)
    assert refused.status_code == 403
    assert "The password is wrong." in refused.text
    assert 'data-here="/account"' in refused.text
    assert "Change it" in refused.text
    assert not any(each in refused.text for each in typed.values())
    differ = await asha.post("/account/password", {**typed, "old": PASSWORD, "again": "another"})
    assert differ.status_code == 422
    assert "The two new passwords differ." in differ.text


async def test_what_was_typed_is_still_there(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    text = "Your <b>KYC</b> has expired \0"
    refused = await asha.post("/honeypot/simulator/begin", {"message": text, "persona_id": "nobody"})
    assert refused.status_code == 422
    assert "Your &lt;b&gt;KYC&lt;/b&gt; has expired" in refused.text
    named = await asha.post("/people/invite", {"name": "two words", "display_name": "Ravi राज"})
    assert named.status_code == 422
    assert 'value="two words"' in named.text
    assert 'value="Ravi राज"' in named.text
    key = await asha.post(
        "/keys/create", {"name": "cron", "app": "honeypot", "role": "viewer", "days": "soon"}
    )
    assert key.status_code == 422
    assert 'value="viewer" selected' in key.text
    assert 'value="soon"' in key.text


async def test_a_name_that_is_too_long_is_refused_and_not_cut(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    long = "n" * 65
    refused = await asha.post("/people/invite", {"name": long, "role:honeypot": "analyst"})
    assert refused.status_code == 422
    assert "at most 64 characters" in refused.text
    assert f'value="{long}"' in refused.text
    assert 'value="analyst" selected' in refused.text
    assert (
        "ends after seven days"
        in (await asha.post("/people/invite", {"name": "ravi", "role:honeypot": "viewer"})).text
    )


async def test_whoever_is_signed_out_is_told_so_and_led_back(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    await console.platform.accounts.end_sessions(
        command_caller(), (await console.platform.accounts.get_account_named(command_caller(), "asha")).id
    )
    refused = await asha.post("/people/invite", {"name": "ravi"})
    assert refused.status_code == 401
    assert "Nothing was done." in refused.text
    assert 'href="/sign-in?next=%2Fpeople"' in refused.text
    led = await asha.get("/people")
    assert led.headers["location"] == "/sign-in?next=%2Fpeople"
    assert "You were signed out." in (await asha.get(led.headers["location"])).text


async def test_the_audit_shows_what_was_done_everywhere_and_names_people(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    await asha.post("/people/invite", {"name": "ravi", "role:honeypot": "viewer"})
    begun = await asha.post("/honeypot/simulator/begin", {"message": "Your KYC has expired, pay to desk@ybl"})
    session_id = begun.headers["location"].rpartition("/")[2].partition("#")[0]
    await asha.post(f"/honeypot/sessions/{session_id}/end", {"reason": "enough"})
    page = (await asha.get("/audit")).text
    assert "Account ravi" in page
    assert session_id in page
    only = (await asha.get("/audit?database=honeypot")).text
    assert session_id in only
    assert "Account ravi" not in only
    saved = (await asha.get("/audit?as=json")).json()
    assert {row["database"] for row in saved} == {"platform", "honeypot"}
    assert [row["at"] for row in saved] == sorted((row["at"] for row in saved), reverse=True)
    turned = (await asha.get("/audit?cursor=garbage")).text
    assert "Begin at its first page." in turned


async def test_a_file_of_a_list_leads_back_to_its_rows(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    begun = await asha.post("/honeypot/simulator/begin", {"message": "Your KYC has expired, pay to desk@ybl"})
    session_id = begun.headers["location"].rpartition("/")[2].partition("#")[0]
    [row] = (await asha.get("/honeypot/sessions?columns=turns,verdict&as=json")).json()
    assert row["id"] == session_id
    assert row["scam_type"] == "KYC_PHISHING"
    assert row["confidence"] > 0.5
    page = (await asha.get("/honeypot/sessions")).text
    assert "Your KYC has expired, pay to desk@ybl" in page


async def test_a_chat_is_titled_opened_and_shown_to_sites(platform: Platform) -> None:
    platform.settings = platform.settings.model_copy(
        update={"webchat_apps": "honeypot", "public_url": "https://desk.example.org"}
    )
    origin = {"Origin": "https://desk.example.org"}
    async with house(platform) as console:
        await console.platform.accounts.create_account_with_password(
            command_caller(), "asha", ADMINISTRATOR, PASSWORD
        )
        asha = console.browser()
        asha.http.base_url = "https://desk.example.org"
        asha.http.headers.update(origin)
        await asha.sign_in("asha")
        fields = {"app": "honeypot", "title": "Ask <us>", "greeting": "مرحبا", "is_enabled": "yes"}
        sites = "https://shop.example.org\nhttps://www.example.org"
        refused = await asha.post("/channels/change", {**fields, "allowed_origins": f"{sites}\nshop"})
        assert refused.status_code == 422
        assert "shop&#39; is no site" in refused.text
        assert 'value="Ask &lt;us&gt;"' in refused.text
        assert (await asha.post("/channels/change", {**fields, "allowed_origins": sites})).status_code == 303
        page = (await asha.get("/channels")).text
        assert "https://desk.example.org/chat/honeypot/widget.js" in page
        chat = await asha.get("/chat/honeypot")
        assert "Ask &lt;us&gt;" in chat.text
        assert "https://shop.example.org https://www.example.org" in chat.headers["content-security-policy"]
        await asha.post("/channels/change", {**fields, "is_enabled": "", "allowed_origins": sites})
        assert (await asha.get("/chat/honeypot")).status_code == 404


async def test_what_is_not_for_a_person_is_not_shown_around_a_refusal(console: House) -> None:
    ravi = await console.person("ravi", {"honeypot": "viewer"})
    refused = await ravi.post("/people/invite", {"name": "mallory"})
    assert refused.status_code == 403
    assert "Invite a person" not in refused.text


async def test_a_wrong_code_does_not_ask_for_another_scan(console: House, clock: FixedClock) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    begun = await asha.post("/account/begin-second-factor", {"password": PASSWORD})
    [secret] = re.findall(r"<code>([A-Z2-7]{32})</code>", begun.text)
    right = pyotp.TOTP(secret).at(clock.now())
    refused = await asha.post(
        "/account/confirm-second-factor", {"code": "000000" if right != "000000" else "1"}
    )
    assert refused.status_code == 422
    assert secret in refused.text
    confirmed = await asha.post("/account/confirm-second-factor", {"code": right})
    first = re.findall(r"^(?:<pre[^>]*>)?((?:[0-9a-z]{4}-){3}[0-9a-z]{4})$", confirmed.text, re.M)
    assert len(first) == 10
    refused = await asha.post("/account/renew-recovery-codes", {"password": "not mine"})
    assert "The password is wrong." in refused.text
    renewed = await asha.post("/account/renew-recovery-codes", {"password": PASSWORD})
    second = re.findall(r"^(?:<pre[^>]*>)?((?:[0-9a-z]{4}-){3}[0-9a-z]{4})$", renewed.text, re.M)
    assert len(second) == 10
    assert not set(first) & set(second)
    thief = console.browser()
    await thief.http.post("/sign-in", data={"name": "asha", "password": PASSWORD})
    old = await thief.http.post("/sign-in/code", data={"code": first[0]})
    assert old.status_code == 401
    new = await thief.http.post("/sign-in/code", data={"code": second[0]})
    assert new.status_code == 303


async def test_own_deeds_are_on_record_with_where_they_came_from(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    asked = await asha.post("/account/end-others", {})
    audit, sought = AuditLog(console.platform), {"action": "sign_out_everywhere"}
    [row] = await audit.list_deeds(command_caller(), "platform", sought, None, 5)
    assert row["correlation_id"] == asked.headers["x-correlation-id"]
    assert row["address"] == "203.0.113.7"
