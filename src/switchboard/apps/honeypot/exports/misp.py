"""MISP: one event per session, unpublished, for the receiver's own organisation until it decides otherwise.

Sessions that are no scam are left out. `to_ids` stands only at what points at the scammer; PAN and Aadhaar
are masked and joined to nothing. Object templates are those of the MISP project.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid5

from switchboard.apps.honeypot.exports.evidence import (
    Evidence,
    Producer,
    Sharing,
    Value,
    accuses,
    accuses_domain,
    scam_name,
)
from switchboard.apps.honeypot.rules.extraction.links import domain_of
from switchboard.apps.honeypot.rules.extraction.masking import SECRET_KINDS
from switchboard.kernel.clock import to_iso

_FRAUD = "Financial fraud"
_OWN_ORGANISATION, _AS_THE_EVENT = "0", "5"
_ANALYSIS_ONGOING, _ANALYSIS_COMPLETED = "1", "2"
_THREAT_LEVEL_UNDEFINED = "4"
_E164 = re.compile(r"\+[0-9]{7,15}")
_BITCOIN = re.compile(r"(?:[13]|bc1)[a-zA-Z0-9]{20,90}")


class _Type(NamedTuple):
    """A MISP attribute's type and category, and what the value is where the type does not say it."""

    type: str
    category: str
    meaning: str


class _Template(NamedTuple):
    """An object template of the MISP project."""

    name: str
    uuid: str
    version: str
    meta_category: str


_TYPES: Mapping[str, _Type] = {
    "phone": _Type("phone-number", _FRAUD, "Phone"),
    "upi": _Type("text", _FRAUD, "UPI id"),
    "url": _Type("url", "Network activity", "Link"),
    "email": _Type("email", "Payload delivery", "E-mail"),
    "bank_account": _Type("bank-account-nr", _FRAUD, "Bank account"),
    "ifsc": _Type("text", _FRAUD, "IFSC of a bank branch"),
    "crypto_wallet": _Type("btc", _FRAUD, "Crypto wallet"),
    "telegram": _Type("text", "Social network", "Telegram account"),
    "pan": _Type("text", "Person", "PAN, masked"),
    "aadhaar": _Type("text", "Person", "Aadhaar, masked"),
}
_BANK_ACCOUNT = _Template("bank-account", "b4712203-95a8-4883-80e9-b566f5df11c9", "3", "financial")
_COIN_ADDRESS = _Template("coin-address", "d0e6997e-78da-4815-a6a1-cfc1c1cb8a46", "7", "financial")
_TELEGRAM = _Template("telegram-account", "06f02ecf-5afb-42c5-9cb0-b362e222f52c", "2", "misc")
# What many share would join everybody's events, what is masked would join strangers'.
_JOINS_NOTHING = SECRET_KINDS | {"ifsc"}


def stream(evidence: Iterable[Evidence], producer: Producer, sharing: Sharing = "amber") -> Iterator[str]:
    """The file that MISP itself exports and imports for many events, a piece per event."""
    yield '{"response":['
    separator = "\n"
    for each in evidence:
        if each.is_scam:
            found = event(each, producer, sharing)
            yield separator + json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            separator = ",\n"
    yield "\n]}\n"


def event(evidence: Evidence, producer: Producer, sharing: Sharing = "amber") -> dict[str, Any]:
    """One session as `{"Event": {…}}`. Uuids follow from the producer's namespace and the session."""
    writer = _Writer(evidence, producer)
    parts = [part for value in evidence.values for part in writer.value(value)]
    attributes = [part for part in parts if "Attribute" not in part] + writer.sender()
    return {
        "Event": {
            "uuid": writer.uuid("event"),
            "info": f"{scam_name(evidence.scam_type)} over {evidence.source_type or 'an unknown channel'}"
            f", session {evidence.id}",
            "date": to_iso(evidence.started_at)[:10],
            "timestamp": _seconds(evidence.last_changed_at),
            "analysis": _ANALYSIS_COMPLETED if evidence.ended_at else _ANALYSIS_ONGOING,
            "threat_level_id": _THREAT_LEVEL_UNDEFINED,
            "distribution": _OWN_ORGANISATION,
            "published": False,
            "Orgc": {"name": producer.name, "uuid": str(uuid5(producer.namespace, producer.name))},
            "Tag": [{"name": name} for name in _tags(evidence, sharing)],
            "Attribute": _without_repeats(attributes),
            "Object": [part for part in parts if "Attribute" in part],
        }
    }


