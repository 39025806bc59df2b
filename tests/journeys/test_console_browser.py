"""The console in a real browser: set up, sign in, watch, steer, search, export, sign out."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.browser import Watched, chromium, needs_chromium
from tests.served import Served

pytestmark = needs_chromium

PASSWORD = "seven green umbrellas"
KEY = re.compile(r"^\s+(sb_[0-9a-f]{8}_\S{43})$", re.MULTILINE)
SCAM = "Dear customer, your KYC has expired. Call 98765 43210 or pay verify@okaxis now."
PAGES = (
    "/honeypot",
    "/honeypot/sessions",
    "/honeypot/intelligence",
    "/honeypot/campaigns",
    "/honeypot/simulator",
    "/honeypot/replays",
    "/status",
    "/people",
    "/keys",
    "/channels",
    "/audit",
    "/settings",
    "/search?q=customer",
    "/account",
)


class Site:
    """A server, a browser, and the first administrator."""

    def __init__(self, served: Served, browser: Any) -> None:
        self.served = served
        self.browser = browser
        self.address = served.address
        self.host = urlsplit(served.address).netloc
        self.key = KEY.search(served.printed)[1]  # type: ignore[index]
        self.cookies: Any = None
        self._contexts: list[Any] = []

    def open(self, **options: Any) -> Watched:
        """A page in a browser of its own, that nobody is signed in to."""
        context = self.browser.new_context(base_url=self.address, **options)
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        return Watched(context)

    def signed_in(self, **options: Any) -> Watched:
        """A page of a browser that the first administrator is signed in to."""
        return self.open(storage_state=self.cookies, **options)

    def say(self, message: str, session_id: str | None = None) -> dict[str, Any]:
        """A scammer's message over the API, as another program would send it."""
        path = "/api/honeypot/sessions" + (f"/{session_id}/messages" if session_id else "")
        answer = httpx.post(
            self.address + path, json={"message": message}, headers={"Authorization": f"Bearer {self.key}"}
        )
        assert answer.is_success, answer.text
        return dict(answer.json())

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def set_up(site: Site) -> Watched:
    """Make the first account by the link that the server printed."""
    watched = site.open()
    page = watched.page
    page.goto(site.served.setup_link)
    page.get_by_label("Your name for signing in").fill("asha")
    choose_password(page, "Make the account and sign in")
    site.cookies = page.context.storage_state()
    return watched


def arrive(page: Any, path: str) -> None:
    """Wait until the page's address matches and it has loaded, over however many redirections."""
    expect(page).to_have_url(re.compile(path), timeout=15_000)
    page.wait_for_load_state()


def sign_in(page: Any) -> None:
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("text=Sign out")


def choose_password(page: Any, button: str) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name=button).click()
    page.wait_for_selector("text=Sign out")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    environment = {
        **os.environ,
        "SWITCHBOARD_DATA_DIR": str(tmp_path_factory.mktemp("console") / "data"),
        "SWITCHBOARD_HONEYPOT_GOAL_SCORE": "3",
        "SWITCHBOARD_RATE_LIMIT_PER_MINUTE": "0",
    }
    served = Served(environment)
    site = Site(served, browser)
    set_up(site).require_quiet(site.host)
    yield site
    site.close()
    assert served.end(signal.SIGTERM) == 0


def test_the_set_up_link_works_once(site: Site) -> None:
    page = site.open().page
    page.goto(site.served.setup_link)
    assert page.get_by_text("not valid").is_visible()


def test_a_wrong_password_is_refused_in_words_and_the_right_one_leads_where_one_wanted_to_go(
    site: Site,
) -> None:
    watched = site.open()
    page = watched.page
    page.goto("/honeypot/sessions?status=ONGOING")
    assert page.url.startswith(f"{site.address}/sign-in?next=")
    page.get_by_label("Name").fill("asha")
    page.get_by_label("Password").fill("not the right words")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("Name").input_value() == "asha"
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    arrive(page, r"/honeypot/sessions\?status=ONGOING$")
    page.get_by_role("button", name="Sign out").click()
    arrive(page, r"/sign-in$")
    page.goto("/honeypot/sessions")
    assert "/sign-in" in page.url
    watched.require_quiet(site.host)


