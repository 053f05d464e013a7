"""What people do in the simulated Jira, over HTTP, beside the sandbox's own control surface.

    GET  /_sandbox/issues                 [{…}, …]: all issues in plain values
    GET  /_sandbox/issues/{key}           one
    POST /_sandbox/act                    {"act": "edit", "user": e-mail, "key": …, …}

`act` is the name of a method of `People`; the rest are its arguments, files in base64.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.jira_errors import JiraError
from tieline_ops.sandbox.jira_people import People

ACTS = frozenset(
    {
        "create_issue", "edit", "transition", "comment", "edit_comment", "delete_comment",
        "attach", "delete_attachment", "delete", "move", "clone", "hide",
    }
)  # fmt: skip


def routes(surface: Blueprint, people: People) -> None:
    @surface.get("/issues")
    def issues() -> ResponseReturnValue:
        return jsonify([_json(people.issue(key)) for key in people.issue_keys()])

    @surface.get("/issues/<key>")
    def issue(key: str) -> ResponseReturnValue:
        return jsonify(_json(people.issue(key)))

    @surface.post("/act")
    def act() -> ResponseReturnValue:
        """Do as a person does. Answers what the act gives: a key, an id or nothing."""
        wanted: dict[str, Any] = request.get_json()
        name = wanted.pop("act")
        if name not in ACTS:
            raise KeyError(name)
        if "content" in wanted:
            wanted["content"] = base64.b64decode(wanted["content"])
        return jsonify(made=getattr(people, name)(**wanted))

    @surface.errorhandler(JiraError)
    def refused(error: JiraError) -> ResponseReturnValue:
        return jsonify(error.body()), 400


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else value
