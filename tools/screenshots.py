"""Pictures of every page, light and dark, wide and on a phone, from a server filled with the samples.

`make screenshots` writes them into docs/use/pictures. The same pages are pictured in the same order each time.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import CHROMIUM, NO_CHROMIUM, chromium  # noqa: E402
from tests.served import Served, run  # noqa: E402

PICTURES = ROOT / "docs" / "use" / "pictures"
PASSWORD = "seven green umbrellas"
SIZES = {"wide": (1600, 1000), "phone": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = 1_300
SCAMMER = (
    "Dear customer, your KYC has expired. Update it today at http://kyc-desk.example/verify or call 98765 43210.",
    "Madam, pay one rupee to verify@okaxis, then your account opens again.",
    "Still waiting. Or send it to account 50100234567899, IFSC HDFC0001234.",
)
PAGES = {
    "overview": "/honeypot",
    "sessions": "/honeypot/sessions",
    "session": "first:/honeypot/sessions?source_type=simulator",
    "intelligence": "/honeypot/intelligence",
    "value": "first:/honeypot/intelligence?least_sessions=2",
    "campaigns": "/honeypot/campaigns",
    "campaign": "first:/honeypot/campaigns",
    "simulator": "/honeypot/simulator",
    "simulated": "first:/honeypot/simulator",
    "replays": "/honeypot/replays",
    "replay": "first:/honeypot/replays",
    "guide-overview": "/guide",
    "guide-dangers": "/guide/dangers",
    "guide-sessions": "/guide/sessions",
    "guide-session": "first:/guide/sessions",
    "guide-lines": "/guide/lines",
    "guide-line": "first:/guide/lines",
    "guide-wording": "/guide/wording",
    "guide-wording-english": "/guide/wording/crisis/en",
    "guide-wording-around": "/guide/wording/session/en",
    "guide-flows": "/guide/flows",
    "guide-flow": "/guide/flows/four_steps",
    "search": "/search?q=98765 43210",
    "status": "/status",
    "people": "/people",
    "person": "first:/people",
    "keys": "/keys",
    "channels": "/channels",
    "audit": "/audit",
    "settings": "/settings",
    "account": "/account",
    "error": "/honeypot/sessions/there-is-none",
}
OUTSIDE = {"sign-in": "/sign-in", "chat": "/chat/honeypot"}
GUIDED = (
    "Let's start",
    "my nan and Uncle Joe",
    "I'm a good listener",
    "my stepdad hits me when he's drunk",
    "Carry on",
    "Keep what I said",
    "finish year 12",
    "It's right",
    "Keep everything for now",
)
"""What a person says to the guide; pictures are taken after the words in PICTURED."""
PICTURED = {
    "guide-question": "my nan and Uncle Joe",
    "guide-danger": "my stepdad hits me when he's drunk",
    "guide-review": "finish year 12",
    "guide-end": "Keep everything for now",
}
DIALOGS = {"guide-help": "Get help", "guide-summary": "My summary"}


def main() -> None:
    if CHROMIUM is None:
        sys.exit(NO_CHROMIUM)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "SWITCHBOARD_DATA_DIR": f"{folder}/data",
            "SWITCHBOARD_HONEYPOT_GOAL_SCORE": "3",
            "SWITCHBOARD_WEBCHAT_APPS": "guide,honeypot",
            "SWITCHBOARD_GUIDE_COUNTRY": "AU",
        }
        served = Served(environment)
        try:
            run(
                environment,
                "channels",
                "set",
                "webchat",
                "--title",
                "Ask us",
                "--greeting",
                "Hello! What is it about?",
            )
            with chromium() as browser:
                for name in _picture_set_up(browser, served):
                    print(name)
                cookies = _fill(browser, served)
                for name in _picture_all(browser, served.address, cookies):
                    print(name)
        finally:
            served.end(signal.SIGTERM)


def _fill(browser: Any, served: Served) -> Any:
    """Make the first account, play a scam, upload the samples, invite a person; the administrator's cookies."""
    context = browser.new_context(base_url=served.address)
    page = context.new_page()
    page.goto(served.setup_link)
    page.get_by_label("Your name for signing in").fill("asha")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account and sign in").click()
    page.wait_for_selector("text=Sign out")
    page.goto("/honeypot/replays")
    page.get_by_label("A CSV with a column").set_input_files(ROOT / "samples" / "scam_messages.jsonl")
    page.get_by_role("button", name="Play it").click()
    page.get_by_role("heading", name="Report").wait_for(timeout=120_000)
    page.goto("/honeypot/simulator")
    page.get_by_label("First message").fill(SCAMMER[0])
    page.get_by_role("button", name="Send it").click()
    for at, line in enumerate(SCAMMER[1:], start=2):
        page.get_by_label("The scammer says").fill(line)
        page.get_by_role("button", name="Send", exact=True).click()
        page.locator(f"#turn-{at}").wait_for()
    page.goto("/chat/guide")
    for words in GUIDED[:6]:
        _say(page, words)
    page.goto("/people")
    page.get_by_label("Name for signing in").fill("ravi")
    page.get_by_label("Honeypot").select_option("viewer")
    page.get_by_role("button", name="Make the account and its link").click()
    page.get_by_role("link", name="ravi").wait_for()
    return context.storage_state()


