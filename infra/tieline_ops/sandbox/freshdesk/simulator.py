"""A simulated Freshdesk account: its API v2, the rules that call webhooks, its people."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from flask import Flask

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.control import control_surface
from tieline_ops.sandbox.faults import Faults
from tieline_ops.sandbox.fresh import media
from tieline_ops.sandbox.fresh.admin import Admin
from tieline_ops.sandbox.fresh.content import people
from tieline_ops.sandbox.fresh.control import seen_and_acted
from tieline_ops.sandbox.fresh.errors import fault_body
from tieline_ops.sandbox.fresh.hooks import HEADER, Hook, Hooks, Steps
from tieline_ops.sandbox.fresh.http import Api, install_errors
from tieline_ops.sandbox.fresh.limits import Limits
from tieline_ops.sandbox.fresh.state import Record, Site
from tieline_ops.sandbox.freshdesk import rest
from tieline_ops.sandbox.freshdesk.content import TICKETS, fields
from tieline_ops.sandbox.freshdesk.desk import FreshdeskDesk
from tieline_ops.sandbox.traffic import Traffic
from tieline_ops.sandbox.webhooks import Retry, Target, Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SWITCHES = {
    "agents_need_admin": "only an administrator may look agents up",
    "choices_as_objects": "a list's choices are objects, as in the administrator's form",
    "deleted_is_404": "a ticket in the bin is not there at all",
    "due_by_needs_fr_due_by": "a new ticket takes both moments or neither",
    "edits_only_in_last_edited_at": "an edited note keeps its updated_at",
    "file_size": "an attachment's size is called file_size, as in old accounts",
    "list_lags": "the list of tickets is as late as the search",
    "notes_keep_updated_at": "a conversation does not move its ticket's updated_at",
    "part_edits_keep_updated_at": "nor does an edit or a deletion of a conversation or a file",
    "styled_html": "rich text is wrapped in styled elements",
}
PLANS = {"growth": 200, "pro": 400, "enterprise": 700}
COSTS = {"requester": 1, "conversations": 1, "company": 1, "stats": 1}
"""Credits of what is included in one ticket. In lists everything costs two."""
BODIES = {
    "created": '{"ticket_id": "{{ticket.id}}"}',
    "updated": '{"ticket_id": "{{ticket.id}}"}',
    "deleted": '{"ticket_id": "{{ticket.id}}", "event": "deleted"}',
}
"""What docs/connectors/freshdesk.md has an administrator paste into the rules."""
WAITS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(minutes=60))
ACTS = frozenset(
    {
        "make", "edit", "comment", "edit_comment", "delete_comment", "attach", "delete_attachment",
        "delete", "reply", "answer", "spam", "restore", "purge", "merge",
        "split",
    }
)  # fmt: skip


class FreshdeskSandbox:
    """One account. `app` is its WSGI app; `close()` ends the webhooks' thread, if it runs.

    `site` holds everything; `site.denied` takes ids of tickets that are outside the agent's scope.
    """

    URL = "https://acme.freshdesk.com"
    EMAIL = "tieline@acme.example"
    HOSTS: ClassVar[tuple[str, ...]] = (media.MEDIA,)

    def __init__(self, clock: SandboxClock | None = None, plan: str = "enterprise") -> None:
        self.clock = clock or SandboxClock()
        self.faults = Faults(self.clock, SWITCHES, fault_body)
        self.site = Site(self.clock, self.faults, people(), {TICKETS: fields()})
        self.traffic = Traffic()
        self.webhooks = Webhooks(self.clock, cast("Retry", Steps(*WAITS)))
        self.hooks = Hooks(self.site, self.webhooks, _placeholders)
        self.limits = Limits(self.site, PLANS, plan)
        self.desk = FreshdeskDesk(self.site, self.URL)
        self.admin = Admin(self.site, TICKETS)
        self.app = self._app()

    def credentials(self) -> dict[str, Any]:
        """What opens this account to a connector: a part of a secret, but for the webhooks'."""
        return {"kind": "api_key", "api_key": self.site.user(self.EMAIL).key}

    def rotate(self) -> dict[str, Any]:
        """Reset the account's API key; gives the new one."""
        self.site.user(self.EMAIL).key = secrets.token_urlsafe(15)
        return self.credentials()

    def watch(
        self, target: Target | Callable[..., int], secret: str, scope: Mapping[str, str]
    ) -> None:
        """Rules for creations, updates and deletions, as an administrator would set them up."""
        del scope  # a side is a whole account
        self.hooks.hooks.append(Hook(target, {HEADER: secret}, TICKETS, BODIES))

    def limit_rate(self, after: timedelta | None = timedelta(seconds=5), count: int = 1) -> None:
        """Answer the next `count` calls 429, with Retry-After if `after` is given."""
        self.limits.refuse(after, count)

    def close(self) -> None:
        self.webhooks.close()

    def _app(self) -> Flask:
        app = Flask("freshdesk-sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        install_errors(app)
        api = Api(app, self.site, self.limits, COSTS)
        rest.install(api, self.site)
        media.routes(app, self.site)
        surface = control_surface("freshdesk", self.clock, self.faults, self.webhooks)
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


def _placeholders(ticket: Record) -> Mapping[str, str]:
    return {"ticket.id": str(ticket.id), "ticket.subject": str(ticket.values["subject"])}
