"""The API of the mapping preview."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from tieline_ops.console.trying import Trying
from tieline_ops.trouble import Wrong

Json = dict[str, Any]


def trying_api(trying: Trying) -> Blueprint:
    """Reads and plans; what comes in is text."""
    api = Blueprint("trying", __name__, url_prefix="/api/links")

    @api.get("/<name>/file")
    def file(name: str) -> Json:
        return trying.text(name)

    @api.post("/<name>/check")
    def check(name: str) -> Json:
        return trying.check(name, str(request.get_json().get("text", "")))

    @api.post("/<name>/preview")
    def preview(name: str) -> Json:
        given = request.get_json()
        ticket = {word: str(given[word]) for word in ("ticket", "side") if given.get(word)}
        if "ticket" not in ticket:
            raise Wrong("no ticket is named", "write its key, its id or its address")
        text = given.get("text")
        return trying.preview(name, None if text is None else str(text), ticket)

    return api