def _windows() -> Iterator[tuple[str, dict[str, Any]]]:
    """The end of a picture's name, and the browser's window for it."""
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            yield f"{scheme}-{size}", {"viewport": {"width": width, "height": height}, "color_scheme": scheme}


def _picture_set_up(browser: Any, served: Served) -> Iterator[str]:
    """The page of the first account, which is there as long as nobody has one."""
    for window, options in _windows():
        page = browser.new_context(**options).new_page()
        page.goto(served.setup_link)
        yield _picture(page, f"set-up-{window}.png", options)


def _picture_all(browser: Any, address: str, cookies: Any) -> Iterator[str]:
    for window, options in _windows():
        inside = browser.new_context(base_url=address, storage_state=cookies, **options).new_page()
        for name, path in PAGES.items():
            _go(inside, path)
            yield _picture(inside, f"{name}-{window}.png", options)
        outside = browser.new_context(base_url=address, **options).new_page()
        for name, path in OUTSIDE.items():
            outside.goto(path)
            if name == "chat":
                outside.get_by_label("Your message").fill(SCAMMER[0])
                outside.get_by_role("button", name="Send").click()
                outside.locator(".line").nth(1).wait_for()
            yield _picture(outside, f"{name}-{window}.png", options)
        yield from _picture_guided(browser.new_context(base_url=address, **options).new_page(), window)


def _picture_guided(page: Any, window: str) -> Iterator[str]:
    """A guided session on its page, as much of it as the window shows, and the dialogs at its end."""
    page.goto("/chat/guide")
    yield _snapshot(page, f"guide-welcome-{window}.png")
    for words in GUIDED:
        _say(page, words)
        for name in (name for name, after in PICTURED.items() if after == words):
            yield _snapshot(page, f"{name}-{window}.png")
    for name, button in DIALOGS.items():
        if button != "Get help":
            page.locator("#tools summary").click()
        page.get_by_role("button", name=button, exact=True).click()
        yield _snapshot(page, f"{name}-{window}.png")
        page.keyboard.press("Escape")


def _say(page: Any, words: str) -> None:
    """Tap an answer where it is offered, write it elsewhere; wait for what the guide says."""
    count = page.locator("#log .line:not(.mine) p").count()
    offered = page.locator("#offered").get_by_role("button", name=words, exact=True)
    if offered.count():
        offered.click()
    else:
        page.get_by_label("Your message").fill(words)
        page.get_by_label("Your message").press("Enter")
    page.locator("#log .line:not(.mine) p").nth(count).wait_for()


def _snapshot(page: Any, name: str) -> str:
    page.wait_for_timeout(400)
    page.screenshot(path=PICTURES / name)
    return name


def _go(page: Any, path: str) -> None:
    """A page, or the first thing that a list leads to."""
    page.goto(path.removeprefix("first:"))
    if path.startswith("first:"):
        page.locator("tbody tr a, #recent li a").first.click()
        page.wait_for_load_state()


def _picture(page: Any, name: str, options: dict[str, Any]) -> str:
    page.wait_for_timeout(150)
    width = options["viewport"]["width"]
    height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    # A window that high: what sticks to its foot would otherwise lie across the picture's middle.
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=PICTURES / name)
    page.set_viewport_size(options["viewport"])
    return name


if __name__ == "__main__":
    main()
