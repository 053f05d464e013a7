"""REST: issues, their labels and their organisation's field values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.github.content import User
from tieline_ops.sandbox.github.errors import NO_PUSH, GitHubError, invalid, not_found
from tieline_ops.sandbox.github.http import Api, Call
from tieline_ops.sandbox.github.state import Issue

LONGEST = 65_536
TITLE = 256
LABEL = 50
REASONS = {"completed", "not_planned", "duplicate", "reopened"}
_SORTED = {"created": "created", "updated": "updated"}
_WRITTEN = ("title", "body", "labels", "assignees", "milestone", "type", "issue_field_values")
_DROPPED = ("labels", "assignees", "milestone", "type", "values")


def routes(api: Api) -> None:
    listing = ("state", "sort", "direction", "since", "per_page", "page", "labels", "creator")
    api.route("GET", "/issues", *listing)(issues)
    api.route("POST", "/issues")(create)
    api.route("GET", "/issues/<int:number>")(read)
    api.route("PATCH", "/issues/<int:number>")(update)
    api.route("POST", "/issues/<int:number>/labels")(add_labels)
    api.route("DELETE", "/issues/<int:number>/labels/<path:label>")(remove_label)
    api.route("DELETE", "/issues/<int:number>/issue-field-values/<int:field>")(remove_value)


def issues(call: Call) -> ResponseReturnValue:
    """Pull requests among them; only open ones unless all are asked for."""
    call.may("issues", "read")
    found = call.repo.listed_issues()
    state, wanted = request.args.get("state", "open"), request.args.get("labels", "")
    if state != "all":
        found = [each for each in found if each.state == state]
    for label in filter(None, wanted.split(",")):
        found = [i for i in found if label.casefold() in {n.casefold() for n in i.labels}]
    creator = request.args.get("creator")
    if creator:
        found = [each for each in found if each.user.casefold() == creator.casefold()]
    found = since(call, found)
    key = _SORTED.get(request.args.get("sort", "created"), "created")
    found.sort(key=lambda each: (getattr(each, key), each.number))
    if request.args.get("direction", "desc") == "desc":
        found.reverse()
    return call.page([call.view.issue(each) for each in found])


def since(call: Call, found: list[Any]) -> list[Any]:
    """What changed at `since` or later; whether its own second counts is not sure."""
    text = request.args.get("since")
    if text is None:
        return found
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("Issue", "since", "invalid") from None
    if "since_is_exclusive" in call.repo.faults.on:
        return [each for each in found if each.updated > at]
    return [each for each in found if each.updated >= at]


def create(call: Call) -> ResponseReturnValue:
    actor = call.actor
    call.may("issues")
    given = call.body(*_WRITTEN)
    if not call.repo.has_issues:
        raise GitHubError(410, "Issues are disabled for this repo")
    if not actor.may("read") and call.repo.private:
        raise not_found()
    if not str(given.get("title") or "").strip():
        raise invalid("Issue", "title", "missing_field")
    changes = _changes(call, actor, given)
    title, body = changes.pop("title"), changes.pop("body", None)
    made = call.repo.open(actor, title, body, **changes)
    answer = jsonify(call.view.issue(made))
    answer.status_code = 201
    answer.headers["Location"] = f"{call.view.url}/issues/{made.number}"
    return answer


def read(call: Call, number: int) -> ResponseReturnValue:
    call.may("issues", "read")
    return jsonify(call.view.issue(call.issue(number)))


def update(call: Call, number: int) -> ResponseReturnValue:
    actor, issue = call.actor, call.issue(number)
    call.may("issues")
    given = call.body(*_WRITTEN, "state", "state_reason", "duplicate_issue_id")
    if not actor.may("triage") and issue.user != actor.login:
        raise GitHubError(403, NO_PUSH)
    changes = _changes(call, actor, given, issue)
    if given.get("state") not in {None, "open", "closed"}:
        raise invalid("Issue", "state", "invalid")
    if given.get("state"):
        changes["state"] = given["state"]
    if given.get("state_reason") is not None:
        if given["state_reason"] not in REASONS:
            raise invalid("Issue", "state_reason", "invalid")
        changes["reason"] = given["state_reason"]
    return jsonify(call.view.issue(call.repo.change(actor, number, **changes)))


def add_labels(call: Call, number: int) -> ResponseReturnValue:
    actor, issue = call.actor, call.issue(number)
    call.may("issues")
    if not actor.may("triage"):
        raise GitHubError(403, NO_PUSH)
    given = call.body("labels").get("labels") or []
    labels = _labels(call, [*issue.labels, *given])
    changed = call.repo.change(actor, number, labels=labels)
    return jsonify([call.view.label(name) for name in changed.labels])


def remove_label(call: Call, number: int, label: str) -> ResponseReturnValue:
    actor, issue = call.actor, call.issue(number)
    call.may("issues")
    if not actor.may("triage"):
        raise GitHubError(403, NO_PUSH)
    kept = tuple(name for name in issue.labels if name.casefold() != label.casefold())
    if kept == issue.labels:
        raise GitHubError(404, "Label does not exist")
    call.repo.change(actor, number, labels=kept)
    return jsonify([call.view.label(name) for name in kept])


def remove_value(call: Call, number: int, field: int) -> ResponseReturnValue:
    actor, issue = call.actor, call.issue(number)
    call.may("issues")
    if field not in issue.values:
        raise not_found()
    kept = {id: value for id, value in issue.values.items() if id != field}
    call.repo.change(actor, number, values=kept)
    return Response(status=204)


def _changes(
    call: Call, actor: User, given: dict[str, Any], issue: Issue | None = None
) -> dict[str, Any]:
    """What a body asks for. Who may not triage has part of it dropped without a word."""
    changes: dict[str, Any] = {}
    if given.get("title") is not None:
        changes["title"] = _title(given["title"])
    if "body" in given:
        changes["body"] = _body(call, given["body"])
    if "labels" in given:
        changes["labels"] = _labels(call, given["labels"] or [])
    if "assignees" in given:
        changes["assignees"] = _assignees(call, given["assignees"] or [])
    if "milestone" in given:
        changes["milestone"] = _milestone(call, given["milestone"])
    if "type" in given:
        changes["type"] = _type(call, given["type"])
    if "issue_field_values" in given:
        held = dict(issue.values) if issue else {}
        changes["values"] = held | _values(call, given["issue_field_values"])
    if not actor.may("triage"):
        for name in _DROPPED:
            changes.pop(name, None)
    return changes


def _title(value: Any) -> str:
    title = str(value).strip()
    if not title:
        raise invalid("Issue", "title", "missing_field")
    if len(title) > TITLE:
        words = f"title is too long (maximum is {TITLE} characters)"
        raise invalid("Issue", "title", "custom", words)
    return title


def _body(call: Call, value: Any) -> str | None:
    return None if value is None else long_enough(call, str(value), "Issue")


def long_enough(call: Call, text: str, resource: str) -> str:
    """A text that is kept as it was sent, line ends and all. Raises GitHubError 422."""
    if len(text) > LONGEST:
        words = f"body is too long (maximum is {LONGEST} characters)"
        raise invalid(resource, "body", "custom", words)
    local = call.view.local
    return text.replace(f"{local}/", "https://github.com/") if local else text


def _labels(call: Call, given: list[Any]) -> tuple[str, ...]:
    """Names that are not there yet are made on the fly; case tells none apart."""
    found: list[str] = []
    for each in given:
        name = str(each["name"] if isinstance(each, dict) else each).strip()
        if not name or len(name) > LABEL:
            words = f"name is too long (maximum is {LABEL} characters)"
            raise invalid("Label", "name", "custom", words)
        label = call.repo.label(name)
        if label not in found:
            found.append(label)
    return tuple(found)


def _assignees(call: Call, given: list[str]) -> tuple[str, ...]:
    """Who cannot be assigned is dropped, or refused: which of both is not sure."""
    found = []
    for login in given:
        try:
            user = call.repo.user(login)
        except KeyError:
            user = None
        if user is not None and user.may("triage"):
            found.append(user.login)
        elif "unknown_assignee_is_invalid" in call.repo.faults.on:
            raise invalid("Issue", "assignees", "invalid")
    return tuple(dict.fromkeys(found))


def _milestone(call: Call, value: Any) -> int | None:
    if value is None:
        return None
    if value not in {each.number for each in call.repo.content.milestones}:
        raise invalid("Issue", "milestone", "invalid")
    return int(value)


def _type(call: Call, value: Any) -> str | None:
    if value is None:
        return None
    for name in call.repo.content.types:
        if name.casefold() == str(value).casefold():
            return name
    raise invalid("Issue", "type", "invalid")


def _values(call: Call, given: list[dict[str, Any]]) -> dict[int, Any]:
    fields = {each.id: each for each in call.repo.content.fields}
    found: dict[int, Any] = {}
    for each in given:
        field, value = fields.get(each["field_id"]), each["value"]
        if field is None or not _fits(field.data_type, field.options, value):
            raise invalid("Issue", "issue_field_values", "invalid")
        found[field.id] = value
    return found


def _fits(kind: str, options: tuple[str, ...], value: Any) -> bool:
    match kind:
        case "single_select":
            return value in options
        case "multi_select":
            return isinstance(value, list) and set(value) <= set(options)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "date":
            try:
                datetime.fromisoformat(str(value))
            except ValueError:
                return False
            return True
        case _:
            return isinstance(value, str)
