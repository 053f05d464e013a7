"""The API of the sandbox's page: people's work in the simulated systems of a local stack."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.console.desks import Desks
from tieline_ops.local.stack import LocalStack
from tieline_ops.trouble import Wrong, unknown

Json = dict[str, Any]


class SandboxDesks:
    """The desks of every link of a local stack."""

    def __init__(self, stack: LocalStack) -> None:
        self._of = {name: Desks(stack, name) for name in stack.links}

    def names(self) -> list[str]:
        """The links that are up."""
        return list(self._of)

    def of(self, link: str) -> Desks:
        """The desks of a link's sides. Raises Wrong."""
        if link not in self._of:
            raise unknown("link", link, self._of, "")
        return self._of[link]


def sandbox_api(desks: SandboxDesks) -> Blueprint:
    """Reads and acts. What a system's screen would not take is answered 422, with its words."""
    api = Blueprint("sandbox", __name__, url_prefix="/api/sandbox")

    @api.get("")
    def all_links() -> Json:
        return {"links": desks.names()}

    @api.get("/<link>")
    def overview(link: str) -> Json:
        return desks.of(link).overview()

    @api.get("/<link>/<side>/<id>")
    def ticket(link: str, side: str, id: str) -> Json:
        return desks.of(link).ticket(side, id)

    @api.post("/<link>/<side>/make")
    def make(link: str, side: str) -> Json:
        given = request.get_json()
        return {"id": desks.of(link).desk(side).make(_who(given), **given.get("fields", {}))}

    @api.post("/<link>/<side>/faults")
    def faults(link: str, side: str) -> Json:
        desks.of(link).faults(side, request.get_json())
        return {}

    @api.post("/<link>/<side>/<id>")
    def act(link: str, side: str, id: str) -> Json:
        made = _acted(desks.of(link), side, id, request.get_json())
        return {"made": made}

    @api.errorhandler(ValueError)
    def would_not_take(error: ValueError) -> ResponseReturnValue:
        return jsonify(error=str(error), hint=""), 422

    @api.errorhandler(KeyError)
    def not_there(error: KeyError) -> ResponseReturnValue:
        return jsonify(error=f"there is no {error.args[0] if error.args else 'such thing'}"), 404

    return api


def _acted(desks: Desks, side: str, id: str, given: Mapping[str, Any]) -> str | None:
    """Do what a person does to a ticket. Raises KeyError, ValueError, Wrong."""
    desk, who = desks.desk(side), _who(given)
    match given.get("act"):
        case "edit":
            desk.edit(who, id, **given["fields"])
            return None
        case "comment":
            return desk.comment(who, id, str(given["text"]), public=bool(given["public"]))
        case "attach":
            return desk.attach(who, id, str(given["name"]), _content(str(given["content"])))
        case "delete":
            desk.delete(who, id)
            return None
        case other:
            raise Wrong(f"nobody can {other!r} a ticket")


def _who(given: Mapping[str, Any]) -> str:
    return str(given.get("who", ""))


def _content(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the file's content is not base64") from None
