"""Lists: filters, order, columns and place all stand in the address, so a link shows what its sender saw.

What a list shows it can also give away as a file: every row that meets the filters, in the order asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from switchboard.kernel.console.page import Visit
from switchboard.kernel.errors import Invalid
from switchboard.kernel.http.fields import decode_place, encode_place
from switchboard.kernel.spreadsheet import BYTE_ORDER_MARK, line

PAGE_SIZE = 50
_EXPORT_SIZE = 200
_LONGEST_FILTER = 200
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?(?:e-?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `cell` makes what is shown of a row, `plain` what a file holds of it."""

    name: str
    title: str
    cell: Callable[[Mapping[str, Any]], Markup | str]
    plain: Callable[[Mapping[str, Any]], Any]
    order: str | None = None
    """The order of the service that sorts by this column."""
    is_number: bool = False
    is_shown: bool = True
    """Whether it is shown unless the address says otherwise."""
    beside: Sequence[tuple[str, Callable[[Mapping[str, Any]], Any]]] = ()
    """Further fields of a file, by name: what the cell shows together."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to narrow a list. Without choices it takes text; `kind` says what the text has to be."""

    name: str
    title: str
    choices: Sequence[tuple[str, str]] = ()
    kind: str = "text"
    """'text', 'day', 'number', or 'words' for a search."""
    hint: str = ""
    as_given: Callable[[str], Any] | None = None
    """What the service takes for a text; text alone where this is None."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of a list."""

    filters: Mapping[str, Any]
    """As the service takes them, those alone that were given."""
    given: Mapping[str, str]
    """As they stand in the address."""
    order: str
    descending: bool
    cursor: str | None
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows, and the cursor of the next one."""

    rows: Sequence[Mapping[str, Any]]
    next: str | None = None


Fetch = Callable[[Visit, Asked, int], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of a page."""

    name: str
    """What its files are called."""
    columns: Sequence[Column]
    fetch: Fetch
    filters: Sequence[Filter] = ()
    href: Callable[[Mapping[str, Any]], str] | None = None
    """Where a row leads."""
    orders: Sequence[str] = ()
    """The orders that the service knows, the usual one first; descending first."""
    empty: str = "Nothing is here yet."
    empty_filtered: str = "Nothing meets these filters."
    next_step: Markup | str = ""
    """What to do about an empty list."""
    key: Callable[[Mapping[str, Any]], str] = field(default=lambda row: str(row["id"]))

    def read(self, visit: Visit) -> Asked:
        """What the address asks for. Raises Invalid for a value that no filter could take."""
        query = visit.query
        given = {
            each.name: query[each.name].strip() for each in self.filters if query.get(each.name, "").strip()
        }
        order, _, direction = query.get("order", "").partition(".")
        known = order in self.orders
        return Asked(
            filters={
                each.name: _value(each, given[each.name]) for each in self.filters if each.name in given
            },
            given=given,
            order=order if known else (self.orders[0] if self.orders else ""),
            descending=direction != "up" if known else True,
            cursor=query.get("cursor") or None,
            columns=self._columns(query.get("columns", "")),
        )

    def _columns(self, asked: str) -> list[Column]:
        names = set(asked.split(","))
        chosen = [each for each in self.columns if each.name in names]
        return chosen or [each for each in self.columns if each.is_shown]

    async def show(self, visit: Visit) -> ShownListing | Response:
        """The list as the address asks for it: a page of it, or all of it as a file."""
        asked = self.read(visit)
        match visit.query.get("as"):
            case None:
                return ShownListing(self, asked, await self.fetch(visit, asked, PAGE_SIZE))
            case "csv":
                return _file(self._as_csv(visit, asked), "text/csv; charset=utf-8", f"{self.name}.csv")
            case "json":
                return _file(self._as_json(visit, asked), "application/json", f"{self.name}.json")
            case other:
                raise Invalid(f"A list cannot be had as {other[:20]!r}.", hint="Choose CSV or JSON.")

    async def _rows(self, visit: Visit, asked: Asked) -> AsyncIterator[Mapping[str, Any]]:
        cursor: str | None = None
        while True:
            page = Asked(asked.filters, asked.given, asked.order, asked.descending, cursor, asked.columns)
            found = await self.fetch(visit, page, _EXPORT_SIZE)
            for row in found.rows:
                yield row
            if found.next is None:
                return
            cursor = found.next

    def _fields(self, asked: Asked) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """What a file holds of a row: the chosen columns, and the id in any case, or nobody finds the row again."""
        ids = [each for each in self.columns if each.name == "id" and each not in asked.columns]
        return {
            name: plain
            for each in (*ids, *asked.columns)
            for name, plain in ((each.name, each.plain), *each.beside)
        }

    async def _as_csv(self, visit: Visit, asked: Asked) -> AsyncIterator[str]:
        fields = self._fields(asked)
        yield BYTE_ORDER_MARK + line(fields)
        async for row in self._rows(visit, asked):
            yield line(_cell(plain(row)) for plain in fields.values())

    async def _as_json(self, visit: Visit, asked: Asked) -> AsyncIterator[str]:
        fields, before = self._fields(asked), "[\n"
        async for row in self._rows(visit, asked):
            yield before + json.dumps(
                {name: _json_value(plain(row)) for name, plain in fields.items()}, ensure_ascii=False
            )
            before = ",\n"
        yield "[]\n" if before == "[\n" else "\n]\n"


