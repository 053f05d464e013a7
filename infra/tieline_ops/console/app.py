"""The console's web app: static files, and a JSON API in front of the operator's verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from tieline_ops.console.door import Door
from tieline_ops.console.links import Links, links_api
from tieline_ops.console.trying import Trying
from tieline_ops.console.trying_api import trying_api
from tieline_ops.trouble import Trouble, Wrong

STATIC = Path(__file__).parent / "static"


def console_app(
    links: Links, trying: Trying, door: Door, sandbox: Blueprint | None = None
) -> Flask:
    """The app over some links; with the sandbox's API, people's work there can be done, too."""
    app = Flask("tieline-console", static_folder=str(STATIC), static_url_path="/static")
    app.url_map.merge_slashes = False  # a ticket may be called by its address
    app.json.sort_keys = False  # type: ignore[attr-defined]
    door.watch(app)

    @app.before_request
    def check() -> None:
        if request.method == "POST" and not isinstance(request.get_json(), dict):
            abort(400, "a JSON object is expected")

    @app.get("/")
    def page() -> ResponseReturnValue:
        return app.send_static_file("index.html")

    @app.get("/api/session")
    def session() -> dict[str, Any]:
        return {"token": door.token, "sandbox": sandbox is not None, **links.session()}

    app.register_blueprint(links_api(links))
    app.register_blueprint(trying_api(trying))
    if sandbox is not None:
        app.register_blueprint(sandbox)

    @app.errorhandler(Trouble)
    def trouble(error: Trouble) -> ResponseReturnValue:
        return jsonify(error=error.message, hint=error.hint), 502

    @app.errorhandler(Wrong)
    def wrong(error: Wrong) -> ResponseReturnValue:
        return jsonify(error=error.message, hint=error.hint), 404

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        return jsonify(error=error.description, hint=""), error.code or 500

    return app
