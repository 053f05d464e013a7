"""Lists rows by time, without losing any: keyset paging, and what changed since a cursor.

Offset paging over a list that is being edited loses rows, a page may be short or empty though more
follow (the limit is applied before access rules), and many rows share one second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from tieline.connectors.base import Hint, Page
from tieline.connectors.servicenow.wire import Row, correlation_of, moment_of, raw, stamp_of
from tieline.domain.errors import Configuration, Credentials, Gone, Refused

OVERLAP = timedelta(seconds=15)
"""Seconds are the grain of stamps, and a transaction may end after its stamp."""
LIMIT = 200
_START_BEFORE = timedelta(minutes=5)

Listing = Callable[[str, str, tuple[str, ...], int, int], tuple[list[Row], int | None]]
"""Reads one page: table, encoded query, columns, limit, offset; gives rows and the total count."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far each list was read. `id` is set until all lists are at their end.

    `again` is where the next pass begins, once the records were at their end: before it one may
    still appear, even if this pass is cut and goes on much later.
    """

    at: str
    id: str = ""
    files: str = ""
    deletes: str = ""
    again: str = ""

    def text(self) -> str:
        return json.dumps({"v": 1, **asdict(self)})


def read_cursor(text: str) -> Cursor:
    """A stored cursor. Raises ValueError for one of another version."""
    value = json.loads(text)
    if value.get("v") != 1:
        raise ValueError("the cursor is of a version that is not known here")
    again = value.get("again", "")
    return Cursor(value["at"], value["id"], value["files"], value["deletes"], again)


def after(query: str, column: str, at: str, id: str) -> str:
    """The encoded query for what comes after (at, id); `id` "" takes the whole second too.

    A `^NQ` begins a new query that knows nothing of the one before, so filters are repeated.
    """
    parts = [f"{part}^" if part else "" for part in (query.split("^NQ") if query else [""])]
    order = f"^ORDERBY{column}^ORDERBYsys_id"
    if not id:
        return "^NQ".join(f"{part}{column}>={at}" for part in parts) + order
    later = [f"{part}{column}>{at}" for part in parts]
    same = [f"{part}{column}={at}^sys_id>{id}" for part in parts]
    return "^NQ".join((*later, *same)) + order


def keyset(
    listing: Listing,
    table: str,
    query: str,
    column: str,
    start: tuple[str, str],
    columns: tuple[str, ...],
    limit: int = LIMIT,
) -> Iterator[tuple[list[Row], bool]]:
    """Pages of rows after `start`, oldest first, each with whether it is the last."""
    (at, id), offset = start, 0
    while True:
        rows, total = listing(table, after(query, column, at, id), columns, limit, offset)
        seen = total is not None and offset + limit >= total
        if rows:
            last = rows[-1]
            if (raw(last, column), raw(last, "sys_id")) == (at, id):
                raise Configuration(
                    f"servicenow: {table} is not listed in the order that was asked for; does it "
                    f"have {column}, and is the scope's query a valid one?"
                )
            at, id, offset = raw(last, column), raw(last, "sys_id"), 0
        else:
            offset += limit
        yield rows, seen or (total is None and not rows)
        if seen or (total is None and not rows):
            return


class Changes:
    """The changes of one table since a cursor: records, then new files, then deletes."""

    def __init__(self, listing: Listing, table: str, query: str, us: Callable[[], str]) -> None:
        self._listing = listing
        self._table = table
        self._query = query
        self._us = us

    def since(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Page by page, oldest first; None begins where the table is now."""
        place = read_cursor(cursor) if cursor else self._here(now)
        columns = ("sys_id", "sys_updated_on", "sys_mod_count", "correlation_id")
        furthest = place.at
        start = (place.at, place.id) if place.id else (_before(place.at), "")
        for rows, last in keyset(
            self._listing, self._table, self._query, "sys_updated_on", start, columns
        ):
            if rows:
                at, id = raw(rows[-1], "sys_updated_on"), raw(rows[-1], "sys_id")
                place = replace(place, at=at, id=id)
            if last and place.at < furthest:
                place = replace(place, at=furthest, id="")
            if last:
                place = replace(place, again=place.again or place.at)
            yield Page(tuple(map(_hint, rows)), place.text(), last=False)
        for hints, moved in self._files(place):
            place = moved
            yield Page(hints, place.text(), last=False)
        hints, place = self._deletes(place)
        yield Page(hints, Cursor(place.again, "", place.files, place.deletes).text(), last=True)

    def _here(self, now: datetime) -> Cursor:
        """By the instance's own clock: ours may be ahead of it.

        Files and deletes begin with the newest record: what went before concerns no twin.
        """
        query = f"{self._query}^" if self._query else ""
        rows, _ = self._listing(
            self._table, f"{query}ORDERBYDESCsys_updated_on", ("sys_id", "sys_updated_on"), 1, 0
        )
        newest = raw(rows[0], "sys_updated_on") if rows else stamp_of(now - _START_BEFORE)
        at = min(newest, stamp_of(now)) if rows else newest
        return Cursor(at, "", newest, newest)

    def _files(self, place: Cursor) -> Iterator[tuple[tuple[Hint, ...], Cursor]]:
        """Files that others added: a file does not always move its record's stamp."""
        query = f"table_name={self._table}^sys_created_by!={self._us()}"
        columns = ("sys_id", "sys_created_on", "table_name", "table_sys_id")
        for rows, _ in keyset(
            self._listing, "sys_attachment", query, "sys_created_on",
            (_before(place.files), ""), columns,
        ):  # fmt: skip
            mine = [row for row in rows if raw(row, "table_name") == self._table]
            if rows:
                place = replace(place, files=max(place.files, raw(rows[-1], "sys_created_on")))
            yield tuple(Hint(id=id) for id in _once(mine, "table_sys_id")), place

    def _deletes(self, place: Cursor) -> tuple[tuple[Hint, ...], Cursor]:
        """Deletes by the audit, if the account may read it. Filed under the real class."""
        columns = ("sys_id", "sys_created_on", "tablename", "documentkey")
        hints: list[Hint] = []
        start = (_before(place.deletes), "")
        try:
            for rows, _ in keyset(
                self._listing, "sys_audit_delete", f"tablename={self._table}",
                "sys_created_on", start, columns,
            ):  # fmt: skip
                mine = [row for row in rows if raw(row, "tablename") == self._table]
                hints += [Hint(id=id, deleted=True) for id in _once(mine, "documentkey")]
                if rows:
                    newest = max(place.deletes, raw(rows[-1], "sys_created_on"))
                    place = replace(place, deletes=newest)
        except (Refused, Credentials, Configuration, Gone):
            # Not everybody may read the audit; the reads of those tickets will find them gone.
            return (), place
        return tuple(hints), place


def _hint(row: Row) -> Hint:
    return Hint(
        id=raw(row, "sys_id"),
        version=raw(row, "sys_mod_count") or None,
        correlation=correlation_of(raw(row, "correlation_id")),
    )


def _once(rows: list[Row], column: str) -> list[str]:
    return list(dict.fromkeys(raw(row, column) for row in rows if raw(row, column)))


def _before(stamp: str) -> str:
    return stamp_of(moment_of(stamp) - OVERLAP)
