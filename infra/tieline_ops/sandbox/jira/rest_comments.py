"""REST v3: comments and their properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira import work
from tieline_ops.sandbox.jira.adf import Document
from tieline_ops.sandbox.jira.errors import NO_COMMENT, PAYLOAD, JiraError, not_found, refused
from tieline_ops.sandbox.jira.http import Api, Call, joined
from tieline_ops.sandbox.jira.input import BAD_COMMENT, properties, property_key
from tieline_ops.sandbox.jira.rest_issues import property_value
from tieline_ops.sandbox.jira.state import Comment, Issue
from tieline_ops.sandbox.jira.values import Wrong, document

PUBLIC = "sd.public.comment"
_SENT = ("body", "visibility", "properties")


def routes(api: Api) -> None:
    one = "/issue/<id>/comment/<comment_id>"
    api.route("GET", "/issue/<id>/comment", "startAt", "maxResults", "orderBy", "expand")(
        list_comments
    )
    api.route("POST", "/issue/<id>/comment", "expand")(add_comment)
    api.route("GET", one, "expand")(get_comment)
    api.route("PUT", one, "notifyUsers", "overrideEditableFlag", "expand")(edit_comment)
    api.route("DELETE", one)(delete_comment)
    api.route("POST", "/comment/list", "expand")(list_by_ids)
    api.route("GET", "/comment/<comment_id>/properties")(property_keys)
    api.route("GET", "/comment/<comment_id>/properties/<key>")(get_property)
    api.route("PUT", "/comment/<comment_id>/properties/<key>")(set_property)
    api.route("DELETE", "/comment/<comment_id>/properties/<key>")(delete_property)


def list_comments(call: Call, id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    order = request.args.get("orderBy", "created")
    if order.lstrip("+- ") != "created":
        raise refused(f"The field '{order}' cannot be used to order comments.")
    found = sorted(
        issue.comments,
        key=lambda each: (each.created, int(each.id)),
        reverse=order.startswith("-"),
    )
    expand = joined(request.args.getlist("expand"))
    page = call.page("comments", found, 5000)
    page["comments"] = [call.view.comment(issue, each, expand) for each in page["comments"]]
    return jsonify(page)


def add_comment(call: Call, id: str) -> ResponseReturnValue:
    body = call.body(*_SENT)
    issue = call.writable(id, "ADD_COMMENTS")
    text = _text(call, body)
    if len(issue.comments) >= call.site.content.comment_limit:
        raise JiraError(413, ("The limit of comments on this issue has been reached.",))
    held = properties(body.get("properties"))
    comment = work.add_comment(
        call.site,
        call.actor,
        issue,
        text,
        public=not _internal(call, issue, held),
        visibility=_visibility(body),
        properties=held,
    )
    return _one(call, issue, comment), 201


def get_comment(call: Call, id: str, comment_id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    return _one(call, issue, _find(issue, comment_id))


def edit_comment(call: Call, id: str, comment_id: str) -> ResponseReturnValue:
    body = call.body(*_SENT)
    issue = call.issue(id)
    comment = _find(issue, comment_id)
    call.own(comment.author, issue, "EDIT_{}_COMMENTS")
    parts: dict[str, Any] = {"body": _text(call, body), "visibility": _visibility(body)}
    if "properties" in body:
        # What is sent replaces what was there: without its own mark a note turns public.
        held = properties(body["properties"])
        parts |= {"properties": held, "public": not _internal(call, issue, held)}
    comment = work.edit_comment(call.site, call.actor, issue, comment, **parts)
    return _one(call, issue, comment)


def delete_comment(call: Call, id: str, comment_id: str) -> ResponseReturnValue:
    issue = call.issue(id)
    comment = _find(issue, comment_id)
    call.own(comment.author, issue, "DELETE_{}_COMMENTS")
    work.delete_comment(call.site, call.actor, issue, comment)
    return Response(status=204)


def list_by_ids(call: Call) -> ResponseReturnValue:
    ids = call.body("ids").get("ids")
    if not isinstance(ids, list) or not 0 < len(ids) <= 1000:
        raise refused(PAYLOAD)
    expand = joined(request.args.getlist("expand"))
    wanted = {str(id) for id in ids}
    found = [
        call.view.comment(issue, comment, expand)
        for issue in call.site.issues.values()
        if call.site.may_see(call.user, issue)
        for comment in issue.comments
        if comment.id in wanted
    ]
    total = len(found)
    return jsonify(values=found, startAt=0, maxResults=1000, total=total, isLast=True)


def property_keys(call: Call, comment_id: str) -> ResponseReturnValue:
    _, comment = _anywhere(call, comment_id)
    url = f"{call.view.api}/comment/{comment.id}/properties"
    return jsonify(keys=[{"self": f"{url}/{key}", "key": key} for key in comment.properties])


def get_property(call: Call, comment_id: str, key: str) -> ResponseReturnValue:
    _, comment = _anywhere(call, comment_id)
    if key not in comment.properties:
        raise not_found(f"The property {key} does not exist.")
    return jsonify(key=key, value=comment.properties[key])


def set_property(call: Call, comment_id: str, key: str) -> ResponseReturnValue:
    issue, comment = _anywhere(call, comment_id)
    call.own(comment.author, issue, "EDIT_{}_COMMENTS")
    held = {**comment.properties, property_key(key): property_value()}
    _keep(call, issue, comment, held)
    return Response(status=200 if key in comment.properties else 201)


def delete_property(call: Call, comment_id: str, key: str) -> ResponseReturnValue:
    issue, comment = _anywhere(call, comment_id)
    call.own(comment.author, issue, "EDIT_{}_COMMENTS")
    if key not in comment.properties:
        raise not_found(f"The property {key} does not exist.")
    held = {each: value for each, value in comment.properties.items() if each != key}
    _keep(call, issue, comment, held)
    return Response(status=204)


def _keep(call: Call, issue: Issue, comment: Comment, held: dict[str, Any]) -> None:
    public = comment.public
    if held.get(PUBLIC) != comment.properties.get(PUBLIC):
        public = not _internal(call, issue, held)
    changed = replace(comment, properties=held, public=public)
    work.put_comment(call.site, issue, changed, bump=False)


def _one(call: Call, issue: Issue, comment: Comment) -> Response:
    expand = joined(request.args.getlist("expand"))
    return jsonify(call.view.comment(issue, comment, expand))


def _text(call: Call, body: dict[str, Any]) -> Document:
    try:
        text = document(call.site, body.get("body"), BAD_COMMENT)
    except Wrong as error:
        raise refused(comment=str(error)) from None
    if text is None:
        raise refused(comment=BAD_COMMENT)
    return text


def _visibility(body: dict[str, Any]) -> Mapping[str, str] | None:
    visibility = body.get("visibility")
    if visibility is None:
        return None
    right = isinstance(visibility, dict) and visibility.get("type") in {"role", "group"}
    if not right or not {"value", "identifier"} & visibility.keys():
        raise refused(commentLevel="The visibility is not valid.")
    return {key: str(value) for key, value in visibility.items()}


def _internal(call: Call, issue: Issue, held: Mapping[str, Any]) -> bool:
    """Whether a comment is an internal note: only service projects have such."""
    mark = held.get(PUBLIC)
    asked = isinstance(mark, dict) and mark.get("internal") in {True, "true"}
    projects = call.site.content.projects
    service = any(each.key == issue.project and each.kind == "service_desk" for each in projects)
    return asked and service and "internal_comes_out_public" not in call.site.faults.on


def _find(issue: Issue, comment_id: str) -> Comment:
    for comment in issue.comments:
        if comment.id == comment_id:
            return comment
    raise not_found(NO_COMMENT.format(id=comment_id))


def _anywhere(call: Call, comment_id: str) -> tuple[Issue, Comment]:
    for issue in call.site.issues.values():
        for comment in issue.comments:
            if comment.id == comment_id and call.site.may_see(call.user, issue):
                return issue, comment
    raise not_found(NO_COMMENT.format(id=comment_id))
