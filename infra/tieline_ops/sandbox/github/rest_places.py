"""REST: the repository, its labels, milestones and branches; people; the organisation's lists."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.github.errors import GitHubError, not_found
from tieline_ops.sandbox.github.http import Api, Call
from tieline_ops.sandbox.github.logins import Logins


def routes(api: Api) -> None:
    api.route("GET", "")(repository)
    api.route("GET", "/labels", "per_page", "page")(labels)
    api.route("GET", "/milestones", "state", "per_page", "page")(milestones)
    api.route("GET", "/assignees/<login>")(assignable)
    api.route("GET", "/branches/<path:branch>")(branch)
    api.route("GET", "/user", repo=False)(me)
    api.route("GET", "/users/<login>", repo=False)(person)
    api.route("GET", "/search/users", "q", "per_page", repo=False)(search)
    api.route("GET", "/orgs/<org>/issue-types", repo=False)(types)
    api.route("GET", "/orgs/<org>/issue-fields", repo=False)(fields)
    api.route("GET", "/rate_limit", repo=False)(limits)


def app_routes(api: Api, logins: Logins) -> None:
    """What an App asks for as itself. GitHub REST, Apps."""

    @api.app.get("/app")
    def about() -> ResponseReturnValue:
        logins.app(request)
        return jsonify(api.view().app())

    @api.app.get("/repos/<owner>/<name>/installation")
    def installation(owner: str, name: str) -> ResponseReturnValue:
        logins.app(request)
        view = api.view()
        if f"{owner}/{name}".casefold() != view.repo.name.casefold():
            raise not_found()
        content = view.repo.content
        return jsonify(id=content.installation, app_id=content.app_id, app_slug=content.app_slug)

    @api.app.post("/app/installations/<int:id>/access_tokens")
    def access_tokens(id: int) -> ResponseReturnValue:
        return _installed(api, logins, id)


def _installed(api: Api, logins: Logins, id: int) -> ResponseReturnValue:
    logins.app(request)
    view = api.view()
    content = view.repo.content
    if id != content.installation:
        raise not_found()
    if logins.suspended:
        raise GitHubError(403, "This installation has been suspended")
    asked = (request.get_json(silent=True) or {}).get("repositories")
    short = view.repo.name.partition("/")[2]
    if asked is not None and asked != [short]:
        words = "There is at least one repository that does not exist or is not accessible"
        raise GitHubError(422, words)
    token, until = logins.install()
    made = {
        "token": token,
        "expires_at": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        "permissions": {"issues": "write", "metadata": "read"},
        "repository_selection": "selected",
    }
    return jsonify(made), 201


def repository(call: Call) -> ResponseReturnValue:
    return jsonify(call.view.repository(call.user))


def labels(call: Call) -> ResponseReturnValue:
    return call.page([call.view.label(name) for name in call.repo.labels])


def milestones(call: Call) -> ResponseReturnValue:
    state = request.args.get("state", "open")
    found = [m for m in call.repo.content.milestones if state in {"all", m.state}]
    return call.page([call.view.milestone(each) for each in found])


def assignable(call: Call, login: str) -> ResponseReturnValue:
    try:
        user = call.repo.user(login)
    except KeyError:
        raise not_found() from None
    if user.login.casefold() != login.casefold() or not user.may("triage"):
        raise not_found()
    return Response(status=204)


def branch(call: Call, branch: str) -> ResponseReturnValue:
    if branch not in call.repo.content.branches:
        raise not_found()
    return jsonify(name=branch, protected=False)


def me(call: Call) -> ResponseReturnValue:
    if call.access is not None and call.access.installation:
        raise GitHubError(403, "Resource not accessible by integration")
    return jsonify(call.view.profile(call.actor, own=True))


def person(call: Call, login: str) -> ResponseReturnValue:
    for user in call.repo.content.users:
        if user.login.casefold() == login.casefold():
            return jsonify(call.view.profile(user))
    raise not_found()


def search(call: Call) -> ResponseReturnValue:
    """People by public address: `"jane@acme.example" in:email type:user`."""
    asked = re.fullmatch(r'"([^"]*)" in:email type:user', request.args.get("q", ""))
    text = asked[1].casefold() if asked else ""
    users = call.repo.content.users if text else []
    found = [u for u in users if u.public and text in u.email.casefold() and u.type == "User"]
    items = [{**call.view.user(each), "score": 1.0} for each in found]
    return jsonify(total_count=len(items), incomplete_results=False, items=items)


def types(call: Call, org: str) -> ResponseReturnValue:
    _organisation(call, org)
    return jsonify([{**call.view.type(n), "is_enabled": True} for n in call.repo.content.types])


def fields(call: Call, org: str) -> ResponseReturnValue:
    _organisation(call, org)
    call.may("organization_issue_fields", "read")
    shown = []
    for each in call.repo.content.fields:
        made: dict[str, Any] = {"id": each.id, "node_id": f"IF_{each.id}", "name": each.name}
        made |= {"description": None, "data_type": each.data_type}
        if each.options:
            made["options"] = [{"id": None, "name": name} for name in each.options]
        shown.append(made)
    return jsonify(shown)


def limits(_: Call) -> ResponseReturnValue:
    core = {"limit": 5000, "used": 0, "remaining": 5000, "reset": 0}
    return jsonify(resources={"core": core, "search": core}, rate=core)


def _organisation(call: Call, org: str) -> None:
    owner = call.repo.name.partition("/")[0]
    if org.casefold() != owner.casefold() or "no_organisation" in call.repo.faults.on:
        raise not_found()
