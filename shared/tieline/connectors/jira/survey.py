"""What a Jira site says of fields and workflow today, for `tieline doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tieline.connectors.base import FieldNow, Survey
from tieline.connectors.jira.webhook import is_type
from tieline.domain.errors import Gone, Refused
from tieline.domain.ticket import Option

_CREATEMETA = "/rest/api/3/issue/createmeta/{project}/issuetypes"
_ISSUE = "/rest/api/3/issue/{id}"
_PAGE = 200
_FILLED = frozenset({"project", "issuetype"})
_ALWAYS = frozenset({"status"})
"""Set by a transition, whatever the screens hold."""
_MADE = frozenset({"created", "updated", "creator", "resolutiondate", "statuscategorychangedate"})

Json = Mapping[str, Any]
Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


def surveyed(
    call: Call, scope: Mapping[str, str], names: Iterable[str], ids: Iterable[str]
) -> Survey:
    """Fields of the site, what creating and editing takes, statuses and where they lead."""
    listing: list[Json] = call("GET", "/rest/api/3/field").json()
    screen = {str(field["fieldId"]): field for field in _created(call, scope)}
    tickets = list(ids)
    edits = _edited(call, tickets)
    steps = dict(_steps(call, tickets))
    statuses = _statuses(call, scope)
    found: dict[str, FieldNow] = {}
    for name in names:
        raw = _named(listing, name)
        if raw is not None:
            found[name] = _now(raw, screen, edits, statuses)
    taken = {field.id for field in found.values()}
    others = tuple(
        _now({"id": id, "name": field["name"]}, screen, edits, statuses)
        for id, field in screen.items()
        if id not in taken and id not in _FILLED
    )
    return Survey(found, tuple(o for o in others if o.required), steps)


def _now(raw: Json, screen: Mapping[str, Json], edits: Json | None, statuses: Any) -> FieldNow:
    id = str(raw["id"])
    created: Json = screen.get(id) or {}
    options = statuses if id == "status" else _options(created or (edits or {}).get(id) or {})
    writable: bool | None = id in _ALWAYS or id in screen or id in (edits or {})
    if not writable and (edits is None or id in _MADE):
        writable = None
    required = bool(created.get("required")) and not created.get("hasDefaultValue")
    return FieldNow(id, str(raw["name"]), "always" if required else "", writable, options)


def _options(meta: Json) -> tuple[Option, ...]:
    return tuple(
        Option(str(one["id"]), str(one.get("name") or one.get("value") or ""))
        for one in meta.get("allowedValues") or ()
        if "id" in one
    )


def _named(listing: list[Json], name: str) -> Json | None:
    """By id, else by name, else by name in whatever case."""
    return next(
        (
            raw
            for same in (
                [raw for raw in listing if raw["id"] == name],
                [raw for raw in listing if raw["name"] == name],
                [raw for raw in listing if str(raw["name"]).casefold() == name.casefold()],
            )
            for raw in same
        ),
        None,
    )


def _created(call: Call, scope: Mapping[str, str]) -> Iterator[Json]:
    """Jira Cloud REST v3, Issues: Get create metadata issue types, Get create field metadata."""
    parts = {"project": scope["project"]}
    kinds = call("GET", _CREATEMETA, parts=parts, params={"maxResults": _PAGE}).json()
    here = next((kind for kind in kinds.get("issueTypes") or () if is_type(kind, scope)), None)
    if here is None:
        return
    whole, start = {**parts, "kind": str(here["id"])}, 0
    while True:
        params = {"startAt": start, "maxResults": _PAGE}
        page = call("GET", _CREATEMETA + "/{kind}", parts=whole, params=params).json()
        found = page.get("fields") or page.get("results") or ()
        yield from found
        start += len(found)
        if not found or start >= int(page.get("total", 0)):
            return


def _edited(call: Call, ids: list[str]) -> Json | None:
    """What an issue's screen for edits takes; None if there is no issue to ask about.

    Jira Cloud REST v3, Issues: Get edit issue metadata.
    """
    for id in ids:
        try:
            fields: Json = call("GET", _ISSUE + "/editmeta", parts={"id": id}).json()["fields"]
        except (Gone, Refused):
            continue
        if fields:  # a closed issue may take no edit at all
            return fields
    return None


def _steps(call: Call, ids: list[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Jira Cloud REST v3, Issues: Get issue, Get transitions; one issue for each status."""
    known: set[str] = set()
    for id in ids:
        try:
            params = {"fields": "status"}
            issue = call("GET", _ISSUE, parts={"id": id}, params=params).json()
            status = str(issue["fields"]["status"]["name"])
            if status in known:
                continue
            offered = call("GET", _ISSUE + "/transitions", parts={"id": id}).json()
        except (Gone, Refused):
            continue
        known.add(status)
        yield status, frozenset(str(step["to"]["name"]) for step in offered["transitions"])


def _statuses(call: Call, scope: Mapping[str, str]) -> tuple[Option, ...]:
    """Jira Cloud REST v3, Projects: Get all statuses for project."""
    path, parts = "/rest/api/3/project/{project}/statuses", {"project": scope["project"]}
    kinds = call("GET", path, parts=parts).json()
    here = [s for kind in kinds if is_type(kind, scope) for s in kind["statuses"]]
    return tuple(Option(str(s["id"]), str(s["name"])) for s in here)
