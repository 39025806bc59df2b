"""Events that a MISP takes in: the pymisp library and its templates are the judges."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymisp import MISPEvent, MISPObject
from tests.apps.honeypot.exports.samples import PRODUCER, SESSION, VALUES, sessions, value

from switchboard.apps.honeypot.exports import misp
from switchboard.apps.honeypot.exports.evidence import Evidence, Value
from switchboard.apps.honeypot.rules.intelligence import PLACES


def event_of(evidence: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = misp.event(evidence, PRODUCER)["Event"]
    return found


def attributes(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [*event["Attribute"], *(each for object in event["Object"] for each in object["Attribute"])]


def only(found: Value) -> list[dict[str, Any]]:
    return attributes(event_of(replace(SESSION, source_identifier=None, values=(found,))))


def load(event: dict[str, Any]) -> MISPEvent:
    loaded = MISPEvent(strict_validation=True)
    loaded.load({"Event": deepcopy(event)})
    return loaded


def test_pymisp_takes_the_event_in_with_every_moment_and_tag() -> None:
    loaded = load(event_of(SESSION))
    assert loaded.info == "KYC phishing over sms, session 01a20610-4589-7000-83be-dcfb67586a18"
    assert str(loaded.date) == "2026-02-04"
    assert not loaded.published
    assert {tag.name for tag in loaded.tags} == {
        "tlp:amber",
        'switchboard:scam-type="KYC_PHISHING"',
        'switchboard:campaign="0f0f"',
    }
    assert {object.name for object in loaded.objects} == {"bank-account", "coin-address", "telegram-account"}
    phone = next(each for each in loaded.attributes if each.value == "+919876543210")
    assert phone.first_seen.isoformat() == "2026-02-04T10:00:01+00:00"


def test_objects_keep_to_the_templates_of_the_project() -> None:
    for object in event_of(SESSION)["Object"]:
        template = MISPObject(object["name"], strict=True)
        assert object["template_uuid"] == template.template_uuid
        assert int(object["template_version"]) <= int(template.template_version)
        assert object["meta-category"] == template.__dict__["meta-category"]
        for each in object["Attribute"]:
            template.add_attribute(each["object_relation"], value=each["value"], type=each["type"])
        template.to_dict(json_format=True)


@pytest.mark.parametrize(
    ("found", "types", "to_ids"),
    [
        (value("phone", "+919876543210"), ["phone-number"], True),
        (value("phone", "+919876543210", confidence=0.2), ["phone-number"], False),
        (value("upi", "kyc.desk@ybl"), ["text"], True),
        (value("url", "http://news.example/a"), ["url"], True),
        (value("url", "http://secure-kyc-update.example/a"), ["url", "domain"], True),
        (value("url", "http://203.0.113.9/a"), ["url"], False),
        (value("url", "http://8.8.4.4/a"), ["url", "ip-dst"], True),
        (value("url", "https://www.onlinesbi.sbi/"), ["url"], False),
        (value("email", "desk@kyc-help.example"), ["email"], True),
        (value("bank_account", "012345678901234"), ["bank-account-nr"], True),
        (value("ifsc", "HDFC0000001"), ["text"], False),
        (value("crypto_wallet", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"), ["btc"], True),
        (value("crypto_wallet", "0x52908400098527886E0F7030069857D2E4169EE7"), ["text"], True),
        (value("telegram", "@kyc_desk"), ["text"], True),
        (value("pan", "ABCPD1234E"), ["text"], False),
        (value("aadhaar", "234567890124"), ["text"], False),
    ],
)
def test_a_value_is_of_the_type_that_others_search_by(found: Value, types: list[str], to_ids: bool) -> None:
    made = only(found)
    assert [each["type"] for each in made] == types
    assert {each["to_ids"] for each in made} == {to_ids}


def test_every_kind_that_a_session_can_hold_is_exported() -> None:
    for kind in PLACES:
        assert only(value(kind, "abcde12345")), kind


def test_what_is_shared_by_many_or_masked_joins_nothing() -> None:
    joins = {each["value"] for each in attributes(event_of(SESSION)) if not each.get("disable_correlation")}
    assert "+919876543210" in joins
    assert not joins & {"HDFC0000001", "HDFC Bank", "XXXXXX234E", "XXXXXXXX0124"}


def test_the_sender_is_told_but_never_searched_for() -> None:
    [sender] = event_of(replace(SESSION, values=()))["Attribute"]
    assert (sender["type"], sender["value"], sender["to_ids"]) == ("phone-number", "+919000012345", False)
    [header] = event_of(replace(SESSION, values=(), source_identifier="VM-KYCDSK"))["Attribute"]
    assert (header["type"], header["to_ids"]) == ("text", False)


def test_nothing_is_in_an_event_twice_because_misp_would_refuse_it() -> None:
    found = (
        value("url", "http://secure-kyc-update.example/a"),
        value("url", "http://secure-kyc-update.example/b"),
        value("phone", "+919000012345"),
        value("pan", "ABCPD1234E", fingerprint="aa"),
        value("pan", "XYZPQ1234E", fingerprint="bb"),
    )
    made = event_of(replace(SESSION, values=found))["Attribute"]
    assert sorted((each["type"], each["value"], each["to_ids"]) for each in made) == [
        ("domain", "secure-kyc-update.example", True),
        ("phone-number", "+919000012345", True),
        ("text", "XXXXXX234E", False),
        ("url", "http://secure-kyc-update.example/a", True),
        ("url", "http://secure-kyc-update.example/b", True),
    ]


def test_the_same_evidence_makes_the_same_bytes() -> None:
    shuffled = replace(SESSION, values=VALUES[::-1])
    assert "".join(misp.stream([SESSION], PRODUCER)) == "".join(misp.stream([shuffled], PRODUCER))


def test_many_events_come_as_misp_exports_them_and_no_uuid_twice() -> None:
    benign = replace(SESSION, id="benign", is_scam=False)
    text = "".join(misp.stream([SESSION, benign, replace(SESSION, id="other")], PRODUCER))
    events = [each["Event"] for each in json.loads(text)["response"]]
    uuids = [
        part["uuid"]
        for each in events
        for part in (each, *each["Attribute"], *each["Object"], *attributes(each))
    ]
    assert len(events) == 2
    direct = sum(len(each["Attribute"]) for each in events)
    assert len(set(uuids)) == len(uuids) - direct


@settings(deadline=None, max_examples=60)
@given(st.lists(sessions(), max_size=2))
def test_any_evidence_makes_events_that_pymisp_takes_in_unchanged(evidence: list[Evidence]) -> None:
    response = json.loads("".join(misp.stream(evidence, PRODUCER)))["response"]
    assert len(response) == sum(each.is_scam for each in evidence)
    for each, session in zip(response, (found for found in evidence if found.is_scam), strict=True):
        loaded = load(each["Event"])
        values = {made["value"] for made in attributes(each["Event"])}
        assert {found.value for found in session.values} <= values
        named = [(made["type"], made["category"], made["value"]) for made in each["Event"]["Attribute"]]
        assert len(named) == len(set(named))
        assert {made.uuid for made in loaded.attributes} == {
            made["uuid"] for made in each["Event"]["Attribute"]
        }
