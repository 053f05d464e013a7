"""A simulated Freshservice account: its API v2, the workflows that call webhooks, its people."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Flask

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import control_surface
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.fresh import media
from tieline_ops.sandbox.fresh.admin import Admin
from tieline_ops.sandbox.fresh.content import people
from tieline_ops.sandbox.fresh.control import seen_and_acted
from tieline_ops.sandbox.fresh.errors import fault_body
from tieline_ops.sandbox.fresh.hooks import HEADER, Hook, Hooks
from tieline_ops.sandbox.fresh.http import Api, install_errors
from tieline_ops.sandbox.fresh.limits import Limits
from tieline_ops.sandbox.fresh.state import Record, Site
from tieline_ops.sandbox.freshservice import rest
from tieline_ops.sandbox.freshservice.auth import LOGIN, Logins
from tieline_ops.sandbox.freshservice.content import BOOKS, CHANGES, PROBLEMS, TICKETS, fields
from tieline_ops.sandbox.freshservice.desk import FreshserviceDesk, key_of
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "deleted_is_404": "a record in the bin is not there at all",
    "edits_only_in_last_edited_at": "an edited note keeps its updated_at",
    "file_size": "an attachment's size is called file_size",
    "filter_without_total": "the filter's answer does not say how many there are",
    "forms_say_required": "a form says required, and nothing of agents",
    "formatted_ids": "the placeholder of an id gives INC-12 and not 12",
    "list_lags": "lists are as late as the filter",
    "lists_include_no_tags": "a list does not take include=tags",
    "modules_take_no_order": "lists of problems and changes take no updated_since and no order",
    "no_agents_me": "the account does not say whose key it was called with",
    "notes_keep_updated_at": "a conversation does not move its record's updated_at",
    "part_edits_keep_updated_at": "nor does an edit or a deletion of a conversation or a file",
    "priority_matrix": "priority is worked out of urgency and impact, whatever is sent",
    "starter_plan": "the plan has no problems and no changes",
    "styled_html": "rich text is wrapped in styled elements",
    "writes_show_tags": "the answer to a write shows tags",
}
PLANS = {"starter": 100, "growth": 200, "pro": 400, "enterprise": 500, "add-on": 2000}
COSTS = dict.fromkeys(("tags", "requester", "conversations", "stats"), 1)
ACTS = frozenset(
    {
        "make", "edit", "comment", "edit_comment", "delete_comment", "attach", "delete_attachment",
        "delete", "reply", "spam", "restore", "move", "request",
    }
)  # fmt: skip
_NAMES = {"tickets": "ticket", "problems": "problem", "changes": "change"}


def bodies(module: str) -> dict[str, str]:
    """What docs/connectors/freshservice.md has an administrator paste into the workflows."""
    told = f'"module": "{module}", "id": "{{{{{_NAMES[module]}.id}}}}"'
    plain = "{" + told + "}"
    return {
        "created": plain,
        "updated": plain,
        "deleted": "{" + told + ', "event": "deleted"}',
    }


class FreshserviceSandbox:
    """One account. `desk` is at work on tickets, `problems` and `changes` on those.

    `admin` is at work on the form of tickets. `site` holds everything; `logins.grant` gives a
    refresh token for OAuth.
    """

    URL = "https://acme.freshservice.com"
    EMAIL = "tieline@acme.example"
    HOSTS: ClassVar[tuple[str, ...]] = (media.MEDIA, LOGIN)

    def __init__(self, clock: SandboxClock | None = None, plan: str = "add-on") -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, fault_body)
        forms = {kind: fields(kind) for kind in BOOKS}
        self.site = Site(self.clock, self.faults, people(), forms)
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock)  # nothing is known of retries
        self.hooks = Hooks(self.site, self.webhooks, self._placeholders)
        self.limits = Limits(self.site, PLANS, plan)
        self.logins = Logins(self.site)
        self.desk = FreshserviceDesk(self.site, self.URL)
        self.problems = FreshserviceDesk(self.site, self.URL, PROBLEMS)
        self.changes = FreshserviceDesk(self.site, self.URL, CHANGES)
        self.admin = Admin(self.site, TICKETS)
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        """What opens this account to a connector: a part of a secret, but for the webhooks'."""
        user = self.site.user(self.EMAIL)
        return {"kind": "api_key", "api_key": user.key, "agent_email": user.email}

    def rotate(self) -> dict[str, Any]:
        """Reset the account's API key and end every token; gives the new key."""
        self.site.user(self.EMAIL).key = secrets.token_urlsafe(15)
        self.logins.end()
        return self.credentials()

    def watch(
        self, target: Target | Callable[..., int], secret: str, scope: Mapping[str, str]
    ) -> None:
        """Workflows of a module, in a workspace, as an administrator would set them up."""
        module, space = scope.get("module", "tickets"), scope.get("workspace")

        def meets(record: Record) -> bool:
            return space is None or str(record.values["workspace_id"]) == space

        hook = Hook(target, {HEADER: secret}, module, bodies(module), meets)
        self.hooks.hooks.append(hook)

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """Answer the next `count` calls 429, with Retry-After if `after` is given."""
        self.limits.refuse(after, count)

    def close(self) -> None:
        self.webhooks.close()

    def _app(self) -> Flask:
        app = Flask("freshservice-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        install_errors(app)
        rest.install(Api(app, self.site, self.limits, COSTS, self.logins.user), self.site)
        media.routes(app, self.site)
        self.logins.routes(app)
        surface = control_surface("freshservice", self.clock, self.faults, self.webhooks)
        seen_and_acted(surface, self.desk, ACTS, self.admin.acts())
        app.register_blueprint(surface)
        inner = self._one_at_a_time(app.wsgi_app)
        app.wsgi_app = self.traffic.wrap(self.faults.wrap(inner))  # type: ignore[method-assign, assignment]
        return app

    def _one_at_a_time(self, app: WSGIApplication) -> WSGIApplication:
        def alone(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.site.lock:
                return app(environ, start_response)

        return alone

    def _placeholders(self, record: Record) -> Mapping[str, str]:
        shown = key_of(record) if self.site.on("formatted_ids") else str(record.id)
        return {f"{_NAMES[record.kind]}.id": shown}
