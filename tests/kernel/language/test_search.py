"""Search over what was said: any script, newest first, and nothing left of what was deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from switchboard.apps.honeypot.service import Honeypot, Opening
from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.language import search
from switchboard.kernel.language.normalise import fold
from switchboard.kernel.language.tokens import tokens
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller

SAID = {
    "english": "Dear customer, your HDFC Bank account will be blocked. Call +91 9876543210 NOW!",
    "upi": "Pay Rs. 500 to scammer@ybl or O'Brien's (special) offer: http://bit.ly/kyc-update?id=7",
    "hindi": "आपका बैंक खाता बंद हो जाएगा, कृपया तुरंत ओटीपी भेजें।",
    "chinese": "您的银行账户已被冻结，请立即联系客服。",
    "thai": "บัญชีธนาคารของคุณถูกระงับ",
    "arabic": "تم حظر حسابك البنكي، اتصل بنا الآن",
    "wide": "ＵＰＩ ＩＤ ９８７６５ をお送りください",
    "hidden": "Your pay\u200bment of the lot\u00adtery is re\u2060ady, O\u200cK?",
}


@pytest.fixture
def database(platform: Platform) -> Database:
    return platform.database("honeypot")


@pytest.fixture
def said(database: Database) -> Database:
    """A database in which every text of SAID can be found under its name."""
    database.write_now(
        lambda tx: [search.add(tx, name, f"owner of {name}", text) for name, text in SAID.items()]
    )
    return database


def find(database: Database, query: str) -> set[str]:
    return {hit.document_id for hit in database.read_now(lambda tx: search.find(tx, query)).hits}


def find_all(database: Database, query: str, limit: int) -> list[str]:
    """Every hit, page by page, as a reader who turns pages sees them."""
    found: list[str] = []
    before: int | None = None
    for _ in range(1_000):
        page = database.read_now(lambda tx, at=before: search.find(tx, query, before=at, limit=limit))
        assert len(page.hits) <= limit
        found.extend(hit.document_id for hit in page.hits)
        if page.before is None:
            return found
        assert before is None or page.before < before
        before = page.before
    raise AssertionError("the pages never end")


WHOLE_WORDS = {
    "hdfc": {"english"},
    "HDFC bank": {"english"},
    "bank HDFC": {"english"},
    "9876543210": {"english"},
    "98765": {"english", "wide"},
    "９８７６５": {"english", "wide"},
    "upi": {"wide"},
    "scammer@ybl": {"upi"},
    "bit.ly/kyc-update": {"upi"},
    "O'Brien": {"upi"},
    "खाता": {"hindi"},
    "बैंक खाता": {"hindi"},
    "ओटीपी": {"hindi"},
    "银行": {"chinese"},
    "客服": {"chinese"},
    "银行账户": {"chinese"},
    "ธนาคาร": {"thai"},
    "البنكي": {"arabic"},
    "حسابك البنكي": {"arabic"},
    "payment": {"hidden"},
    "pay\u200bment lottery": {"hidden"},
    "ok": {"hidden"},
    "nobody said this": set(),
    "hdfc lottery": set(),
    "": set(),
    "   ": set(),
    "\u200b": set(),
}


def test_whole_words_of_any_script_are_found_in_any_order(said: Database) -> None:
    assert {query: find(said, query) for query in WHOLE_WORDS} == WHOLE_WORDS


BEGINNINGS = {
    "bank acc": {"english"},
    "custo": {"english"},
    "98765432": {"english"},
    "kyc upd": {"upi"},
    "special off": {"upi"},
    "lott": {"hidden"},
}


def test_the_beginning_of_a_word_or_number_is_found(said: Database) -> None:
    assert {query: find(said, query) for query in BEGINNINGS} == BEGINNINGS


PARTS = {
    "ustom": {"english"},
    "543210": {"english"},
    "76543 locked": {"english"},
    "mmer@y": {"upi"},
    "ीपी": {"hindi"},
    "立即联": {"chinese"},
    "นาคา": {"thai"},
    "ent lot": {"hidden"},
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_any_part_of_a_word_or_number_is_found_on_sqlite(said: Database) -> None:
    assert {query: find(said, query) for query in PARTS} == PARTS


SHORT = {
    "o": {"english", "upi", "hidden"},
    "rs": {"upi"},
    "ok": {"hidden"},
    "银": {"chinese"},
    "ॅ": set(),
    "ब": {"hindi"},
    "9 hdfc": {"english"},
    "q": set(),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_and_two_letters_are_found_anywhere_on_sqlite(said: Database) -> None:
    assert {query: find(said, query) for query in SHORT} == SHORT


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_one_and_two_letters_are_found_as_whole_words_on_postgresql(said: Database) -> None:
    assert find(said, "rs") == {"upi"}
    assert find(said, "银") == {"chinese"}
    assert find(said, "q") == set()


OPERATORS = [
    'hdfc" OR "lottery',
    "hdfc OR lottery",
    "hdfc AND NOT bank",
    "NEAR(hdfc bank)",
    "words : hdfc",
    "^hdfc",
    "hdf* + bank",
    "hdfc & lottery",
    "hdfc | lottery",
    "hdfc <-> lottery",
    "!lottery",
    "'hdfc':* lottery",
    "hdfc') OR 1=1 --",
    "{hdfc} -lottery",
]


SIGNS = [
    '"',
    "'",
    "''",
    "\\",
    "\\'",
    ":*",
    "*",
    "(",
    ")",
    "-",
    "()",
    '""',
    "&",
    "!",
    "'''",
    "\\\\'",
    "%",
    "_",
    "?",
]


def test_operators_of_a_search_language_are_plain_text(said: Database) -> None:
    """None of these texts was said, so none is found: neither as an alternative nor as a negation."""
    for query in OPERATORS:
        if not {"lottery", "or", "and", "near", "words"}.isdisjoint(tokens(query)):
            assert (query, find(said, query) - {"hidden"}) == (query, set())
        else:
            assert (query, find(said, query) - {"english"}) == (query, set())


def test_a_query_of_signs_alone_is_answered(said: Database) -> None:
    for query in SIGNS:
        assert find(said, query) <= set(SAID)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXT, data=st.data())
def test_a_text_is_found_by_any_of_its_words(database: Database, text: str, data: st.DataObject) -> None:
    words = tokens(text) if database.dialect == "postgresql" else fold(text).split()
    query = " ".join(data.draw(st.lists(st.sampled_from(words), max_size=3))) if words else text

    def store_and_find(tx: Transaction) -> list[str]:
        search.remove(tx, "owner")
        search.add(tx, "document", "owner", text)
        return [hit.document_id for hit in search.find(tx, query).hits]

    found = database.write_now(store_and_find)
    assert found == (["document"] if tokens(query) or (database.dialect == "sqlite" and fold(query)) else [])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=40).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text)))
@example(query="nul\x00inside")
def test_any_query_is_answered(said: Database, query: str) -> None:
    assert find(said, query) <= set(SAID)


def test_pages_hold_every_hit_once_newest_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The windows are made small, so that pages reach over many of them."""
    for window in [name for name in vars(search) if name.endswith("_WINDOW")]:
        monkeypatch.setattr(search, window, 7)
    said = {
        f"{number:03}": "an urgent message ur 7" if number % 3 == 0 or number < 20 else "nothing of that sort"
        for number in range(80)
    }
    database.write_now(lambda tx: [search.add(tx, id, "owner", text) for id, text in said.items()])
    wanted = sorted((id for id, text in said.items() if "urgent" in text), reverse=True)
    for query in ("urgent", "urgent message", "ur", "urgent 7"):
        for limit in (1, 7, 40):
            assert (query, limit, find_all(database, query, limit)) == (query, limit, wanted)


