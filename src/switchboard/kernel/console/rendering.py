"""Templates: what every page may use, and how moments, numbers and people's words are shown.

Everything is escaped; no template marks a text as safe that a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import BaseLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from switchboard.kernel.console.page import Section

FRAME = "switchboard.kernel.console"


def make_environment(sections: Sequence[Section]) -> Environment:
    """The templates of the frame under `frame/`, those of an app under its name."""
    loaders: dict[str, BaseLoader] = {"frame": PackageLoader(FRAME)}
    loaders |= {each.scope: PackageLoader(each.templates) for each in sections if each.templates is not None}
    environment = Environment(
        loader=PrefixLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "moment": moment,
        "day": day,
        "percent": percent,
        "number": number,
        "counted": counted,
        "coded": coded,
        "decimal": decimal,
        "bytes": size,
        "words": words,
        "segment": segment,
        "actor": actor,
        "browser": browser,
        "browser_name": browser_name,
    }
    environment.globals["with_query"] = with_query
    return environment


def moment(at: datetime | None, none: str = "–") -> Markup:
    """A moment, in UTC until the page's script puts it into the reader's zone; the exact one on hover."""
    if at is None:
        return escape(none)
    exact = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{} UTC</time>').format(
        exact.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        exact.strftime("%Y-%m-%d %H:%M:%S.%f"),
        exact.strftime("%Y-%m-%d %H:%M"),
    )


def day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def percent(rate: float | None, none: str = "–") -> str:
    return none if rate is None else f"{rate * 100:.0f} %"


def number(count: float | None, none: str = "–") -> str:
    return none if count is None else f"{count:,.0f}".replace(",", "\u202f")


def counted(count: float | None, thing: str) -> str:
    """A number with what it counts: '1 session', '3 sessions'."""
    return f"{number(count)} {thing}{'' if count == 1 else 's'}"


def coded(text: str) -> Markup:
    """A message with what stands in `…` as code, as messages of the service mark names and commands."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def decimal(value: float | None, digits: int = 1, none: str = "–") -> str:
    return none if value is None else f"{value:.{digits}f}"


def size(count: float | None) -> str:
    """Bytes in the unit a person would choose."""
    if count is None:
        return "–"
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def words(name: str | None, none: str = "–") -> str:
    """A name of the code as a person reads it: `MAX_TURNS_REACHED` as 'Max turns reached'."""
    if not name:
        return none
    plain = name.replace("_", " ").replace("-", " ").strip()
    return plain[:1].upper() + plain[1:].lower() if plain.isupper() or "_" in name else plain


def actor(name: str | None) -> str:
    """Who did something, as people call them: `person:asha` is asha."""
    kind, _, called = (name or "–").partition(":")
    return {
        "person": called,
        "key": f"API key {called}",
        "command": f"{called}, at the command line",
        "schedule": f"Schedule {called}",
        "visitor": "A visitor",
    }.get(kind, name or "–")


def browser_name(user_agent: str | None) -> str:
    """What a browser calls itself, in two words; a text of another kind as it is, cut."""
    text = user_agent or ""
    name = next((said for sign, said in _BROWSERS if sign in text), None)
    system = next((said for sign, said in _SYSTEMS if sign in text), None)
    if name is None:
        return text[:60] or "Unknown browser"
    return f"{name} on {system}" if system else name


def browser(user_agent: str | None) -> Markup:
    """The browser's name, with all that it says of itself on hover."""
    return Markup('<bdi title="{}">{}</bdi>').format(user_agent or "", browser_name(user_agent))


# The first that fits: browsers name their ancestors, too.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("HeadlessChrome/", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def segment(text: str) -> str:
    """A text as one segment of an address."""
    return quote(text, safe="")


def with_query(query: Mapping[str, Any], **changes: Any) -> str:
    """The address of the same page with some of its query changed; None takes a part away.

    Another question begins at its first page, so `cursor` goes unless it is what is asked for.
    """
    kept = {name: value for name, value in query.items() if name not in changes and name != "cursor"}
    asked = kept | {name: value for name, value in changes.items() if value not in (None, "")}
    return f"?{urlencode(asked)}" if asked else "?"
