"""Lists what changed, without losing any: by `updated_at`, page by page.

Tickets: List all tickets. Pages are numbered and the list moves while it is read: whatever changes
goes to its end, and all behind it moves up. So each page begins at the moment at which the one
before it ended, and a moment that fills a page and more is read once more from its last page to
its first, against the movement: a row that stays cannot be missed that way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from tieline.connectors.base import Hint, Page
from tieline.connectors.fresh.api import PAGES
from tieline.connectors.fresh.wire import Raw, correlation_of, moment_of, stamp_of, version_of
from tieline.domain.errors import Configuration

OVERLAP = timedelta(minutes=5)
"""So late may a change be shown, and so far may the account's clock and ours be apart."""
_SECOND = timedelta(seconds=1)

Listing = Callable[[str, str, int], tuple[list[Raw], bool]]
"""Reads a page, oldest change first: filter, since, number; gives rows and whether more follow."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far one list was read. `within`: the walk stopped in the middle, at this very place.

    `page` and `back` are set while one moment takes more than a page.
    """

    at: str
    within: bool = False
    page: int = 1
    back: bool = False
    furthest: str = ""


class Changes:
    """The lists of one kind of record: what is there, then what is in the bins."""

    def __init__(self, listing: Listing, bins: tuple[str, ...], ours: str) -> None:
        self._listing = listing
        self._filters = ("", *bins)
        self._ours = ours

    def since(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Page by page; None begins now. A cursor names a place in each list."""
        places = self._places(cursor, now)
        if cursor is None:
            yield Page((), _text(places), last=True)
            return
        for filter in self._filters:
            for hints, place in self._walk(filter, places[filter]):
                places = {**places, filter: place}
                last = filter == self._filters[-1] and not place.within
                yield Page(hints, _text(places), last=last)

    def _places(self, cursor: str | None, now: datetime) -> dict[str, Place]:
        start = Place(stamp_of(now))
        if cursor is None:
            return dict.fromkeys(self._filters, start)
        try:
            held = json.loads(cursor)
            if held["v"] == 1:
                return {name: Place(**held[name]) for name in self._filters}
        except (ValueError, KeyError, TypeError) as error:
            raise Configuration("the stored cursor cannot be read") from error
        raise Configuration("the stored cursor is of another version")

    def _walk(self, filter: str, place: Place) -> Iterator[tuple[tuple[Hint, ...], Place]]:
        """One list to its end. The place after the last page is not `within`."""
        if not place.within:
            since = stamp_of(moment_of(place.at) - OVERLAP)
            place = Place(since, within=True, furthest=place.at)
        while place.within:
            rows, more = self._listing(filter, place.at, place.page)
            stamps = [version_of(row) for row in rows]
            place = replace(place, furthest=max([place.furthest, *stamps]))
            place = _next(place, stamps, more=more)
            yield tuple(self._hint(row, filter) for row in rows), place

    def _hint(self, row: Raw, filter: str) -> Hint:
        return Hint(
            id=str(row["id"]),
            version=version_of(row),
            correlation=correlation_of(row, self._ours),
            deleted=bool(filter),
        )


def _next(place: Place, stamps: list[str], *, more: bool) -> Place:
    """Where the next page is. Pure."""
    if place.back:
        if place.page > 1:
            return replace(place, page=place.page - 1)
        after = stamp_of(moment_of(place.at) + _SECOND)
        return replace(place, at=after, page=1, back=False)
    last = stamps[-1] if stamps else place.at
    if more and last == place.at:
        if place.page >= PAGES:
            raise Configuration(f"more records changed in one second than {PAGES} pages hold")
        return replace(place, page=place.page + 1)
    if place.page > 1:
        return replace(place, page=place.page - 1, back=True)
    if more:
        return replace(place, at=last)
    return Place(place.furthest)


def _text(places: dict[str, Place]) -> str:
    return json.dumps({"v": 1, **{name: asdict(place) for name, place in places.items()}})
