"""REST v3: issues, their properties, transitions and changelog."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira import work
from tieline_ops.sandbox.jira.content import Transition
from tieline_ops.sandbox.jira.errors import NOT_ON_SCREEN, PAYLOAD, JiraError, not_found, refused
from tieline_ops.sandbox.jira.http import Api, Call, joined
from tieline_ops.sandbox.jira.input import PROPERTY_LIMIT, Input, properties, property_key, read
from tieline_ops.sandbox.jira.meta import field_meta
from tieline_ops.sandbox.jira.state import Issue

_WRITE = ("fields", "update", "properties", "historyMetadata", "transition")


def routes(api: Api) -> None:
    api.route("POST", "/issue", "updateHistory")(create_issue)
    api.route(
        "GET", "/issue/<id>", "fields", "fieldsByKeys", "expand", "properties", "updateHistory",
        "failFast",
    )(get_issue)  # fmt: skip
    api.route(
        "PUT", "/issue/<id>", "notifyUsers", "overrideScreenSecurity", "overrideEditableFlag",
        "returnIssue", "expand",
    )(edit_issue)  # fmt: skip
    api.route("DELETE", "/issue/<id>", "deleteSubtasks")(delete_issue)
    api.route("PUT", "/issue/<id>/assignee")(assign)
    api.route("POST", "/issue/bulkfetch")(bulk_fetch)
    api.route("GET", "/issue/<id>/properties")(property_keys)
    api.route("GET", "/issue/<id>/properties/<key>")(get_property)
    api.route("PUT", "/issue/<id>/properties/<key>")(set_property)
    api.route("DELETE", "/issue/<id>/properties/<key>")(delete_property)
    api.route(
        "GET", "/issue/<id>/transitions", "expand", "transitionId", "skipRemoteOnlyCondition",
        "includeUnavailableTransitions", "sortByOpsBarAndStatus",
    )(transitions)  # fmt: skip
    api.route("POST", "/issue/<id>/transitions")(transition)
    api.route("GET", "/issue/<id>/changelog", "startAt", "maxResults")(changelog)


def create_issue(call: Call) -> ResponseReturnValue:
    body = call.body(*_WRITE)
    site, fields = call.site, body.get("fields") or {}
    project = read(site, {"fields": _only(fields, "project")}, {"project"}, {}).values
    if "project" not in project:
        raise refused(project="Specify a valid project ID or key")
    key = project["project"]
    if key in call.actor.hidden or "CREATE_ISSUES" in call.actor.denied:
        raise refused(project="You cannot create issues in this project.")
    settable = {id for id, field in site.content.fields.items() if "create" in field.screens}
    if isinstance(fields, dict) and "status" in fields:
        raise refused(status=NOT_ON_SCREEN.format(id="status"))
    wanted = read(site, body, settable, {})
    _require(wanted, summary="You must specify a summary of the issue.",
             issuetype="Specify an issue type")  # fmt: skip
    wanted.values.pop("project")
    held = properties(body.get("properties"))
    issue = work.create(site, call.actor, key, wanted.values, held)
    for comment in wanted.comments:
        work.add_comment(site, call.actor, site.issues[issue.id], comment)
    made = {"id": issue.id, "key": issue.key, "self": f"{call.view.api}/issue/{issue.id}"}
    return jsonify(made), 201


def get_issue(call: Call, id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    return jsonify(shown(call, issue, request.args.getlist("fields"), call.words("properties")))


def shown(
    call: Call, issue: Issue, fields: list[str], keys: list[str], expand: set[str] | None = None
) -> dict[str, Any]:
    """An issue with the fields, properties and expansions that a request names."""
    answer = call.view.issue(issue, fields)
    expand = joined(request.args.getlist("expand")) if expand is None else expand
    if keys:
        every = "*all" in keys
        answer["properties"] = {
            key: value for key, value in issue.properties.items() if every or key in keys
        }
    if "names" in expand:
        answer["names"] = {id: each.name for id, each in call.site.content.fields.items()}
    if "renderedFields" in expand:
        rendered = call.view.rendered(issue)
        answer["renderedFields"] = {id: rendered[id] for id in rendered if id in answer["fields"]}
    if "transitions" in expand:
        answer["transitions"] = [call.view.transition(step) for step in steps(call, issue)]
    if "changelog" in expand:
        changes = [call.view.change(change) for change in reversed(issue.changes)]
        total = len(changes)
        page = {"startAt": 0, "maxResults": total, "total": total, "histories": changes}
        answer["changelog"] = page
    return answer


def edit_issue(call: Call, id: str) -> ResponseReturnValue:
    body = call.body(*_WRITE)
    issue = call.writable(id, "EDIT_ISSUES")
    site = call.site
    settable = {id for id, field in site.content.fields.items() if "edit" in field.screens}
    wanted = read(site, body, settable, issue.values)
    held = properties(body.get("properties"))
    if held:
        issue = site.put(replace(issue, properties={**issue.properties, **held}), bump=False)
    issue = work.edit(site, call.actor, issue, wanted.values, _history(body))
    _comment(call, issue, wanted)
    if request.args.get("returnIssue") == "true":
        return jsonify(shown(call, site.issues[issue.id], [], []))
    return Response(status=204)


def delete_issue(call: Call, id: str) -> ResponseReturnValue:
    work.delete(call.site, call.actor, call.writable(id, "DELETE_ISSUES"))
    return Response(status=204)


def assign(call: Call, id: str) -> ResponseReturnValue:
    account = call.body("accountId", "name", "key").get("accountId")
    issue = call.writable(id, "ASSIGN_ISSUES")
    raw = None if account is None else {"accountId": account}
    wanted = read(call.site, {"fields": {"assignee": raw}}, {"assignee"}, issue.values)
    work.edit(call.site, call.actor, issue, wanted.values)
    return Response(status=204)


def bulk_fetch(call: Call) -> ResponseReturnValue:
    body = call.body("issueIdsOrKeys", "fields", "properties", "expand", "fieldsByKeys")
    asked = body.get("issueIdsOrKeys")
    if not isinstance(asked, list) or not 0 < len(asked) <= 100:
        raise refused("The number of issue IDs or keys must be between 1 and 100.")
    found: dict[str, Issue] = {}
    missing = []
    for each in asked:
        issue = call.site.find(str(each))
        if issue is None or not call.site.may_see(call.user, issue):
            missing.append(str(each))
        else:
            found[issue.id] = issue
    fields, keys = body.get("fields") or ["*navigable"], body.get("properties") or []
    expand = joined([body.get("expand") or ""])
    issues = [shown(call, found[id], fields, keys, expand) for id in sorted(found, key=int)]
    errors = {"issueIdsOrKeys": missing, "errorMessage": "Issue not found or not visible"}
    return jsonify(issues=issues, issueErrors=[errors] if missing else [])


def property_keys(call: Call, id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    url = f"{call.view.api}/issue/{issue.id}/properties"
    return jsonify(keys=[{"self": f"{url}/{key}", "key": key} for key in issue.properties])


def get_property(call: Call, id: str, key: str) -> ResponseReturnValue:
    issue = call.issue(id)
    if key not in issue.properties:
        raise not_found(f"The property {key} does not exist.")
    return jsonify(key=key, value=issue.properties[key])


def set_property(call: Call, id: str, key: str) -> ResponseReturnValue:
    issue = call.writable(id, "EDIT_ISSUES")
    value = property_value()
    known = key in issue.properties
    held = {**issue.properties, property_key(key): value}
    bump = "property_bumps_updated" in call.site.faults.on
    call.site.put(replace(issue, properties=held), bump=bump)
    return Response(status=200 if known else 201)


def property_value() -> Any:
    """The body of a property's PUT: any JSON. Raises JiraError."""
    try:
        value = json.loads(request.get_data())
    except ValueError:
        raise refused("The property value must be valid JSON.") from None
    if len(request.get_data()) > PROPERTY_LIMIT:
        raise refused("The property value is too long; the limit is 32768 characters.")
    return value