def test_a_page_that_was_begun_goes_on_though_newer_texts_arrive(database: Database) -> None:
    database.write_now(lambda tx: [search.add(tx, f"{n:02}", "owner", "urgent") for n in range(20)])
    first = database.read_now(lambda tx: search.find(tx, "urgent", limit=8))
    database.write_now(lambda tx: [search.add(tx, f"new {n}", "owner", "urgent") for n in range(5)])
    rest = database.read_now(lambda tx: search.find(tx, "urgent", before=first.before, limit=50))
    assert [hit.document_id for hit in (*first.hits, *rest.hits)] == [f"{n:02}" for n in range(19, -1, -1)]


def test_a_hit_names_the_text_and_its_owner(said: Database) -> None:
    (hit,) = said.read_now(lambda tx: search.find(tx, "hdfc")).hits
    assert (hit.document_id, hit.owner_id) == ("english", "owner of english")


def test_a_text_of_a_turn_that_failed_is_not_found(said: Database) -> None:
    def add_then_fail(tx: Transaction) -> None:
        search.add(tx, "never", "owner", "a rolled back remark")
        raise LookupError

    with pytest.raises(LookupError):
        said.write_now(add_then_fail)
    assert find(said, "rolled back remark") == set()
    assert find(said, "hdfc") == {"english"}


def test_every_text_of_a_removed_owner_is_gone_and_no_other(database: Database) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(30):
            search.add(tx, f"gone {number}", "gone", f"shared words and number {number}")
            search.add(tx, f"kept {number}", "kept", f"shared words and number {number}")

    database.write_now(fill)
    database.write_now(search.remove, "gone")
    for query in ("shared words", "number", "an", "1"):
        assert all(id.startswith("kept") for id in find_all(database, query, 50))
    assert len(find_all(database, "shared words", 50)) == 30


