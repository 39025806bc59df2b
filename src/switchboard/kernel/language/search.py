"""Full-text search over an app's messages, newest first, alike on both engines.

SQLite indexes every three characters (FTS5 trigram): any script, any part of a word or number. PostgreSQL
indexes whole words (a tsvector as its 'simple' configuration would make it) and finds them by their
beginning. What identifies somebody is looked up elsewhere, by its normalised value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from switchboard.kernel.database.database import BATCH_ROWS, Database, write_in_batches
from switchboard.kernel.database.statement import Row, Statement
from switchboard.kernel.database.transaction import Transaction
from switchboard.kernel.language.normalise import fold
from switchboard.kernel.language.tokens import tokens

SHORT_WINDOW = 20_000
"""Texts that one page of a search for one or two letters looks through: no index helps there."""

_STRETCH = 16_000
_NEWEST = 2**62
_TERMS = 12
_MERGE_PAGES = 200
_MOST_PIECES = 4
_SAMPLE = 100

_ADD = Statement(
    "INSERT INTO {search_documents} (document_id, owner_id, words) VALUES (:document_id, :owner_id, :words)",
    postgresql="INSERT INTO {search_documents} (document_id, owner_id, words)"
    " VALUES (:document_id, :owner_id, array_to_tsvector(:words::text[]))",
)
_INDEX_LAST = Statement("INSERT INTO search_text (rowid, words) VALUES (last_insert_rowid(), :words)")
_UNINDEX = Statement(
    "INSERT INTO search_text (search_text, rowid, words)"
    " SELECT 'delete', id, words FROM search_documents WHERE owner_id = :owner_id"
)
_REMOVE = Statement("DELETE FROM {search_documents} WHERE owner_id = :owner_id")
_REBUILD = Statement("INSERT INTO search_text (search_text) VALUES ('rebuild')")
_CLEAR = Statement(
    "DELETE FROM {search_documents} WHERE id IN (SELECT id FROM {search_documents} ORDER BY id LIMIT :limit)"
)


def _held(table: str, count: int) -> str:
    """The condition that a text holds every one of `count` terms: `instr` costs a third of a walk through JSON."""
    return "".join(f" AND instr({table}.words, :term_{each}) > 0" for each in range(count))


def _find_indexed(count: int, *, one_each: bool) -> Statement:
    """The index names texts that hold the pieces of every term; whether they stand together is looked up."""
    return Statement(
        "SELECT d.id, d.document_id, d.owner_id"
        " FROM search_text s CROSS JOIN search_documents d ON d.id = s.rowid"
        f" WHERE search_text MATCH :match AND s.rowid < :before{_held('d', count)}"
        + (_NO_NEWER.format(_held("n", count)) if one_each else "")
        + " ORDER BY s.rowid DESC LIMIT :limit"
    )


def _find_short(count: int, *, one_each: bool) -> Statement:
    return Statement(
        "SELECT d.id, d.document_id, d.owner_id FROM search_documents d"
        f" WHERE d.id < :before AND d.id >= :lowest{_held('d', count)}"
        + (_NO_NEWER.format(_held("n", count)) if one_each else "")
        + " ORDER BY d.id DESC LIMIT :limit"
    )


# For a list of owners each counts once, with the newest of its texts.
_NO_NEWER = (
    " AND NOT EXISTS (SELECT 1 FROM search_documents n WHERE n.owner_id = d.owner_id AND n.id > d.id{})"
)
# One statement for each number of terms, so that all stay constants.
_FIND_INDEXED, _FIND_INDEXED_OWNERS = (
    tuple(_find_indexed(count, one_each=one_each) for count in range(_TERMS + 1))
    for one_each in (False, True)
)
_FIND_SHORT, _FIND_SHORT_OWNERS = (
    tuple(_find_short(count, one_each=one_each) for count in range(_TERMS + 1)) for one_each in (False, True)
)
_MERGE = Statement("INSERT INTO search_text (search_text, rank) VALUES ('merge', :pages)")
_FILE_PENDING = Statement(
    "SELECT gin_clean_pending_list(c.oid::regclass) AS pages"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = 'ix_search_documents_words'"
)
_CHANGES = Statement("SELECT total_changes() AS changes")
_FIND_DOCUMENT = Statement("SELECT 1 AS found FROM {search_documents} WHERE document_id = :document_id")
_NEWEST_TEXTS = Statement("SELECT words FROM {search_documents} ORDER BY id DESC LIMIT :limit")
_TOP = Statement("SELECT coalesce(max(id), 0) AS id FROM {search_documents}")


def _find_recent(no_newer: str = "") -> Statement:
    return Statement(
        "SELECT r.id, r.document_id, r.owner_id FROM"
        " (SELECT id, document_id, owner_id, words FROM {search_documents} WHERE id < :before"
        "  ORDER BY id DESC LIMIT :window) r"
        f" WHERE r.words @@ :match::tsquery{no_newer.format('r')} ORDER BY r.id DESC LIMIT :limit"
    )


def _find_indexed_words(no_newer: str = "") -> Statement:
    return Statement(
        "WITH hits AS MATERIALIZED (SELECT id, document_id, owner_id FROM {search_documents} d"
        f" WHERE words @@ :match::tsquery AND id < :before AND id >= :lowest{no_newer.format('d')})"
        " SELECT id, document_id, owner_id FROM hits ORDER BY id DESC LIMIT :limit"
    )


_NO_NEWER_WORDS = (
    " AND NOT EXISTS (SELECT 1 FROM {{search_documents}} n"
    " WHERE n.owner_id = {0}.owner_id AND n.id > {0}.id AND n.words @@ :match::tsquery)"
)
_FIND_RECENT, _FIND_RECENT_OWNERS = _find_recent(), _find_recent(_NO_NEWER_WORDS)
_FIND_INDEXED_WORDS, _FIND_INDEXED_WORDS_OWNERS = (
    _find_indexed_words(),
    _find_indexed_words(_NO_NEWER_WORDS),
)


class Hit(NamedTuple):
    """A found text: its place in the order (larger is newer) and the rows it belongs to."""

    place: int
    document_id: str
    owner_id: str


class Page(NamedTuple):
    """Some hits, and where to go on; `before` is None at the end."""

    hits: list[Hit]
    before: int | None


def add(tx: Transaction, document_id: str, owner_id: str, text: str) -> None:
    """Make a text findable, inside the turn that stores it."""
    if tx.dialect == "sqlite":
        folded = fold(text)
        tx.run(_ADD, document_id=document_id, owner_id=owner_id, words=folded)
        tx.run(_INDEX_LAST, words=folded)
    else:
        tx.run(_ADD, document_id=document_id, owner_id=owner_id, words=sorted(set(tokens(text))))


def add_many(tx: Transaction, documents: Sequence[tuple[str, str, str]]) -> None:
    """`add` for a batch of (document_id, owner_id, text): one exchange with a distant server."""
    if tx.dialect == "sqlite":
        for document in documents:
            add(tx, *document)
        return
    tx.run_many(
        _ADD,
        [
            {"document_id": document_id, "owner_id": owner_id, "words": sorted(set(tokens(text)))}
            for document_id, owner_id, text in documents
        ],
    )


def add_missing(tx: Transaction, documents: Sequence[tuple[str, str, str]]) -> None:
    """`add_many` for a rebuild beside a running server, which may have added some texts already."""
    add_many(tx, [each for each in documents if tx.find(_FIND_DOCUMENT, document_id=each[0]) is None])


def remove(tx: Transaction, owner_id: str) -> None:
    """Forget every text of an owner, inside the turn that deletes the owner."""
    if tx.dialect == "sqlite":
        tx.run(_UNINDEX, owner_id=owner_id)
    tx.run(_REMOVE, owner_id=owner_id)


def find(tx: Transaction, query: str, *, before: int | None = None, limit: int = 50) -> Page:
    """The texts that hold every word of the query, newest first. A query without a word finds nothing."""
    return _find(tx, query, before, limit, one_each=False)


def find_owners(tx: Transaction, query: str, *, before: int | None = None, limit: int = 50) -> Page:
    """As `find`, with the newest such text of each owner only: no owner stands on two pages."""
    return _find(tx, query, before, limit, one_each=True)


def clear(database: Database) -> int:
    """Empty the index, in batches, before an app fills it anew from its own tables."""
    removed = write_in_batches(database, lambda tx: tx.run(_CLEAR, limit=BATCH_ROWS))
    if database.dialect == "sqlite":
        database.write_now(lambda tx: tx.run(_REBUILD))
    return removed


def tidy(database: Database) -> int:
    """Merge the index's pieces into one, which halves the time of a search; how many steps it took.

    Each step is a turn of some milliseconds, so messages are answered in between. On PostgreSQL the one step
    files what its index has set aside unsorted, which every search would walk through.
    """
    if database.dialect != "sqlite":
        database.write_now(lambda tx: tx.rows(_FILE_PENDING, schema=database.name))
        return 1
    # A negative number of pages begins a merge of everything, a positive one goes on with it.
    steps = 1
    database.write_now(_merge, -_MERGE_PAGES)
    while database.write_now(_merge, _MERGE_PAGES):
        steps += 1
    return steps


def _merge(tx: Transaction, pages: int) -> bool:
    """One step; whether there is more to do. Source: SQLite's FTS5 documentation, section 6.8."""
    before = tx.rows(_CHANGES)[0]["changes"]
    tx.run(_MERGE, pages=pages)
    return bool(tx.rows(_CHANGES)[0]["changes"] - before >= 2)


