"""A simulated Salesforce org: its REST API, what it sends, and the people who work in it."""

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
from tieline_ops.sandbox.salesforce.admin import Admin
from tieline_ops.sandbox.salesforce.auth import Logins, TokenRefused
from tieline_ops.sandbox.salesforce.content import Content
from tieline_ops.sandbox.salesforce.desk import SalesforceDesk
from tieline_ops.sandbox.salesforce.errors import SalesforceError, no_session, over_limit
from tieline_ops.sandbox.salesforce.hooks import MESSAGES, Hook, Registry
from tieline_ops.sandbox.salesforce.rest import Rest
from tieline_ops.sandbox.salesforce.state import Site
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "comments_move_cases": "a comment moves its case's stamps",
    "conditions_keep_fractions": "If-Unmodified-Since is compared with the saved fraction of a "
    "second, so that a record is later than its own second",
    "deleted_links_vanish": "queryAll does not list the links of deleted files",
    "no_link_semi_join": "links of files may not be selected by a query of cases",
    "pictures_dropped": "a rich text area keeps no picture that is a file",
    "reference_not_unique": "the administrator left the external id without Unique",
}
ACTS = frozenset(
    {
        "make", "edit", "comment", "edit_comment", "delete_comment", "attach", "attach_version",
        "delete_attachment", "delete", "restore", "copy",
    }
)  # fmt: skip


class SalesforceSandbox:
    """One org. `app` is its WSGI app; `close()` ends the webhooks' threads, if they run."""

    CLIENT = ("ck-tieline", "client-secret")
    HOSTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, clock: SandboxClock | None = None, content: Content | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, _fault_body)
        self.site = Site(self.clock, content or Content(), self.faults)
        self.admin = Admin(self.site)
        self.desk = SalesforceDesk(self.site)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock)
        self.messages = Webhooks(self.clock, MESSAGES)
        self.hooks = Registry(self.site, self.webhooks, self.messages)
        self.logins = Logins(self.site)
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        """What opens this org to a connector: a part of a secret, but for the webhooks'."""
        client = self.CLIENT[0]
        secret = self.site.content.clients[client]
        return {"kind": "client_credentials", "client_id": client, "client_secret": secret}

    def rotate(self) -> dict[str, Any]:
        """Make the present credentials invalid, at once; gives new ones as `credentials` does."""
        with self.site.lock:
            self.site.content.clients[self.CLIENT[0]] = secrets.token_hex(20)
            self.logins.end_all()
        return self.credentials()

    def watch(
        self,
        target: Target | Callable[..., int],
        secret: str,
        scope: Mapping[str, str],  # noqa: ARG002 - the flow has no filter
    ) -> None:
        """Have flows call out to `target`, as an administrator would set it up."""
        self.hooks.flows.append(Hook(target, secret))

    def watch_messages(self, target: Target | Callable[..., int], secret: str) -> None:
        """Have outbound messages sent to `target`."""
        self.hooks.outbound.append(Hook(target, secret))

    def limit_rate(
        self,
        after: timedelta | None = timedelta(seconds=5),  # noqa: ARG002 - it never says when
        count: int = 1,
        path: str = ".*",
    ) -> None:
        """Answer the next `count` requests 403 REQUEST_LIMIT_EXCEEDED."""
        self.faults.add(Fault("status", ".*", path, count, over_limit().status))

    def lock_rows(self, count: int = 1) -> None:
        """The next `count` writes find their row locked."""
        self.rest.busy = count

    def close(self) -> None:
        self.webhooks.close()
        self.messages.close()

    def _app(self) -> Flask:
        app = Flask("salesforce-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.config["PROPAGATE_EXCEPTIONS"] = True  # a mistake of the sandbox's own is loud
        self.rest = Rest(app, self.site, self.logins, app.wsgi_app)
        self.rest.install()
        self._open_routes(app)
        surface = control_surface("salesforce", self.clock, self.faults, self.webhooks)

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
        inner = self._one_at_a_time(app.wsgi_app)
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _open_routes(self, app: Flask) -> None:
        @app.post("/services/oauth2/token")
        def token() -> ResponseReturnValue:
            host = request.host_url.rstrip("/")
            try:
                answer = self.logins.exchange(request.form, host)
            except TokenRefused as refused:
                return jsonify(refused.body), 400
            return jsonify({**answer, "instance_url": self.instance or host})

        @app.get("/services/data/")
        def versions() -> ResponseReturnValue:
            return jsonify([{"label": "Winter '25", "url": "/services/data/v62.0",
                             "version": "62.0"}])  # fmt: skip

    instance = ""
    """Where the org says that it is, if not where it was called."""

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.site.lock:
                return app(environ, start_response)

        return alone


def _fault_body(status: int) -> bytes:
    known = {401: no_session(), 403: over_limit()}
    unknown = SalesforceError(status, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
    return json.dumps(known.get(status, unknown).body).encode()
