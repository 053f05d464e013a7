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
        """Page by page; None begins now. A cursor names a place in each list, and whose turn it is.

        A walk that stopped goes on with the list that it stopped in, so that none is left out.
        """
        if cursor is None:
            yield Page((), _text(dict.fromkeys(self._filters, Place(stamp_of(now))), ""), last=True)
            return
        places, turn = self._read(cursor)
        lists = self._filters[self._filters.index(turn) :]
        for filter, following in zip(lists, (*lists[1:], ""), strict=True):
            for hints, place in self._walk(filter, places[filter]):
                places = {**places, filter: place}
                text = _text(places, filter if place.within else following)
                yield Page(hints, text, last=filter == lists[-1] and not place.within)

    def _read(self, cursor: str) -> tuple[dict[str, Place], str]:
        try:
            held = json.loads(cursor)
            if held["v"] == 1 and held["turn"] in self._filters:
                places = {name: Place(**held["lists"][name]) for name in self._filters}
                return places, held["turn"]
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
            if stamps != sorted(stamps) or (stamps and stamps[0] < place.at):
                raise Configuration("a list is not in the order that was asked for")
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


def _text(places: dict[str, Place], turn: str) -> str:
    lists = {name: asdict(place) for name, place in places.items()}
    return json.dumps({"v": 1, "turn": turn, "lists": lists})
