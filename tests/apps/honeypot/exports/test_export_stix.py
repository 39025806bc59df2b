"""A bundle that other programs take in: the stix2 library is the judge, ids are the same every time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import stix2
from hypothesis import given, settings
from hypothesis import strategies as st
from stix2.properties import StringProperty
from stix2.v21 import CustomExtension, CustomObservable
from stix2patterns.validator import run_validator
from tests.apps.honeypot.exports.samples import PRODUCER, SESSION, VALUES, sessions, value
from tests.conftest import START

from switchboard.apps.honeypot.exports import stix
from switchboard.apps.honeypot.exports.evidence import Everywhere, Evidence, Sharing
from switchboard.apps.honeypot.exports.observables import EXTENSION_OBJECTS, observables

Object = dict[str, Any]
OWN_TYPES = {
    "phone-number": ["value"],
    "switchboard-upi-id": ["value"],
    "switchboard-bank-account": ["account_number", "ifsc_code", "bank_name"],
    "switchboard-bank-branch": ["value", "bank_name"],
    "cryptocurrency-wallet": ["value"],
}


def _register_as_a_receiver_would() -> dict[str, type]:
    """The library's classes for our own objects, made from what the extension's text says."""
    extension = type("Extension", (), {"extension_type": "new-sco"})
    CustomExtension(EXTENSION_OBJECTS[-1]["id"], {})(extension)
    return {
        name: CustomObservable(name, [(each, StringProperty()) for each in properties], properties)(
            type("Observable", (), {})
        )
        for name, properties in OWN_TYPES.items()
    }


OWN_CLASSES = _register_as_a_receiver_would()


def export(*evidence: Evidence, sharing: Sharing = "amber") -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads("".join(stix.stream(evidence, PRODUCER, sharing)))
    return bundle


def of_type(bundle: dict[str, Any], type: str) -> list[Object]:
    return [each for each in bundle["objects"] if each["type"] == type]


def references(object: Object) -> set[str]:
    lists = [object.get(name, []) for name in ("object_refs", "object_marking_refs")]
    single = [object.get(name) for name in ("created_by_ref", "source_ref", "target_ref")]
    return {id for ids in lists for id in ids} | {id for id in single if id}


def test_the_library_takes_the_bundle_in_without_leave_for_unknown_content() -> None:
    bundle = stix2.parse(export(SESSION), allow_custom=False)
    assert {each["type"] for each in bundle.objects} == {
        "marking-definition",
        "identity",
        "extension-definition",
        "attack-pattern",
        "campaign",
        "relationship",
        "grouping",
        "observed-data",
        "indicator",
        "url",
        "domain-name",
        "email-addr",
        "user-account",
        *OWN_TYPES,
    }


def test_every_reference_leads_to_an_object_of_the_bundle_that_is_there_once() -> None:
    bundle = export(SESSION, replace(SESSION, id="another"))
    ids = [each["id"] for each in bundle["objects"]]
    assert len(ids) == len(set(ids))
    assert set().union(*map(references, bundle["objects"])) <= set(ids)


@pytest.mark.parametrize(
    ("found", "made"),
    [
        (value("url", "http://a.example/x'y"), stix2.URL(value="http://a.example/x'y")),
        (value("email", "desk@a.example"), stix2.EmailAddress(value="desk@a.example")),
        (
            value("telegram", "@desk"),
            stix2.UserAccount(account_type="telegram", account_login="desk"),
        ),
    ],
)
def test_observables_have_the_ids_that_every_producer_gives_them(found: Any, made: Any) -> None:
    assert observables(found)[0].object["id"] == made.id


def test_our_own_observables_have_the_ids_that_the_extension_text_leads_to() -> None:
    for each in export(SESSION)["objects"]:
        if each["type"] in OWN_TYPES:
            properties = {name: each[name] for name in OWN_TYPES[each["type"]] if name in each}
            assert each["id"] == OWN_CLASSES[each["type"]](**properties).id
            assert all(f" {name}" in EXTENSION_OBJECTS[-1]["schema"] for name in properties)


def test_a_link_is_observed_with_where_it_leads() -> None:
    named, numbered = value("url", "kyc.example/a"), value("url", "http://203.0.113.9:8080/a")
    assert [each.object["value"] for each in observables(named)] == ["http://kyc.example/a", "kyc.example"]
    assert [each.object["type"] for each in observables(numbered)] == ["url", "ipv4-addr"]
    assert observables(numbered)[1].object["id"] == stix2.IPv4Address(value="203.0.113.9").id


def test_patterns_find_what_they_are_about() -> None:
    patterns = {each["pattern"] for each in of_type(export(SESSION), "indicator")}
    assert patterns == {
        "[switchboard-bank-account:account_number = '012345678901234']",
        "[cryptocurrency-wallet:value = '0x52908400098527886E0F7030069857D2E4169EE7']",
        "[phone-number:value = '+919876543210']",
        "[switchboard-upi-id:value = 'kyc.desk@ybl']",
        "[email-addr:value = 'desk@kyc-help.example']",
        "[user-account:account_type = 'telegram' AND user-account:account_login = 'kyc_desk']",
        "[url:value = 'http://secure-kyc-update.example/verify']",
        "[domain-name:value = 'secure-kyc-update.example']",
    }


def test_an_indicator_says_what_it_rests_on_and_what_it_indicates() -> None:
    bundle = export(replace(SESSION, values=(value("phone", "+919876543210"),)))
    by_id = {each["id"]: each for each in bundle["objects"]}
    ties = {
        (by_id[each["source_ref"]]["type"], each["relationship_type"], by_id[each["target_ref"]]["type"])
        for each in of_type(bundle, "relationship")
    }
    assert ties == {
        ("indicator", "based-on", "observed-data"),
        ("indicator", "indicates", "attack-pattern"),
        ("indicator", "indicates", "campaign"),
        ("campaign", "uses", "attack-pattern"),
    }
    [observed] = of_type(bundle, "observed-data")
    assert observed["number_observed"] == 2
    assert observed["first_observed"] == "2026-02-04T10:00:01.000Z"
    [grouping] = of_type(bundle, "grouping")
    assert observed["id"] in grouping["object_refs"]


def test_what_is_no_scam_and_what_is_secret_stays_at_home() -> None:
    assert {each["type"] for each in export(replace(SESSION, is_scam=False))["objects"]} == {
        "marking-definition",
        "identity",
        "extension-definition",
    }
    assert "XXXX" not in json.dumps(export(SESSION))


def test_a_branch_is_observed_but_indicates_nobody() -> None:
    bundle = export(replace(SESSION, values=(value("ifsc", "HDFC0000001"),)))
    assert len(of_type(bundle, "switchboard-bank-branch")) == 1
    assert of_type(bundle, "indicator") == []


@pytest.mark.parametrize("sharing", ["clear", "green", "amber", "red"])
def test_everything_carries_the_marking_that_was_asked_for(sharing: Sharing) -> None:
    expected = getattr(stix2, f"TLP_{'white' if sharing == 'clear' else sharing}".upper())
    bundle = export(SESSION, sharing=sharing)
    [marking] = of_type(bundle, "marking-definition")
    assert stix2.parse(marking) == expected
    unmarked = {each["type"] for each in bundle["objects"] if "object_marking_refs" not in each}
    assert unmarked == {"marking-definition", "identity", "extension-definition"}
    assert all(each.get("object_marking_refs", [expected.id]) == [expected.id] for each in bundle["objects"])


def test_the_marking_that_is_new_in_tlp_2_is_its_extension() -> None:
    bundle = export(SESSION, sharing="amber+strict")
    assert stix2.parse(bundle, allow_custom=True)
    [marking] = of_type(bundle, "marking-definition")
    assert marking["name"] == "TLP:AMBER+STRICT"


def test_the_same_evidence_makes_the_same_bytes() -> None:
    shuffled = replace(SESSION, values=VALUES[::-1], messages=SESSION.messages[::-1])
    assert "".join(stix.stream([SESSION], PRODUCER)) == "".join(stix.stream([shuffled], PRODUCER))


def test_a_value_of_two_sessions_is_one_indicator_in_whichever_export_it_is() -> None:
    overall = Everywhere(0.97, START - timedelta(days=9), START + timedelta(days=9))
    early = replace(value("phone", "+919876543210", confidence=0.6), everywhere=overall)
    late = replace(early, confidence=0.9, first_seen_at=START + timedelta(hours=1), occurrences=1)
    one = replace(SESSION, id="one", values=(early,))
    two = replace(SESSION, id="two", values=(late,))
    [indicator] = of_type(export(one, two), "indicator")
    assert of_type(export(two), "indicator") == [indicator]
    assert of_type(export(one), "indicator") == [indicator]
    assert (indicator["confidence"], indicator["valid_from"]) == (97, "2026-01-26T10:00:00.000Z")
    assert len(of_type(export(one, two), "observed-data")) == 2


def test_two_installations_never_make_the_same_id_but_for_what_was_observed() -> None:
    other = PRODUCER._replace(namespace=PRODUCER.namespace.__class__(int=7))
    mine = {each["id"] for each in export(SESSION)["objects"]}
    theirs = {each["id"] for each in json.loads("".join(stix.stream([SESSION], other)))["objects"]}
    own = {"indicator", "relationship", "grouping", "observed-data", "campaign", "attack-pattern"}
    assert not any(id.partition("--")[0] in own for id in mine & theirs)
    assert any(id.startswith("phone-number--") for id in mine & theirs)


# Few, because the library reads patterns a character at a time in plain Python.
@settings(deadline=None, max_examples=20)
@given(st.lists(sessions(), max_size=3))
def test_any_evidence_makes_a_valid_bundle_with_patterns_that_parse(evidence: list[Evidence]) -> None:
    bundle = export(*evidence)
    stix2.parse(bundle, allow_custom=False)
    ids = [each["id"] for each in bundle["objects"]]
    assert len(ids) == len(set(ids))
    assert set().union(*map(references, bundle["objects"])) <= set(ids)
    for pattern in (each["pattern"] for each in of_type(bundle, "indicator") if len(each["pattern"]) < 500):
        assert run_validator(pattern, stix_version="2.1") == []
