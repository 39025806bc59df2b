"""Whatever the API's document allows, and what it forbids, is answered by the document.

Left out: `ignored_auth` (the edge tests hold it) and `negative_data_rejection` for texts whose rule JSON
Schema cannot say (halves of characters are refused, though they match the pattern).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from switchboard.apps import APPS
from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings
from switchboard.server import create_app

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


OPERATIONS = [
    ("/health", "GET"),
    ("/health/ready", "GET"),
    ("/metrics", "GET"),
    ("/api/honeypot/sessions", "POST"),
    ("/api/honeypot/sessions", "GET"),
    ("/api/honeypot/sessions/{session_id}", "GET"),
    ("/api/honeypot/sessions/{session_id}", "DELETE"),
    ("/api/honeypot/sessions/{session_id}/messages", "POST"),
    ("/api/honeypot/sessions/{session_id}/messages", "GET"),
    ("/api/honeypot/sessions/{session_id}/intelligence", "GET"),
    ("/api/honeypot/sessions/{session_id}/end", "POST"),
    ("/api/honeypot/search", "GET"),
    ("/api/honeypot/intelligence", "GET"),
    ("/api/honeypot/intelligence/{value_id}", "GET"),
    ("/api/honeypot/campaigns", "GET"),
    ("/api/honeypot/campaigns/{campaign_id}", "GET"),
    ("/api/honeypot/campaigns/{campaign_id}/name", "PUT"),
    ("/api/honeypot/analytics", "GET"),
    ("/api/honeypot/export", "GET"),
    ("/api/guide/sessions", "POST"),
    ("/api/guide/sessions/{session_id}", "GET"),
    ("/api/guide/sessions/{session_id}", "DELETE"),
    ("/api/guide/sessions/{session_id}/messages", "POST"),
    ("/api/guide/sessions/{session_id}/summary", "GET"),
    ("/api/guide/sessions/{session_id}/summary/closing", "POST"),
    ("/api/guide/sessions/{session_id}/summary.txt", "GET"),
    ("/api/guide/sessions/{session_id}/summary.pdf", "GET"),
    ("/api/guide/sessions/{session_id}/resume-link", "POST"),
    ("/api/guide/resume", "POST"),
]


class Api(NamedTuple):
    """The document of an application, and the headers of a key that may do everything."""

    document: Any
    headers: dict[str, str]
    ids: dict[str, str]
    """Ids that exist, by the name of their path parameter."""


@pytest.fixture
def api(
    make_settings: Callable[..., Settings],
    database_url: str | None,
    _migrated: Callable[[str | None, Path], None],
) -> Iterator[Api]:
    url = SecretStr(database_url) if database_url else None
    settings = make_settings(rate_limit_per_minute=0, database_url=url)
    _migrated(database_url, settings.data_dir)
    platform = Platform(settings, APPS)
    _, token = platform.keys.create(command_caller(), "fuzz", ["*"])
    honeypot = Honeypot(platform)
    ids = asyncio.run(_fill(honeypot))
    document = schemathesis.openapi.from_asgi("/openapi.json", create_app(platform))
    yield Api(document, {"Authorization": f"Bearer {token}"}, ids)
    platform.close()


async def _fill(honeypot: Honeypot) -> dict[str, str]:
    """Two sessions that share a value, so that there is one of everything."""
    opening = Opening("Your KYC expired, call 98765 43210", "sms", None, None, None)
    opened = [await honeypot.open_session(command_caller(), opening) for _ in range(2)]
    [value] = await honeypot.list_values(command_caller(), {}, None, None, 1)
    [campaign] = await honeypot.list_campaigns(command_caller(), {}, None, 1)
    return {"session_id": opened[0]["session_id"], "value_id": value["id"], "campaign_id": campaign["id"]}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=["allowed", "forbidden"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_keeps_to_the_document(
    api: Api, path: str, method: str, mode: GenerationMode
) -> None:
    operation = api.document[path][method]
    takes_nothing = not (operation.body or operation.query or operation.path_parameters)
    if mode is GenerationMode.NEGATIVE and takes_nothing:
        pytest.skip("the document forbids nothing here: the operation takes no parameters")

    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def ask(case: Any, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters = {name: api.ids[name] for name in case.path_parameters}
        case.call_and_validate(headers=api.headers, checks=CHECKS)

    ask()


def test_the_document_names_every_route(make_settings: Callable[..., Settings]) -> None:
    platform = Platform(make_settings(), APPS)
    platform.migrate()
    document = create_app(platform).openapi()
    platform.close()
    operations = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert operations == {(path, method.lower()) for path, method in OPERATIONS}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path.startswith("/api/"):
                assert operation["security"]
                assert {"401", "403", "404", "409", "413", "415", "422", "429", "503"} <= set(
                    operation["responses"]
                )
