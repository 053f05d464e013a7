"""A simulated instance and a connector to it, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import requests

from tieline.connectors.base import Hint, Site, Want
from tieline.connectors.servicenow.auth import ServiceNowSecret
from tieline.connectors.servicenow.connector import ServiceNow
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

URL = "https://acme.service-now.com"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ALL = Want(
    fields=frozenset({"short_description", "description", "state", "priority", "assigned_to"}),
    comments=True,
    attachments=True,
)
BASIC = {
    "kind": "basic",
    "username": "tieline",
    "password": "now-password",
    "webhook_secret": "höok",
}
OAUTH = {
    "kind": "oauth",
    "client_id": "client",
    "client_secret": "client-secret",
    "webhook_secret": "höok",
}


@dataclass
class Bench:
    """`got` holds the hints of webhooks that arrived."""

    sandbox: ServiceNowSandbox = field(
        default_factory=lambda: ServiceNowSandbox(SandboxClock(START))
    )
    got: list[Hint] = field(default_factory=list)

    def connector(self, secret: dict[str, str] | None = None, **scope: str) -> ServiceNow:
        session = requests.Session()
        session.mount(URL, WsgiAdapter(self.sandbox.app))
        return ServiceNow(
            Site("it", URL, {"table": "incident", **scope}),
            ServiceNowSecret.model_validate(secret or BASIC),
            session=session,
            sleep=lambda _: None,
            clock=self.sandbox.clock,
        )

    def pass_time(self, seconds: float = 60) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def calls(self) -> list[tuple[str, str]]:
        return [(e.method, e.path) for e in self.sandbox.traffic.exchanges()]

    def id(self, number: str) -> str:
        return self.sandbox.raw(number)["sys_id"]