def test_a_whole_simulated_scam_is_played_in_the_browser(site: Site) -> None:
    watched = site.signed_in()
    page = watched.page
    page.goto("/honeypot/simulator")
    page.get_by_role("button", name="Use: Expired KYC, with a link").click()
    page.get_by_label("Who answers").select_option("elderly_victim")
    page.get_by_role("button", name="Send it").click()
    arrive(page, r"/honeypot/simulator/[0-9a-f-]{36}")
    assert page.locator("mark").count() == 2
    assert page.get_by_text("KYC phishing").first.is_visible()
    page.get_by_label("The scammer says").fill("Pay ten rupees to verify@okaxis and send me a picture.")
    page.get_by_label("The scammer says").press("Enter")
    page.wait_for_selector("mark:has-text('verify@okaxis')")
    expect(page.get_by_label("The scammer says")).to_have_value("")
    expect(page.locator(".line-of")).to_have_count(4)
    page.get_by_label("The scammer says").fill("Are you there?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".line-of")).to_have_count(6)
    page.get_by_role("link", name="As operators see it").click()
    page.get_by_role("button", name="End it").click()
    page.get_by_label("Why").first.fill("seen enough")
    page.get_by_role("dialog").get_by_role("button", name="End it").click()
    page.wait_for_selector("text=The session is ended.")
    assert page.get_by_text("seen enough").first.is_visible()
    watched.require_quiet(site.host)


def test_what_is_half_typed_stays_until_there_is_nobody_to_say_it_to(site: Site) -> None:
    session = site.say(SCAM)["session_id"]
    watched = site.signed_in()
    page = watched.page
    page.goto(f"/honeypot/simulator/{session}")
    page.get_by_label("The scammer says").fill("Half a sen")
    page.get_by_role("heading", name="You are the scammer").click()
    site.say("Are you there?", session)
    expect(page.locator(".line-of")).to_have_count(4)
    expect(page.get_by_label("The scammer says")).to_have_value("Half a sen")
    page.get_by_label("The scammer says").focus()
    ended = httpx.post(
        f"{site.address}/api/honeypot/sessions/{session}/end",
        json={"reason": "seen enough"},
        headers={"Authorization": f"Bearer {site.key}"},
    )
    assert ended.is_success, ended.text
    expect(page.get_by_text("This session has ended")).to_be_visible()
    expect(page.get_by_label("The scammer says")).to_have_count(0)
    watched.require_quiet(site.host)


def test_what_is_typed_outlives_a_session_that_ends(site: Site) -> None:
    leaving, staying = site.open(), site.signed_in()
    page = leaving.page
    page.goto("/honeypot/simulator")
    sign_in(page)
    page.get_by_label("First message").fill("Dear customer, your parcel waits")
    staying.page.goto("/account")
    staying.page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    sign_in(page)
    expect(page.get_by_label("First message")).to_have_value("Dear customer, your parcel waits")
    expect(page.get_by_text("it was not sent yet")).to_be_visible()
    page.goto("/honeypot/sessions")
    page.goto("/honeypot/simulator")
    expect(page.get_by_label("First message")).to_have_value("")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(site: Site) -> None:
    page = site.signed_in().page
    page.goto("/honeypot/replays")
    field = page.locator("#file")
    page.evaluate("document.getElementById('file').dataset.mostBytes = '10'")
    large = {"name": "a.jsonl", "mimeType": "application/json", "buffer": b'{"message": "Pay now"}'}
    field.set_input_files(large)
    page.get_by_role("button", name="Play it").click()
    assert field.evaluate("field => field.validationMessage").startswith("The file is larger")
    assert page.url.endswith("/honeypot/replays")


def test_a_message_by_another_way_appears_in_an_open_page_by_itself(site: Site) -> None:
    session = site.say(SCAM)["session_id"]
    one, other = site.signed_in(), site.signed_in()
    one.page.goto(f"/honeypot/sessions/{session}")
    other.page.goto("/honeypot/sessions")
    site.say("Call me on 90000 12345, hurry.", session)
    one.page.wait_for_selector("mark:has-text('90000 12345')")
    new = site.say(SCAM)["session_id"]
    other.page.wait_for_selector(f"tr[data-row='{new}']")
    one.require_quiet(site.host)
    other.require_quiet(site.host)


def test_filters_stand_in_the_address_and_the_files_hold_what_is_filtered(site: Site, tmp_path: Path) -> None:
    site.say(SCAM)
    watched = site.signed_in(accept_downloads=True)
    page = watched.page
    page.goto("/honeypot/sessions")
    page.get_by_label("Type").select_option("KYC_PHISHING")
    arrive(page, r"/honeypot/sessions\?scam_type=KYC_PHISHING$")
    shown = page.locator("tbody tr").count()
    assert shown
    again = site.signed_in().page
    again.goto(page.url)
    assert again.locator("tbody tr").count() == shown
    saved = {}
    for name in ("CSV, for a spreadsheet", "JSON, for a program"):
        page.locator("summary", has_text="Save as a file").click()
        with page.expect_download() as coming:
            page.get_by_role("link", name=name).click()
        file = tmp_path / coming.value.suggested_filename
        coming.value.save_as(file)
        saved[file.suffix] = file.read_text(encoding="utf-8-sig")
        page.reload()
    rows = list(csv.DictReader(saved[".csv"].splitlines()))
    assert len(rows) == len(json.loads(saved[".json"])) == shown
    assert {row["scam_type"] for row in rows} == {"KYC_PHISHING"}
    page.get_by_role("link", name="Turns").click()
    expect(page.locator("th[aria-sort='descending']", has_text="Turns")).to_have_count(1)
    watched.require_quiet(site.host)


def test_a_number_is_found_however_it_is_written(site: Site) -> None:
    site.say(SCAM)
    page = site.signed_in().page
    page.goto("/status")
    page.keyboard.press("/")
    page.keyboard.type("98765 43210")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="+919876543210").first.click()
    assert page.get_by_role("heading", name="+919876543210").is_visible()
    assert page.locator("tbody tr").count()


