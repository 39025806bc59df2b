"""A value as STIX 2.1 cyber-observable objects, each with the pattern that finds it.

STIX knows links, domains, addresses, e-mails and accounts; phones, UPI ids, bank accounts, branches and
wallets are objects of our own extension (no `x-` names: those are STIX 2.1's deprecated way). Who observed
them, and what follows from it, is `stix`'s part.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from switchboard.apps.honeypot.exports.evidence import Value
from switchboard.apps.honeypot.rules.extraction.links import domain_of

_EXTENSION_ID = "extension-definition--85bc8c22-8cb9-48fc-ab97-c13470e4038f"
_AUTHOR_ID = "identity--0b1ce9a7-5a83-4a51-9a5e-6d0e7e7b1c35"
# Objects that follow from the format alone are as old as the format.
FORMAT_SINCE = "2026-02-04T00:00:00.000Z"

EXTENSION_OBJECTS: tuple[dict[str, Any], ...] = (
    {
        "type": "identity",
        "spec_version": "2.1",
        "id": _AUTHOR_ID,
        "created": FORMAT_SINCE,
        "modified": FORMAT_SINCE,
        "name": "Switchboard",
        "description": "The software whose extension names the identifiers below. It reports nothing itself.",
        "identity_class": "system",
    },
    {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": _EXTENSION_ID,
        "created_by_ref": _AUTHOR_ID,
        "created": FORMAT_SINCE,
        "modified": FORMAT_SINCE,
        "name": "Identifiers that scammers give away",
        "schema": "Every property is a string, and all but the common ones contribute to the id."
        " phone-number has value, a number in E.164;"
        " switchboard-upi-id has value, an address of India's Unified Payments Interface in lower case;"
        " switchboard-bank-account has account_number and, where known, ifsc_code and bank_name;"
        " switchboard-bank-branch has value, an IFSC, and, where known, bank_name;"
        " cryptocurrency-wallet has value, the address.",
        "version": "1.0",
        "extension_types": ["new-sco"],
    },
)
"""What explains our own objects to a receiver, the same from every installation."""

# STIX 2.1, section 2.9: the namespace of deterministic ids, for cyber-observables alone.
_NAMESPACE = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_][\w-]{0,61}\w")


class Observable(NamedTuple):
    """An object and the STIX pattern that matches it. `is_host`: what a link leads to, not the value itself."""

    object: dict[str, Any]
    pattern: str
    is_host: bool = False


def observables(value: Value) -> list[Observable]:
    """The objects that stand for a value, itself first; none for a masked one, which identifies nobody."""
    build = _BUILDERS.get(value.kind)
    return build(value) if build else []


def pattern(**properties: str) -> str:
    """`[a:b = 'c' AND …]`; `type` names the object, the rest its properties."""
    type = properties.pop("type")
    return f"[{' AND '.join(f'{type}:{name} = {_quoted(text)}' for name, text in properties.items())}]"


def _url(value: Value) -> list[Observable]:
    # STIX takes absolute addresses only; a browser would try http first, too.
    url = value.value if "://" in value.value else f"http://{value.value}"
    found = [_observable("url", {"value": url})]
    host = domain_of(value.value)
    if (type := _type_of_host(host)) is not None:
        found.append(_observable(type, {"value": host})._replace(is_host=True))
    return found


def _type_of_host(host: str) -> str | None:
    try:
        return f"ipv{ipaddress.ip_address(host).version}-addr"
    except ValueError:
        return "domain-name" if _HOST.fullmatch(host) else None


def _email(value: Value) -> list[Observable]:
    return [_observable("email-addr", {"value": value.value})]


def _telegram(value: Value) -> list[Observable]:
    login = value.value.removeprefix("@")
    return [_observable("user-account", {"account_type": "telegram", "account_login": login})]


def _bank_account(value: Value) -> list[Observable]:
    properties = {"account_number": value.value} | _details(value, "ifsc_code", "bank_name")
    found = _extension_object("switchboard-bank-account", properties)
    return [found._replace(pattern=pattern(type="switchboard-bank-account", account_number=value.value))]


def _branch(value: Value) -> list[Observable]:
    properties = {"value": value.value} | _details(value, "bank_name")
    return [_extension_object("switchboard-bank-branch", properties)]


def _plain(type: str) -> Callable[[Value], list[Observable]]:
    return lambda value: [_extension_object(type, {"value": value.value})]


# Phones and wallets are named and identified as OpenCTI does, which so takes them for its own. Its bank
# account demands an IBAN, which India has not.
_BUILDERS: Mapping[str, Callable[[Value], list[Observable]]] = {
    "url": _url,
    "email": _email,
    "telegram": _telegram,
    "phone": _plain("phone-number"),
    "upi": _plain("switchboard-upi-id"),
    "bank_account": _bank_account,
    "ifsc": _branch,
    "crypto_wallet": _plain("cryptocurrency-wallet"),
}


def _extension_object(type: str, properties: Mapping[str, str]) -> Observable:
    found = _observable(type, properties)
    found.object["extensions"] = {_EXTENSION_ID: {"extension_type": "new-sco"}}
    return found


def _observable(type: str, properties: Mapping[str, str]) -> Observable:
    # JSON with sorted keys and no space is RFC 8785 here, because every property is text under an ASCII name.
    name = json.dumps(properties, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    object = {
        "type": type,
        "spec_version": "2.1",
        "id": f"{type}--{uuid5(_NAMESPACE, name)}",
        **properties,
    }
    return Observable(object, pattern(type=type, **properties))


def _details(value: Value, *names: str) -> dict[str, str]:
    return {name: text for name in names if (text := value.details.get(name))}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
