"""What changed in Jira, and which ticket carries a correlation: JQL and its traps.

Jira Cloud REST v3, Issue search: Search for issues using JQL enhanced search. The index lags
behind by seconds to minutes. Literals in quotation marks are read in the caller's time zone and to
the minute, so moments are epoch milliseconds without quotation marks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint, Page
from tieline.connectors.jira.wire import LABEL, PROPERTY, milliseconds, property_of, version_of
from tieline.domain.errors import Configuration, Refused

LAG = timedelta(minutes=5)
"""So long a write may be missing from the index."""
OVERLAP = timedelta(minutes=5)
"""So far our clock and Jira's may be apart."""
PAGE = 100

Json = Mapping[str, Any]
Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How far changes are read, in epoch milliseconds; as text `1:<position>` or `2:[…]`.

    All that was updated before `position` has been listed. A walk that is not over goes on by
    `token`, from `lower` on, and may say no more of `position` in the end than `limit`: what the
    index shows late may be older than what it showed when the walk began, by LAG.
    """

    position: int
    limit: int = 0
    lower: int = 0
    token: str = ""

    def text(self) -> str:
        if not self.token:
            return f"1:{self.position}"
        return "2:" + json.dumps([self.position, self.limit, self.lower, self.token])


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
        comes again at its end. A walk that was broken off goes on at its next page: one that began
        anew each time would never come to the end of more issues than one poll can list.
        """
        if cursor is None:
            yield Page((), Walk(milliseconds(now - LAG)).text(), last=True)
            return
        walk = walk_of(cursor)
        try:
            yield from self._walked(walk if walk.token else _begun(walk.position, now))
        except Refused:
            if not walk.token:
                raise
            # A token lives for seven days.
            yield from self._walked(_begun(walk.position, now))

    def _walked(self, walk: Walk) -> Iterator[Page]:
        jql = f"{self._scope} AND updated >= {walk.lower} ORDER BY updated ASC, id ASC"
        for issues, token in self._pages(jql, ["updated"], walk.token):
            hints = tuple(_hint(issue) for issue in issues)
            newest = [int(hint.version) for hint in hints if hint.version]
            reached = min(walk.limit, max(newest, default=walk.position)) if token else walk.limit
            walk = replace(walk, position=max(walk.position, reached), token=token)
            yield Page(hints, walk.text(), last=not token)

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
            for issues, _ in self._pages(jql, ["created"], "")
            for issue in issues
            if (property_of(issue) or {}).get("correlation") == correlation
        )

    def _pages(self, jql: str, fields: list[str], token: str) -> Iterator[tuple[list[Json], str]]:
        """Pages of a query, from the one that `token` names; each with the next one's, or ""."""
        body: dict[str, Any] = {
            "jql": jql,
            "fields": fields,
            "properties": [PROPERTY],
            "maxResults": PAGE,
        }
        if token:
            body["nextPageToken"] = token
        while True:
            answer = self._call("POST", "/rest/api/3/search/jql", json=body, safe=True).json()
            # A short page is not the last one: only these two say so.
            token = "" if answer.get("isLast") else str(answer.get("nextPageToken") or "")
            yield answer.get("issues") or [], token
            if not token:
                return
            body["nextPageToken"] = token


def _begun(position: int, now: datetime) -> Walk:
    """A new walk: it looks back over what the index may have shown late."""
    lower = floor_to_minute(position - OVERLAP // timedelta(milliseconds=1))
    return Walk(position, milliseconds(now - LAG), lower)


def _hint(issue: Json) -> Hint:
    return Hint(
        id=str(issue["id"]),
        version=version_of(issue["fields"]["updated"]),
        correlation=str((property_of(issue) or {}).get("correlation", "")),
    )


def walk_of(cursor: str) -> Walk:
    """The walk that a cursor holds. Raises Configuration for another form."""
    try:
        form, _, rest = cursor.partition(":")
        if form == "2":
            position, limit, lower, token = json.loads(rest)
            return Walk(int(position), int(limit), int(lower), str(token))
        if form == "1" and rest.isdecimal():
            return Walk(int(rest))
    except (ValueError, TypeError):
        pass
    raise Configuration("the stored cursor is not of the form that the Jira connector writes")


def moment_of(version: str) -> datetime:
    """The moment that a version names."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(version))


def floor_to_minute(epoch_ms: int) -> int:
    """The beginning of the minute, 1970 at the earliest: Jira may compare no finer."""
    return max(0, epoch_ms - epoch_ms % 60_000)


def quoted(text: str) -> str:
    """A JQL string. Project keys that are reserved words need the quotation marks."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
