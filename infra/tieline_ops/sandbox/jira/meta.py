"""REST v3: what can be set where: fields, screens, priorities, statuses, projects, people."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira.content import CUSTOM, Field, Project, User
from tieline_ops.sandbox.jira.errors import not_found, refused
from tieline_ops.sandbox.jira.http import Api, Call
from tieline_ops.sandbox.jira.render import View
from tieline_ops.sandbox.jira.state import Site

_TYPES = {
    "string": ("string", ""),
    "text": ("string", ""),
    "textarea": ("string", ""),
    "number": ("number", ""),
    "date": ("date", ""),
    "datetime": ("datetime", ""),
    "option": ("option", ""),
    "options": ("array", "option"),
    "user": ("user", ""),
    "labels": ("array", "string"),
    "priority": ("priority", ""),
    "resolution": ("resolution", ""),
    "project": ("project", ""),
    "issuetype": ("issuetype", ""),
    "status": ("status", ""),
}
_READ_ONLY = {
    "comment": ("comments-page", ""),
    "attachment": ("array", "attachment"),
    "issuelinks": ("array", "issuelinks"),
    "creator": ("user", ""),
}
_GRANTS = (
    "BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "DELETE_ISSUES", "TRANSITION_ISSUES",
    "ASSIGN_ISSUES", "ADD_COMMENTS", "EDIT_ALL_COMMENTS", "EDIT_OWN_COMMENTS",
    "DELETE_ALL_COMMENTS", "DELETE_OWN_COMMENTS", "CREATE_ATTACHMENTS", "DELETE_ALL_ATTACHMENTS",
    "DELETE_OWN_ATTACHMENTS", "MODIFY_REPORTER", "USER_PICKER", "ADMINISTER",
)  # fmt: skip


def routes(api: Api) -> None:
    api.route("GET", "/field")(fields)
    api.route(
        "GET", "/field/search", "startAt", "maxResults", "type", "id", "query", "orderBy", "expand"
    )(search_fields)
    api.route("GET", "/priority")(priorities)
    api.route(
        "GET", "/priority/search", "startAt", "maxResults", "id", "projectId", "priorityName",
        "onlyDefault", "expand",
    )(search_priorities)  # fmt: skip
    api.route("GET", "/status")(statuses)
    api.route("GET", "/project/<key>", "expand", "properties")(project)
    api.route("GET", "/project/<key>/statuses")(project_statuses)
    api.route("GET", "/issue/createmeta/<key>/issuetypes", "startAt", "maxResults")(issue_types)
    api.route("GET", "/issue/createmeta/<key>/issuetypes/<type_id>", "startAt", "maxResults")(
        create_fields
    )
    api.route("GET", "/issue/<id>/editmeta", "overrideScreenSecurity", "overrideEditableFlag")(
        edit_fields
    )
    api.route("GET", "/label", "startAt", "maxResults")(labels)
    api.route("GET", "/myself", "expand")(myself)
    api.route("GET", "/user", "accountId", "expand")(one_user)
    people = ("query", "accountId", "startAt", "maxResults", "property", "username")
    api.route("GET", "/user/search", *people)(search_users)
    api.route(
        "GET", "/user/assignable/search", *people, "project", "issueKey", "issueId", "sessionId",
        "actionDescriptorId", "recommend",
    )(assignable_users)  # fmt: skip
    api.route(
        "GET", "/mypermissions", "permissions", "projectKey", "projectId", "issueKey", "issueId"
    )(permissions)


def schema(field: Field) -> dict[str, Any]:
    kind, items = _READ_ONLY.get(field.id) or _TYPES.get(field.shape, ("datetime", ""))
    found: dict[str, Any] = {"type": kind, **({"items": items} if items else {})}
    if not field.custom:
        return {**found, "system": field.id}
    return {**found, "custom": CUSTOM + field.custom, "customId": int(field.id.split("_")[1])}


def field_meta(site: Site, view: View, field: Field) -> dict[str, Any]:
    """What may be set in a field, as createmeta, editmeta and transitions say it."""
    found: dict[str, Any] = {
        "required": field.required,
        "schema": schema(field),
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": field.id in {"priority", "reporter"},
        "operations": (
            ["add", "set", "remove"] if field.shape in {"labels", "options"} else ["set"]
        ),
    }
    allowed = {
        "option": [view.option(each) for each in field.options],
        "options": [view.option(each) for each in field.options],
        "priority": [view.priority(each) for each in site.content.priorities],
        "resolution": [view.resolution(each) for each in site.content.resolutions],
        "issuetype": [view.issue_type(each) for each in site.content.issue_types],
        "project": [view.project(each) for each in site.content.projects],
    }.get(field.shape)
    return found if allowed is None else {**found, "allowedValues": allowed}


def _field(field: Field) -> dict[str, Any]:
    number = field.id.removeprefix("customfield_")
    clauses = [f"cf[{number}]", field.name] if field.custom else [field.id]
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "custom": bool(field.custom),
        "orderable": bool(field.screens),
        "navigable": field.id not in {"comment", "attachment"},
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema(field),
    }


def fields(call: Call) -> ResponseReturnValue:
    return jsonify([_field(field) for field in call.site.content.fields.values()])


def search_fields(call: Call) -> ResponseReturnValue:
    kinds, ids, query = call.words("type"), call.words("id"), request.args.get("query", "")
    found = [
        {"id": field.id, "key": field.id, "name": field.name, "schema": schema(field)}
        for field in call.site.content.fields.values()
        if (not kinds or ("custom" if field.custom else "system") in kinds)
        and (not ids or field.id in ids)
        and query.casefold() in field.name.casefold()
    ]
    return jsonify(_paged(call, found))


def _paged(call: Call, found: list[Any]) -> dict[str, Any]:
    page = call.page("values", found)
    last = page["startAt"] + len(page["values"]) >= page["total"]
    return {**page, "isLast": last, "self": request.url}


def priorities(call: Call) -> ResponseReturnValue:
    return jsonify([call.view.priority(each) for each in call.site.content.priorities])


def search_priorities(call: Call) -> ResponseReturnValue:
    ids = call.words("id")
    found = [each for each in call.site.content.priorities if not ids or each.id in ids]
    return jsonify(_paged(call, [call.view.priority(each) for each in found]))


def statuses(call: Call) -> ResponseReturnValue:
    return jsonify([call.view.status(each) for each in call.site.content.statuses])


def _project(call: Call, id_or_key: str) -> Project:
    for each in call.site.content.projects:
        visible = call.user is not None and each.key not in call.user.hidden
        if visible and id_or_key in (each.id, each.key):
            return each
    raise not_found(f"No project could be found with key '{id_or_key}'.")


def project(call: Call, key: str) -> ResponseReturnValue:
    found = _project(call, key)
    types = [call.view.issue_type(each) for each in call.site.content.issue_types]
    return jsonify({**call.view.project(found), "issueTypes": types, "style": "classic"})


def project_statuses(call: Call, key: str) -> ResponseReturnValue:
    _project(call, key)
    every = [call.view.status(each) for each in call.site.content.statuses]
    names = ("self", "id", "name", "subtask")
    return jsonify(
        [
            {**{name: shown[name] for name in names}, "statuses": every}
            for shown in map(call.view.issue_type, call.site.content.issue_types)
        ]
    )


def issue_types(call: Call, key: str) -> ResponseReturnValue:
    _project(call, key)
    types = [call.view.issue_type(each) for each in call.site.content.issue_types]
    return jsonify(call.page("issueTypes", types, 200))


def create_fields(call: Call, key: str, type_id: str) -> ResponseReturnValue:
    _project(call, key)
    if type_id not in {each.id for each in call.site.content.issue_types}:
        raise refused("The issue type selected is invalid.")
    found = [
        {"fieldId": field.id, **field_meta(call.site, call.view, field)}
        for field in call.site.content.fields.values()
        if "create" in field.screens
    ]
    return jsonify(call.page("fields", found, 200))


def edit_fields(call: Call, id: str) -> ResponseReturnValue:
    call.issue(id)
    if call.user is None or "EDIT_ISSUES" in call.user.denied:
        return jsonify(fields={})
    content = call.site.content.fields
    found = {
        id: field_meta(call.site, call.view, each)
        for id, each in content.items()
        if "edit" in each.screens
    }
    return jsonify(fields=found)


def labels(call: Call) -> ResponseReturnValue:
    used = {label for issue in call.site.issues.values() for label in issue.values["labels"]}
    return jsonify(_paged(call, sorted(used)))


def myself(call: Call) -> ResponseReturnValue:
    return jsonify(call.view.me(call.actor))


def one_user(call: Call) -> ResponseReturnValue:
    try:
        found = call.site.user(request.args.get("accountId", ""))
    except KeyError:
        raise not_found("Specified user does not exist or you do not have permission") from None
    return jsonify(call.view.user(found.account))


def search_users(call: Call) -> ResponseReturnValue:
    return jsonify([call.view.user(user.account) for user in _people(call)])


def assignable_users(call: Call) -> ResponseReturnValue:
    if request.args.keys() & {"issueKey", "issueId"}:
        call.issue(request.args.get("issueKey") or request.args["issueId"])
    else:
        _project(call, request.args.get("project", ""))
    return jsonify([call.view.user(user.account) for user in _people(call) if user.assignable])


def _people(call: Call) -> list[User]:
    """A page of the people whose name or e-mail address begins with the query."""
    if "username" in request.args:
        words = "The query parameter 'username' is not supported in GDPR strict mode."
        raise refused(words)
    if "query" not in request.args and "accountId" not in request.args:
        raise refused("Either the 'query' or the 'accountId' query parameter has to be provided")
    if call.user is None or "USER_PICKER" in call.user.denied:
        return []
    query, account = request.args.get("query", "").casefold(), request.args.get("accountId")
    found = [
        user
        for user in call.site.content.users
        if account in (None, user.account)
        and any(
            word.casefold().startswith(query)
            for word in (user.email, user.name, *user.name.split())
        )
    ]
    start, most = call.number("startAt", 0), call.number("maxResults", 50, 1000)
    return found[start : start + most]


def permissions(call: Call) -> ResponseReturnValue:
    asked = call.words("permissions")
    if not asked:
        raise refused("The 'permissions' query parameter is required.")
    unknown = [each for each in asked if each not in _GRANTS]
    if unknown:
        raise refused(f"Unrecognized permission: {', '.join(unknown)}")
    if place := request.args.get("projectKey") or request.args.get("projectId"):
        _project(call, place)
    if issue := request.args.get("issueKey") or request.args.get("issueId"):
        call.issue(issue)
    denied = set(_GRANTS) if call.user is None else call.user.denied
    return jsonify(
        permissions={
            key: {
                "id": str(_GRANTS.index(key) + 10),
                "key": key,
                "name": key.replace("_", " ").title(),
                "type": "GLOBAL" if key in {"USER_PICKER", "ADMINISTER"} else "PROJECT",
                "description": "",
                "havePermission": key not in denied,
            }
            for key in asked
        }
    )
