"""The guide in a real browser, on a phone: complete, pause, go on elsewhere, disclose, be helped, print, delete."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.browser import Watched, chromium, needs_chromium
from tests.served import Served

pytestmark = needs_chromium

# A server that has just started reads its phrases while it answers, on machines that do much else beside.
expect.set_options(timeout=20_000)

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(
        {
            **os.environ,
            "SWITCHBOARD_DATA_DIR": str(tmp_path_factory.mktemp("guide") / "data"),
            "SWITCHBOARD_GUIDE_COUNTRY": "AU",
            "SWITCHBOARD_WEBCHAT_MESSAGES_PER_MINUTE": "500",
        }
    )
    yield server
    assert server.end(signal.SIGTERM) == 0


def visit(browser: Any, served: Served, **options: Any) -> Watched:
    context = browser.new_context(base_url=served.address, **{**PHONE, **options})
    context.set_default_timeout(20_000)
    return Watched(context)


def replies(page: Any) -> Any:
    return page.locator("#log .line:not(.mine) p")


def say(page: Any, text: str) -> str:
    """Write a message; the guide's answer."""
    count = replies(page).count()
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")
    expect(replies(page)).to_have_count(count + 1)
    return str(replies(page).last.inner_text())


def tap(page: Any, label: str) -> str:
    """Tap an answer that is offered; the guide's answer."""
    count = replies(page).count()
    page.locator("#offered").get_by_role("button", name=label, exact=True).click()
    expect(replies(page)).to_have_count(count + 1)
    return str(replies(page).last.inner_text())


def open_tool(page: Any, name: str) -> None:
    page.locator("#tools summary").click()
    page.locator("#tools").get_by_role("button", name=name).click()


