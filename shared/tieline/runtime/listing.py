"""Lists what a side holds since a moment, page by page: the poll's own listing, from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tieline.connectors.base import Clock, Connector, Page
from tieline.runtime.sides import Sides


class Listing:
    """Both sides' tickets, oldest change first."""

    def __init__(self, sides: Sides, clock: Clock) -> None:
        self._sides = sides
        self._clock = clock

    def pages(self, side: str, position: str | None, since: datetime) -> Iterator[Page]:
        """Pages from `position` on, None begins at `since`. Raises Transient, Paused.

        A page's own cursor is the position behind it.
        """
        now = self._clock()
        pages = self._sides.call(side, lambda c: _begun(c, position, since, now))
        while (page := self._sides.call(side, lambda _: next(pages, None))) is not None:
            yield page


def _begun(
    connector: Connector, position: str | None, since: datetime, now: datetime
) -> Iterator[Page]:
    """The walk with its first page fetched, so that whoever does not know us says so here."""
    pages = _walk(connector, position, since, now)
    first = next(pages, None)
    return iter(()) if first is None else _chained(first, pages)


def _chained(first: Page, rest: Iterator[Page]) -> Iterator[Page]:
    yield first
    yield from rest


def _walk(
    connector: Connector, position: str | None, since: datetime, now: datetime
) -> Iterator[Page]:
    if position is None:
        # A first listing begins at the moment that it is told is now. Some connectors list from
        # there, others only give the position of that moment; either way its cursor leads on.
        first = next(connector.changes(None, since), None)
        if first is None:
            return
        whole = first.last and bool(first.hints)
        yield replace(first, last=whole)
        if whole:
            return
        position = first.cursor
    yield from connector.changes(position, now)
