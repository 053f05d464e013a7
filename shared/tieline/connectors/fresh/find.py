"""The ticket that carries a correlation: by the search, whose index is late, and by the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from tieline.connectors.fresh.api import PAGES, Api
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import Raw, correlation_of, moment_of, stamp_of, tag_of
from tieline.domain.errors import Refused

LAG = timedelta(minutes=5)
"""Search: updates take a few minutes to be indexed."""
_SLACK = timedelta(minutes=5)

Newest = Callable[[str, int], tuple[list[Raw], bool]]
"""Reads one page of the list, newest record first: changed since, number."""


def carrying(
    api: Api, shape: Shape, newest: Newest, ours: str, correlation: str, since: datetime
) -> tuple[str, ...]:
    """Ids of what was made with a correlation at `since` or later, oldest first.

    What the search finds is compared: it finds by words. What it does not find yet is looked for
    in the list of what was made since, which the database gives.
    """
    after = since - _SLACK
    rows = [*_searched(api, shape, ours, correlation)]
    mine = _mine(rows, ours, correlation, after)
    if not mine:
        mine = _mine(_listed(newest, after), ours, correlation, after)
    return tuple(str(row["id"]) for row in sorted(mine, key=_age))


def _searched(api: Api, shape: Shape, ours: str, correlation: str) -> list[Raw]:
    if not shape.search:
        return []
    term = f"{ours}:'{correlation}'" if ours else f"tag:'{tag_of(correlation)}'"
    params = {"query": f'"{term}"', **shape.params}
    try:
        found = api.call("GET", shape.search, params=params).json()
    except Refused:
        return []  # not every field can be searched
    return list(found.get(shape.searched) or ())


def _listed(newest: Newest, after: datetime) -> Iterator[Raw]:
    for number in range(1, PAGES + 1):
        rows, more = newest(stamp_of(after), number)
        yield from rows
        if not more or not rows or moment_of(rows[-1]["created_at"]) < after:
            return


def _mine(rows: Iterable[Raw], ours: str, correlation: str, after: datetime) -> list[Raw]:
    known: dict[str, Raw] = {}
    for row in rows:
        if moment_of(row["created_at"]) >= after and correlation_of(row, ours) == correlation:
            known[str(row["id"])] = row
    return list(known.values())


def _age(row: Raw) -> tuple[str, int]:
    return str(row["created_at"]), int(row["id"])
