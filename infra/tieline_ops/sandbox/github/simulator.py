"""A simulated GitHub: one repository's issues by REST, its webhooks, its App, and its people."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import acts, control_surface, plain_json
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.github import (
    hooks,
    rest_comments,
    rest_files,
    rest_issues,
    rest_places,
)
from tieline_ops.sandbox.github.admin import Admin
from tieline_ops.sandbox.github.content import Content
from tieline_ops.sandbox.github.desk import GitHubDesk
from tieline_ops.sandbox.github.errors import SECONDARY, GitHubError
from tieline_ops.sandbox.github.http import Api, Limits
from tieline_ops.sandbox.github.logins import Access, Logins, app_pem
from tieline_ops.sandbox.github.people import People
from tieline_ops.sandbox.github.render import API, SIGNED, SITE, STORE
from tieline_ops.sandbox.github.state import Repository
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "comment_edit_keeps_updated": "editing a comment does not move the issue's `updated_at`",
    "content_limit": "80 creations in a minute, then a secondary limit",
    "no_organisation": "the owner is a person: no issue types, no issue fields",
    "since_is_exclusive": "`since` leaves out its own second",
    "unknown_assignee_is_invalid": "somebody who cannot be assigned is refused, not dropped",
}
_ENTERPRISE = "/api/v3"
_DESK = frozenset(
    {"make", "edit", "comment", "edit_comment", "delete_comment", "attach", "delete_attachment"}
    | {"delete"}
)


class GitHubSandbox(People):
    """One repository. `app` is the WSGI app of all its hosts; `close()` ends the webhooks' thread.

    The account that Tieline uses is `tieline` with `token`. Tests send webhooks with
    `webhooks.flush()`; `webhooks.start()` sends them from a thread.
    """

    HOSTS: ClassVar[tuple[str, ...]] = (API, SITE, SIGNED, STORE)

    def __init__(self, clock: SandboxClock | None = None, content: Content | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, _fault_body)
        super().__init__(Repository(self.clock, content or Content(), self.faults))
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock)  # GitHub repeats nothing
        self.registry = hooks.Registry(self.repo, self.webhooks)
        self.logins = Logins(self.repo)
        self.limits = Limits()
        self.token = "github_pat_sandbox"  # noqa: S105  (opens nothing but this sandbox)
        self.logins.tokens[self.token] = Access("tieline")
        self.admin = Admin(self.repo)
        self.desk = GitHubDesk(self.repo)
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        """A token of the account that Tieline uses."""
        return {"kind": "token", "token": self.token}

    def app_credentials(self) -> dict[str, Any]:
        """What opens the repository to a GitHub App."""
        content = self.repo.content
        return {"kind": "app", "app_id": content.app_id, "private_key": app_pem()}

    def rotate(self) -> dict[str, Any]:
        """Another token; the one before is worth nothing at once."""
        del self.logins.tokens[self.token]
        self.token = f"github_pat_{secrets.token_urlsafe(20)}"
        self.logins.tokens[self.token] = Access("tieline")
        return self.credentials()

    def watch(self, target: Target, secret: str, scope: Mapping[str, str]) -> None:
        """Have the repository's changes told to `target`."""
        if scope.get("repository", self.repo.name).casefold() != self.repo.name.casefold():
            raise KeyError(scope["repository"])
        self.registry.add(target, secret)

    def take_local_receivers(self) -> None:
        """Let webhooks lead to this machine, where a local stack's gateway is."""
        self.registry.local = True

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """A secondary limit, with `Retry-After` or without."""
        seconds = None if after is None else max(1, round(after.total_seconds()))
        self.limits.denied += [(seconds, False)] * count

    def exhaust(self, until: timedelta, count: int = 1) -> None:
        """The hour's calls are used up: 403, nothing remains, and the moment of the reset."""
        self.limits.denied += [(round(until.total_seconds()), True)] * count

    def close(self) -> None:
        self.webhooks.close()

    def _app(self) -> Flask:
        app = Flask("github-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.config["PROPAGATE_EXCEPTIONS"] = True  # a mistake of the sandbox's own is loud
        app.url_map.merge_slashes = False
        api = Api(app, self.repo, self.logins, self.limits)
        rest_issues.routes(api)
        rest_comments.routes(api)
        rest_places.routes(api)
        rest_places.app_routes(api, self.logins)
        rest_files.routes(api)
        rest_files.store_routes(app, self.repo)
        hooks.routes(api, self.registry)
        surface = control_surface("github", self.clock, self.faults, self.webhooks)
        _acts(surface, self)
        app.register_blueprint(surface)
        inner = self._addressed(self._one_at_a_time(app.wsgi_app))
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.repo.lock:
                return app(environ, start_response)

        return alone

    def _addressed(self, app: WSGIApplication) -> WSGIApplication:
        """Serve a server's path of the API as well, and the repository by its id."""
        by_id = f"/repositories/{self.repo.content.repository_id}"

        def routed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            more: dict[str, str] = {}
            if path.startswith(f"{_ENTERPRISE}/"):
                path = path.removeprefix(_ENTERPRISE)
                more["SCRIPT_NAME"] = _ENTERPRISE
            if path == by_id or path.startswith(f"{by_id}/"):
                path = f"/repos/{self.repo.name}{path.removeprefix(by_id)}"
            return app({**environ, **more, "PATH_INFO": path}, start_response)

        return routed


def _fault_body(status: int) -> bytes:
    words = {
        401: "Bad credentials",
        403: "Resource not accessible by personal access token",
        404: "Not Found",
        410: "This issue was deleted",
        422: "Validation Failed",
        429: SECONDARY,
    }
    message = words.get(status, "Server Error" if status >= 500 else "Refused")
    return json.dumps(GitHubError(status, message).body).encode()


def _acts(surface: Blueprint, sandbox: GitHubSandbox) -> None:
    """GET /_sandbox/issues[/{number}]; POST /_sandbox/act {"act": …, …}.

    See `GitHubDesk` and `Admin`.
    """

    @surface.get("/issues")
    def everything() -> ResponseReturnValue:
        return jsonify([_plain(sandbox, id) for id in sandbox.desk.ids()])

    @surface.get("/issues/<id>")
    def one(id: str) -> ResponseReturnValue:
        return jsonify(_plain(sandbox, id))

    acts(surface, sandbox.desk, _DESK, sandbox.admin.acts())


def _plain(sandbox: GitHubSandbox, id: str) -> Any:
    seen = sandbox.desk.see(id)
    comments = [{"id": c.id, "author": c.author, "text": c.text} for c in seen.comments]
    about = {"id": seen.id, "key": seen.key, **seen.fields}
    return plain_json({**about, "comments": comments, "files": dict(seen.files)})
