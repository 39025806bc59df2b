"""One SQL text for two drivers: parameters and tables are translated, everything else is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.database.database import Database
from switchboard.kernel.database.statement import Statement

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text("abcXYZ 0189=<>*,.()+-/|_\n", max_size=8)
LITERAL = st.text("ab :%{}1", max_size=10).map(lambda text: (f"'{text}'", f"'{text.replace('%', '%%')}'"))


def _both(text: str) -> tuple[str, str]:
    return text, text


PIECES = st.one_of(
    PLAIN.map(_both),
    NAMES.map(lambda name: (f" :{name} ", f" %({name})s ")),
    NAMES.map(lambda name: (f" {{{name}}} ", f" shop.{name} ")),
    st.sampled_from(["::text", "::text[]", "::tsquery", "::json"]).map(_both),
    st.just((" % ", " %% ")),
    LITERAL,
)


@given(pieces=st.lists(PIECES, max_size=10))
def test_postgresql_gets_its_own_placeholders_and_nothing_else_changes(pieces: list[tuple[str, str]]) -> None:
    written = "".join(piece for piece, _ in pieces)
    assert Statement(written).for_postgresql("shop") == "".join(piece for _, piece in pieces)


@given(before=PLAIN, table=NAMES, after=PLAIN)
def test_sqlite_gets_the_bare_table(before: str, table: str, after: str) -> None:
    assert Statement(f"{before}{{{table}}}{after} :id").for_sqlite() == f"{before}{table}{after} :id"


def test_a_lock_is_asked_for_on_postgresql_only() -> None:
    statement = Statement("SELECT id FROM {notes} WHERE id = :id", lock=True)
    assert statement.for_sqlite() == "SELECT id FROM notes WHERE id = :id"
    assert statement.for_postgresql("shop") == "SELECT id FROM shop.notes WHERE id = %(id)s FOR UPDATE"


def test_a_text_of_its_own_serves_postgresql_where_the_dialects_differ() -> None:
    statement = Statement("SELECT 1", postgresql="SELECT :id::text")
    assert (statement.for_sqlite(), statement.for_postgresql("shop")) == ("SELECT 1", "SELECT %(id)s::text")


def test_percent_signs_and_colons_mean_the_same_on_both_engines(notes: Database) -> None:
    statement = Statement(
        "SELECT '100%' AS share, 7 % 4 AS rest, 'at 12:30 :id {notes}' AS said, CAST(:id AS TEXT) AS id"
        " WHERE 'hello' LIKE 'h%o'"
    )
    assert notes.read_now(lambda tx: tx.rows(statement, id="x")) == [
        {"share": "100%", "rest": 3, "said": "at 12:30 :id {notes}", "id": "x"}
    ]


def test_a_parameter_may_stand_twice_and_behind_a_cast(notes: Database) -> None:
    statement = Statement(
        "SELECT :word || :word AS twice", postgresql="SELECT :word::text || :word::text AS twice"
    )
    assert notes.read_now(lambda tx: tx.rows(statement, word="ab")) == [{"twice": "abab"}]