def test_a_whole_session_on_a_phone(browser: Any, served: Served) -> None:
    from axe_playwright_python.sync_playwright import Axe

    watched = visit(browser, served, accept_downloads=True)
    page = watched.page
    page.goto("/chat/guide")
    expect(page.locator("#greeting")).to_contain_text("welcome")
    assert "friends" in tap(page, "Let's start")
    expect(page.locator("#progress-text")).to_have_text("1 of 4")
    say(page, "my nan and Uncle Joe")
    tap(page, "Skip this one")
    crisis = say(page, "my stepdad hits me when he's drunk")
    assert "not your fault" in crisis
    assert "000" in crisis
    expect(page.locator(".links a").first).to_have_attribute("href", "tel:000")
    # A long answer is read from its beginning.
    top = page.evaluate("document.querySelector('#log .line:last-child').getBoundingClientRect().top")
    assert -5 <= top <= 250
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    tap(page, "I'm not sure")
    tap(page, "Carry on")
    tap(page, "Keep what I said")
    page.reload()
    expect(page.locator("#progress-text")).to_have_text("4 of 4")
    review = say(page, "finish year 12")
    assert all(words in review for words in ("my nan and Uncle Joe", "my stepdad hits me", "finish year 12"))
    tap(page, "Change: My strengths")
    say(page, "I never give up")
    assert "I never give up" in tap(page, "It's right")
    tap(page, "Keep everything for now")
    open_tool(page, "My summary")
    summary = page.get_by_role("dialog", name="My summary")
    expect(summary).to_contain_text("I never give up")
    with page.expect_download() as text:
        summary.get_by_role("button", name="Save as text").click()
    assert "my nan and Uncle Joe" in Path(text.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as printed:
        summary.get_by_role("button", name="Save as PDF").click()
    assert Path(printed.value.path()).read_bytes().startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert summary.is_visible()
    assert not page.locator("#log").is_visible()
    page.emulate_media(media="screen")
    summary.get_by_role("button", name="Close").click()
    open_tool(page, "Delete my data")
    page.get_by_role("dialog", name="Delete everything?").get_by_role(
        "button", name="Delete everything"
    ).click()
    expect(page.get_by_text("Everything you told me has been deleted.")).to_be_visible()
    expect(page.locator(".line")).to_have_count(0)
    page.reload()
    expect(page.locator(".line")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    watched.require_quiet(urlsplit(served.address).netloc)


def test_a_session_paused_here_goes_on_elsewhere_by_its_secret_link(browser: Any, served: Served) -> None:
    here = visit(browser, served).page
    here.goto("/chat/guide")
    tap(here, "Let's start")
    say(here, "my mob")
    say(here, "take a break")
    open_tool(here, "Go on elsewhere")
    expect(here.locator("#secret-link")).to_have_value(re.compile("#.{32}$"))
    link = here.locator("#secret-link").input_value()
    there = visit(browser, served, viewport={"width": 1200, "height": 800}).page
    there.goto(link)
    expect(replies(there).last).to_contain_text("Welcome back")
    expect(there).to_have_url(f"{served.address}/chat/guide")
    say(there, "I'm a good listener")
    expect(there.locator("#progress-text")).to_have_text("3 of 4")
    open_tool(there, "My summary")
    expect(there.get_by_role("dialog", name="My summary")).to_contain_text("my mob")
    stranger = visit(browser, served).page
    stranger.goto(link[:-4] + "AAAA")
    expect(stranger.locator("#connection")).to_contain_text("This link opens nothing.")


def test_leaving_quickly_shows_nothing_and_forgets_everything_here(browser: Any, served: Served) -> None:
    page = visit(browser, served).page
    page.route(
        "https://www.wikipedia.org/**",
        lambda route: route.fulfill(body="<h1>Elsewhere</h1>", content_type="text/html"),
    )
    for leave in ("button", "keys"):
        page.goto("/chat/guide")
        tap(page, "Let's start")
        say(page, "my nan")
        if leave == "button":
            page.get_by_role("button", name="Leave quickly").click()
        else:
            for _ in range(3):
                page.keyboard.press("Shift")
        expect(page.get_by_role("heading", name="Elsewhere")).to_be_visible()
        page.goto("/chat/guide")
        expect(page.locator("#greeting")).to_be_visible()
        expect(page.locator(".line")).to_have_count(0)


def test_help_opens_on_every_screen_also_without_a_network(browser: Any, served: Served) -> None:
    watched = visit(browser, served)
    page = watched.page
    page.goto("/chat/guide")
    page.context.set_offline(True)
    page.get_by_role("button", name="Get help").click()
    dialog = page.get_by_role("dialog", name="Get help")
    expect(dialog.get_by_role("link", name="Call 13 11 14")).to_have_attribute("href", "tel:131114")
    dialog.get_by_label("Where are you?").select_option("GB")
    expect(dialog.get_by_role("link", name="Call 116 123")).to_be_visible()
    expect(dialog.get_by_role("link", name="Call 13 11 14")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_what_is_written_without_a_network_is_kept_and_sent(browser: Any, served: Served) -> None:
    page = visit(browser, served).page
    page.goto("/chat/guide")
    tap(page, "Let's start")
    page.context.set_offline(True)
    page.get_by_label("Your message").fill("my nan, I was typ")
    page.get_by_label("Your message").press("End")
    page.keyboard.type("ing")
    page.context.set_offline(False)
    page.reload()
    expect(page.get_by_label("Your message")).to_have_value("my nan, I was typing")
    page.context.set_offline(True)
    page.get_by_label("Your message").press("Enter")
    expect(page.locator(".mine small").last).to_contain_text("again")
    page.context.set_offline(False)
    expect(replies(page)).to_have_count(2, timeout=40_000)
    expect(page.locator("#progress-text")).to_have_text("2 of 4")


def test_large_text_and_other_scripts(browser: Any, served: Served) -> None:
    page = visit(browser, served).page
    page.goto("/chat/guide")
    tap(page, "Let's start")
    before = page.evaluate("getComputedStyle(document.querySelector('.line p')).fontSize")
    open_tool(page, "Large text")
    assert page.evaluate("getComputedStyle(document.querySelector('.line p')).fontSize") != before
    page.reload()
    assert page.locator("html[data-large]").count() == 1
    say(page, "أمي وأختي")
    direction = page.evaluate("getComputedStyle([...document.querySelectorAll('.mine p')].at(-1)).direction")
    assert direction == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_keyboard_alone_suffices(browser: Any, served: Served) -> None:
    page = visit(browser, served, has_touch=False, is_mobile=False).page
    page.goto("/chat/guide")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Let's start":
            break
    page.keyboard.press("Enter")
    expect(replies(page)).to_have_count(1)
    page.get_by_label("Your message").focus()
    page.keyboard.type("my nan")
    page.keyboard.press("Enter")
    expect(replies(page)).to_have_count(2)