@dataclass(frozen=True, slots=True)
class ShownListing:
    """A list with the rows of one page, for the template."""

    listing: Listing
    asked: Asked
    found: Found

    @property
    def is_filtered(self) -> bool:
        return bool(self.asked.given)

    def order_of(self, column: Column) -> str | None:
        """The `order` that a click on the column's title asks for."""
        if column.order is None:
            return None
        is_current = column.order == self.asked.order
        return f"{column.order}.{'up' if is_current and self.asked.descending else 'down'}"

    def sorted_as(self, column: Column) -> str:
        """The value of aria-sort."""
        if column.order is None or column.order != self.asked.order:
            return "none"
        return "descending" if self.asked.descending else "ascending"


def as_day(text: str) -> datetime:
    """The beginning of a day in UTC. Raises Invalid."""
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise Invalid(f"{text[:20]!r} is no day.", hint="Write it as 2026-11-23.") from None


def as_end_of_day(text: str) -> datetime:
    """The beginning of the day after, so that the day itself counts. Raises Invalid."""
    begin = as_day(text)
    if begin.year == 9999:
        raise Invalid(f"{text!r} is too late a day.", hint="Choose an earlier one.")
    return begin + timedelta(days=1)


def as_number(text: str) -> int:
    """A whole number from 0 to a million. Raises Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise Invalid(f"{text[:20]!r} is no number.", hint="Write a whole number.")
    return int(text)


def place_of(cursor: str | None, *, is_number: bool = False) -> tuple[Any, str] | None:
    """The place that a cursor names, in an order by moments or by numbers. Raises Invalid for one of another order."""
    if cursor is None:
        return None
    wrong = Invalid("This page of the list is not there.", hint="Begin at its first page.")
    if not is_number:
        try:
            return decode_place(cursor)
        except Invalid:
            raise wrong from None
    number, _, id = cursor.partition("_")
    if not _NUMBER.fullmatch(number) or not id or len(id) > 64 or not id.isprintable():
        raise wrong
    return float(number), id


def next_place(rows: Sequence[Mapping[str, Any]], limit: int, column: str) -> str | None:
    """The cursor behind the last row of a full page, in the order of a column."""
    if len(rows) < limit:
        return None
    value, id = rows[-1][column], str(rows[-1]["id"])
    return encode_place(value, id) if isinstance(value, datetime) else f"{float(value or 0)!r}_{id}"


def _value(filter: Filter, text: str) -> Any:
    if "\0" in text:
        raise Invalid(f"The filter {filter.title} holds a sign that no text has.", hint="Type it anew.")
    if len(text) > _LONGEST_FILTER:
        raise Invalid(
            f"The filter {filter.title} takes at most {_LONGEST_FILTER} characters.", hint="Shorten it."
        )
    if filter.choices and text not in {value for value, _ in filter.choices}:
        raise Invalid(
            f"{filter.title} cannot be {text[:40]!r}.",
            hint=f"Choose one of: {', '.join(title for _, title in filter.choices)}.",
        )
    return text if filter.as_given is None else filter.as_given(text)


def _file(pieces: AsyncIterator[str], media_type: str, name: str) -> Response:
    return StreamingResponse(
        pieces, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _json_value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
