"""A simulated Azure DevOps organisation: work items, service hooks, and the people in it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.admin import Admin
from tieline_ops.sandbox.azure_devops.auth import Logins
from tieline_ops.sandbox.azure_devops.content import Content
from tieline_ops.sandbox.azure_devops.desk import AzureDevOpsDesk
from tieline_ops.sandbox.azure_devops.errors import AdoError
from tieline_ops.sandbox.azure_devops.hooks import EVENTS, RETRY, Hooks
from tieline_ops.sandbox.azure_devops.http import Routes, install_errors, spelled
from tieline_ops.sandbox.azure_devops.people import People
from tieline_ops.sandbox.azure_devops.rest_feed import feed_routes, query_routes
from tieline_ops.sandbox.azure_devops.rest_hooks import hook_routes
from tieline_ops.sandbox.azure_devops.rest_items import item_routes
from tieline_ops.sandbox.azure_devops.rest_meta import meta_routes
from tieline_ops.sandbox.azure_devops.rest_parts import comment_routes, file_routes
from tieline_ops.sandbox.azure_devops.state import Organisation
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import acts, control_surface, plain_json
from tieline_ops.sandbox.desk import Desk
from tieline_ops.sandbox.faults import Fault, Faults
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "batch_leaves_out": "items that are not there are left out of a batch, not null",
    "closing_needs_root_cause": "a rule of the process: no bug is closed without a root cause",
    "comment_edit_keeps_rev": "editing or deleting a comment makes no revision and no event",
    "delete_answers_204": "deletions answer 204 and nothing",
    "hooks_denied": "our account may neither make nor see service hooks",
    "markdown_comments_stay": "a comment in Markdown does not become HTML again",
    "old_comment_key": "comments have `commentId` in place of `id`, and no format",
    "server_7_1": "a server that knows no version after 7.1",
    "sign_in_redirect": "a bad token is answered 302 to a sign-in page, not 203 and the page",
}
ACTS = frozenset({
    "create", "edit", "comment", "edit_comment", "delete_comment", "attach", "delete_attachment",
    "paste", "copy", "move", "change_type", "delete", "restore",
})  # fmt: skip


class AzureDevOpsSandbox(People):
    """One organisation. `app` is its WSGI app; `close()` ends the webhooks' thread, if it runs.

    It answers below any organisation's name and without one, and on the hosts of `HOSTS`.
    `organisation` holds the work items; `logins.tokens` the personal access tokens.
    """

    HOSTS: ClassVar[tuple[str, ...]] = (
        "https://login.microsoftonline.com",
        "https://vssps.dev.azure.com",
    )
    TOKEN = "ado-token"  # noqa: S105  (opens nothing but this sandbox)

    def __init__(self, clock: SandboxClock | None = None, content: Content | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, _fault_body)
        self.organisation = Organisation(self.clock, content or Content(), self.faults)
        super().__init__(self.organisation)
        self.admin = Admin(self.organisation)
        self.desk: Desk = AzureDevOpsDesk(self, self.organisation)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock, RETRY)
        self.hooks = Hooks(self.organisation, self.webhooks)
        self.logins = Logins(self.organisation, self.TOKEN)
        self._token = self.TOKEN
        self._slow = (0, timedelta(0))
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        """A personal access token: a part of a secret, but for the webhooks'."""
        return {"kind": "pat", "token": self._token}

    def entra(self) -> dict[str, Any]:
        """The same for a service principal, which signs in on another host."""
        client, secret = self.organisation.content.client[0], self.logins.client_secret
        tenant = self.organisation.content.tenant
        return {"kind": "entra", "tenant": tenant, "client_id": client, "client_secret": secret}

    def rotate(self) -> dict[str, Any]:
        """Another token, another secret of the client; what there was is good no more."""
        self._token = secrets.token_urlsafe(16)
        self.logins.tokens = {self._token: self.organisation.content.account}
        self.logins.client_secret = secrets.token_urlsafe(16)
        self.logins.end_tokens()
        return self.credentials()

    def watch(
        self, target: Target | Callable[..., int], secret: str, scope: Mapping[str, str]
    ) -> None:
        """One subscription for each event of the scope's project, as an administrator makes them.

        They are not narrowed by type or area, or what leaves the scope would not be told.
        """
        content = self.organisation.content
        url = target if isinstance(target, str) else "https://receiver.example/hook"
        inputs = {"projectId": content.projects[scope["project"]]}
        outputs = {
            "url": url,
            "basicAuthUsername": "tieline",
            "basicAuthPassword": secret,
            "resourceDetailsToSend": "all",
            "messagesToSend": "none",
            "detailedMessagesToSend": "none",
        }
        by = content.user("jane@acme.example")
        for event in EVENTS:
            self.hooks.add(event, inputs, outputs, by, target)

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """Block: the next `count` requests are answered 429."""
        headers = {"X-RateLimit-Resource": "Concurrency", "X-RateLimit-Limit": "200"}
        if after is not None:
            headers["Retry-After"] = str(int(after.total_seconds()))
        self.faults.add(Fault("status", count=count, status=429, headers=headers))

    def slow_down(self, after: timedelta = timedelta(seconds=20), count: int = 1) -> None:
        """Before it blocks: the next `count` answers say `Retry-After`, with whatever status."""
        self._slow = (count, after)

    def close(self) -> None:
        self.webhooks.close()

    def _app(self) -> Flask:
        app = Flask("azure-devops-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.config["PROPAGATE_EXCEPTIONS"] = True  # a mistake of the sandbox's own is loud
        routes = Routes(app, self.organisation, self.logins)
        for install in (item_routes, comment_routes, file_routes, query_routes, feed_routes):
            install(routes)
        meta_routes(routes)
        hook_routes(routes, self.hooks)
        install_errors(app, self.logins)
        self._entra_route(app)
        app.after_request(self._slowed)
        surface = control_surface("azure_devops", self.clock, self.faults, self.webhooks)
        _acts(surface, self, self.admin)
        app.register_blueprint(surface)
        inner = self._placed(self._one_at_a_time(app.wsgi_app))
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _entra_route(self, app: Flask) -> None:
        @app.post("/<tenant>/oauth2/v2.0/token")
        def token(tenant: str) -> ResponseReturnValue:
            answer, status = self.logins.token(tenant, request.form)
            return jsonify(answer), status

    def _slowed(self, answer: Response) -> Response:
        count, after = self._slow
        if count and "/_apis/" in request.path:
            self._slow = (count - 1, after)
            seconds = str(int(after.total_seconds()))
            answer.headers["Retry-After"] = seconds
            answer.headers["X-RateLimit-Delay"] = seconds
            answer.headers["X-RateLimit-Resource"] = "Concurrency"
        return answer

    def _placed(self, app: WSGIApplication) -> WSGIApplication:
        """Take an organisation's name off the path's beginning, whatever it is."""
        content = self.organisation.content

        def placed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            first = path.lstrip("/").partition("/")[0]
            names = {name.casefold() for name in (*content.projects, *content.projects.values())}
            rest = path[len(first) + 1 :]
            known = unquote(first).casefold() in names or first in {"_apis", "_sandbox"}
            cloud = environ.get("HTTP_HOST", "").endswith("dev.azure.com")
            if (cloud or not known) and not rest.startswith("/oauth2/"):
                environ = {
                    **environ,
                    "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + f"/{first}",
                    "PATH_INFO": rest,
                }
            environ = {**environ, "PATH_INFO": spelled(environ["PATH_INFO"])}
            return app(environ, start_response)

        return placed

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.organisation.lock:
                return app(environ, start_response)

        return alone


def _fault_body(status: int) -> bytes:
    words = {
        429: "TF400733: The request has been canceled: Request was blocked due to exceeding usage "
        "of resource <Concurrency> in namespace <User>.",
        401: "TF400813: The user '' is not authorized to access this resource.",
    }
    key = "RequestBlockedException" if status == 429 else "UnexpectedHostTypeException"
    message = words.get(status, "TF400898: An Internal Error Occurred.")
    return json.dumps(AdoError(status, message, key).body).encode()


def _acts(surface: Blueprint, people: People, admin: Admin) -> None:
    """GET /_sandbox/records[/{number}]; POST /_sandbox/act {"act": …, …}.

    See `People` and `Admin`.
    """

    @surface.get("/records")
    def everything() -> ResponseReturnValue:
        return jsonify([plain_json(people.work_item(number)) for number in people.numbers()])

    @surface.get("/records/<int:number>")
    def one(number: int) -> ResponseReturnValue:
        return jsonify(plain_json(people.work_item(number)))

    acts(surface, people, ACTS, admin.acts())
