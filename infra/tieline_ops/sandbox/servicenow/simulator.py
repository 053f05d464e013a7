"""A simulated ServiceNow instance: Table and Attachment API, our business rule, its people."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import acts, control_surface, plain_json
from tieline_ops.sandbox.faults import Faults, retry_after
from tieline_ops.sandbox.servicenow.admin import Admin
from tieline_ops.sandbox.servicenow.content import Content, sys_id
from tieline_ops.sandbox.servicenow.desk import ServiceNowDesk
from tieline_ops.sandbox.servicenow.people import People
from tieline_ops.sandbox.servicenow.rest import Logins, NowError, routes
from tieline_ops.sandbox.servicenow.rules import Rules
from tieline_ops.sandbox.servicenow.state import Instance, PolicyError
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks
from tieline_ops.servicenow_rule import records

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "basic_auth_restricted": "basic authentication only for 'Web service access only' accounts",
    "client_credentials_off": "the system property for that grant is false, as it is by default",
    "hibernating": "every call answers 200 with a page of HTML",
    "invalid_query_returns_no_rows": "a query with a bad part gives nothing instead of everything",
    "no_audit_role": "sys_audit_delete answers 200 and no rows",
    "no_journal_role": "sys_journal_field answers 200 and no rows",
}
ACTS = frozenset(
    {"create", "edit", "comment", "work_note", "attach", "delete_attachment", "delete", "hide"}
)


class ServiceNowSandbox(People):
    """One instance. `app` is its WSGI app; `close()` ends the webhooks' thread, if it runs.

    The account that Tieline uses is `USER` with `PASSWORD`, or the OAuth client `CLIENT`.
    `instance` holds the tables; `instance.denied` takes (table, column) that an ACL keeps.
    """

    USER = "tieline"
    PASSWORD = "now-password"  # noqa: S105  (opens nothing but this sandbox)
    CLIENT = ("client", "client-secret")
    HOSTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, clock: SandboxClock | None = None, content: Content | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, _fault_body, self._limit_headers)
        self.instance = Instance(self.clock, content or Content(), self.faults)
        super().__init__(self.instance)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock)  # ServiceNow repeats nothing
        self.rules = Rules(self.instance, self.webhooks)
        self.logins = Logins(self.instance)
        self.admin = Admin(self.instance)
        self.desk = ServiceNowDesk(self)
        self.app = self._app()

    def subscribe(
        self, target: Target, secret: str, table: str = "incident", prefix: str = "tieline"
    ) -> None:
        """Install our business rule and its properties; `target` a URL or a function."""
        url = target if isinstance(target, str) else f"function:{prefix}"
        self.rules.targets[url] = target
        admin = self.instance.user("admin")
        with self.instance.lock:
            for of, fields in records(table, url, secret, prefix):
                self.instance.insert(admin, of, fields)

    def credentials(self) -> dict[str, str]:
        """What opens this instance to a connector: a part of a secret, but for the webhooks'."""
        password = self.instance.user(self.USER).password
        return {"kind": "basic", "username": self.USER, "password": password}

    def rotate(self) -> dict[str, str]:
        """Change the account's password and end every access token; gives the new password."""
        self.instance.user(self.USER).password = secrets.token_urlsafe(24)
        self.logins.end_tokens()
        return self.credentials()

    def watch(
        self, target: Target | Callable[..., int], secret: str, scope: Mapping[str, str]
    ) -> None:
        """Have a table's changes told to `target`, as an administrator would set it up."""
        place = urlsplit(target).path if isinstance(target, str) else str(len(self.rules.targets))
        prefix = "tieline." + ".".join(place.strip("/").split("/"))
        self.subscribe(target, secret, scope["table"], prefix)

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """Answer the next requests 429, with the headers of a rule if `after` is given.

        ServiceNow, Inbound REST API rate limiting: a rule's answers carry Retry-After; a node that
        is out of semaphores answers 429 without a word of when.
        """
        headers = {} if after is None else self._limit_headers(after)
        self.faults.status(429, count=count, headers=headers)

    def close(self) -> None:
        self.webhooks.close()

    def _limit_headers(self, wait: timedelta) -> dict[str, str]:
        """ServiceNow, Inbound REST API rate limiting: the rule is named by its sys_id."""
        return {
            **retry_after(wait),
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Reset": str(round((self.clock.now() + wait).timestamp())),
            "X-RateLimit-Rule": sys_id("rate limit rule"),
        }

    def _app(self) -> Flask:
        app = Flask("servicenow-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        routes(app, self.instance, self.logins)
        surface = control_surface("servicenow", self.clock, self.faults, self.webhooks)
        _acts(surface, self, self.admin)
        app.register_blueprint(surface)
        inner = self._one_at_a_time(app.wsgi_app)
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.instance.lock:
                return app(environ, start_response)

        return alone


def _fault_body(status: int) -> bytes:
    if status == 429:
        detail: str | None = "Rate limit of 100 requests per hour for Table API exceeded"
        return json.dumps(NowError(status, "Rate limit exceeded", detail).body).encode()
    words = {401: "User Not Authenticated", 403: "Insufficient rights to query records"}
    detail = "Required to provide Auth information" if status == 401 else None
    return json.dumps(NowError(status, words.get(status, "Failure"), detail).body).encode()


def _acts(surface: Blueprint, people: People, admin: Admin) -> None:
    """GET /_sandbox/records[/{number}]; POST /_sandbox/act {"act": …, …}: `People`, `Admin`."""

    @surface.get("/records")
    def everything() -> ResponseReturnValue:
        return jsonify([plain_json(people.record(number)) for number in people.numbers()])

    @surface.get("/records/<number>")
    def one(number: str) -> ResponseReturnValue:
        return jsonify(plain_json(people.record(number)))

    acts(surface, people, ACTS, admin.acts())

    @surface.errorhandler(PolicyError)
    def refused(error: PolicyError) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400
