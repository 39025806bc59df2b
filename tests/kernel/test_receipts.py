"""The same request twice has one effect and one answer, whoever asks and however it is written."""

from __future__ import annotations

import pytest
from tests.conftest import START

from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.errors import Conflict
from switchboard.kernel.platform import Platform
from switchboard.kernel.receipts import RequestName, find_answer, forget_answers, keep_answer, name_request

ANSWER = {"reply": "नमस्ते", "turn_count": 1}


def keep(tx: Transaction, name: RequestName | None) -> None:
    keep_answer(tx, name, "session-1", ANSWER, START)


def test_an_answer_is_given_again_in_its_own_scope_alone(platform: Platform) -> None:
    database = platform.database("honeypot")
    name = name_request("key:one", "m-1", "hello")
    assert database.read_now(find_answer, name) is None
    database.write_now(keep, name)
    assert database.read_now(find_answer, name) == ANSWER
    assert database.read_now(find_answer, name_request("key:two", "m-1", "hello")) is None
    assert database.read_now(find_answer, name_request("key:one", "m-2", "hello")) is None
    assert database.read_now(find_answer, None) is None


def test_metadata_in_another_order_is_the_same_request(platform: Platform) -> None:
    database = platform.database("honeypot")
    asked = {"case": 7, "where": {"town": "Pune", "branch": [1, 2]}}
    turned = {"where": {"branch": [1, 2], "town": "Pune"}, "case": 7}
    database.write_now(keep, name_request("key:one", "m-1", "hello", asked))
    assert database.read_now(find_answer, name_request("key:one", "m-1", "hello", turned)) == ANSWER


@pytest.mark.parametrize(
    "asked", [("hello", None), ("hallo", {}), ("hello", {"list": [2, 1]}), ("hello", {"list": "12"})]
)
def test_a_name_that_comes_back_with_another_request_is_refused(
    platform: Platform, asked: tuple[object, ...]
) -> None:
    database = platform.database("honeypot")
    database.write_now(keep, name_request("key:one", "m-1", "hello", {"list": [1, 2]}))
    with pytest.raises(Conflict, match="client_message_id"):
        database.read_now(find_answer, name_request("key:one", "m-1", *asked))


def test_what_is_deleted_takes_its_answers_along(platform: Platform) -> None:
    database = platform.database("honeypot")
    name = name_request("key:one", "m-1", "hello")
    database.write_now(keep, name)
    database.write_now(forget_answers, "session-2")
    assert database.read_now(find_answer, name) == ANSWER
    database.write_now(forget_answers, "session-1")
    assert database.read_now(find_answer, name) is None
