"""The web chat in a real browser: a talk, a reload, a server that goes away, and another site that shows it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.browser import Watched, chromium, needs_chromium
from tests.served import Served, run

pytestmark = needs_chromium

SCAM = "Your KYC has expired, call 98765 43210 <script>window.hit=1</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        **os.environ,
        "SWITCHBOARD_DATA_DIR": str(tmp_path_factory.mktemp("chat") / "data"),
        "SWITCHBOARD_WEBCHAT_APPS": "honeypot",
        "SWITCHBOARD_HONEYPOT_GOAL_SCORE": "3",
    }


@pytest.fixture(scope="module")
def served(environment: dict[str, str]) -> Iterator[Served]:
    server = Served(environment)
    yield server
    assert server.end(signal.SIGTERM) == 0


def visit(browser: Any, served: Served, **options: Any) -> Watched:
    context = browser.new_context(base_url=served.address, **options)
    context.set_default_timeout(20_000)
    return Watched(context)


def say(page: Any, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


@pytest.mark.parametrize("width", [360, 1200])
def test_a_visitor_talks_reloads_and_begins_anew(browser: Any, served: Served, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    watched = visit(browser, served, viewport={"width": width, "height": 700})
    page = watched.page
    page.goto("/chat/honeypot")
    say(page, SCAM)
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator(".mine small")).to_have_text("Sent")
    assert page.evaluate("window.hit") is None
    page.reload()
    expect(page.locator(".line")).to_have_count(2)
    say(page, "Are you there?")
    expect(page.locator(".line")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('button, textarea')].filter((e) => e.offsetParent && e.offsetHeight < 44).length"
    )
    assert small == 0
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    page.get_by_role("button", name="Begin anew").click()
    page.get_by_role("dialog").get_by_role("button", name="Begin anew").click()
    expect(page.locator(".line")).to_have_count(0)
    page.reload()
    expect(page.locator(".line")).to_have_count(0)
    watched.require_quiet(urlsplit(served.address).netloc)


def test_what_is_written_while_the_server_is_away_arrives_once(
    browser: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    environment = environment | {"SWITCHBOARD_DATA_DIR": str(tmp_path / "data")}
    served = Served(environment)
    page = visit(browser, served).page
    page.goto("/chat/honeypot")
    say(page, SCAM)
    expect(page.locator(".line")).to_have_count(2)
    port = urlsplit(served.address).port
    assert served.end(signal.SIGKILL) == -signal.SIGKILL
    say(page, "Are you there? Press 1 to go on.")
    expect(page.locator(".mine small").last).to_contain_text("trying again")
    again = Served(environment, "--port", str(port))
    expect(page.locator(".mine small").last).to_have_text("Sent", timeout=60_000)
    expect(page.locator(".line")).to_have_count(4)
    assert again.end(signal.SIGTERM) == 0


class Shop(BaseHTTPRequestHandler):
    """Another site, which embeds the chat with one script tag."""

    def __init__(self, chat: str, *given: Any) -> None:
        self._chat = chat
        super().__init__(*given)

    def do_GET(self) -> None:
        page = f'<!doctype html><title>Shop</title><h1>Shop</h1><script src="{self._chat}/widget.js" async></script>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_given: Any) -> None:
        """Nothing to say."""


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_site_shows_the_chat_if_it_is_allowed_to(
    browser: Any, served: Served, environment: dict[str, str], is_allowed: bool
) -> None:
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, f"{served.address}/chat/honeypot"))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{site.server_port}"
    done = run(environment, "channels", "set", "webchat", "--origin", address if is_allowed else "none")
    assert done.returncode == 0, done.stderr
    page = visit(browser, served).page
    page.goto(address)
    page.get_by_role("button", name="Chat").click()
    chat = page.frame_locator("iframe")
    if is_allowed:
        chat.get_by_label("Your message").fill(SCAM)
        chat.get_by_role("button", name="Send").click()
        expect(chat.locator(".line")).to_have_count(2)
    else:
        page.wait_for_timeout(500)
        assert chat.get_by_label("Your message").count() == 0
    site.shutdown()
