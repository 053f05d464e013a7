"""Whether an account may do in Jira what a link needs: the lines of `check --live`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tieline.connectors.base import Finding
from tieline.connectors.jira.webhook import is_type
from tieline.domain.errors import Gone, Refused
from tieline.domain.ticket import Person

PERMISSIONS: Mapping[str, str] = {
    "BROWSE_PROJECTS": "Browse projects",
    "CREATE_ISSUES": "Create issues",
    "EDIT_ISSUES": "Edit issues",
    "TRANSITION_ISSUES": "Transition issues",
    "ASSIGN_ISSUES": "Assign issues",
    "ADD_COMMENTS": "Add comments",
    "EDIT_OWN_COMMENTS": "Edit own comments",
    "DELETE_OWN_COMMENTS": "Delete own comments",
    "CREATE_ATTACHMENTS": "Create attachments",
    "DELETE_OWN_ATTACHMENTS": "Delete own attachments",
    "USER_PICKER": "Browse users and groups",
}
_ABOUT = {"COMMENT": "comments", "ATTACHMENT": "attachments"}
_CREATEMETA = "/rest/api/3/issue/createmeta/{project}/issuetypes"

Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


def inspected(
    call: Call, scope: Mapping[str, str], whoami: Callable[[], Person]
) -> Iterator[Finding]:
    """Account, project, permissions, type of issue, statuses. What it needs: see `survey`."""
    me = whoami()
    yield Finding(ok=True, what=f"acts as {me.name}")
    parts = {"project": scope["project"]}
    try:
        project = call("GET", "/rest/api/3/project/{project}", parts=parts).json()
    except Gone:
        remedy = f"give {me.name} the permission Browse projects, or correct scope.project"
        yield Finding(ok=False, what=f"project {scope['project']} is not to be seen", remedy=remedy)
        return
    yield Finding(ok=True, what=f"project {project['key']}: {project['name']}")
    yield from _permissions(call, str(project["key"]))
    yield from _type(call, scope, parts)
    yield from _lists(call, scope, parts)


def _permissions(call: Call, key: str) -> Iterator[Finding]:
    """Jira Cloud REST v3, Permissions: Get my permissions."""
    params = {"projectKey": key, "permissions": ",".join(PERMISSIONS)}
    held = call("GET", "/rest/api/3/mypermissions", params=params).json()["permissions"]
    for permission, name in PERMISSIONS.items():
        ok = bool((held.get(permission) or {}).get("havePermission"))
        remedy = "" if ok else f"grant {name} in the project's permission scheme"
        about = next((what for part, what in _ABOUT.items() if part in permission), "")
        yield Finding(ok=ok, what=f"permission {name}", remedy=remedy, about=about)


def _type(call: Call, scope: Mapping[str, str], parts: Mapping[str, str]) -> Iterator[Finding]:
    """Jira Cloud REST v3, Issues: Get create metadata issue types, Get create field metadata."""
    page = call("GET", _CREATEMETA, parts=parts, params={"maxResults": 200}).json()
    kinds = page.get("issueTypes") or []
    here = [kind for kind in kinds if is_type(kind, scope)]
    if not here:
        names = ", ".join(str(kind["name"]) for kind in kinds)
        what = f"type of issue {scope['issue_type']} cannot be created"
        yield Finding(ok=False, what=what, remedy=f"the project has {names}")
        return
    yield Finding(ok=True, what=f"type of issue {here[0]['name']}")
    fields: list[dict[str, Any]] = []
    while True:
        params = {"startAt": len(fields), "maxResults": 200}
        path = _CREATEMETA + "/{kind}"
        whole = {**parts, "kind": str(here[0]["id"])}
        page = call("GET", path, parts=whole, params=params).json()
        found = page.get("fields") or page.get("results") or []
        fields += found
        if not found or len(fields) >= int(page.get("total", 0)):
            break
    if not any(field["fieldId"] == "labels" for field in fields):
        remedy = "put Labels on the create screen: a creation is found again by its label"
        yield Finding(ok=False, what="labels cannot be set on creation", remedy=remedy)


def _lists(call: Call, scope: Mapping[str, str], parts: Mapping[str, str]) -> Iterator[Finding]:
    """Jira Cloud REST v3, Projects: Get all statuses for project; Priorities: Search priorities."""
    try:
        kinds = call("GET", "/rest/api/3/project/{project}/statuses", parts=parts).json()
        params = {"maxResults": 50}
        priorities = call("GET", "/rest/api/3/priority/search", params=params).json()["values"]
    except Refused as refused:
        yield Finding(ok=False, what=str(refused), remedy=refused.words)
        return
    names = [s["name"] for kind in kinds if is_type(kind, scope) for s in kind["statuses"]]
    yield Finding(ok=bool(names), what=f"statuses: {', '.join(names)}")
    yield Finding(ok=True, what=f"priorities: {', '.join(p['name'] for p in priorities)}")