class _Writer:
    """Makes the attributes and objects of one session's event."""

    def __init__(self, evidence: Evidence, producer: Producer) -> None:
        self._evidence = evidence
        self._namespace = producer.namespace

    def uuid(self, *parts: str) -> str:
        return str(uuid5(self._namespace, json.dumps(["misp", self._evidence.id, *parts])))

    def sender(self) -> list[dict[str, Any]]:
        """Where the messages came from, if told: never searched for, because a sender is easily forged."""
        given = self._evidence.source_identifier
        if not given:
            return []
        return [
            {
                "uuid": self.uuid("sender"),
                "type": "phone-number" if _E164.fullmatch(given) else "text",
                "category": _FRAUD,
                "value": given,
                "to_ids": False,
                "comment": "Sender as given; may be forged",
                "timestamp": _seconds(self._evidence.started_at),
                "distribution": _AS_THE_EVENT,
            }
        ]

    def value(self, value: Value) -> list[dict[str, Any]]:
        """What stands for a value: an attribute, or an object where MISP has a template that says more."""
        attribute = self._attribute(value, _TYPES[value.kind])
        if value.kind == "bank_account":
            facts = {
                "branch": value.details.get("ifsc_code"),
                "institution-name": value.details.get("bank_name"),
            }
            return [self._object(_BANK_ACCOUNT, value, {"account": attribute} | self._texts(value, facts))]
        if value.kind == "telegram":
            return [self._object(_TELEGRAM, value, {"username": attribute})]
        if value.kind == "crypto_wallet" and not _BITCOIN.fullmatch(value.value):
            attribute |= {"type": "text"}
            return [self._object(_COIN_ADDRESS, value, {"address-crypto": attribute})]
        return [attribute, *self._host(value)]

    def _host(self, value: Value) -> list[dict[str, Any]]:
        """The domain or address that a link leads to, where it may be blocked as a whole."""
        host = domain_of(value.value)
        if value.kind != "url" or not (accuses(self._evidence, value) and accuses_domain(host)):
            return []
        type = _Type(_type_of_host(host), "Network activity", "Where the link leads")
        return [self._attribute(value, type) | {"uuid": self.uuid(type.type, host), "value": host}]

    def _attribute(self, value: Value, type: _Type) -> dict[str, Any]:
        times = "once" if value.occurrences == 1 else f"{value.occurrences} times"
        return {
            "uuid": self.uuid("attribute", *_name(value)),
            "type": type.type,
            "category": type.category,
            "value": value.value,
            "to_ids": accuses(self._evidence, value),
            "comment": f"{type.meaning}, said {times}, confidence {value.confidence:.2f}",
            "disable_correlation": value.kind in _JOINS_NOTHING,
            "timestamp": _seconds(value.last_seen_at),
            "first_seen": to_iso(value.first_seen_at),
            "last_seen": to_iso(value.last_seen_at),
            "distribution": _AS_THE_EVENT,
        }

    def _texts(self, value: Value, facts: Mapping[str, str | None]) -> dict[str, dict[str, Any]]:
        """What is known about a value and identifies nobody by itself, by relation."""
        return {
            relation: {
                "uuid": self.uuid(relation, *_name(value)),
                "type": "text",
                "category": "Other",
                "value": text,
                "to_ids": False,
                "disable_correlation": True,
                "timestamp": _seconds(value.last_seen_at),
                "distribution": _AS_THE_EVENT,
            }
            for relation, text in facts.items()
            if text
        }

    def _object(
        self, template: _Template, value: Value, attributes: Mapping[str, dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            "uuid": self.uuid("object", *_name(value)),
            "name": template.name,
            "template_uuid": template.uuid,
            "template_version": template.version,
            "meta-category": template.meta_category,
            "timestamp": _seconds(value.last_seen_at),
            "first_seen": to_iso(value.first_seen_at),
            "last_seen": to_iso(value.last_seen_at),
            "distribution": _AS_THE_EVENT,
            "Attribute": [
                attribute | {"object_relation": relation} for relation, attribute in attributes.items()
            ],
        }


def _name(value: Value) -> tuple[str, ...]:
    """What tells a value from the others of its session: of two masked alike, the fingerprint."""
    return value.kind, value.value, value.details.get("fingerprint", "")


def _without_repeats(attributes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The attributes less those that MISP would refuse, as it takes each type, category and value once an event."""
    first: dict[tuple[str, str, str], dict[str, Any]] = {}
    for attribute in attributes:
        first.setdefault((attribute["type"], attribute["category"], attribute["value"]), attribute)
    return list(first.values())


def _tags(evidence: Evidence, sharing: Sharing) -> list[str]:
    tags = [f"tlp:{sharing}", f'switchboard:scam-type="{evidence.scam_type or "UNKNOWN"}"']
    if evidence.campaign is not None:
        tags.append(f'switchboard:campaign="{evidence.campaign.id}"')
    return tags


def _type_of_host(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "domain"
    return "ip-dst"


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
