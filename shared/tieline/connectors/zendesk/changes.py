"""What changed since a cursor: the incremental export of tickets.

Zendesk: Incremental exports. It selects by `generated_timestamp`, leaves out the last minute, lists
deleted tickets, and may be asked ten times a minute. Its cursors lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint, Page
from tieline.connectors.zendesk.api import Api
from tieline.connectors.zendesk.wire import (
    TICKET_ID,
    Row,
    correlation_of,
    moment_of,
    version_of,
)
from tieline.domain.errors import Configuration, Refused

EXPORT = "/incremental/tickets/cursor"
LIMIT, FEW = 250, 20
"""Rows of a page, and of one that was too large: a thousand are allowed, whatever they hold."""
_START_BEFORE = timedelta(minutes=5)
_OVERLAP = 120
_SYSTEM = timedelta(seconds=5)
"""A row that was generated this much later than it was updated changed without a new stamp."""
NO_ADMIN = (
    "zendesk: the account may not read the incremental export, which is for administrators: give "
    "it the role of one, or changes are noticed by webhooks alone"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Zendesk's own cursor, and the second (epoch) of the last row, from which to begin anew."""

    after: str
    at: int

    def text(self) -> str:
        return json.dumps({"v": 1, "after": self.after, "at": self.at})


def read_cursor(text: str) -> Cursor:
    """A stored cursor. Raises Configuration for one that is not of this version."""
    try:
        value = json.loads(text)
        if value["v"] == 1:
            return Cursor(str(value["after"]), int(value["at"]))
    except (ValueError, KeyError, TypeError):
        pass
    raise Configuration("zendesk: the stored cursor cannot be read")


class Changes:
    """The changes of one account's tickets, but for those that are `elsewhere`."""

    def __init__(self, api: Api, elsewhere: Callable[[Row], bool]) -> None:
        self._api = api
        self._elsewhere = elsewhere
        self._limit = LIMIT

    def since(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Page by page, oldest first. Raises Configuration."""
        begin = int((now - _START_BEFORE).timestamp())
        place = read_cursor(cursor) if cursor else Cursor("", begin)
        last = False
        while not last:
            answer, place = self._page(place)
            rows = [row for row in answer.get("tickets") or () if _is_ticket(row)]
            moved = _moved(place, answer, rows)
            last = bool(answer.get("end_of_stream", True)) or moved == place
            place = moved
            yield Page(_hints(rows, self._elsewhere), place.text(), last)

    def _page(self, place: Cursor) -> tuple[Row, Cursor]:
        """One page; a cursor that Zendesk does not take any more is left for the moment it had."""
        try:
            return self._ask(place), place
        except Refused as refused:
            if "answered 403" in refused.what:
                raise Configuration(NO_ADMIN) from None
            if not refused.words and self._limit > FEW:
                self._limit = FEW  # not Zendesk's refusal, but our own of so large an answer
                return self._ask(place), place
            if not place.after and "StartTimeTooRecent" not in refused.words:
                raise
        again = replace(place, after="", at=place.at - _OVERLAP)
        return self._ask(again), again

    def _ask(self, place: Cursor) -> Row:
        start = {"cursor": place.after} if place.after else {"start_time": str(place.at)}
        params: dict[str, Any] = {**start, "per_page": str(self._limit)}
        return self._api.get(EXPORT, params=params)


def _moved(place: Cursor, answer: Row, rows: list[Row]) -> Cursor:
    after = str(answer.get("after_cursor") or place.after)
    newest = max((int(row.get("generated_timestamp") or 0) for row in rows), default=0)
    return Cursor(after, max(place.at, newest))


def _hints(rows: list[Row], elsewhere: Callable[[Row], bool]) -> tuple[Hint, ...]:
    """One hint for each ticket, of its latest row."""
    latest = {str(row["id"]): row for row in rows if not elsewhere(row)}
    return tuple(map(_hint, latest.values()))


def _hint(row: Row) -> Hint:
    deleted = row.get("status") == "deleted"
    return Hint(
        id=str(row["id"]),
        version=None if deleted else _version(row),
        correlation=correlation_of(row.get("external_id")),
        deleted=deleted,
    )


def _version(row: Row) -> str | None:
    """The stamp; None where the system changed the ticket and left its stamp, or shows none."""
    try:
        updated = moment_of(row["updated_at"])
    except (KeyError, ValueError):
        return None
    generated = datetime.fromtimestamp(int(row.get("generated_timestamp") or 0), UTC)
    return None if generated - updated > _SYSTEM else version_of(updated)


def _is_ticket(row: Row) -> bool:
    return TICKET_ID.fullmatch(str(row.get("id"))) is not None
