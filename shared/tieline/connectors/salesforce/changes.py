"""What changed since a cursor: cases, comments and files by their own stamps, and deletions.

Salesforce: SOQL; QueryAll; Get deleted records. `SystemModstamp` is set when a row is saved and
seen when its transaction commits, minutes later at times: each pass begins that much before the
last one. A comment or a file does not move its case.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.base import Hint, Page
from tieline.connectors.salesforce.api import Api
from tieline.connectors.salesforce.soql import quoted, select
from tieline.connectors.salesforce.wire import (
    Row,
    case_id,
    correlation_of,
    id18,
    moment_of,
    version_of,
)
from tieline.domain.errors import Configuration, Refused

LIMIT = 200
OVERLAP = timedelta(minutes=10)
_SETTLED = timedelta(minutes=1)
"""A part whose stamp is younger may change again within that stamp's second."""
_KEPT = timedelta(days=14)
"""How far back the log of deletions may be asked; it is kept for 15 days."""
_SEEN = 600
_ORDER = "SystemModstamp, Id"


def of_cases(column: str, scope: str) -> str:
    """The condition that a column leads to a case, and to one of the scope."""
    return f"{column} IN ({select(('Id',), 'Case', scope)})"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pass stands. Moments are as SOQL has them; `seen` are parts that were told of.

    `since` is when the last whole pass began, `covered` what the log of deletions had up to then;
    `source`, `stamp` and `id` say how far this pass (begun at `began`) has come.
    """

    since: str
    covered: str
    began: str = ""
    source: int = 0
    stamp: str = ""
    id: str = ""
    before: tuple[str, ...] = ()
    seen: tuple[str, ...] = field(default=())

    def text(self) -> str:
        held = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"v": 1, **held}, separators=(",", ":"))


def read_cursor(text: str) -> Cursor:
    """A stored cursor. Raises Configuration for one that is not of this version."""
    try:
        value = json.loads(text)
        if value.pop("v") == 1:
            for name in ("before", "seen"):
                value[name] = tuple(map(str, value[name]))
            found = Cursor(**value)
            moment_of(found.since), moment_of(found.covered)
            return found
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Configuration("salesforce: the stored cursor cannot be read")


class Changes:
    """The changes of one org's cases. `scope` is a condition of SOQL, or ""."""

    def __init__(self, api: Api, ref: str, scope: str) -> None:
        self._api = api
        self._ref = ref
        self._scope = scope
        self._sources: Sequence[Callable[[Cursor], tuple[list[Row], list[Hint]]]] = (
            self._cases,
            self._comments,
            self._files,
        )

    def since(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """Page by page, each source from its oldest. Raises Configuration."""
        begin = version_of(now)
        place = read_cursor(cursor) if cursor else Cursor(begin, begin)
        if not place.began:
            place = replace(place, began=begin)
        while place.source < len(self._sources):
            rows, hints = self._sources[place.source](place)
            fresh, place = _unseen(place, rows, hints)
            if len(rows) < LIMIT:
                place = replace(place, source=place.source + 1, stamp="", id="")
            else:
                last = rows[-1]
                stamp = version_of(moment_of(last["SystemModstamp"]))
                place = replace(place, stamp=stamp, id=id18(last["Id"]))
            if fresh:
                yield Page(tuple(fresh), place.text(), False)
        if cursor is None:
            # What was deleted before the first pass concerns no twin.
            yield Page((), Cursor(begin, begin, before=place.seen).text(), True)
            return
        rows, hints, covered = self._deleted(place, now)
        fresh, place = _unseen(place, rows, hints)
        done = Cursor(since=place.began, covered=covered, before=place.seen)
        yield Page(tuple(fresh), done.text(), True)

    def _behind(self, place: Cursor, stamp: str = "SystemModstamp") -> str:
        """The condition of the next page: its first moment, or what comes after its last row."""
        if not place.stamp:
            start = version_of(moment_of(place.since) - OVERLAP)
            return f"{stamp} >= {start}"
        return f"({stamp} > {place.stamp} OR ({stamp} = {place.stamp} AND Id > {quoted(place.id)}))"

    def _cases(self, place: Cursor) -> tuple[list[Row], list[Hint]]:
        columns = ("Id", "SystemModstamp", self._ref)
        conditions = (self._behind(place), self._scope)
        rows = self._api.rows(select(columns, "Case", *conditions, order=_ORDER, limit=LIMIT))
        return rows, [
            Hint(
                id=id18(row["Id"]),
                version=version_of(moment_of(row["SystemModstamp"])),
                correlation=correlation_of(row.get(self._ref)),
            )
            for row in rows
        ]

    def _comments(self, place: Cursor) -> tuple[list[Row], list[Hint]]:
        """With those in the bin, so that a deleted one is told of, too."""
        columns, behind = ("Id", "ParentId", "SystemModstamp"), self._behind(place)
        mine = of_cases("ParentId", self._scope) if self._scope else ""
        soql = select(columns, "CaseComment", mine, behind, order=_ORDER, limit=LIMIT)
        rows = self._api.rows(soql, deleted=True)
        return rows, [Hint(id18(row["ParentId"])) for row in rows]

    def _files(self, place: Cursor) -> tuple[list[Row], list[Hint]]:
        """An org that does not take this query tells of files with the next change of a case."""
        columns, conditions = (
            ("Id", "LinkedEntityId", "SystemModstamp"),
            (of_cases("LinkedEntityId", self._scope), self._behind(place)),
        )
        soql = select(columns, "ContentDocumentLink", *conditions, order=_ORDER, limit=LIMIT)
        try:
            rows = self._api.rows(soql, deleted=True)
        except Refused:
            return [], []
        return rows, [Hint(case_id(row.get("LinkedEntityId"))) for row in rows]

    def _deleted(self, place: Cursor, now: datetime) -> tuple[list[Row], list[Hint], str]:
        """From the log of deletions; where it was purged too early, from the bin."""
        start = min(moment_of(place.covered), moment_of(place.since)) - OVERLAP
        start = max(start, now - _KEPT)
        params = {"start": version_of(start), "end": version_of(now)}
        path = "/sobjects/Case/deleted/"
        answer = self._api.get(path, params=params)
        rows: list[Row] = [
            {"Id": each["id"], "SystemModstamp": each["deletedDate"]}
            for each in answer.get("deletedRecords") or ()
        ]
        if _later(answer.get("earliestDateAvailable"), start):
            conditions = ("IsDeleted = true", f"SystemModstamp >= {version_of(start)}")
            soql = select(("Id", "SystemModstamp"), "Case", *conditions, order=_ORDER)
            rows += self._api.rows(soql, deleted=True)
        hints = [Hint(id18(row["Id"]), deleted=True) for row in rows]
        covered = answer.get("latestDateCovered")
        until = version_of(moment_of(covered)) if covered else place.covered
        return rows, hints, until


def _later(text: Any, start: datetime) -> bool:
    return bool(text) and moment_of(text) > start


def _unseen(place: Cursor, rows: Sequence[Row], hints: Sequence[Hint]) -> tuple[list[Hint], Cursor]:
    """Hints that were not given before, and the cursor that remembers them.

    Cases have a version, which says itself whether it is news. What is settled is remembered for
    the passes whose beginning overlaps.
    """
    settled, overlap = moment_of(place.began) - _SETTLED, moment_of(place.began) - 2 * OVERLAP
    fresh: dict[tuple[str, str | None, bool], Hint] = {}
    seen = list(place.seen)
    for row, hint in zip(rows, hints, strict=True):
        if not case_id(hint.id):
            continue
        stamp = moment_of(row["SystemModstamp"])
        name = hashlib.sha256(f"{row['Id']} {stamp} {hint.deleted}".encode()).hexdigest()[:10]
        told = hint.version is None and name in place.before
        if hint.version is None and overlap < stamp < settled and name not in seen:
            seen.append(name)
        if not told:
            fresh[hint.id, hint.version, hint.deleted] = hint
    return list(fresh.values()), replace(place, seen=tuple(seen[-_SEEN:]))
