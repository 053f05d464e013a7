"""Lists what changed since a cursor, without losing any.

GitHub REST, Issues: List repository issues; Issue comments: List issue comments for a repository.
Stamps have seconds. Pages are counted: while they are read, an issue that changes moves to the
end, the others move up, and one at the edge would be missed. So after each full page the list is
asked for anew from the last stamp on, and counted pages serve only within one second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint, Page
from tieline.connectors.github.api import PAGE, REPO, Api
from tieline.connectors.github.marker import mark_of
from tieline.connectors.github.stamps import GRAIN, moment_of, stamp_of
from tieline.domain.errors import Configuration, Transient

LAG = timedelta(seconds=60)
"""How long a list may be behind: GitHub answers from copies of its database."""
OVERLAP = LAG + timedelta(seconds=30)
ISSUES = REPO + "/issues"
COMMENTS = REPO + "/issues/comments"
_ROUNDS = 5
_ISSUE_URL = re.compile(r"/issues/([1-9][0-9]{0,17})$")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far each list was read."""

    issues: str
    comments: str

    def text(self) -> str:
        return json.dumps({"v": 1, "issues": self.issues, "comments": self.comments})


def read_cursor(text: str) -> Cursor:
    """A stored cursor. Raises Configuration for one of another version."""
    try:
        value = json.loads(text)
        found = Cursor(value["issues"], value["comments"])
        for stamp in (found.issues, found.comments):
            moment_of(stamp)
        known = value["v"] == 1
    except (ValueError, KeyError, TypeError) as error:
        raise Configuration("github: the stored cursor cannot be read") from error
    if not known:
        raise Configuration("github: the stored cursor is of a version that is not known here")
    return found


class Changes:
    """The changes of one repository: issues, then comments whose edit did not move their issue."""

    def __init__(self, api: Api, label: str, carries: Callable[[str], bool]) -> None:
        self._api = api
        self._label = label
        self._carries = carries

    def since(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Page by page, oldest first; None begins now."""
        place = read_cursor(cursor) if cursor else Cursor(stamp_of(now), stamp_of(now))
        if cursor is None:
            yield Page((), place.text(), last=True)
            return
        told: dict[str, datetime] = {}
        for rows in self._walk(ISSUES, place.issues, self._issue_params()):
            issues = [row for row in rows if not row.get("pull_request")]
            told |= {str(row["number"]): moment_of(row["updated_at"]) for row in issues}
            place = replace(place, issues=_furthest(place.issues, rows))
            yield Page(tuple(map(_hint, issues)), place.text(), last=False)
        for rows in self._walk(COMMENTS, place.comments, {}):
            place = replace(place, comments=_furthest(place.comments, rows))
            yield Page(tuple(self._of_comments(rows, told)), place.text(), last=False)
        yield Page((), place.text(), last=True)

    def _issue_params(self) -> dict[str, str]:
        # Closed ones are left out unless one asks for all.
        return {"state": "all"} | ({"labels": self._label} if self._label else {})

    def _walk(self, path: str, start: str, params: Mapping[str, str]) -> Iterator[list[Json]]:
        """Rows by `updated_at` from the overlap on, each version of each once."""
        at, seen = moment_of(start) - OVERLAP, set[tuple[int, str]]()
        while True:
            rows = self._page(path, at, 1, params)
            last = moment_of(rows[-1]["updated_at"]) if rows else at
            full = len(rows) == PAGE
            if full and last - GRAIN <= at:
                yield from self._crowd(path, at, params, seen)
                at += GRAIN
                continue
            yield _new(rows, seen)
            if not full:
                return
            # A second back: whether `since` takes its own second is not sure.
            at = last - GRAIN

    def _crowd(
        self, path: str, at: datetime, params: Mapping[str, str], seen: set[tuple[int, str]]
    ) -> Iterator[list[Json]]:
        """More rows than a page holds within two seconds: pages are counted, until none is new."""
        for _ in range(_ROUNDS):
            fresh, page = 0, 1
            while True:
                rows = self._page(path, at, page, params)
                new = _new(rows, seen)
                fresh += len(new)
                yield new
                past = not rows or moment_of(rows[0]["updated_at"]) > at + GRAIN
                if past or len(rows) < PAGE:
                    break
                page += 1
            if not fresh:
                return
        raise Transient("github: the issues change faster than they can be listed")

    def _page(self, path: str, since: datetime, page: int, params: Mapping[str, str]) -> list[Json]:
        asked = {
            **params,
            "sort": "updated",
            "direction": "asc",
            "since": stamp_of(since),
            "per_page": str(PAGE),
            "page": str(page),
        }
        rows: list[Json] = self._api.json("GET", path, params=asked)
        if rows and moment_of(rows[0]["updated_at"]) < since:
            raise Transient(f"github GET {path}: it is not listed as it was asked for")
        return rows

    def _of_comments(self, rows: list[Json], told: Mapping[str, datetime]) -> Iterator[Hint]:
        """The issues of these comments, unless their own list told of them already."""
        latest: dict[str, datetime] = {}
        for row in rows:
            found = _ISSUE_URL.search(str(row.get("issue_url", "")))
            # The list holds comments on pull requests, too.
            if found is not None and "/pull/" not in str(row.get("html_url", "")):
                latest[found[1]] = moment_of(row["updated_at"])
        for number, at in latest.items():
            known = told.get(number)
            if (known is None or known < at) and (not self._label or self._carries(number)):
                yield Hint(id=number)


def _hint(issue: Json) -> Hint:
    return Hint(
        id=str(issue["number"]),
        version=str(issue["updated_at"]),
        correlation=mark_of(issue.get("body")),
    )


def _furthest(at: str, rows: list[Json]) -> str:
    """A cursor never goes back, whatever order a list came in."""
    return max([at, *(str(row["updated_at"]) for row in rows)], key=moment_of)


def _new(rows: list[Json], seen: set[tuple[int, str]]) -> list[Json]:
    fresh = [row for row in rows if (int(row["id"]), str(row["updated_at"])) not in seen]
    seen.update((int(row["id"]), str(row["updated_at"])) for row in fresh)
    return fresh