def _find(tx: Transaction, query: str, before: int | None, limit: int, *, one_each: bool) -> Page:
    top = _NEWEST if before is None else before
    if tx.dialect == "sqlite":
        return _find_on_sqlite(tx, fold(query).split()[:_TERMS], top, limit, one_each=one_each)
    return _find_on_postgresql(tx, tokens(query)[:_TERMS], top, limit, one_each=one_each)


def _find_on_sqlite(tx: Transaction, terms: list[str], before: int, limit: int, *, one_each: bool) -> Page:
    if not terms:
        return Page([], None)
    named = {f"term_{place}": term for place, term in enumerate(terms)}
    if match := " ".join(f'"{three.replace(chr(34), chr(34) * 2)}"' for three in _pieces(tx, terms)):
        indexed = (_FIND_INDEXED_OWNERS if one_each else _FIND_INDEXED)[len(terms)]
        return _page(tx.rows(indexed, match=match, before=before, limit=limit, **named), limit)
    newest = tx.find(_TOP)
    start = min(before, (newest["id"] if newest else 0) + 1)
    lowest = start - SHORT_WINDOW
    short = (_FIND_SHORT_OWNERS if one_each else _FIND_SHORT)[len(terms)]
    rows = tx.rows(short, before=start, lowest=lowest, limit=limit, **named)
    if len(rows) < limit and lowest > 1:
        return Page([Hit(*row.values()) for row in rows], lowest)
    return _page(rows, limit)


