"""A simulated Freshservice account and connectors to it, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tieline.connectors.base import Hint, Site, Want
from tieline.connectors.freshservice.auth import FreshserviceSecret
from tieline.connectors.freshservice.connector import Freshservice
from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.freshservice.simulator import FreshserviceSandbox
from tieline_ops.sandbox.wsgi_adapter import WsgiAdapter

URL = "https://acme.freshservice.com"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
JANE, OMAR, LENA = "jane@acme.example", "omar@acme.example", "lena@acme.example"
HUGO = "hugo@customer.example"
HOOK = "höok secret"
REMEMBERED = frozenset(
    {
        "deleted_is_404", "edits_only_in_last_edited_at", "file_size", "filter_without_total",
        "formatted_ids", "forms_say_required", "list_lags", "lists_include_no_tags",
        "modules_take_no_order", "no_agents_me", "styled_html", "writes_show_tags",
    }
)  # fmt: skip
"""Switches for facts that nobody has seen: tests hold with all of them and with none."""


def wants(*names: str, comments: bool = False, attachments: bool = False) -> Want:
    return Want(frozenset(names), comments=comments, attachments=attachments)


@dataclass
class Bench:
    """`renewed` are the secrets that a connector had stored."""

    switches: frozenset[str] = frozenset()
    sandbox: FreshserviceSandbox = field(
        default_factory=lambda: FreshserviceSandbox(SandboxClock(START))
    )
    renewed: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        for switch in self.switches:
            self.sandbox.faults.switch(switch)

    def connector(
        self, module: str = "tickets", secret: dict[str, Any] | None = None, **scope: str
    ) -> Freshservice:
        """One that knows nothing yet."""
        session = requests.Session()
        for url in (URL, *self.sandbox.HOSTS):
            session.mount(url, WsgiAdapter(self.sandbox.app))
        held = {"webhook_secret": HOOK, **(secret or self.sandbox.credentials())}
        return Freshservice(
            Site("desk", URL, {"module": module, **scope}),
            FreshserviceSecret.model_validate(held),
            session=session,
            sleep=self.pass_time,
            clock=self.sandbox.clock,
            renewed=lambda new, _: self.renewed.append({**held, **new}),
        )

    def made(self, **fields: Any) -> str:
        """A ticket of Jane's; gives its id."""
        return self.sandbox.desk.make(JANE, **{"subject": "Printer on fire", **fields})

    def pass_time(self, seconds: float = 60) -> None:
        self.sandbox.clock.advance(timedelta(seconds=seconds))

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """A call of the API as any client makes it."""
        session = requests.Session()
        session.mount(URL, WsgiAdapter(self.sandbox.app))
        key = self.sandbox.credentials()["api_key"]
        return session.request(method, f"{URL}/api/v2{path}", auth=(key, "X"), **more)

    def calls(self) -> list[str]:
        """What was called since the last time."""
        kept = [f"{e.method} {e.path}" for e in self.sandbox.traffic.exchanges()]
        self.sandbox.traffic.clear()
        return kept

    def drained(self, connector: Freshservice, cursor: str) -> tuple[list[Hint], str]:
        """All hints since a cursor, and the next one."""
        pages = list(connector.changes(cursor, self.now()))
        return [hint for page in pages for hint in page.hints], pages[-1].cursor

    def caught_up(self, connector: Freshservice) -> str:
        [page] = connector.changes(None, self.now())
        return page.cursor
