"""The ticket that carries a correlation: by the search, whose index is late, and by the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from tieline.connectors.fresh.api import PAGES, Api
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.wire import Raw, correlation_of, moment_of, stamp_of, tag_of
from tieline.domain.errors import Gone, Refused

LAG = timedelta(minutes=5)
"""Search: updates take a few minutes to be indexed."""
_SLACK = timedelta(minutes=5)
_UNDER_WAY = timedelta(minutes=20)
"""No function runs so long."""

Newest = Callable[[str, int], tuple[list[Raw], bool]]
"""Reads one page of the list, newest record first: changed since, number."""
Look = Callable[[str], Raw]
"""Reads one record with its tags. Raises Gone."""


def carrying(
    api: Api,
    shape: Shape,
    newest: Newest,
    look: Look,
    ours: str,
    correlation: str,
    since: datetime,
) -> tuple[str, ...]:
    """Ids of what was made with a correlation at `since` or later, oldest first.

    What the search finds is compared: it finds by words. What it does not find yet is looked for
    in the list of what was made since, which the database gives. Rows without their tags are
    looked at one by one, those of the list if they are of the time when a creation was under way.
    """
    after = since - _SLACK
    searched = (row for row in _searched(api, shape, ours, correlation) if _made(row) >= after)
    mine = _mine(searched, look, ours, correlation, None)
    if not mine:
        listed = (row for row in _listed(newest, after) if _made(row) >= after)
        mine = _mine(listed, look, ours, correlation, since + _UNDER_WAY)
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
        if not more or not rows or _made(rows[-1]) < after:
            return


def _mine(
    rows: Iterable[Raw], look: Look, ours: str, correlation: str, until: datetime | None
) -> list[Raw]:
    known: dict[str, Raw] = {}
    for row in rows:
        whole = row
        if "tags" not in row and not ours:
            if until is not None and _made(row) > until:
                continue
            try:
                whole = look(str(row["id"]))
            except Gone:
                continue
        if correlation_of(whole, ours) == correlation:
            known[str(row["id"])] = row
    return list(known.values())


def _made(row: Raw) -> datetime:
    return moment_of(str(row["created_at"]))


def _age(row: Raw) -> tuple[str, int]:
    return str(row["created_at"]), int(row["id"])
