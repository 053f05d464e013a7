"""REST v3: search by JQL, page by page, as far as the index has come."""

from __future__ import annotations

import base64
import json
from itertools import islice
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira.errors import JiraError, refused
from tieline_ops.sandbox.jira.http import Api, Call, joined
from tieline_ops.sandbox.jira.rest_issues import shown
from tieline_ops.sandbox.jira.search import Place, search

MOST = 5000
MOST_WITH_FIELDS = 100
"""Jira answers fewer issues than were asked for when many fields are wanted."""
_QUERY = (
    "jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys",
    "failFast", "reconcileIssues",
)  # fmt: skip
_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available in the changelog."
)


def routes(api: Api) -> None:
    api.route("POST", "/search/jql")(search_by_body)
    api.route("GET", "/search/jql", *_QUERY)(search_by_query)
    api.route("POST", "/search/approximate-count")(count)
    old = (*_QUERY, "startAt", "validateQuery")
    api.route("GET", "/search", *old)(gone)
    api.route("POST", "/search")(gone)


def gone(_: Call) -> ResponseReturnValue:
    raise JiraError(410, (_GONE,))


def search_by_body(call: Call) -> ResponseReturnValue:
    return jsonify(_page(call, call.body(*_QUERY)))


def search_by_query(call: Call) -> ResponseReturnValue:
    wanted: dict[str, Any] = {name: request.args[name] for name in request.args}
    for name in ("fields", "properties", "reconcileIssues"):
        if name in wanted:
            wanted[name] = call.words(name)
    if "maxResults" in wanted:
        wanted["maxResults"] = call.number("maxResults", 50)
    wanted["reconcileIssues"] = [int(id) for id in wanted.get("reconcileIssues", [])]
    return jsonify(_page(call, wanted))


def count(call: Call) -> ResponseReturnValue:
    text = str(call.body("jql").get("jql") or "")
    return jsonify(count=sum(1 for _ in search(call.site, call.user, text)))


def _page(call: Call, wanted: dict[str, Any]) -> dict[str, Any]:
    """One page. A token names the last issue of the page before, so what moves is seen later."""
    jql, reconcile = wanted.get("jql") or "", wanted.get("reconcileIssues") or []
    properties = wanted.get("properties") or []
    if len(reconcile) > 50 or len(properties) > 5:
        raise refused("At most 50 issues can be reconciled and 5 properties be asked for.")
    if not all(isinstance(id, int) for id in reconcile):
        raise refused("The issue ids to reconcile must be numbers.")
    after = _after(wanted.get("nextPageToken"), jql)
    ids = frozenset(str(id) for id in reconcile)
    found = search(call.site, call.user, jql, ids, after)
    fields = wanted.get("fields") or ["id"]
    size = wanted.get("maxResults", 50)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise refused("The 'maxResults' must be a positive number.")
    size = min(size or 50, MOST if fields == ["id"] else MOST_WITH_FIELDS)
    if "short_pages" in call.site.faults.on:
        size = max(1, size // 2)
    page = [*islice(found, size)]
    expand = joined([wanted.get("expand") or ""])
    last = next(found, None) is None
    answer: dict[str, Any] = {
        "issues": [shown(call, issue, fields, properties, expand - {"names"}) for issue, _ in page],
        "isLast": last,
    }
    if "names" in expand:
        names = {id: field.name for id, field in call.site.content.fields.items()}
        answer["names"] = names
    if not last:
        answer["nextPageToken"] = _token(page[-1][1], jql)
    return answer


def _token(place: Place, jql: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([place, jql]).encode()).decode()


def _after(token: object, jql: str) -> Place | None:
    """The place behind which a token goes on. It belongs to its query."""
    if token is None:
        return None
    try:
        place, asked = json.loads(base64.urlsafe_b64decode(str(token)))
    except (TypeError, ValueError):
        raise refused("The nextPageToken is invalid.") from None
    if asked != jql or not isinstance(place, list):
        raise refused("The nextPageToken is invalid for this query.")
    return place
