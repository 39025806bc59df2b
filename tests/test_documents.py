"""The pages tell the truth: whatever command, path, setting, link or file they name exists.

Read are the pages for people: README, ARCHITECTURE, CHANGELOG and everything under docs. Commands, paths and
names count where they stand as code, in a fence or between backticks.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import typer
from typer.testing import CliRunner

import switchboard.apps
from switchboard.apps import APPS
from switchboard.apps.honeypot.exports.formats import FORMATS
from switchboard.apps.honeypot.exports.observables import EXTENSION_OBJECTS
from switchboard.apps.honeypot.rules import analytics, detection, intelligence, lifecycle, scoring
from switchboard.apps.honeypot.rules.conversation.personas import Persona, list_personas
from switchboard.cli import cli
from switchboard.kernel.clock import FixedClock, SystemClock
from switchboard.kernel.http import metrics
from switchboard.kernel.outbound import signatures
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings
from switchboard.server import create_app

ROOT = Path(__file__).parents[1]
USE = ROOT / "docs" / "use"
HONEYPOT_PAGE = USE / "honeypot.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
COMMAND = re.compile(
    r"(?<![\w./-])(?:\.venv/bin/|/\S+/bin/)?switchboard(?! SWITCHBOARD_)((?: +[^\s`|;&<>()]+)+)"
)
MAKE = re.compile(r"(?:^|[\s`])make((?: +[A-Z]+=\S+)*) +([a-z][a-z-]*)", re.MULTILINE)
METHOD_AND_PATH = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) +(/[^\s`'\"]*)")
API_PATH = re.compile(
    r"(?<![\w.])(?:http://127\.0\.0\.1:\d+)?(/(?:api|health|metrics|docs|openapi)\b[^\s`'\"]*)"
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING = re.compile(r"SWITCHBOARD_[A-Z0-9_]*[A-Z]")
SOURCE_FILE = re.compile(r"(?<![\w./<>-])((?:[\w.-]+/)+[\w.-]+\.(?:py|toml|md|jsonl|svg|lock|json))(?![\w/])")

# Beside the routes, the framework serves these two; they describe the rest.
UNDESCRIBED = {"/docs", "/openapi.json"}
NOT_SETTINGS = {"SWITCHBOARD_BENCH_DATA"}
# Spoken of as somebody's own, or as an example that a page says is none of ours.
NOT_HERE = {
    "data/server.lock",
    "src/switchboard/apps/honeypot/migrations/0002_session_language.py",
}
EXAMPLE_APP = "guestbook"
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:root|home|work|tmp|Users|mnt|workspace)/")
# The pages speak of this machine, of names kept for examples, and of invented scams; of no other host.
FOREIGN_HOST = re.compile(
    r"https?://(?!127\.0\.0\.1|localhost|(?:[\w-]+\.)*example(?:\.com|\.org|\b)|www\.w3\.org|www\.wikipedia\.org|sbi-kyc-verify\.top)[\w-]+\."
)
SPEEDS = re.compile(
    r"\d[\d.,]*\s*(?:k\s*)?(?:turns|messages|requests|rows|writes|reads|commits|req)\s*(?:/|per|a)\s*(?:s\b|sec|minute)"
    r"|\d[\d.,]*\s*(?:×|x|times)\s*(?:faster|slower|as fast|the rate|quicker)"
    r"|\d[\d.,]*\s*(?:ms|µs|milliseconds)\b",
    re.IGNORECASE,
)


class Code(NamedTuple):
    """A piece of code on a page."""

    page: Path
    text: str
    language: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text.strip()[:120]}"


@cache
def pages() -> dict[Path, str]:
    return {page: page.read_text(encoding="utf-8") for page in PAGES}


def code_pieces() -> Iterator[Code]:
    """Every fence, with continued lines joined, and every span between backticks."""
    for page, text in pages().items():
        for language, fence in FENCE.findall(text):
            yield Code(page, fence.replace("\\\n", " "), language)
        for span in SPAN.findall(FENCE.sub("", text)):
            yield Code(page, span)


def named_commands() -> list[tuple[str, list[str]]]:
    """Each call of `switchboard` with its words, up to the end of its line or a remark behind it."""
    return [
        (str(code), re.sub(r"\"[^\"]*\"|'[^']*'", "TEXT", match[1].partition(" #")[0]).split())
        for code in code_pieces()
        if code.language not in ("python", "sql", "json")
        for line in code.text.splitlines()
        for match in COMMAND.finditer(line)
        if not match[1].startswith(f" {EXAMPLE_APP}")
    ]


def named_paths() -> set[tuple[str, str, str]]:
    """Method ('' where none is said), path and where it stands."""
    found: set[tuple[str, str, str]] = set()
    for code in code_pieces():
        found |= {(method, path, str(code)) for method, path in METHOD_AND_PATH.findall(code.text)}
        found |= {("", path, str(code)) for path in API_PATH.findall(code.text)}
    return found


@pytest.fixture
def api_document() -> dict[str, Any]:
    """The OpenAPI document. Nothing is opened for it."""
    return create_app(Platform(Settings(), APPS)).openapi()


@pytest.fixture
def described(api_document: dict[str, Any]) -> dict[str, set[str]]:
    """Its paths with their methods."""
    return {path: {method.upper() for method in each} for path, each in api_document["paths"].items()}


def test_there_are_pages_to_read() -> None:
    assert {"README.md", "ARCHITECTURE.md", "CHANGELOG.md"} <= {page.name for page in PAGES}
    assert len(named_commands()) > 20
    assert len(named_paths()) > 10


@pytest.mark.parametrize(("place", "words"), named_commands(), ids=lambda value: None)
def test_every_command_that_a_page_names_exists(place: str, words: list[str]) -> None:
    command: Any = typer.main.get_command(cli)
    context = command.make_context("switchboard", ["--help"], resilient_parsing=True)
    for word in words:
        if word.startswith("-"):
            known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
            assert word.partition("=")[0] in known | {"--help", "-h"}, f"no option {word} ({place})"
        elif hasattr(command, "get_command"):
            found = command.get_command(context, word)
            assert found is not None, f"`switchboard` has no command {word!r} there ({place})"
            command = found
            context = typer.Context(command, info_name=word, parent=context)


def test_every_make_target_that_a_page_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    named = {(target, str(code)) for code in code_pieces() for _, target in MAKE.findall(code.text)}
    assert len(named) > 5
    assert [place for target, place in named if target not in targets] == []


def test_every_path_that_a_page_names_is_in_the_api_document(described: dict[str, set[str]]) -> None:
    def is_served(method: str, path: str) -> bool:
        asked = urlsplit(path).path.rstrip(".,;:…") or "/"
        if asked in UNDESCRIBED or asked in ("/api", "/api/"):
            return True
        patterns = [(re.sub(r"\{[^}]*\}", "[^/]+", each), methods) for each, methods in described.items()]
        return any(
            re.fullmatch(pattern, asked) and (not method or method in methods)
            for pattern, methods in patterns
        )

    unknown = [
        f"{method} {path} ({place})"
        for method, path, place in named_paths()
        if EXAMPLE_APP not in path and not is_served(method, path)
    ]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", pages()[page])):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        path = (page.parent / parts.path).resolve() if parts.path else page
        assert path.exists(), f"{page.name} links to {target}"
        if parts.fragment:
            assert parts.fragment in anchors(path), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_setting_that_a_page_names_exists() -> None:
    known = {f"SWITCHBOARD_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    named = {(name, str(code)) for code in code_pieces() for name in SETTING.findall(code.text)}
    assert [place for name, place in named if name not in known] == []


def test_every_file_that_a_page_names_exists() -> None:
    """From the root, from the source folder, or beside the page."""
    missing = [
        str(code)
        for code in code_pieces()
        if "://" not in code.text
        for name in SOURCE_FILE.findall(code.text)
        if name not in NOT_HERE and EXAMPLE_APP not in name
        if not any((base / name).exists() for base in (ROOT, ROOT / "src" / "switchboard", code.page.parent))
    ]
    assert missing == []


def test_every_test_that_a_page_names_exists() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)\(", tests))
    named = {
        name
        for code in code_pieces()
        for name in re.findall(r"(?<![\w/])(test_\w+)\b(?!\.py|…)", code.text)
        if "def " not in code.text
    }
    assert named - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_holds_a_figure_of_speed_a_machines_path_or_a_foreign_host(page: Path) -> None:
    text = pages()[page]
    for rule in (SPEEDS, MACHINE_PATHS, FOREIGN_HOST):
        assert rule.search(text) is None, rule.search(text)


def test_every_page_under_docs_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = [
            urlsplit(target) for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
        ]
        waiting += [(page.parent / each.path).resolve() for each in targets if each.path and not each.scheme]
    assert set(PAGES) - seen == set()


def test_every_example_of_json_is_json() -> None:
    examples = [code.text for code in code_pieces() if code.language == "json"]
    assert len(examples) > 3
    for example in examples:
        json.loads(example)


def test_the_receiver_on_the_page_takes_what_is_signed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (receiver,) = (
        code.text for code in code_pieces() if code.page == HONEYPOT_PAGE and code.language == "python"
    )
    secret, body = signatures.new_secret(), b'{"type": "honeypot.session.ended"}'
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    names: dict[str, Any] = {}
    exec(receiver.rpartition("\nHTTPServer(")[0], names)  # the last line would serve for ever
    old, new = signatures.decode_secret(signatures.new_secret()), signatures.decode_secret(secret)
    headers = signatures.headers([old, new], message_id="one", timestamp=SystemClock().now(), body=body)
    assert names["is_genuine"](headers, body)
    assert not names["is_genuine"](headers, body + b" ")
    assert not names["is_genuine"]({**headers, "webhook-timestamp": "1700000000"}, body)


def test_the_table_of_statuses_is_the_one_that_rules() -> None:
    rows = re.findall(
        r"^\| (`[A-Z_`, ]+`) \| (nothing|`[A-Z_`, ]+`) \|$", pages()[HONEYPOT_PAGE], re.MULTILINE
    )
    written = {
        status: frozenset(re.findall(r"[A-Z_]+", after))
        for before, after in rows
        for status in re.findall(r"[A-Z_]+", before)
    }
    assert written == lifecycle.TRANSITIONS


def test_every_field_filter_and_scam_type_stands_on_the_page(api_document: dict[str, Any]) -> None:
    fields = api_document["components"]["schemas"]["OpenSession"]["properties"]
    filters = api_document["paths"]["/api/honeypot/sessions"]["get"]["parameters"]
    named = {*fields, *(each["name"] for each in filters), *detection.SCAM_TYPES}
    assert [name for name in sorted(named) if f"`{name}`" not in pages()[HONEYPOT_PAGE]] == []


def test_every_honeypot_route_stands_on_its_page(described: dict[str, set[str]]) -> None:
    served = {
        f"| `{method} {path}` |"
        for path, methods in described.items()
        if path.startswith("/api/honeypot/")
        for method in methods
    }
    assert len(served) > 10
    assert [row for row in sorted(served) if row not in pages()[HONEYPOT_PAGE]] == []


def test_every_honeypot_command_stands_on_its_page() -> None:
    honeypot: Any = typer.main.get_command(cli).commands["honeypot"]  # type: ignore[attr-defined]
    assert [
        name for name in honeypot.commands if f"| `switchboard honeypot {name}" not in pages()[HONEYPOT_PAGE]
    ] == []


def test_every_scam_type_says_what_it_is() -> None:
    rows = first_cells(USE / "honeypot-detection.md", "The types")
    assert rows == list(detection.SCAM_TYPES)


def test_every_kind_of_value_says_how_it_looks() -> None:
    assert set(first_cells(USE / "honeypot-extraction.md", "The ten kinds")) == intelligence.PLACES.keys()


@pytest.mark.parametrize("persona", list_personas(), ids=lambda persona: persona.id)
def test_a_persona_s_row_says_who_they_are_and_what_they_answer(persona: Persona) -> None:
    (row,) = re.findall(rf"^\| `{persona.id}` \|.*$", pages()[USE / "honeypot-personas.md"], re.MULTILINE)
    assert f"{persona.name}, {persona.age}, {persona.occupation}, {persona.city}" in row
    assert re.findall(r"`([A-Z_]+)`", row) == list(persona.scam_types)


def test_every_field_of_a_persona_s_file_is_explained() -> None:
    page = pages()[USE / "honeypot-personas.md"]
    fields = Persona.__dataclass_fields__
    assert [name for name in fields if f"`{name}`" not in page] == []


def test_the_weights_of_the_goal_are_those_that_count() -> None:
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| (0\.\d+) \|$", pages()[HONEYPOT_PAGE], re.MULTILINE)
    written = {kind: float(weight) for kinds, weight in rows for kind in kinds.replace("`", "").split(", ")}
    assert written == scoring.WEIGHTS
    assert f"From {lifecycle.GOAL_SCORE} on" in pages()[HONEYPOT_PAGE]


def test_every_export_format_and_every_object_of_our_own_is_explained() -> None:
    page = pages()[USE / "honeypot-exports.md"]
    assert set(FORMATS) <= set(first_cells(USE / "honeypot-exports.md", "Handing on what was found"))
    (extension,) = (each for each in EXTENSION_OBJECTS if each["type"] == "extension-definition")
    own = re.findall(r"(?:^|[.;] )([a-z]+(?:-[a-z]+)+) has ", extension["schema"])
    assert len(own) == 5
    assert [name for name in own if f"`{name}`" not in page] == []


def test_every_figure_is_explained() -> None:
    figures = set(analytics.summarise([])) - {"by_status"}
    page = pages()[USE / "honeypot-linking.md"]
    assert [name for name in sorted(figures) if f"`{name}`" not in page] == []


@pytest.mark.parametrize(("app", "heading"), [("honeypot", "The rules"), ("guide", "The guide's rules")])
def test_every_module_of_the_rules_stands_in_one_room(app: str, heading: str) -> None:
    rules = ROOT / "src" / "switchboard" / "apps" / app / "rules"
    files = [*rules.glob("*.py"), *(path for path in rules.glob("*/*.py"))]
    modules = {path.stem for path in files} - {"__init__"}
    groups = re.split(r"\n##+ ", pages()[ROOT / "ARCHITECTURE.md"].partition(f"### {heading}\n")[2])[0]
    named = re.findall(r"`([a-z_]+)`", groups)
    assert sorted(named) == sorted(modules)


def test_every_setting_of_the_language_model_is_explained() -> None:
    known = {f"SWITCHBOARD_{name.upper()}" for name in Settings.model_fields if name.startswith("llm_")}
    assert set(first_cells(USE / "honeypot-model.md", "Replies worded by a model")) == known


def first_cells(page: Path, heading: str) -> list[str]:
    """What stands between backticks in the first column of the tables right below a heading."""
    below = re.split(r"^#+ ", pages()[page].partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)
    return re.findall(r"^\| `([^`]+)`", below[0], re.MULTILINE)


def test_every_metric_stands_on_the_page() -> None:
    page = pages()[ROOT / "docs" / "operate" / "metrics-and-logs.md"]
    known = {
        f"{each.name}_total" if each.type == "counter" else each.name for each in metrics.REGISTRY.collect()
    }
    assert len(known) > 3
    assert [name for name in sorted(known) if f"| `{name}` |" not in page] == []


def test_the_changelog_speaks_of_the_version_that_the_command_prints() -> None:
    newest = re.search(r"^## (\S+?),? ", pages()[ROOT / "CHANGELOG.md"], re.MULTILINE)
    printed = CliRunner().invoke(cli, ["--version"])
    assert printed.exit_code == 0
    assert newest is not None
    assert printed.output == f"Switchboard {newest[1]}\n"


def test_the_picture_says_in_words_what_it_shows() -> None:
    picture = (ROOT / "docs" / "flow.svg").read_text(encoding="utf-8")
    assert "<title" in picture
    assert "<desc" in picture
    assert "prefers-color-scheme: dark" in picture
    assert re.search(r"!\[[^\]]{40,}\]\(docs/flow\.svg\)", pages()[ROOT / "README.md"])


@pytest.fixture
def guestbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example app of the page about adding one, built from the page."""
    page = pages()[ROOT / "docs" / "extend" / "adding-an-app.md"]
    for _, fence in FENCE.findall(page):
        first, _, body = fence.partition("\n")
        if match := re.fullmatch(r"# src/switchboard/apps/(guestbook/\S+\.py)", first):
            file = tmp_path / match[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
    (tmp_path / "guestbook" / "__init__.py").touch()
    monkeypatch.setattr(switchboard.apps, "__path__", [*switchboard.apps.__path__, str(tmp_path)])
    from switchboard.apps.guestbook.app import GUESTBOOK  # type: ignore[import-not-found]

    yield GUESTBOOK
    for name in [name for name in sys.modules if name.startswith("switchboard.apps.guestbook")]:
        del sys.modules[name]


async def test_the_example_app_works_as_the_page_says(
    guestbook: Any, settings: Settings, clock: FixedClock
) -> None:
    platform = Platform(settings, (*APPS, guestbook), clock=clock)
    platform.migrate()
    _, token = platform.keys.create(command_caller(), "visitor", ["guestbook"])
    app = create_app(platform)
    visitor = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://127.0.0.1",
        headers={"Authorization": f"Bearer {token}"},
    )
    async with app.router.lifespan_context(app), visitor:
        written = await visitor.post("/api/guestbook/entries", json={"text": "We were here."})
        assert written.status_code == 201
        assert (await visitor.get("/api/guestbook/entries")).json() == [written.json()]
        shouted = await visitor.post("/api/guestbook/entries", json={"text": "WE WERE HERE TOO."})
        assert shouted.status_code == 422
        assert shouted.json()["error"]["hint"] == "Write it in small letters."
        assert (await visitor.get("/api/honeypot/sessions")).status_code == 403
    platform.close()


def test_the_commands_of_the_example_app_show_what_was_written(guestbook: Any, settings: Settings) -> None:
    platform = Platform(settings, (*APPS, guestbook))
    platform.migrate()
    asyncio.run(guestbook.service(platform).write_entry(command_caller(), "We were here."))
    commands = typer.Typer()
    commands.add_typer(guestbook.commands(), name=guestbook.name)
    asked = [guestbook.name, "entries"]
    result = CliRunner().invoke(commands, asked, obj=lambda: nullcontext(platform))
    assert result.output.endswith("  We were here.\n")
    platform.close()
