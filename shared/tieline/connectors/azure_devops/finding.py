"""Finding work items by our correlation, in WIQL.

Azure DevOps REST 7.1: Wiql, Query by wiql; Work items, Get work items batch. A query reads the
database itself, within seconds of a write; it gives ids alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.azure_devops.api import Api
from tieline.connectors.azure_devops.naming import ID, TAGS, correlation_in, in_scope, mark_of
from tieline.connectors.azure_devops.wire import stamp_of

_WIQL = "/{project}/_apis/wit/wiql"
_BATCH = "/{project}/_apis/wit/workitemsbatch"
_ALL = "SELECT [System.Id] FROM WorkItems"
_SLACK = timedelta(days=1)
_MOST = 200


def literal(text: str) -> str:
    """A text within a query: quotes are doubled, and nothing else has a meaning there."""
    one_line = "".join(char if char.isprintable() else " " for char in text)
    return "'" + one_line.replace("'", "''") + "'"


def query(scope: Mapping[str, str], correlation: str, since: datetime) -> str:
    """The query for those that carry a correlation."""
    own = scope.get("correlation_field", "")
    mark = literal(mark_of(correlation))
    conditions = (
        f"[System.TeamProject] = {literal(scope['project'])}",
        f"[{own}] = {mark}" if own else f"[{TAGS}] CONTAINS {mark}",
        # Our clock may be ahead of theirs.
        f"[System.CreatedDate] >= {literal(stamp_of(since - _SLACK))}",
    )
    return f"{_ALL} WHERE {' AND '.join(conditions)} ORDER BY [System.Id] ASC"


def carrying(
    api: Api, scope: Mapping[str, str], correlation: str, since: datetime
) -> tuple[str, ...]:
    """The ids, oldest first, of what really carries it: the answer of the query is compared."""
    parts = {"project": scope["project"]}
    found = api.json(
        "POST",
        _WIQL,
        parts=parts,
        # Without the first, a time in the query is answered 400.
        params={"timePrecision": "true", "$top": _MOST},
        json={"query": query(scope, correlation, since)},
        safe=True,
    )
    ids = sorted({int(each["id"]) for each in found.get("workItems") or () if _is_id(each)})
    if not ids:
        return ()
    own = scope.get("correlation_field", "")
    refs = ["System.Id", TAGS, "System.TeamProject", "System.WorkItemType", "System.AreaPath"]
    body = {"ids": ids, "fields": [*refs, *([own] if own else [])], "errorPolicy": "omit"}
    batch = api.json("POST", _BATCH, parts=parts, json=body, safe=True)
    return tuple(_matching(batch.get("value") or (), scope, correlation))


def _matching(
    items: Iterable[Mapping[str, Any] | None], scope: Mapping[str, str], correlation: str
) -> list[str]:
    # What is not there any more is null, or is left out.
    kept = [
        int(item["id"])
        for item in items
        if item
        and in_scope(item.get("fields") or {}, scope)
        and correlation_in(item.get("fields") or {}, scope.get("correlation_field", ""))
        == correlation
    ]
    return [str(id) for id in sorted(kept)]


def _is_id(reference: Mapping[str, Any]) -> bool:
    return bool(ID.fullmatch(str(reference.get("id"))))
