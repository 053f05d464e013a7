"""Changes of a described system, by the moment of each ticket's last change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint, Page
from tieline.connectors.rest.api import Api
from tieline.connectors.rest.description import Changes
from tieline.connectors.rest.places import text_at
from tieline.connectors.rest.wire import grain_of, moment_of, stamp_of
from tieline.domain.errors import Configuration, Transient
from tieline.domain.twin import as_key

SKEW = timedelta(seconds=30)
"""What the clocks of the system and of AWS may be apart at a link's first poll."""


def changes(
    api: Api, told: Changes, cursor: str | None, now: datetime, version: Callable[[Any], str]
) -> Iterator[Page]:
    """Pages of hints. The cursor is the latest moment of change that was listed.

    Numbered pages shift when a ticket moves to the list's end meanwhile. So each page begins anew
    at the last moment of the page before; only within one moment is the number counted up, and
    then what may have slipped through is looked for once more.
    """
    position = _position(cursor, now)
    since = position if cursor is None else position - _overlap(api, told)
    seen: set[tuple[str, str]] = set()
    number, shifted = 0, False
    while True:
        rows = _rows(api, told, since, number)
        moments = [_moment(api, told, row) for row in rows]
        fresh = [r for r in rows if (text_at(r, told.id), version(r)) not in seen]
        seen |= {(text_at(r, told.id), version(r)) for r in fresh}
        position = max([position, *moments])
        ends = len(rows) < told.pages.size
        # A moment of several pages is passed again until a whole pass brings nothing new.
        shifted = shifted or (number > 0 and bool(fresh))
        over = ends or moments[-1] > since
        last = ends and not shifted
        yield Page(
            tuple(_hint(told, row, version(row)) for row in fresh),
            json.dumps({"at": position.isoformat()}),
            last,
        )
        if last:
            return
        if over and not shifted:
            since, number = moments[-1], 0
        elif over:
            number, shifted = 0, False
        else:
            number += 1


def _overlap(api: Api, told: Changes) -> timedelta:
    return timedelta(seconds=told.overlap) + grain_of(api.told.times)


def _position(cursor: str | None, now: datetime) -> datetime:
    if cursor is None:
        return now.astimezone(UTC) - SKEW
    try:
        return datetime.fromisoformat(json.loads(cursor)["at"])
    except (ValueError, KeyError, TypeError):
        raise Configuration("rest: the stored cursor cannot be read") from None


def _rows(api: Api, told: Changes, since: datetime, number: int) -> list[Mapping[str, Any]]:
    pages = told.pages
    place = pages.first + number if pages.by == "number" else number * pages.size
    call = told.request()
    query = {**call.query, pages.query: str(place), pages.size_query: str(pages.size)}
    words = {"since": stamp_of(since, api.told.times)}
    return api.rows(call.model_copy(update={"query": query}), words)


def _moment(api: Api, told: Changes, row: Mapping[str, Any]) -> datetime:
    try:
        return moment_of(text_at(row, told.updated), api.told.times)
    except ValueError:
        raise Transient("rest: a listed ticket does not say when it was changed") from None


def _hint(told: Changes, row: Mapping[str, Any], version: str) -> Hint:
    mark = text_at(row, told.correlation) if told.correlation else ""
    return Hint(id=text_at(row, told.id), version=version or None, correlation=as_key(mark))
