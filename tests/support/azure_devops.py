"""A simulated organisation and a connector to it, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tieline.connectors.azure_devops.auth import AzureDevOpsSecret
from tieline.connectors.azure_devops.connector import AzureDevOps
from tieline.connectors.base import Hint, Site, Want
from tieline_ops.sandbox.azure_devops.simulator import AzureDevOpsSandbox
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

URL = "https://dev.azure.com/fabrikam"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "höok"
SCOPE = {"project": "Fabrikam", "type": "Bug"}
VSTS = "Microsoft.VSTS."
JANE, OMAR = "jane@acme.example", "omar@acme.example"


@dataclass
class Bench:
    """`got` holds what the service hooks brought."""

    sandbox: AzureDevOpsSandbox = field(
        default_factory=lambda: AzureDevOpsSandbox(SandboxClock(START))
    )
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: int = 202

    def connector(self, secret: dict[str, Any] | None = None, **scope: str) -> AzureDevOps:
        session = requests.Session()
        for url in (URL, *self.sandbox.HOSTS):
            session.mount(url, WsgiAdapter(self.sandbox.app))
        part = {"webhook_secret": SECRET, **(secret or self.sandbox.credentials())}
        return AzureDevOps(
            Site("eng", URL, {**SCOPE, **scope}),
            AzureDevOpsSecret.model_validate(part),
            session=session,
            sleep=self.pass_time,
            clock=self.sandbox.clock.now,
        )

    def rest(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """A call past the connector, as the account that Tieline uses."""
        session = requests.Session()
        session.mount(URL, WsgiAdapter(self.sandbox.app))
        arguments.setdefault("auth", ("", self.sandbox.TOKEN))
        return session.request(method, URL + path, allow_redirects=False, timeout=5, **arguments)

    def patch(self, path: str, *ops: dict[str, Any], method: str = "PATCH") -> requests.Response:
        """A JSON Patch past the connector."""
        headers = {"Content-Type": "application/json-patch+json"}
        return self.rest(method, path, json=list(ops), headers=headers)

    def bug(self, **fields: Any) -> str:
        return self.sandbox.desk.make(JANE, **{"System.Title": "Printer", **fields})

    def pass_time(self, seconds: float = 60) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def calls(self) -> list[tuple[str, str]]:
        return [(e.method, e.path) for e in self.sandbox.traffic.exchanges()]

    def watch(self, **scope: str) -> None:
        def take(headers: Any, body: bytes) -> int:
            self.got.append(({k.lower(): v for k, v in headers.items()}, body))
            return self.answer

        self.sandbox.watch(take, SECRET, {**SCOPE, **scope})

    def deliveries(self) -> list[tuple[dict[str, str], bytes]]:
        self.sandbox.webhooks.flush()
        came, self.got = self.got, []
        return came

    def hints(self, connector: AzureDevOps) -> list[Hint]:
        """What the service hooks since the last time hint at."""
        now = self.sandbox.clock.now()
        found = [connector.read_webhook(headers, body, now) for headers, body in self.deliveries()]
        return [hint for hints in found for hint in hints]

    def listed(self, connector: AzureDevOps, cursor: str | None) -> tuple[list[Hint], str]:
        pages = list(connector.changes(cursor, self.sandbox.clock.now()))
        return [hint for page in pages for hint in page.hints], pages[-1].cursor


def want(*names: str, **more: Any) -> Want:
    return Want(fields=frozenset(names), **more)
