"""The console against those who mean harm: forged forms, stolen and planted cookies, tricks in paths and headers."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.console import House, house

from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel.console.console import CONTENT_POLICY
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

ME = command_caller()
NASTY = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} your KYC has expired, call 98111 22233"
)
ADMINISTRATOR = {"*": "administrator"}


@pytest.fixture
async def console(platform: Platform) -> AsyncIterator[House]:
    async with house(platform) as opened:
        yield opened


async def _session(house: House, text: str = "Your KYC has expired, call 98765 43210") -> str:
    opened = await Honeypot(house.platform).open_session(ME, Opening(text, "sms", None, None, None))
    return str(opened["session_id"])


async def test_who_is_not_signed_in_sees_no_page_and_is_led_back_after_signing_in(console: House) -> None:
    browser = console.browser()
    asked = await browser.get("/honeypot/sessions?status=ONGOING")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=%2Fhoneypot%2Fsessions%3Fstatus%3DONGOING"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"],
)
async def test_signing_in_leads_nowhere_else(console: House, elsewhere: str) -> None:
    await console.person("asha", ADMINISTRATOR)
    browser = console.browser()
    signed_in = await browser.http.post(
        "/sign-in", params={"next": elsewhere}, data={"name": "asha", "password": "seven green umbrellas"}
    )
    assert signed_in.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_of_another_site_changes_nothing(console: House, headers: dict[str, str]) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    session = await _session(console)
    forged = await asha.post(f"/honeypot/sessions/{session}/delete", {}, headers=headers)
    assert forged.status_code == 403
    assert (await asha.get(f"/honeypot/sessions/{session}")).status_code == 200
    signed_in = await console.browser().http.post(
        "/sign-in", data={"name": "asha", "password": "seven green umbrellas"}, headers=headers
    )
    assert signed_in.status_code == 403


async def test_a_form_without_the_persons_own_token_changes_nothing(console: House) -> None:
    asha, ravi = await console.person("asha", ADMINISTRATOR), await console.person("ravi", ADMINISTRATOR)
    session = await _session(console)
    for token in ("", "0" * 64, await ravi.token()):
        forged = await asha.http.post(f"/honeypot/sessions/{session}/delete", data={"csrf": token})
        assert forged.status_code == 403
    assert (await asha.get(f"/honeypot/sessions/{session}")).status_code == 200


async def test_a_cookie_from_before_signing_in_is_no_session_afterwards(console: House) -> None:
    await console.person("asha", ADMINISTRATOR)
    browser = console.browser()
    planted = "A" * 43
    await browser.http.post(
        "/sign-in",
        data={"name": "asha", "password": "seven green umbrellas"},
        headers={"Cookie": f"sb_session={planted}"},
    )
    assert browser.http.cookies["sb_session"] != planted
    thief = console.browser()
    thief.http.cookies.set("sb_session", planted)
    assert (await thief.get("/honeypot")).status_code == 303


async def test_a_stolen_cookie_opens_nothing_after_signing_out(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    thief = console.browser()
    thief.http.cookies.set("sb_session", asha.http.cookies["sb_session"])
    assert (await thief.get("/honeypot")).status_code == 200
    assert (await asha.post("/sign-out", {})).status_code == 303
    assert (await thief.get("/honeypot")).status_code == 303


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(console: House) -> None:
    await console.person("asha", ADMINISTRATOR)
    signed_in = await console.browser().sign_in("asha")
    [cookie] = [each for each in signed_in.headers.get_list("set-cookie") if each.startswith("sb_session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_a_person_who_is_disabled_is_out_at_once(console: House) -> None:
    asha, ravi = (
        await console.person("asha", ADMINISTRATOR),
        await console.person("ravi", {"honeypot": "viewer"}),
    )
    [account] = [each for each in await console.platform.accounts.list_accounts(ME) if each.name == "ravi"]
    assert (await ravi.get("/honeypot")).status_code == 200
    assert (await asha.post(f"/people/{account.id}/disable", {})).status_code == 303
    assert (await ravi.get("/honeypot")).status_code == 303


async def test_a_stream_ends_when_its_person_may_no_longer_read(console: House) -> None:
    ravi = await console.person("ravi", {"honeypot": "viewer"})
    accounts, streams = console.platform.accounts, console.app.state.gate.console.streams
    person = await accounts.find_person(ravi.http.cookies["sb_session"])
    assert person is not None
    events = streams.response(person, "honeypot", "").body_iterator
    assert "open" in await anext(events)
    await accounts.set_roles(ME, person.account_id, {"honeypot": "analyst"})
    rest = [event async for event in events]
    assert "closed" in rest[-1]


async def test_a_stream_tells_of_changes_by_another_process(console: House) -> None:
    ravi = await console.person("ravi", {"honeypot": "viewer"})
    streams = console.app.state.gate.console.streams
    person = await console.platform.accounts.find_person(ravi.http.cookies["sb_session"])
    events = streams.response(person, "honeypot", streams.mark("honeypot")).body_iterator
    await anext(events)
    await asyncio.wait_for(anext(events), 30)
    other = Platform(console.platform.settings, console.platform.apps)
    try:
        await Honeypot(other).open_session(ME, Opening("Your KYC has expired", "sms", None, None, None))
        assert "changed" in await asyncio.wait_for(anext(events), 30)
    finally:
        await events.aclose()
        other.close()


async def test_a_stream_is_for_those_who_may_read_and_for_pages_of_ours(console: House) -> None:
    ravi = await console.person("ravi", {"honeypot": "viewer"})
    assert (await ravi.get("/live/platform?since=")).status_code == 403
    foreign = await ravi.get("/live/honeypot?since=", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert (await console.browser().get("/live/honeypot?since=")).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "/honeypot/sessions/../../people",
        "/honeypot/sessions/%2e%2e%2f%2e%2e%2fpeople",
        "/assets/../console.py",
        "/assets/%2e%2e%2fconsole.py",
        "/assets/..%5cconsole.py",
        "//people",
        "/people%00",
        "/PEOPLE",
        "/people;a=b",
    ],
)
async def test_tricks_in_a_path_lead_to_no_page(console: House, path: str) -> None:
    ravi = await console.person("ravi", {"honeypot": "viewer"})
    answer = await ravi.get(path)
    assert answer.status_code in (303, 400, 403, 404)
    assert "Invite a person" not in answer.text


async def test_no_header_says_who_somebody_is(console: House) -> None:
    await console.person("asha", ADMINISTRATOR)
    claims = {
        "X-Forwarded-User": "asha",
        "X-Remote-User": "asha",
        "Authorization": "Bearer sb_00000000_x",
        "X-Original-URL": "/people",
        "X-Rewrite-URL": "/people",
        "X-HTTP-Method-Override": "GET",
    }
    assert (await console.browser().get("/people", headers=claims)).status_code == 303
    refused = await console.browser().http.post(
        "/sign-in", data={"name": "asha", "password": "wrong"}, headers={"X-Forwarded-For": "198.51.100.9"}
    )
    assert refused.status_code == 401


async def test_what_is_written_anywhere_is_text_everywhere(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    session = await _session(console, NASTY)
    honeypot = Honeypot(console.platform)
    other = await _session(console, NASTY)
    [campaign] = await honeypot.list_campaigns(ME, {}, None, 1)
    await asha.post(f"/honeypot/campaigns/{campaign['id']}/name", {"name": NASTY[:100]})
    await asha.post(f"/honeypot/sessions/{other}/end", {"reason": NASTY})
    await asha.post("/people/invite", {"name": "mallory", "display_name": NASTY[:100]})
    await asha.post("/keys/create", {"name": NASTY[:100], "app": "honeypot", "role": "viewer"})
    await asha.get("/honeypot", headers={"User-Agent": NASTY})
    pages = [
        "/honeypot", "/honeypot/sessions", f"/honeypot/sessions/{session}", f"/honeypot/sessions/{other}",
        "/honeypot/intelligence", "/honeypot/campaigns", "/people", "/keys", "/audit", "/audit?database=honeypot",
        "/account", "/search?q=" + "alert(1)", "/honeypot/sessions?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/honeypot/sessions?source_type=%3Cscript%3Ealert(1)%3C/script%3E", "/honeypot/intelligence?value=%22%3E%3Cscript%3E",
        "/nothing/%3Cscript%3Ealert(1)%3C/script%3E",
    ]  # fmt: skip
    for path in pages:
        page = await asha.get(path)
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
        assert page.headers["content-security-policy"] == CONTENT_POLICY
        assert not re.search(r"<[^>]+\son[a-z]+=|<[^>]+\sstyle=|javascript:", page.text), path
        assert "{{7*7}}" in page.text or "49 your KYC" not in page.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_an_act_takes_no_other_method(console: House, method: str) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    session = await _session(console)
    answer = await asha.http.request(method, f"/honeypot/sessions/{session}/delete")
    assert answer.status_code in (404, 405)
    assert (await asha.get(f"/honeypot/sessions/{session}")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x", "cursor=%00", "cursor=1e999_a", "order=turns.down&cursor=abc", "order=nothing.up", "since=yesterday",
        "since=9999-12-31&until=9999-12-31", "columns=nothing", "as=exe", "status=NOTHING", "q=" + "x" * 300, "q=%00",
        "order=started.up&cursor=5.0_abc", "order=turns.down&cursor=5.0_abc", "order=score.up&cursor=-0.5_a",
    ],
)  # fmt: skip
async def test_no_address_of_a_list_breaks_it(console: House, query: str) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    for path in ("/honeypot/sessions", "/honeypot/intelligence", "/honeypot/campaigns", "/audit"):
        answer = await asha.get(f"{path}?{query}")
        assert answer.status_code in (200, 422), (path, answer.status_code)


async def test_a_broken_form_is_refused_in_words(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    for body, kind in (
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"&".join(b"a%d=1" % at for at in range(2_000)), "application/x-www-form-urlencoded"),
    ):
        answer = await asha.http.post(
            "/honeypot/simulator/begin", content=body, headers={"Content-Type": kind}
        )
        assert answer.status_code in (400, 403), body[:20]
        assert "<h1>" in answer.text


async def test_an_error_has_a_number_that_the_log_knows(console: House) -> None:
    asha = await console.person("asha", ADMINISTRATOR)
    answer = await asha.get("/honeypot/sessions/there-is-none", headers={"X-Correlation-ID": "ticket-4711"})
    assert answer.status_code == 404
    assert "ticket-4711" in answer.text


def test_nothing_of_the_console_is_loaded_where_it_is_not_wanted(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\n"
        "from switchboard.apps import APPS\n"
        "from switchboard.kernel.platform import Platform\n"
        "from switchboard.kernel.settings import Settings\n"
        "from switchboard.server import create_app\n"
        f"app = create_app(Platform(Settings(data_dir=pathlib.Path({str(tmp_path)!r}), console=False), APPS))\n"
        "assert app.state.gate is None\n"
        "print(sorted(name for name in sys.modules if name == 'jinja2' or 'console.' in name and 'gate' not in name))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
