"""A simulated Zendesk Support account: API v2, webhooks, and the people who work in it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import acts, control_surface, plain_json
from tieline_ops.sandbox.faults import Fault, Faults
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks
from tieline_ops.sandbox.zendesk import (
    hooks,
    rest_files,
    rest_lists,
    rest_tickets,
)
from tieline_ops.sandbox.zendesk.admin import Admin
from tieline_ops.sandbox.zendesk.auth import Logins
from tieline_ops.sandbox.zendesk.content import Content
from tieline_ops.sandbox.zendesk.desk import ZendeskDesk
from tieline_ops.sandbox.zendesk.errors import ZendeskError, too_many
from tieline_ops.sandbox.zendesk.hooks import RETRY, Registry
from tieline_ops.sandbox.zendesk.http import Api, install_errors
from tieline_ops.sandbox.zendesk.render import CDN
from tieline_ops.sandbox.zendesk.state import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "anonymous_me": "/users/me answers a wrong login 200, with nobody",
    "blank_comments_refused": "a comment that only brings files is refused",
    "closed_takes_some_fields": "subject, priority and tags of a closed ticket may be changed",
    "due_on_every_type": "a due date is kept by tickets that are no tasks, too",
    "endless_tokens": "access tokens of OAuth do not say when they end, and do not",
    "export_repeats_rows": "a page of the export begins with the last row of the one before",
    "external_id_lags": "the list by external_id is as late as the search",
    "metadata_not_kept": "what a write's metadata says does not come back",
    "new_refused": "a status that is set back to new is answered 422, not passed over",
    "no_cursor_without_rows": "a first export that finds nothing gives no cursor",
    "no_custom_statuses": "the account has no custom statuses: 404",
    "no_last_audits": "a ticket comes without its last audit",
    "solve_needs_assignee": "nobody is assigned by solving: it is refused",
    "tags_last": "where a write holds tags and fields, the tags win",
    "tags_split_on_spaces": "a tag with spaces becomes several",
    "too_recent_is_400": "a start_time within the last minute is answered 400, not 422",
}
ACTS = frozenset(
    {
        "make", "edit", "comment", "attach", "attach_with", "delete_attachment", "delete",
        "restore", "copy", "redact", "make_private", "touch",
    }
)  # fmt: skip


class ZendeskSandbox:
    """One account. `app` is its WSGI app; `close()` ends the webhooks' thread, if it runs.

    The account that Tieline uses is `EMAIL` with its API token, or the OAuth client `CLIENT`.
    `HOSTS` are the other hosts that the same app answers for.
    """

    EMAIL = "tieline@acme.example"
    CLIENT = ("tieline", "client-secret")
    HOSTS: ClassVar[tuple[str, ...]] = (CDN,)

    def __init__(self, clock: SandboxClock | None = None, content: Content | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, _fault_body)
        self.site = Site(self.clock, content or Content(), self.faults)
        self.desk = ZendeskDesk(self.site)
        self.admin = Admin(self.site)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock, RETRY)
        self.hooks = Registry(self.site, self.webhooks)
        self.oauth = Logins(self.site)
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        """What opens this account to a connector: a part of a secret, but for the webhooks'."""
        token = self.site.content.tokens[self.EMAIL]
        return {"kind": "api_token", "email": self.EMAIL, "token": token}

    def rotate(self) -> dict[str, Any]:
        """Make the present credentials invalid, at once; gives new ones as `credentials` does."""
        with self.site.lock:
            self.site.content.tokens[self.EMAIL] = secrets.token_hex(20)
            self.oauth.end_all()
        return self.credentials()

    def watch(
        self,
        target: Target | Callable[..., int],
        secret: str,
        scope: Mapping[str, str],  # noqa: ARG002 - an event subscription has no filter
    ) -> None:
        """Have all events of tickets told to `target`, as an administrator would set it up."""
        self.hooks.add(target, secret)

    def limit_rate(
        self, after: timedelta | None = timedelta(seconds=5), count: int = 1, path: str = ".*"
    ) -> None:
        """Answer the next `count` requests 429. `after` None: with the reset's header alone."""
        seconds = None if after is None else int(after.total_seconds())
        headers = {"x-rate-limit-remaining": "0", "ratelimit-remaining": "0"}
        error = too_many(seconds, {**headers, "ratelimit-reset": str(seconds or 30)})
        self.faults.add(Fault("status", ".*", path, count, error.status, headers=error.headers))

    def close(self) -> None:
        self.webhooks.close()

    def _app(self) -> Flask:
        app = Flask("zendesk-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.config["PROPAGATE_EXCEPTIONS"] = True  # a mistake of the sandbox's own is loud
        api = Api(app, self.site, self.oauth)
        rest_tickets.routes(api)
        rest_files.routes(api)
        rest_lists.routes(api)
        hooks.routes(api, self.hooks)
        rest_files.download_routes(app, self.site, self.oauth)
        self._token_route(app)
        install_errors(app)
        surface = control_surface("zendesk", self.clock, self.faults, self.webhooks)

        @surface.get("/tickets/<id>")
        def one(id: str) -> ResponseReturnValue:
            seen = self.desk.see(id)
            comments = [[c.id, c.author, c.text, c.public] for c in seen.comments]
            found = {"id": seen.id, "fields": dict(seen.fields), "comments": comments}
            return jsonify(plain_json({**found, "files": dict(seen.files)}))

        @surface.get("/tickets")
        def everything() -> ResponseReturnValue:
            return jsonify(self.desk.ids())

        acts(surface, self.desk, ACTS, self.admin.acts())
        app.register_blueprint(surface)
        inner = _without_suffix(self._one_at_a_time(app.wsgi_app))
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _token_route(self, app: Flask) -> None:
        @app.post("/oauth/tokens")
        def token() -> ResponseReturnValue:
            given = request.get_json(silent=True)
            if not isinstance(given, dict):
                words = "The request is missing a required parameter"
                body = {"error": "invalid_request", "error_description": words}
                raise ZendeskError(400, body)
            return jsonify(self.oauth.exchange(given))

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.site.lock:
                return app(environ, start_response)

        return alone


def _without_suffix(app: WSGIApplication) -> WSGIApplication:
    """`.json` may stand behind every path of the API."""

    def routed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/api/v2/") and path.endswith(".json"):
            environ = {**environ, "PATH_INFO": path.removesuffix(".json")}
        return app(environ, start_response)

    return routed


def _fault_body(status: int) -> bytes:
    words = {
        401: {"error": "Couldn't authenticate you"},
        403: {"error": "Forbidden", "description": "You do not have access to this page."},
        409: {"error": "DatabaseConflict", "description": "Database collision"},
        429: {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests"},
    }
    unknown = {"error": "InternalServerError", "description": "Something went wrong"}
    return json.dumps(words.get(status, unknown)).encode()
