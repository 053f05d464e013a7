"""A simulated Jira Cloud site: REST v3, admin webhooks, and the people who work in it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from flask import Flask

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import control_surface
from tieline_ops.sandbox.faults import Fault, Faults
from tieline_ops.sandbox.jira import control as jira_control
from tieline_ops.sandbox.jira import meta as jira_meta
from tieline_ops.sandbox.jira import rest_comments as jira_rest_comments
from tieline_ops.sandbox.jira import rest_files as jira_rest_files
from tieline_ops.sandbox.jira import rest_hooks as jira_rest_hooks
from tieline_ops.sandbox.jira import rest_issues as jira_rest_issues
from tieline_ops.sandbox.jira import rest_search as jira_rest_search
from tieline_ops.sandbox.jira.admin import Admin
from tieline_ops.sandbox.jira.auth import GATEWAY, GATEWAY_URL, LOGIN_URL, Logins
from tieline_ops.sandbox.jira.content import Content
from tieline_ops.sandbox.jira.desk import JiraDesk
from tieline_ops.sandbox.jira.errors import JiraError
from tieline_ops.sandbox.jira.http import Api, install_errors, limit_headers
from tieline_ops.sandbox.jira.people import People
from tieline_ops.sandbox.jira.state import Site
from tieline_ops.sandbox.jira.webhooks import RETRY, Hook, Registry
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "anonymous": "a wrong login is served as nobody's, with less in the answers",
    "comment_edit_keeps_updated": "editing or deleting a comment does not move `updated`",
    "comment_without_issue": "comment webhooks carry no issue",
    "html_401": "401 comes with an HTML page",
    "internal_comes_out_public": "an internal note is made public on the way",
    "jql_minute_grain": "JQL compares epoch milliseconds by the minute too",
    "orphan_media_deletion": "a file that no text shows any more is deleted",
    "per_issue_write_limit": "20 writes in 2 s and 100 in 30 s on one issue, then 429",
    "property_bumps_updated": "writing an issue's property moves `updated`",
    "short_pages": "searches answer half the page that was asked for",
}


class JiraSandbox(People):
    """One site. `app` is its WSGI app; `close()` ends the webhooks' thread, if it was started.

    The account that Tieline uses is `EMAIL` with `TOKEN`; `oauth` gives refresh tokens. Tests
    send webhooks with `webhooks.flush()`; `webhooks.start()` sends them from a thread.
    """

    EMAIL = "tieline@acme.example"
    TOKEN = "jira-token"  # noqa: S105  (opens nothing but this sandbox)
    HOSTS: ClassVar[tuple[str, ...]] = (GATEWAY_URL, LOGIN_URL, jira_rest_files.MEDIA)

    def __init__(self, clock: SandboxClock | None = None, content: Content | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, _fault_body, self._limit_headers)
        self._content = content
        self.site = Site(self.clock, content or Content(), self.faults)
        super().__init__(self.site)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock, RETRY)
        self.hooks = Registry(self.site, self.webhooks)
        self.oauth = Logins(self.site)
        self.admin = Admin(self.site)
        self.desk = JiraDesk(self, self.site)
        self.app = self._app()

    def subscribe(
        self,
        target: Target,
        secret: str = "",
        jql: str = "project = OPS",
        app_secret: str = "",
    ) -> Hook:
        """Register a webhook for all events; `target` a URL or a function.

        `secret` is an admin webhook's, `app_secret` an OAuth app's, whose proof is a JWT.
        """
        return self.hooks.add(target, secret=secret, jql=jql, app_secret=app_secret)

    def credentials(self) -> dict[str, str]:
        """What opens this site to a connector: a side's part of a secret, but for the webhooks'."""
        token = self.site.user(self.EMAIL).token
        return {"kind": "api_token", "email": self.EMAIL, "token": token}

    def rotate(self) -> dict[str, str]:
        """End the account's API token and every access token; gives a new API token."""
        self.site.user(self.EMAIL).token = secrets.token_urlsafe(24)
        self.oauth.end_tokens()
        return self.credentials()

    def watch(
        self, target: Target | Callable[..., int], secret: str, scope: Mapping[str, str]
    ) -> None:
        """Send webhooks of a scope to `target`, as an administrator would set it up."""
        self.subscribe(target, secret=secret, jql=f"project = {scope['project']}")

    def limit_rate(
        self,
        after: timedelta | None = timedelta(seconds=5),
        count: int = 1,
        *,
        reason: str = "jira-burst-based",
        method: str = ".*",
        path: str = ".*",
    ) -> None:
        """Answer the next requests 429 with the headers of a limit. `after` None: no Retry-After.

        Jira Cloud, Rate limiting: jira-burst-based, jira-per-issue-on-write,
        jira-quota-global-based, jira-quota-tenant-based.
        """
        headers = limit_headers(reason, after, self.clock.now())
        self.faults.add(Fault("status", method, path, count, 429, headers=headers))

    def _limit_headers(self, wait: timedelta) -> dict[str, str]:
        return limit_headers("jira-burst-based", wait, self.clock.now())

    def reset(self) -> None:
        """As new, but for the clock: much faster than making another site."""
        with self.site.lock:
            self.site.clear()
            self.site.content = self._content or Content()
            self.hooks.hooks.clear()
            self.faults.clear()
            self.webhooks.clear()
            self.traffic.clear()

    def close(self) -> None:
        self.webhooks.close()

    def _app(self) -> Flask:
        app = Flask("jira-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.config["PROPAGATE_EXCEPTIONS"] = True  # a mistake of the sandbox's own is loud
        app.url_map.merge_slashes = False
        api = Api(app, self.site, self.oauth)
        for module in (jira_rest_issues, jira_rest_comments, jira_rest_files, jira_rest_search):
            module.routes(api)
        jira_meta.routes(api)
        jira_rest_hooks.routes(api, self.hooks)
        jira_rest_hooks.app_routes(api, self.hooks, self.site, self.oauth)
        jira_rest_hooks.oauth_routes(app, self.site, self.oauth)
        jira_rest_files.media_routes(app, self.site)
        install_errors(app, self.site)
        surface = control_surface("jira", self.clock, self.faults, self.webhooks)
        jira_control.routes(surface, self, self.admin)
        app.register_blueprint(surface)
        inner = self._through_gateway(self._one_at_a_time(app.wsgi_app))
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.site.lock:
                return app(environ, start_response)

        return alone

    def _through_gateway(self, app: WSGIApplication) -> WSGIApplication:
        """Serve api.atlassian.com's path to this site as well as the site's own."""
        prefix = f"/ex/jira/{self.site.content.cloud}"

        def routed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if path.startswith(prefix + "/"):
                environ = {
                    **environ,
                    "SCRIPT_NAME": prefix,
                    "PATH_INFO": path.removeprefix(prefix),
                    GATEWAY: True,
                }
            return app(environ, start_response)

        return routed


def _fault_body(status: int) -> bytes:
    words = {409: "The issue is being updated by another request.", 429: "Rate limit exceeded."}
    message = words.get(status, "Internal server error" if status >= 500 else "Refused")
    return json.dumps(JiraError(status, (message,)).body()).encode()
