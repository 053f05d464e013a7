"""Changes by the reporting feed of revisions, whose token says how far it was read.

Azure DevOps REST 7.1: Reporting work item revisions. The feed is behind the database by seconds,
by how many is not documented; a revision may come to light behind a token that was given before.
So each walk begins where the walk before the last one ended, and a walk counts as the last one
only once the feed has had time to catch up with its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tieline.connectors.azure_devops.api import Api
from tieline.connectors.azure_devops.naming import (
    ID,
    TAGS,
    correlation_in,
    in_scope,
)
from tieline.connectors.azure_devops.wire import stamp_of
from tieline.connectors.base import Hint, Page
from tieline.domain.errors import Configuration, Credentials, Gone, Refused

LAG = timedelta(seconds=60)
"""By how much the feed may be late."""
_BEFORE = timedelta(minutes=5)
"""How far before now a first walk begins: their clock may be behind ours."""
_PATH = "/{project}/_apis/wit/reporting/workitemrevisions"
_PAGE = 200
_FIELDS = (
    "System.Rev",
    "System.TeamProject",
    "System.WorkItemType",
    "System.AreaPath",
    "System.IsDeleted",
    TAGS,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the feed: its token, and a moment from which nothing behind it is missed."""

    token: str
    at: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next walk begins, where the last one ended and when; `here` if it is on its way.

    `began` is when that walk began.
    """

    behind: Place
    ahead: Place
    ended: str
    here: Place | None = None
    began: str = ""

    def text(self) -> str:
        return json.dumps({"v": 1, **asdict(self)})


def read_cursor(text: str) -> Cursor:
    """A stored cursor. Raises ValueError for one of another version."""
    held = json.loads(text)
    if held.pop("v", None) != 1:
        raise ValueError("the cursor is of a version that is not known here")
    here = held["here"]
    return Cursor(
        Place(**held["behind"]),
        Place(**held["ahead"]),
        held["ended"],
        Place(**here) if here else None,
        held["began"],
    )


class Changes:
    """The changed work items of one scope."""

    def __init__(self, api: Api, scope: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self._api = api
        self._scope = scope
        self._clock = clock

    def since(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Page by page; None begins at `now`."""
        start = Place("", stamp_of(now - _BEFORE))
        held = read_cursor(cursor) if cursor else Cursor(start, start, stamp_of(now))
        if held.here is None:
            held = replace(held, here=held.behind, began=stamp_of(now))
        while True:
            assert held.here is not None
            batch = self._batch(held.here)
            token = _token(batch) or held.here.token
            last = bool(batch.get("isLastBatch", True)) or token == held.here.token
            held = replace(held, here=Place(token, held.here.at))
            if last:
                held = self._ended(held)
            yield Page(tuple(self._hints(batch)), held.text(), last=last)
            if last:
                return

    def _ended(self, held: Cursor) -> Cursor:
        """The cursor behind a whole walk."""
        assert held.here is not None
        began = datetime.fromisoformat(held.began)
        if began - datetime.fromisoformat(held.ended) < LAG:
            # Too soon to have seen what came late before the end of the walk before.
            return replace(held, here=None, began="")
        end = Place(held.here.token, stamp_of(began - _BEFORE))
        return Cursor(held.ahead, end, stamp_of(self._clock()))

    def _batch(self, place: Place) -> Mapping[str, Any]:
        """One page. A token that is not taken any more is left for the moment that it stood for."""
        asked = {
            "fields": ",".join((*_FIELDS, *self._own())),
            "includeDeleted": "true",
            "includeLatestOnly": "true",
            "$maxPageSize": _PAGE,
        }
        start = {"startDateTime": place.at}
        parts = {"project": self._scope["project"]}
        try:
            token = {"continuationToken": place.token}
            try:
                found: Mapping[str, Any] = self._api.json(
                    "GET", _PATH, parts=parts, params={**asked, **(token if place.token else start)}
                )
            except Refused as refused:
                if not place.token or "answered 403" in refused.what:
                    raise
                found = self._api.json("GET", _PATH, parts=parts, params={**asked, **start})
        except Refused as refused:
            if "answered 403" in refused.what:
                what = f"{refused.what}: this account may not read the project's work items"
                raise Credentials(what) from None
            raise
        except Gone:
            project = parts["project"]
            raise Configuration(
                f"azure-devops: project {project!r} is not there or not to be seen"
            ) from None
        return found

    def _hints(self, batch: Mapping[str, Any]) -> Iterator[Hint]:
        for row in batch.get("values") or ():
            fields = row.get("fields") or {}
            id, rev = str(row.get("id")), str(row.get("rev", ""))
            if not ID.fullmatch(id):
                continue
            correlation = correlation_in(fields, self._scope.get("correlation_field", ""))
            deleted = fields.get("System.IsDeleted") is True
            # One of ours that left the scope is read all the same: that tells that it left.
            if in_scope(fields, self._scope) or correlation:
                version = None if deleted or not rev.isdecimal() else rev
                yield Hint(id=id, version=version, correlation=correlation, deleted=deleted)

    def _own(self) -> tuple[str, ...]:
        own = self._scope.get("correlation_field", "")
        return (own,) if own else ()


def _token(batch: Mapping[str, Any]) -> str:
    """The next token; where it is not told by itself it stands in the next address."""
    token = batch.get("continuationToken")
    if token:
        return str(token)
    try:
        asked = parse_qs(urlsplit(str(batch.get("nextLink") or "")).query)
    except ValueError:
        return ""
    return next(iter(asked.get("continuationToken") or asked.get("watermark") or ()), "")
