"""What people do in the simulated Jira, over HTTP, beside the sandbox's own control surface.

    GET  /_sandbox/issues                 [{…}, …]: all issues in plain values
    GET  /_sandbox/issues/{key}           one
    POST /_sandbox/act                    {"act": "edit", "user": e-mail, "key": …, …}

`act` is the name of a method of `People`, or of an administrator's (`Admin`); the rest are its
arguments, files in base64.
"""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.control import acts, plain_json
from tieline_ops.sandbox.jira.admin import Admin
from tieline_ops.sandbox.jira.errors import JiraError
from tieline_ops.sandbox.jira.people import People

ACTS = frozenset(
    {
        "create_issue", "edit", "transition", "comment", "edit_comment", "delete_comment",
        "attach", "delete_attachment", "delete", "move", "clone", "hide",
    }
)  # fmt: skip


def routes(surface: Blueprint, people: People, admin: Admin) -> None:
    @surface.get("/issues")
    def issues() -> ResponseReturnValue:
        return jsonify([plain_json(people.issue(key)) for key in people.issue_keys()])

    @surface.get("/issues/<key>")
    def issue(key: str) -> ResponseReturnValue:
        return jsonify(plain_json(people.issue(key)))

    acts(surface, people, ACTS, admin.acts())

    @surface.errorhandler(JiraError)
    def refused(error: JiraError) -> ResponseReturnValue:
        return jsonify(error.body()), 400
