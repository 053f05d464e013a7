"""What people do and see, over the sandbox's own HTTP surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.control import acts, plain_json
from tieline_ops.sandbox.desk import Desk, Seen


def seen_and_acted(
    surface: Blueprint, desk: Desk, names: frozenset[str], more: Mapping[str, Callable[..., None]]
) -> None:
    """GET /_sandbox/tickets[/{id}]; POST /_sandbox/act {"act": …, …}: methods of the desk.

    `more` are an administrator's acts.
    """

    @surface.get("/tickets")
    def everything() -> ResponseReturnValue:
        return jsonify([_plain(desk.see(id)) for id in desk.ids()])

    @surface.get("/tickets/<id>")
    def one(id: str) -> ResponseReturnValue:
        return jsonify(_plain(desk.see(id)))

    acts(surface, desk, names, more)


def _plain(seen: Seen) -> Any:
    said = [{"id": c.id, "author": c.author, "text": c.text} for c in seen.comments]
    fields, files = dict(seen.fields), dict(seen.files)
    return plain_json({"id": seen.id, "fields": fields, "comments": said, "files": files})