def delete_property(call: Call, id: str, key: str) -> ResponseReturnValue:
    issue = call.writable(id, "EDIT_ISSUES")
    if key not in issue.properties:
        raise not_found(f"The property {key} does not exist.")
    held = {each: value for each, value in issue.properties.items() if each != key}
    call.site.put(replace(issue, properties=held), bump=False)
    return Response(status=204)


def steps(call: Call, issue: Issue) -> list[Transition]:
    """The steps that lead on from an issue's status, for a caller that may take them."""
    if call.user is None or "TRANSITION_ISSUES" in call.user.denied:
        return []
    return [step for step in call.site.content.transitions if step.source == issue.status]


def transitions(call: Call, id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    expand, only = joined(request.args.getlist("expand")), request.args.get("transitionId")
    found = []
    for step in steps(call, issue):
        fields = _screen(call, step) if "transitions.fields" in expand else None
        if only in (None, step.id):
            found.append(call.view.transition(step, fields))
    return jsonify(expand="transitions", transitions=found)


def _screen(call: Call, step: Transition) -> dict[str, Any]:
    if not step.asks_resolution:
        return {}
    field = call.site.content.fields["resolution"]
    return {"resolution": {**field_meta(call.site, call.view, field), "required": True}}


def transition(call: Call, id: str) -> ResponseReturnValue:
    body = call.body(*_WRITE)
    issue = call.issue(id)
    asked = body.get("transition")
    if not isinstance(asked, dict) or "id" not in asked:
        raise refused("Missing 'transition' identifier")
    taken = [step for step in steps(call, issue) if step.id == str(asked["id"])]
    if not taken:
        raise refused(f"Transition id '{asked['id']}' is not valid for this issue.")
    step = taken[0]
    settable = {"resolution"} if step.asks_resolution else set()
    wanted = read(call.site, body, settable, issue.values)
    if step.asks_resolution and wanted.values.get("resolution") is None:
        raise refused(resolution="Resolution is required.")
    issue = work.move_status(call.site, call.actor, issue, step, wanted.values, _history(body))
    _comment(call, issue, wanted)
    return Response(status=204)


def changelog(call: Call, id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    page = call.page("values", [call.view.change(change) for change in issue.changes])
    last = page["startAt"] + len(page["values"]) >= page["total"]
    return jsonify({"self": f"{call.view.api}/issue/{issue.id}/changelog", "isLast": last, **page})


def _comment(call: Call, issue: Issue, wanted: Input) -> None:
    for comment in wanted.comments:
        work.add_comment(call.site, call.actor, call.site.issues[issue.id], comment)


def _history(body: dict[str, Any]) -> dict[str, Any] | None:
    history = body.get("historyMetadata")
    if history is not None and not isinstance(history, dict):
        raise refused(PAYLOAD)
    return history


def _only(fields: Any, id: str) -> dict[str, Any]:
    return {id: fields[id]} if isinstance(fields, dict) and id in fields else {}


def _require(wanted: Input, **words: str) -> None:
    missing = {id: said for id, said in words.items() if id not in wanted.values}
    if missing:
        raise JiraError(400, (), missing)
