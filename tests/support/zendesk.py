"""A simulated account and a connector to it, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tieline.connectors.base import Hint, Site, Want
from tieline.connectors.zendesk.auth import ZendeskSecret
from tieline.connectors.zendesk.connector import Zendesk
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter
from tieline_ops.sandbox.zendesk.simulator import ZendeskSandbox

URL = "https://acme.zendesk.com"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
JANE, OMAR, LENA, CAROL = (
    "jane@acme.example",
    "omar@acme.example",
    "lena@acme.example",
    "carol@customer.example",
)
NAMES = frozenset({"subject", "description", "status", "priority", "assignee", "tags"})
ALL = Want(fields=NAMES, comments=True, attachments=True)
HOOK = "wMZJ+hook/secret="
TOKEN = {
    "kind": "api_token",
    "email": "tieline@acme.example",
    "token": "zendesk-token",
    "webhook_secret": HOOK,
}
OAUTH = {
    "kind": "oauth",
    "client_id": "tieline",
    "client_secret": "client-secret",
    "webhook_secret": HOOK,
}


@dataclass
class Bench:
    """`got` holds the hints of webhooks that arrived, `stored` the secrets that were renewed."""

    sandbox: ZendeskSandbox = field(default_factory=lambda: ZendeskSandbox(SandboxClock(START)))
    got: list[Hint] = field(default_factory=list)
    stored: list[dict[str, Any]] = field(default_factory=list)

    @property
    def desk(self):
        return self.sandbox.desk

    def connector(self, secret: dict[str, Any] | None = None, **scope: str) -> Zendesk:
        session = requests.Session()
        for url in (URL, *self.sandbox.HOSTS):
            session.mount(url, WsgiAdapter(self.sandbox.app))
        made = Zendesk(
            Site("help", URL, scope),
            ZendeskSecret.model_validate(secret or TOKEN),
            session=session,
            sleep=self.pass_time,
            clock=self.sandbox.clock,
        )
        held = secret or TOKEN
        made.renewed = lambda new, _: self.stored.append({**held, **new})
        return made

    def pass_time(self, seconds: float = 61) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def calls(self) -> list[tuple[str, str]]:
        return [(e.method, e.path) for e in self.sandbox.traffic.exchanges()]

    def make(self, **fields: Any) -> str:
        return self.desk.make(JANE, **{"subject": "Printer on fire", **fields})

    def raw(self, id: str):
        return self.sandbox.site.tickets[int(id)]