def _pieces(tx: Transaction, terms: list[str]) -> list[str]:
    """Three-letter pieces to ask the index for; none when no term is that long.

    The index is walked through once for every piece, so a few rare ones are quicker than all that cover the
    terms. Which are rare is seen in the newest texts. The terms themselves are checked in what is found.
    """
    by_term = [
        list(dict.fromkeys(term[start : start + 3] for start in range(len(term) - 2)))
        for term in terms
        if len(term) >= 3
    ]
    everything = list(dict.fromkeys(piece for pieces in by_term for piece in pieces))
    if len(everything) <= _MOST_PIECES:
        return everything
    texts = [row["words"] for row in tx.rows(_NEWEST_TEXTS, limit=_SAMPLE)]
    everything.sort(key=lambda piece: sum(piece in text for text in texts))
    rarest = [min(pieces, key=everything.index) for pieces in by_term]
    return list(dict.fromkeys([*rarest, *everything]))[: max(_MOST_PIECES, len(set(rarest)))]


def _find_on_postgresql(
    tx: Transaction, terms: list[str], before: int, limit: int, *, one_each: bool
) -> Page:
    """Walk the newest texts first, then ask the index, at first for a stretch of them.

    Neither way alone stays quick for every word: the index lists every text that holds a common word before
    the sort can begin, and a walk reads everything for a rare one. What the walk does not find stands in
    fewer than a tenth of the texts, what the stretch does not find in far fewer.
    """
    if not terms:
        return Page([], None)
    match = " & ".join(_lexeme(term) for term in terms)
    recent = _FIND_RECENT_OWNERS if one_each else _FIND_RECENT
    indexed = _FIND_INDEXED_WORDS_OWNERS if one_each else _FIND_INDEXED_WORDS
    rows = tx.rows(recent, match=match, before=before, window=limit * 10, limit=limit)
    if len(rows) < limit:
        newest = tx.find(_TOP)
        start = min(before, (newest["id"] if newest else 0) + 1)
        for lowest in (start - _STRETCH, 0):
            rows = tx.rows(indexed, match=match, before=start, lowest=lowest, limit=limit)
            if len(rows) == limit or lowest <= 0:
                break
    return _page(rows, limit)


def _lexeme(term: str) -> str:
    quoted = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*" if len(term) > 2 else f"'{quoted}'"


def _page(rows: list[Row], limit: int) -> Page:
    hits = [Hit(row["id"], row["document_id"], row["owner_id"]) for row in rows]
    return Page(hits, hits[-1].place if len(hits) == limit else None)