def test_everything_can_be_reached_with_the_keyboard_alone(site: Site) -> None:
    first, second = site.say(SCAM)["session_id"], site.say(SCAM)["session_id"]
    page = site.signed_in().page
    page.goto("/honeypot/sessions")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tr.is-marked").get_attribute("data-row") == first
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    arrive(page, f"/honeypot/sessions/{second}$")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keyboard").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog", name="Keyboard").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_what_a_scammer_writes_stays_text_everywhere(site: Site) -> None:
    nasty = "<script>window.hit=1</script><img src=x onerror=window.hit=2> \"'><b>your KYC expired</b> call 98111 22233 {{7*7}}"
    session = site.say(nasty)["session_id"]
    watched = site.signed_in()
    page = watched.page
    for path in (f"/honeypot/sessions/{session}", "/search?q=" + "script", f"/honeypot/simulator/{session}"):
        page.goto(path)
        assert page.evaluate("window.hit") is None
        assert page.get_by_text("<script>").first.is_visible()
    page.goto(f"/honeypot/sessions?q={nasty[:60]}&scam_type=&source_type=<b>x</b>")
    assert page.evaluate("window.hit") is None
    assert "{{7*7}}" in page.goto(f"/honeypot/sessions/{session}").text()
    watched.require_quiet(site.host)


def test_each_role_is_offered_what_it_may_do_and_no_more(site: Site) -> None:
    session = site.say(SCAM)["session_id"]
    asha = site.signed_in().page
    for name, role in (("vera", "viewer"), ("anil", "analyst")):
        asha.goto("/people")
        asha.get_by_label("Name for signing in").fill(name)
        asha.get_by_label("Honeypot").select_option(role)
        asha.get_by_role("button", name="Make the account and its link").click()
        link = asha.locator("#link").inner_text()
        fresh = site.open().page
        fresh.goto(link)
        choose_password(fresh, "Keep it and sign in")
        fresh.goto(f"/honeypot/sessions/{session}")
        assert fresh.get_by_role("button", name="Delete").count() == (role != "viewer")
        assert fresh.get_by_role("link", name="People").count() == 0
        assert fresh.get_by_role("link", name="Simulator").count() == (role != "viewer")
        for path in ("/people", "/keys", "/audit", "/settings"):
            assert fresh.goto(path).status == 403
            assert fresh.get_by_text("You may not").is_visible()


def test_a_changed_role_closes_what_a_person_has_open(site: Site) -> None:
    asha = site.signed_in().page
    asha.goto("/people")
    asha.get_by_label("Name for signing in").fill("ravi")
    asha.get_by_label("Honeypot").select_option("viewer")
    asha.get_by_role("button", name="Make the account and its link").click()
    ravi = site.open().page
    ravi.goto(asha.locator("#link").inner_text())
    choose_password(ravi, "Keep it and sign in")
    ravi.goto("/honeypot/sessions")
    ravi.wait_for_selector("h1:has-text('Sessions')")
    asha.goto("/people")
    asha.get_by_role("link", name="ravi").click()
    asha.get_by_role("button", name="Sign out everywhere").click()
    asha.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    arrive(ravi, "/sign-in")


def test_a_lost_connection_is_said_and_its_return_too(browser: Any, tmp_path: Path) -> None:
    environment = {**os.environ, "SWITCHBOARD_DATA_DIR": str(tmp_path / "data")}
    served = Served(environment)
    site = Site(served, browser)
    page = set_up(site).page
    page.goto("/honeypot/sessions")
    port = urlsplit(served.address).port
    served.end(signal.SIGTERM)
    page.get_by_text("The connection is lost.").wait_for()
    again = Served(environment, "--port", str(port))
    page.get_by_text("The connection is back.").wait_for()
    site.say(SCAM)
    page.wait_for_selector("tr[data-row]")
    site.close()
    assert again.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1600, "light")])
def test_no_page_is_wider_than_its_window_or_hard_to_use_for_anybody(
    site: Site, width: int, scheme: str
) -> None:
    session = site.say(SCAM)["session_id"]
    watched = site.signed_in(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = watched.page
    for path in (*PAGES, f"/honeypot/sessions/{session}", f"/honeypot/simulator/{session}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        found = Axe().run(page).response["violations"]
        serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
        assert serious == [], path
    watched.require_quiet(site.host)
