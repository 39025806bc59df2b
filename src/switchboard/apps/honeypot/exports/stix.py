"""STIX 2.1: one bundle of indicators, sightings of values, campaigns and kinds of scam.

Sessions that are no scam are left out, and so are PAN and Aadhaar: masked they would join strangers. Ids and
contents are the same in every export that holds an object, so that a receiver can take in each anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid5

from switchboard.apps.honeypot.exports.evidence import (
    Campaign,
    Evidence,
    Producer,
    Sharing,
    Value,
    accuses,
    accuses_domain,
    scam_name,
)
from switchboard.apps.honeypot.exports.observables import (
    EXTENSION_OBJECTS,
    FORMAT_SINCE,
    Observable,
    observables,
)
from switchboard.kernel.clock import to_iso

Object = dict[str, Any]

_TLP_1_SINCE = "2017-01-20T00:00:00.000Z"


def _tlp_1(color: str, id: str) -> Object:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{id}",
        "created": _TLP_1_SINCE,
        "definition_type": "tlp",
        "name": f"TLP:{color.upper()}",
        "definition": {"tlp": color},
    }


# The markings of STIX itself (section 7.2.1.4), which every receiver knows and some insist on: importers
# refuse TLP:CLEAR, whose predecessor means the same. Only AMBER+STRICT needs the extension for TLP 2.0.
_MARKINGS: Mapping[Sharing, Object] = {
    "clear": _tlp_1("white", "613f2e26-407d-48c7-9eca-b8e91df99dc9"),
    "green": _tlp_1("green", "34098fce-860f-48ae-8e50-ebd3cc5e41da"),
    "amber": _tlp_1("amber", "f88d31f6-486f-44da-b317-01333bde0b82"),
    "amber+strict": {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:AMBER+STRICT",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "amber+strict",
            }
        },
    },
    "red": _tlp_1("red", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
}


def stream(evidence: Iterable[Evidence], producer: Producer, sharing: Sharing = "amber") -> Iterator[str]:
    """The bundle, a piece per object, sessions in the order given; only ids are remembered.

    The bundle's own id comes last, because it follows from all that is in it.
    """
    writer = _Writer(producer, sharing)
    digest = hashlib.sha256()
    seen: set[str] = set()
    yield '{"type":"bundle","objects":['
    separator = "\n"
    for object in writer.objects(evidence):
        if object["id"] in seen:
            continue
        seen.add(object["id"])
        text = json.dumps(object, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        digest.update(text.encode())
        yield separator + text
        separator = ",\n"
    yield f'\n],"id":"bundle--{uuid5(producer.namespace, digest.hexdigest())}"}}\n'


class _Writer:
    """Makes the objects of one export."""

    def __init__(self, producer: Producer, sharing: Sharing) -> None:
        self._namespace = producer.namespace
        self._marking = _MARKINGS[sharing]
        self._identity = {
            "type": "identity",
            "spec_version": "2.1",
            "id": self._id("identity", producer.name),
            "created": FORMAT_SINCE,
            "modified": FORMAT_SINCE,
            "name": producer.name,
            "identity_class": "organization",
        }

    def objects(self, evidence: Iterable[Evidence]) -> Iterator[Object]:
        """All objects, some of them more than once."""
        yield self._marking
        yield self._identity
        yield from EXTENSION_OBJECTS
        for each in evidence:
            if each.is_scam:
                yield from self._session(each)

    def _session(self, evidence: Evidence) -> list[Object]:
        """What one session adds, its grouping last."""
        context = [self._attack_pattern(evidence.scam_type)]
        if evidence.campaign is not None:
            campaign = self._campaign(evidence.campaign)
            made, last_seen = evidence.campaign.created_at, evidence.campaign.last_seen_at
            uses = self._relationship(campaign, "uses", context[0], made, last_seen)
            context += [campaign, uses]
        members = list(context)
        for value in evidence.values:
            members += self._value(evidence, value, context)
        return [*members, self._grouping(evidence, members)]

    def _value(self, evidence: Evidence, value: Value, context: list[Object]) -> list[Object]:
        """A value's observables, that they were observed, and what they indicate."""
        found = observables(value)
        if not found:
            return []
        marked = [each.object | {"object_marking_refs": [self._marking["id"]]} for each in found]
        observed = self._observed(evidence, value, marked)
        made = [*marked, observed]
        if accuses(evidence, value):
            for each in found:
                if not each.is_host or accuses_domain(each.object["value"]):
                    made += self._indicator_with_ties(value, each, observed, context)
        return made

    def _indicator_with_ties(
        self, value: Value, observable: Observable, observed: Object, context: list[Object]
    ) -> list[Object]:
        overall = value.overall
        first, last = overall.first_seen_at, overall.last_seen_at
        indicator = self._indicator(value, observable)
        return [
            indicator,
            self._relationship(indicator, "based-on", observed, value.first_seen_at, value.last_seen_at),
            *(
                self._relationship(indicator, "indicates", each, first, last)
                for each in context
                if each["type"] != "relationship"
            ),
        ]

    def _indicator(self, value: Value, observable: Observable) -> Object:
        overall = value.overall
        shown = observable.object["value"] if observable.is_host else value.value
        return {
            **self._common(
                "indicator",
                self._id("indicator", observable.pattern),
                overall.first_seen_at,
                overall.last_seen_at,
            ),
            "name": f"{_KIND_NAMES.get(observable.object['type'], 'Account')}: {shown}",
            "description": "Given by a scammer to a honeypot.",
            "indicator_types": ["malicious-activity"],
            "pattern": observable.pattern,
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": _moment(overall.first_seen_at),
            "confidence": round(overall.confidence * 100),
        }

    def _observed(self, evidence: Evidence, value: Value, objects: list[Object]) -> Object:
        ids = [each["id"] for each in objects]
        return {
            **self._common(
                "observed-data",
                self._id("observed-data", evidence.id, value.kind, value.value),
                value.first_seen_at,
                value.last_seen_at,
            ),
            "first_observed": _moment(value.first_seen_at),
            "last_observed": _moment(value.last_seen_at),
            "number_observed": max(1, value.occurrences),
            "object_refs": ids,
        }

    def _attack_pattern(self, scam_type: str | None) -> Object:
        name = scam_name(scam_type)
        common = self._common("attack-pattern", self._id("attack-pattern", name), None, None)
        return {**common, "name": name}

    def _campaign(self, campaign: Campaign) -> Object:
        common = self._common(
            "campaign", self._id("campaign", campaign.id), campaign.created_at, campaign.last_seen_at
        )
        return {
            **common,
            "name": campaign.name or f"Campaign {campaign.id}",
            "last_seen": _moment(campaign.last_seen_at),
        }

    def _grouping(self, evidence: Evidence, members: list[Object]) -> Object:
        """The session. A report would claim a finished analysis; this is what was heard."""
        about = [f"Session {evidence.id}", *evidence.reasons]
        if evidence.source_identifier:
            about.append(f"Sender as given, which may be forged: {evidence.source_identifier}")
        common = self._common(
            "grouping", self._id("grouping", evidence.id), evidence.started_at, evidence.last_changed_at
        )
        grouping = {
            **common,
            "name": f"{scam_name(evidence.scam_type)} over {evidence.source_type or 'an unknown channel'}",
            "description": ". ".join(about),
            "context": "suspicious-activity",
            "object_refs": list(dict.fromkeys(member["id"] for member in members)),
        }
        if evidence.confidence is not None:
            grouping["confidence"] = round(evidence.confidence * 100)
        return grouping

    def _relationship(
        self, source: Object, type: str, target: Object, created: datetime, modified: datetime
    ) -> Object:
        id = self._id("relationship", source["id"], type, target["id"])
        return {
            **self._common("relationship", id, created, modified),
            "relationship_type": type,
            "source_ref": source["id"],
            "target_ref": target["id"],
        }

    def _common(self, type: str, id: str, created: datetime | None, modified: datetime | None) -> Object:
        return {
            "type": type,
            "spec_version": "2.1",
            "id": id,
            "created_by_ref": self._identity["id"],
            "created": _moment(created) if created else FORMAT_SINCE,
            "modified": _moment(max(created, modified)) if created and modified else FORMAT_SINCE,
            "object_marking_refs": [self._marking["id"]],
        }

    def _id(self, type: str, *parts: str) -> str:
        return f"{type}--{uuid5(self._namespace, json.dumps([type, *parts]))}"


_KIND_NAMES = {
    "url": "Link",
    "domain-name": "Domain",
    "ipv4-addr": "Address",
    "email-addr": "E-mail",
    "user-account": "Telegram account",
    "phone-number": "Phone",
    "switchboard-upi-id": "UPI id",
    "switchboard-bank-account": "Bank account",
    "cryptocurrency-wallet": "Crypto wallet",
}


def _moment(moment: datetime) -> str:
    """To the millisecond, as STIX wants it for `created` and `modified`."""
    return f"{to_iso(moment)[:-4]}Z"
