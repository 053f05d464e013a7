"""What changed in Jira, and which ticket carries a correlation: JQL and its traps.

Jira Cloud REST v3, Issue search: Search for issues using JQL enhanced search. The index lags
behind by seconds to minutes. Literals in quotation marks are read in the caller's time zone and to
the minute, so moments are epoch milliseconds without quotation marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint, Page
from tieline.connectors.jira.wire import LABEL, PROPERTY, milliseconds, property_of, version_of
from tieline.domain.errors import Configuration

LAG = timedelta(minutes=5)
"""So long a write may be missing from the index."""
OVERLAP = timedelta(minutes=5)
"""So far our clock and Jira's may be apart."""
PAGE = 100
_FORM = "1:"

Json = Mapping[str, Any]
Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


class Search:
    """Listings within one project and one type of issue."""

    def __init__(self, call: Call, scope: Mapping[str, str]) -> None:
        self._call = call
        self._scope = (
            f"project = {quoted(scope['project'])} AND issuetype = {quoted(scope['issue_type'])}"
        )
        self._project = f"project = {quoted(scope['project'])}"

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Pages of hints by `updated`, without an upper bound.

        So an issue that changes all the time is listed too, and one that changes during the walk
        comes again at its end.

        A cursor is `1:<epoch ms>`: all that was updated before it has been listed. It never
        passes `now` minus LAG, since what the index shows late may still be older than what it
        shows already.
        """
        limit = milliseconds(now - LAG)
        if cursor is None:
            yield Page((), f"{_FORM}{limit}", last=True)
            return
        position = position_of(cursor)
        lower = floor_to_minute(position - OVERLAP // timedelta(milliseconds=1))
        jql = f"{self._scope} AND updated >= {lower} ORDER BY updated ASC, id ASC"
        for issues, last in self._pages(jql, ["updated"]):
            hints = tuple(_hint(issue) for issue in issues)
            newest = [int(hint.version) for hint in hints if hint.version]
            reached = limit if last else min(limit, max(newest, default=position))
            position = max(position, reached)
            yield Page(hints, f"{_FORM}{position}", last=last)

    def carrying(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """Ids of the issues that were made with a correlation, oldest first.

        The label is what can be searched; the property confirms it, since a copied issue has the
        label of its original and not the property.
        """
        after = floor_to_minute(milliseconds(since - OVERLAP))
        jql = (
            f"{self._project} AND labels = {quoted(LABEL + correlation)}"
            f" AND created >= {after} ORDER BY created ASC, id ASC"
        )
        return tuple(
            str(issue["id"])
            for issues, _ in self._pages(jql, ["created"])
            for issue in issues
            if (property_of(issue) or {}).get("correlation") == correlation
        )

    def _pages(self, jql: str, fields: list[str]) -> Iterator[tuple[list[Json], bool]]:
        body: dict[str, Any] = {
            "jql": jql,
            "fields": fields,
            "properties": [PROPERTY],
            "maxResults": PAGE,
        }
        while True:
            answer = self._call("POST", "/rest/api/3/search/jql", json=body, safe=True).json()
            token = answer.get("nextPageToken")
            # A short page is not the last one: only these two say so.
            last = bool(answer.get("isLast")) or not token
            yield answer.get("issues") or [], last
            if last:
                return
            body["nextPageToken"] = token


def _hint(issue: Json) -> Hint:
    return Hint(
        id=str(issue["id"]),
        version=version_of(issue["fields"]["updated"]),
        correlation=str((property_of(issue) or {}).get("correlation", "")),
    )


def position_of(cursor: str) -> int:
    """The epoch milliseconds that a cursor holds. Raises Configuration for another form."""
    position = cursor.removeprefix(_FORM)
    if position == cursor or not position.isdecimal():
        raise Configuration("the stored cursor is not of the form that the Jira connector writes")
    return int(position)


def moment_of(version: str) -> datetime:
    """The moment that a version names."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(version))


def floor_to_minute(epoch_ms: int) -> int:
    """The beginning of the minute, 1970 at the earliest: Jira may compare no finer."""
    return max(0, epoch_ms - epoch_ms % 60_000)


def quoted(text: str) -> str:
    """A JQL string. Project keys that are reserved words need the quotation marks."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
