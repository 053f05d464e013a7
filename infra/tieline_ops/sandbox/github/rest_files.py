"""Files: a repository's contents by REST, and what github.com and its stores serve of uploads."""

from __future__ import annotations

import base64
import hashlib
import re

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.github.errors import GitHubError, not_found
from tieline_ops.sandbox.github.http import Api, Call
from tieline_ops.sandbox.github.render import SHOWN_FOR, STORE, View
from tieline_ops.sandbox.github.state import Repository, Upload


def routes(api: Api) -> None:
    api.route("PUT", "/contents/<path:path>")(put)
    api.route("GET", "/contents/<path:path>", "ref")(get)
    api.route("DELETE", "/contents/<path:path>")(delete)


def put(call: Call, path: str) -> ResponseReturnValue:
    """GitHub REST, Repositories: Create or update file contents."""
    _may_write(call)
    given = call.body("message", "content", "branch", "sha")
    branch = _branch(call, str(given.get("branch", "main")))
    if (branch, path) in call.repo.files and "sha" not in given:
        raise GitHubError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    try:
        content = base64.b64decode(given["content"], validate=True)
    except ValueError:
        raise GitHubError(422, "content is not valid Base64") from None
    call.repo.files[branch, path] = content
    return jsonify(content=_about(call, branch, path), commit={"sha": _sha(content)}), 201


def get(call: Call, path: str) -> ResponseReturnValue:
    call.may("contents", "read")
    branch = request.args.get("ref", "main")
    if (branch, path) not in call.repo.files:
        raise not_found()
    if ".raw" in request.headers.get("Accept", ""):
        return Response(call.repo.files[branch, path], mimetype="application/vnd.github.raw+json")
    return jsonify(_about(call, branch, path))


def delete(call: Call, path: str) -> ResponseReturnValue:
    _may_write(call)
    given = call.body("message", "sha", "branch")
    key = _branch(call, str(given.get("branch", "main"))), path
    if key not in call.repo.files:
        raise not_found()
    if given.get("sha") != _sha(call.repo.files[key]):
        raise GitHubError(409, f"{path} does not match {given.get('sha')}")
    del call.repo.files[key]
    return jsonify(content=None, commit={"sha": "0"})


def store_routes(app: Flask, repo: Repository) -> None:
    """What browsers are shown. A token opens none of it; one that is sent along is a mistake."""

    @app.get("/user-attachments/<kind>/<path:rest>")
    def attachment(kind: str, rest: str) -> ResponseReturnValue:
        """A public repository's files lead to a store; a private one's are shown to browsers."""
        path = f"user-attachments/{kind}/{rest}"
        made = repo.uploads.get(path)
        if request.headers.get("Authorization") or made is None:
            return Response(status=404)
        if repo.private or not repo.cited(path):
            return Response(status=404)
        view = View(repo, request.root_url, full=False)
        if kind == "assets":
            return redirect(view.signed(path, SHOWN_FOR), 302)
        return redirect(f"{view.local or STORE}/stored/{rest}", 302)

    @app.get("/stored/<path:rest>")
    def stored(rest: str) -> ResponseReturnValue:
        made = repo.uploads.get(f"user-attachments/files/{rest}")
        return _served(made)

    @app.get("/101/<picture>")
    def picture(picture: str) -> ResponseReturnValue:
        """A signed address, for as long as it lives."""
        found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", picture)
        made = repo.uploads.get(f"user-attachments/assets/{found[0]}" if found else "")
        until = request.args.get("jwt", "").removeprefix("until-")
        late = not until.isdecimal() or int(until) < repo.clock.now().timestamp()
        if late or made is None or not repo.cited(made.path):
            return Response(status=404)
        return _served(made)


def _served(made: Upload | None) -> Response:
    if made is None or request.headers.get("Authorization"):
        return Response(status=400 if made else 404)
    return Response(made.content, mimetype=made.media_type)


def _may_write(call: Call) -> None:
    call.may("contents")
    if not call.actor.may("write"):
        raise not_found()


def _branch(call: Call, branch: str) -> str:
    if branch not in call.repo.content.branches:
        raise GitHubError(404, f"Branch {branch} not found")
    return branch


def _about(call: Call, branch: str, path: str) -> dict[str, object]:
    content = call.repo.files[branch, path]
    return {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": _sha(content),
        "size": len(content),
        "html_url": f"{call.view.site}/{call.repo.name}/blob/{branch}/{path}",
    }


def _sha(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
