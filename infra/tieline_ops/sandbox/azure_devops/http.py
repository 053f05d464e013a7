"""What all routes have in common: who calls, which version, which project."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.auth import Logins, NotSignedInError
from tieline_ops.sandbox.azure_devops.content import User
from tieline_ops.sandbox.azure_devops.errors import (
    AdoError,
    no_project,
    no_version,
    preview_only,
    version_too_new,
)
from tieline_ops.sandbox.azure_devops.state import Organisation

_VERSION = re.compile(r"(\d+)\.(\d+)(-preview(?:\.\d+)?)?")
_ACCEPTED = re.compile(r"api-version=([\w.-]+)")
_SHOWN = re.compile(r"(?i)(/_apis/wit/)([a-z]+)")


@dataclass(frozen=True)
class Asked:
    """A request by somebody whom we know. `project` is "" where the path names none."""

    user: User
    project: str
    version: tuple[int, int]
    base: str

    @property
    def formats(self) -> bool:
        """Whether this version tells of Markdown in fields."""
        return self.version >= (7, 2)


View = Callable[..., ResponseReturnValue]


class Routes:
    """Routes of one organisation, below a project or not."""

    def __init__(self, app: Flask, organisation: Organisation, logins: Logins) -> None:
        self.app = app
        self.of = organisation
        self._logins = logins

    def add(
        self, method: str, path: str, *, preview: bool = False, project: bool = True
    ) -> Callable[[View], View]:
        """Answers `method` on `/_apis` + path, and on the same below a project."""

        def registered(view: View) -> View:
            @wraps(view)
            def answered(project: str = "", **parts: Any) -> ResponseReturnValue:
                user = self._logins.caller(request)
                asked = Asked(user, self._project(project), self._version(preview), base())
                return view(asked, **parts)

            name = f"{method} {path}"
            places = ["", *(["/<project>"] if project else [])]
            for place in places:
                rule = f"{place}/_apis{path}"
                self.app.add_url_rule(rule, f"{name} {place}", answered, methods=[method])
            return view

        return registered

    def _project(self, name: str) -> str:
        if not name:
            return ""
        for known, id in self.of.content.projects.items():
            if name.casefold() in (known.casefold(), id):
                return known
        raise no_project(name)

    def _version(self, preview: bool) -> tuple[int, int]:
        latest = (7, 1) if "server_7_1" in self.of.faults.on else (7, 2)
        accepted = _ACCEPTED.search(request.headers.get("Accept", ""))
        text = request.args.get("api-version") or (accepted[1] if accepted else "")
        if not text:
            if request.method == "GET":
                return (7, 1)
            raise no_version(request.method)
        found = _VERSION.fullmatch(text)
        if found is None:
            raise version_too_new(text, f"{latest[0]}.{latest[1]}")
        number = (int(found[1]), int(found[2]))
        if number > latest:
            raise version_too_new(text, f"{latest[0]}.{latest[1]}")
        if not found[3] and (preview or number == (7, 2)):
            raise preview_only(text)
        return number


def base() -> str:
    """The organisation's address, on the host that was asked."""
    return request.url_root.rstrip("/")


def body() -> Any:
    """The JSON of a request. Raises AdoError."""
    if request.mimetype != "application/json":
        raise wrong_media(request.mimetype)
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        message = "TF400898: An Internal Error Occurred. The request body must be an object."
        raise AdoError(400, message, "VssPropertyValidationException")
    return found


def wrong_media(kind: str) -> AdoError:
    message = (
        f"The request contains an entity body but no Content-Type header, or '{kind}' is not "
        "supported for this resource."
    )
    return AdoError(415, message, "UnsupportedMediaTypeException")


def flag(name: str) -> bool:
    return request.args.get(name, "").casefold() == "true"


def install_errors(app: Flask, logins: Logins) -> None:
    @app.errorhandler(AdoError)
    def failed(error: AdoError) -> ResponseReturnValue:
        return jsonify(error.body), error.status

    @app.errorhandler(NotSignedInError)
    def nobody(_: NotSignedInError) -> ResponseReturnValue:
        return logins.refusal(request)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def nothing(_: Exception) -> ResponseReturnValue:
        message = (
            f"The controller for path '{request.path}' was not found or does not implement "
            "IController."
        )
        status = 404 if "/_apis" in request.path else 400
        return jsonify(AdoError(status, message, "HttpException").body), status

    @app.after_request
    def named(answer: Response) -> Response:
        if answer.status_code == 204:
            del answer.headers["Content-Type"]
        answer.headers["X-VSS-E2EID"] = "00000000-0000-0000-0000-000000000000"
        return answer


def spelled(path: str) -> str:
    """A path with the resource's name in small letters: the service does not look at case."""
    return _SHOWN.sub(lambda found: found[1].lower() + found[2].lower(), path)
