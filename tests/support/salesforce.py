"""A simulated org and a connector to it, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tieline.connectors.base import Hint, Site, Want
from tieline.connectors.salesforce.auth import SalesforceSecret
from tieline.connectors.salesforce.connector import Salesforce
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.salesforce.simulator import SalesforceSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

URL = "https://acme.my.salesforce.com"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
JANE, OMAR, LENA = "jane@acme.example", "omar@acme.example", "lena@acme.example"
ALL = Want(frozenset({"Subject", "Status"}), comments=True, attachments=True)
TITLE = Want(frozenset({"Subject"}))
HOOK = "flow-secret-0123456789"
CLIENT = {
    "kind": "client_credentials",
    "client_id": "ck-tieline",
    "client_secret": "client-secret",
    "webhook_secret": HOOK,
}


@dataclass
class Bench:
    """`slept` holds the seconds that the connector waited in place."""

    sandbox: SalesforceSandbox = field(
        default_factory=lambda: SalesforceSandbox(SandboxClock(START))
    )
    got: list[Hint] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def desk(self):
        return self.sandbox.desk

    @property
    def site(self):
        return self.sandbox.site

    def connector(self, secret: dict[str, Any] | None = None, url: str = URL, **scope: str):
        session = requests.Session()
        session.mount("https://", WsgiAdapter(self.sandbox.app))
        return Salesforce(
            Site("sf", url, scope),
            SalesforceSecret.model_validate(secret or CLIENT),
            session=session,
            sleep=self.sleep,
            clock=self.sandbox.clock,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds: float = 61) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def calls(self) -> list[str]:
        """What was asked since `quiet`, without what stands before each path."""
        return [
            f"{e.method} {e.path.removeprefix('/services/data/v62.0')}"
            for e in self.sandbox.traffic.exchanges()
        ]

    def quiet(self) -> None:
        self.sandbox.traffic.clear()

    def make(self, **fields: Any) -> str:
        return self.desk.make(JANE, **{"Subject": "Printer on fire", **fields})

    def raw(self, id: str) -> dict[str, Any]:
        return self.site.tables["Case"][id].values

    def listed(self, connector, cursor: str) -> tuple[list[Hint], str]:
        pages = list(connector.changes(cursor, self.sandbox.clock.now()))
        return [hint for page in pages for hint in page.hints], pages[-1].cursor

    def caught_up(self, connector) -> str:
        return list(connector.changes(None, self.sandbox.clock.now()))[-1].cursor
