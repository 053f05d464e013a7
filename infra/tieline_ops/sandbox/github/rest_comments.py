"""REST: comments on issues."""

from __future__ import annotations

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.github.content import User
from tieline_ops.sandbox.github.errors import NO_PUSH, GitHubError, invalid, not_found
from tieline_ops.sandbox.github.http import Api, Call
from tieline_ops.sandbox.github.rest_issues import long_enough, since
from tieline_ops.sandbox.github.state import Comment


def routes(api: Api) -> None:
    api.route("GET", "/issues/<int:number>/comments", "since", "per_page", "page")(of_issue)
    api.route("POST", "/issues/<int:number>/comments")(add)
    listing = ("sort", "direction", "since", "per_page", "page")
    api.route("GET", "/issues/comments", *listing)(everywhere)
    api.route("GET", "/issues/comments/<int:id>")(read)
    api.route("PATCH", "/issues/comments/<int:id>")(edit)
    api.route("DELETE", "/issues/comments/<int:id>")(delete)


def of_issue(call: Call, number: int) -> ResponseReturnValue:
    call.may("issues", "read")
    call.issue(number)
    return call.page([call.view.comment(each) for each in since(call, call.repo.of(number))])


def everywhere(call: Call) -> ResponseReturnValue:
    """Those on pull requests among them."""
    call.may("issues", "read")
    found = since(call, call.repo.listed_comments())
    by_update = request.args.get("sort") == "updated"
    found.sort(key=lambda each: (each.updated if by_update else each.created, each.id))
    if request.args.get("direction", "asc") == "desc":
        found.reverse()
    return call.page([call.view.comment(each) for each in found])


def add(call: Call, number: int) -> ResponseReturnValue:
    actor, issue = call.actor, call.issue(number)
    call.may("issues")
    text = call.body("body").get("body")
    if not isinstance(text, str) or not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    if issue.locked and not actor.may("triage"):
        raise GitHubError(403, "Unable to create comment because issue is locked.")
    made = call.repo.say(actor, number, long_enough(call, text, "IssueComment"))
    answer = jsonify(call.view.comment(made))
    answer.status_code = 201
    answer.headers["Location"] = f"{call.view.url}/issues/comments/{made.id}"
    return answer


def read(call: Call, id: int) -> ResponseReturnValue:
    call.may("issues", "read")
    return jsonify(call.view.comment(_found(call, id)))


def edit(call: Call, id: int) -> ResponseReturnValue:
    actor = _writer(call, id)
    text = long_enough(call, str(call.body("body")["body"]), "IssueComment")
    return jsonify(call.view.comment(call.repo.say_otherwise(actor, id, text)))


def delete(call: Call, id: int) -> ResponseReturnValue:
    call.repo.unsay(_writer(call, id), id)
    return Response(status=204)


def _found(call: Call, id: int) -> Comment:
    if id not in call.repo.comments:
        raise not_found()
    return call.repo.comments[id]


def _writer(call: Call, id: int) -> User:
    actor, comment = call.actor, _found(call, id)
    call.may("issues")
    if comment.user != actor.login and not actor.may("write"):
        raise GitHubError(403, NO_PUSH)
    return actor