SECRET = "quxjvz wkyqgh 7364528190 zzyzx"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_full_text_index_keeps_no_letter_of_what_was_removed(said: Database) -> None:
    """Without secure-delete the three-letter pieces would lie in the index until some later merge."""
    said.write_now(search.add, "secret", "somebody", SECRET)
    assert _pieces_in_index(said)
    said.write_now(search.remove, "somebody")
    assert _pieces_in_index(said) == set()


def _pieces_in_index(database: Database) -> set[bytes]:
    blocks = database.read_now(lambda tx: tx.rows(Statement("SELECT block FROM search_text_data")))
    stored = b"\x00".join(row["block"] for row in blocks)
    return {piece for piece in (b"quxj", b"uxj", b"jvz", b"wky", b"364", b"645", b"zyz") if piece in stored}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_closed_files_hold_nothing_of_a_deleted_conversation(platform: Platform, tmp_path: Path) -> None:
    """A text longer than a page lies on pages of its own, which deleting only marks as free."""
    marker = "a distinctive remark about the parrot "

    async def talk_and_delete() -> None:
        honeypot = Honeypot(platform)
        opening = Opening("Your KYC has expired", "sms", None, None, None)
        kept = await honeypot.open_session(command_caller(), opening)
        gone = await honeypot.open_session(command_caller(), opening._replace(message=marker * 200))
        await honeypot.receive_message(command_caller(), gone["session_id"], marker * 10)
        await honeypot.receive_message(command_caller(), kept["session_id"], "Call me at once")
        assert (await honeypot.search(command_caller(), "parrot", None, 10))["messages"]
        await honeypot.delete_session(command_caller(), gone["session_id"])
        assert not (await honeypot.search(command_caller(), "parrot", None, 10))["messages"]
        assert (await honeypot.search(command_caller(), "call me", None, 10))["messages"]

    asyncio.run(talk_and_delete())
    platform.close()
    files = [path for path in (tmp_path / "data").iterdir() if path.name.startswith("honeypot")]
    assert files
    for path in files:
        stored = path.read_bytes()
        assert (path.name, stored.count(b"parrot"), stored.count(b"distinctive remark")) == (path.name, 0, 0)


async def test_a_rebuilt_index_finds_what_was_said_before(platform: Platform) -> None:
    honeypot = Honeypot(platform)
    opening = Opening("Your HDFC account is blocked, pay to scammer@ybl", "sms", None, None, None)
    answer = await honeypot.open_session(command_caller(), opening)
    for number in range(3):
        await honeypot.receive_message(
            command_caller(), answer["session_id"], f"Send the OTP number {number} now"
        )
    before = [
        row["content"] for row in (await honeypot.search(command_caller(), "number", None, 50))["messages"]
    ]
    database = platform.database("honeypot")
    await asyncio.to_thread(search.clear, database)
    assert (await honeypot.search(command_caller(), "number", None, 50))["messages"] == []
    assert await asyncio.to_thread(honeypot.rebuild_search, command_caller()) == 8
    assert [
        row["content"] for row in (await honeypot.search(command_caller(), "number", None, 50))["messages"]
    ] == before
    assert (await honeypot.search(command_caller(), "scammer@ybl", None, 50))["messages"]


async def test_an_index_is_rebuilt_beside_a_server_that_goes_on_talking(platform: Platform) -> None:
    """Every line is found once afterwards, whether it was said before, during or after."""
    honeypot = Honeypot(platform)
    opening = Opening("urgent: pay now", "sms", None, None, None)
    for _ in range(5):
        await honeypot.open_session(command_caller(), opening)
    rebuilding = asyncio.ensure_future(asyncio.to_thread(honeypot.rebuild_search, command_caller()))
    while not rebuilding.done():
        await honeypot.open_session(command_caller(), opening)
    await rebuilding
    last = await honeypot.open_session(command_caller(), opening)
    database = platform.database("honeypot")
    count = Statement("SELECT count(*) AS lines FROM {messages} WHERE role = 'scammer'")
    row = await database.read(lambda tx: tx.find(count))
    assert row is not None
    found = await asyncio.to_thread(find_all, database, "urgent pay", 50)
    assert len(found) == len(set(found)) == row["lines"]
    await honeypot.delete_session(command_caller(), last["session_id"])
    assert len(await asyncio.to_thread(find_all, database, "urgent pay", 50)) == row["lines"] - 1


def test_clearing_forgets_every_text(said: Database) -> None:
    assert search.clear(said) == len(SAID)
    for query in ("hdfc", "खाता", "o", "银"):
        assert find(said, query) == set()
    said.write_now(search.add, "again", "owner", "hdfc again")
    assert find(said, "hdfc") == {"again"}
