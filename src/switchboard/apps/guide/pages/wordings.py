"""What people are told, in danger and around the questions: read, previewed, changed, reviewed; each change a version that can be restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from switchboard.apps.guide.pages import naming
from switchboard.apps.guide.rules.response.composing import Need, compose
from switchboard.apps.guide.rules.response.resources import Resource, countries
from switchboard.apps.guide.service.contents import CRISIS
from switchboard.kernel.console.page import Redirect, Shown, Visit
from switchboard.kernel.errors import NotFound

_SAMPLE = {
    "self_harm": "I can't go on",
    "harm_to_others": "I want to hurt him",
    "abuse": "he hits me",
    "crisis_other": "I have nowhere to sleep",
}
_DAYS = 30
_PUT_IN = {"days": str(_DAYS), "questions": "4", "answer": "my nan and Uncle Joe"}
_LONGEST_FIELD = 3_000


async def show(visit: Visit) -> Shown:
    rows = await visit.service.contents.list_wordings(visit.caller)
    on = [each.strip() for each in visit.platform.settings.guide_languages.split(",")]
    return Shown("guide/wordings.html", {"rows": rows, "on": on, "naming": naming}, watch="guide")


async def show_one(visit: Visit) -> Shown:
    known = await visit.service.contents.get_wording(visit.caller, *_which(visit))
    return _shown(visit, known, known["texts"], known["failures"])


async def preview(visit: Visit) -> Shown:
    """How the changed texts would look, and what they break; nothing is stored."""
    known = await visit.service.contents.get_wording(visit.caller, *_which(visit))
    texts = _typed(visit, known["texts"])
    failures = await visit.service.contents.find_wording_failures(visit.caller, *_which(visit), texts)
    return _shown(visit, known, texts, failures, is_preview=True)


async def change(visit: Visit) -> Redirect:
    known = await visit.service.contents.get_wording(visit.caller, *_which(visit))
    texts = _typed(visit, known["texts"])
    note = visit.field("note", longest=300)
    await visit.service.contents.change_wording(visit.caller, *_which(visit), texts, note)
    said = "The wording is changed. Somebody has to review it: it counts as unreviewed."
    return Redirect(_path(visit), said)


async def restore(visit: Visit) -> Redirect:
    wanted = visit.field("version", longest=10)
    if not wanted.isdecimal():
        raise NotFound(f"There is no version {wanted}.", hint="Load the page again.")
    await visit.service.contents.restore_wording(visit.caller, *_which(visit), int(wanted))
    return Redirect(_path(visit), f"Version {wanted} holds again, as a new version.")


async def review(visit: Visit) -> Redirect:
    await visit.service.contents.review_wording(visit.caller, *_which(visit), visit.field("by", longest=100))
    return Redirect(_path(visit), "The review is noted, for the wording as it stands now.")


def _which(visit: Visit) -> tuple[str, str]:
    return visit.path["kind"], visit.path["language"]


def _path(visit: Visit) -> str:
    return "/guide/wording/{}/{}".format(*_which(visit))


def _typed(visit: Visit, texts: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {
        section: {
            name: visit.field(f"{section}.{name}", longest=_LONGEST_FIELD) or text
            for name, text in held.items()
        }
        for section, held in texts.items()
    }


def _shown(
    visit: Visit,
    known: dict[str, Any],
    texts: dict[str, dict[str, str]],
    failures: list[str],
    *,
    is_preview: bool = False,
) -> Shown:
    is_crisis = known["kind"] == CRISIS
    lines = visit.service.shown_resources()
    country = visit.query.get("country") or visit.field("country", longest=2)
    if country not in lines:
        country = visit.platform.settings.guide_country or next(iter(lines), "")
    context = {
        "known": known,
        "title": naming.WORDINGS[known["kind"]],
        "texts": texts,
        "failures": failures,
        "is_preview": is_preview,
        "responses": []
        if is_preview and failures
        else _responses({**known["wording"], **texts}, lines.get(country))
        if is_crisis
        else _spoken(texts),
        "countries": [(each.code, each.name) for each in countries() if each.code in lines]
        if is_crisis
        else [],
        "country": country,
        "naming": naming,
        "visit": visit,
    }
    return Shown("guide/wording.html", context, title=f"Wording: {naming.language(known['language'])}")


def _responses(wording: Mapping[str, Any], lines: list[Resource] | None) -> list[tuple[str, str]]:
    """Each kind of response, with a title."""
    return [
        (
            naming.category(category) + (", about a friend" if is_about_other else ""),
            compose(wording, Need(category, is_about_other, phrase, lines, None, _DAYS)).text,
        )
        for category, phrase in _SAMPLE.items()
        for is_about_other in (False, True)
    ]


def _spoken(texts: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """Each text around the questions, with samples where something is put in."""
    found = []
    for name, text in texts["text"].items():
        for placeholder, sample in _PUT_IN.items():
            text = text.replace("{" + placeholder + "}", sample)
        found.append((naming.state(name), text))
    return [*found, ("Buttons", " · ".join(texts["buttons"].values()))]
