"""The guide's chat page in another language: nothing on it stays in English."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template

import pytest

from switchboard.apps.guide.chat.page import GuidePage
from switchboard.apps.guide.service import Guide
from switchboard.kernel.channels.webchat.translating import load_words, translate
from switchboard.kernel.platform import Platform
from switchboard.kernel.settings import Settings

PACKAGES = ("switchboard.kernel.channels.webchat", "switchboard.apps.guide.chat")
SPOKEN = re.compile(
    r"""(?:\bt|tell)\(("[^"]+")|(?<=true, )("[A-Z][^"]+")|\? ("[A-Z][^"]+") : ("[A-Z][^"]+")"""
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_of_the_page_is_there_in_spanish(package: str) -> None:
    words = load_words(package, "es")
    kernel = load_words(PACKAGES[0], "es")
    found: set[str] = set()
    for file in (files(package) / "assets").iterdir():
        text = file.read_text(encoding="utf-8") if file.name.endswith((".html", ".js")) else ""
        if file.name.endswith(".html"):
            found |= {said.strip() for said in re.findall(r">([^<>]+)<", text)}
            found |= set(re.findall(r'aria-label="([^"]+)"', text))
        elif file.name != "widget.js":
            found |= {each.strip('"') for match in SPOKEN.findall(text) for each in match}
    texts = {each for each in found if re.search(r"[A-Za-z]{2}", each) and not each.startswith("$")}
    assert len(texts) > 10
    assert sorted(texts - words.keys() - kernel.keys()) == []


async def test_a_guide_that_speaks_spanish_has_a_spanish_page(platform: Platform, settings: Settings) -> None:
    platform.settings = settings.model_copy(update={"guide_languages": "es"})
    page = GuidePage(Guide(platform))
    assert page.language == "es"
    assert "Obtener ayuda" in page.header
    assert "¿Borrarlo todo?" in page.body
    assert "Get help" not in page.header + page.body
    assert page.greeting.startswith("Hola")


def test_what_is_put_into_a_page_is_never_translated() -> None:
    words = {"Send": "Enviar", "$name says": "$name dice"}
    html = translate('<p>$name says</p> <button aria-label="Send">Send</button>', words)
    assert Template(html).substitute(name="<b>Send</b>") == (
        '<p><b>Send</b> dice</p> <button aria-label="Enviar">Enviar</button>'
    )
