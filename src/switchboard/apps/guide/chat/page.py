"""What the guide's chat page has beyond the conversation: help that is always there, a way out, the summary."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from markupsafe import Markup, escape

from switchboard.apps.guide.chat.handler import reply_from, visitor_caller
from switchboard.apps.guide.rules.response.composing import Link, links_of
from switchboard.apps.guide.rules.response.resources import (
    EMERGENCY,
    Resource,
    countries,
    directories,
)
from switchboard.apps.guide.service import Guide
from switchboard.kernel.channels.message import Reply
from switchboard.kernel.channels.webchat.translating import load_words, translate
from switchboard.kernel.errors import Conflict, NotFound

_UNCHECKED = "number not checked by us yet"
_ASSETS = files("switchboard.apps.guide.chat") / "assets"


class GuidePage:
    """The guide's part of the page at `/chat/guide`. Help stands in the page itself, so it works without a network."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self.script = (_ASSETS / "guide.js").read_bytes()
        self.style = (_ASSETS / "guide.css").read_bytes()
        self._body = (_ASSETS / "dialogs.html").read_text(encoding="utf-8")
        self._header = (_ASSETS / "header.html").read_text(encoding="utf-8")

    @property
    def language(self) -> str:
        return self._guide.usual_flow()[1]

    @property
    def words(self) -> Mapping[str, str]:
        return load_words(__package__ or "", self.language)

    @property
    def header(self) -> str:
        return translate(self._header, self.words)

    @property
    def greeting(self) -> str:
        return self._welcome("prompt")[0]

    @property
    def quick_replies(self) -> tuple[str, ...]:
        return self._welcome("buttons")

    @property
    def body(self) -> str:
        settings = self._guide.settings
        shown, words = self._guide.shown_resources(), self.words
        return Template(translate(self._body, words)).substitute(
            countries=Markup("\n").join(
                _option(each.code, each.name, is_chosen=each.code == settings.guide_country)
                for each in countries()
                if each.code in shown
            ),
            lines=Markup("\n").join(_section(code, lines, words) for code, lines in shown.items()),
            directories=Markup("\n").join(
                Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(
                    each.url, each.name
                )
                for each in directories()
            ),
            exit_url=escape(settings.guide_exit_url),
            days=settings.guide_retention_days,
        )

    async def answer(
        self, what: str, visitor: str, app_session_id: str | None, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        if app_session_id is None:
            raise Conflict("There is nothing yet to do this with.", hint="Write something first.")
        caller = visitor_caller(visitor)
        if what == "summary":
            await self._guide.word_closing(caller, app_session_id)
            made = await self._guide.get_summary(caller, app_session_id)
            return {name: made[name] for name in ("title", "type", "parts", "closing", "text")}
        if what == "summary-page":
            page = await self._guide.print_summary(caller, app_session_id)
            return {"pdf": base64.b64encode(page).decode("ascii")}
        if what == "resume-link":
            return {"secret": await self._guide.make_resume_link(caller, app_session_id)}
        if what == "delete":
            await self._guide.delete_session(caller, app_session_id)
            return {"deleted": True}
        raise NotFound("There is nothing at this path.", hint="Check the address.")

    async def resume(self, visitor: str, secret: str) -> Reply:
        caller = visitor_caller(visitor)
        session = await self._guide.resume_session(caller, secret)
        return reply_from(await self._guide.return_to_session(caller, session["session_id"]))

    def _welcome(self, purpose: str) -> tuple[str, ...]:
        flow, language = self._guide.usual_flow()
        return flow.states[flow.start].text[language][purpose]


def _option(code: str, name: str, *, is_chosen: bool) -> Markup:
    if is_chosen:
        return Markup('<option value="{}" selected>{}</option>').format(code, name)
    return Markup('<option value="{}">{}</option>').format(code, name)


def _section(country: str, lines: list[Resource], words: Mapping[str, str]) -> Markup:
    """One country's lines; the page shows the section of the country that is chosen."""
    items = Markup("\n").join(
        Markup("<li><b>{}</b>{}{}<span>{}</span></li>").format(
            line.name,
            _note(line),
            Markup(" ").join(_link(link, words) for link in links_of(*_apart(line))),
            _details(line, words),
        )
        for line in lines
    )
    return Markup('<ul data-country="{}" hidden>{}</ul>').format(country, items)


def _apart(line: Resource) -> tuple[Resource | None, list[Resource]]:
    return (line, []) if line.kind == EMERGENCY else (None, [line])


def _note(line: Resource) -> Markup:
    return Markup("<small>{}</small>").format(line.note) if line.note else Markup("")


def _link(link: Link, words: Mapping[str, str]) -> Markup:
    way = {"tel": "Call", "sms": "Text"}.get(link.href.partition(":")[0], "Chat online")
    number = link.label.rpartition(": ")[2] if way != "Chat online" else ""
    return Markup('<a href="{}">{} {}</a>').format(link.href, words.get(way, way), number)


def _details(line: Resource, words: Mapping[str, str]) -> str:
    details = [line.hours] if line.hours else []
    if line.audience != "everyone":
        details.append(f"for {line.audience}")
    if line.text_number and line.dial:
        details.append(f"text {line.text_number}")
    details.append(
        f"last checked {line.verified_at:%Y-%m-%d}" if line.verified_at else words.get(_UNCHECKED, _UNCHECKED)
    )
    return "; ".join(details)
